#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cubeloom/kernel/stats/bin_counts.h"
#include "cubeloom/kernel/stats/count_table.h"
#include "cubeloom/kernel/stats/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<int64_t>& Counts(const NamedPayloads& out) {
  return std::get<std::vector<int64_t>>(out.at("histogram").table()->Find("count")->values);
}
const std::vector<double>& Centers(const NamedPayloads& out) {
  return std::get<std::vector<double>>(out.at("histogram").table()->Find("bin_center")->values);
}
double Summary(const NamedPayloads& out, const char* key) {
  return out.at("summary").value().Find(key)->real();
}

TEST(HistogramTest, FixedRangeDropsWhatLiesOutside) {
  const ArrayPtr image = ArrayFromVector<float>({9}, {0, 0.5f, 1, 1.999f, 2, 4, 4.001f, -0.001f, kNaN});
  const auto out = RunKernel("image.histogram", {{"bins", Value(4)}, {"min", Value(0)}, {"max", Value(4.0)}},
                             {{"image", image}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_THAT(Counts(*out), ElementsAre(2, 2, 1, 1));
  EXPECT_THAT(Centers(*out), ElementsAre(0.5, 1.5, 2.5, 3.5));
  EXPECT_EQ(Summary(*out, "count"), 6);
  EXPECT_EQ(Summary(*out, "bin_width"), 1);
  EXPECT_TRUE(out->at("summary").value().Find("mean")->is_null());
}

TEST(HistogramTest, AutomaticRangeIsThatOfTheFinitePixels) {
  const ArrayPtr image = ArrayFromVector<float>({3, 4}, {kInf, 2, 4, 6, 8, kNaN, 10, -kInf, 2, 2, 2, 2});
  const auto out = RunKernel("image.histogram", {}, {{"image", image}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_THAT(Counts(*out), ElementsAre(6, 1, 2));  // int(sqrt(12)) bins of 8/3
  EXPECT_EQ(Summary(*out, "min"), 2);
  EXPECT_EQ(Summary(*out, "max"), 10);
  EXPECT_EQ(Summary(*out, "first_bin_center"), 2 + 8.0 / 3 / 2);
  EXPECT_DOUBLE_EQ(Summary(*out, "mean"), 38.0 / 9);
}

TEST(HistogramTest, OneBoundMayBeGiven) {
  const ArrayPtr image = ArrayFromVector<float>({4}, {1, 2, 3, 4});
  const auto out = RunKernel("image.histogram", {{"bins", Value(2)}, {"min", Value(2)}}, {{"image", image}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_THAT(Counts(*out), ElementsAre(1, 2));
}

TEST(HistogramTest, EmptyAndConstantImages) {
  const auto empty =
      RunKernel("image.histogram", {}, {{"image", ArrayFromVector<float>({2, 2}, {kNaN, kNaN, kInf, kNaN})}});
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_THAT(Counts(*empty), ElementsAre(0));
  EXPECT_EQ(Summary(*empty, "min"), 0);
  EXPECT_EQ(Summary(*empty, "max"), 0);
  EXPECT_EQ(Summary(*empty, "bin_width"), 0);
  const auto constant = RunKernel("image.histogram", {{"bins", Value(3)}},
                                  {{"image", ArrayFromVector<double>({5}, {7, 7, 7, 7, 7})}});
  ASSERT_TRUE(constant.ok()) << constant.status();
  EXPECT_THAT(Counts(*constant), ElementsAre(5, 0, 0));
}

TEST(HistogramTest, MaskAndBox) {
  const ArrayPtr image = ArrayFromVector<float>({2, 3}, {0, 1, 2, 3, 4, 5});
  const ArrayPtr mask = ArrayFromVector<uint8_t>({2, 3}, {1, 1, 0, 1, 1, 1});
  const Value::List box = {Value(0), Value(1), Value(2), Value(2)};
  const auto out = RunKernel("image.histogram", {{"box", Value(box)}}, {{"image", image}, {"mask", mask}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_THAT(Counts(*out), ElementsAre(1, 2));  // 1 | 4, 5
  EXPECT_EQ(Summary(*out, "min"), 1);
}

TEST(HistogramTest, BadArgumentsAreNamed) {
  const ArrayPtr image = ArrayFromVector<float>({2}, {1, 2});
  const Value range(Value::Map{{"min", Value("x")}, {"max", Value(1)}});
  struct Case {
    const char* kernel;
    Value::Map args;
    NamedPayloads inputs;
    const char* message;
  };
  const Case cases[] = {
      {"image.histogram", {{"min", Value(2)}, {"max", Value(1)}}, {{"image", image}}, "above 'max'"},
      {"image.histogram", {{"bins", Value(-1)}}, {{"image", image}}, "bins"},
      {"image.histogram", {{"bins", Value(100000000)}}, {{"image", image}}, "bins"},
      {"image.histogram", {{"min", Value(3)}}, {{"image", image}}, "min 3 is above max 2"},
      {"image.histogram_bins", {}, {{"image", image}}, "without the input 'range'"},
      {"image.histogram_bins",
       {},
       {{"image", image}, {"range", Payload(range)}},
       "'min' is no finite number"},
      {"image.histogram_bins", {}, {{"image", image}, {"range", Payload(Value(3))}}, "no entry 'min'"},
      {"image.histogram_bins", {{"min", Value(-1e308)}, {"max", Value(1e308)}}, {{"image", image}}, "wide"},
  };
  for (const Case& c : cases) {
    const auto result = RunKernel(c.kernel, c.args, c.inputs);
    ASSERT_FALSE(result.ok()) << c.message;
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(c.message));
  }
}

TEST(HistogramTest, TheStatisticsStepIsThatOfAPlainNode) {
  const Kernel* kernel = TestCatalogue().Find("image.histogram");
  const auto steps =
      static_cast<const CompositeKernel*>(kernel)->Expand(BindArgs(kernel->info(), {}).value()).value();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].kernel, "image.statistics");
  EXPECT_TRUE(steps[0].args.empty());
  EXPECT_EQ(steps[1].name, "");
}

template <typename T>
void CheckBins(const std::vector<T>& v, const BinLayout& layout) {
  std::vector<int64_t> expected(layout.bins + 1);
  for (const T x : v) {
    const double d = static_cast<double>(x);
    int64_t bin = layout.bins;
    if (d >= layout.min && d <= layout.max) {
      bin = std::min<int64_t>(static_cast<int64_t>(std::floor((d - layout.min) / layout.width)),
                              layout.bins - 1);
    }
    ++expected[bin];
  }
  ForEachSimdLevel([&] {
    const int64_t stride = layout.bins + 1;
    std::vector<uint32_t> counts(stride * kCountTables);
    if constexpr (sizeof(T) == 4) {
      ActiveBinFunctions().count_f32(v.data(), v.size(), layout, counts.data(), stride);
    } else {
      ActiveBinFunctions().count_f64(v.data(), v.size(), layout, counts.data(), stride);
    }
    for (int64_t b = 0; b <= layout.bins; ++b) {
      uint64_t sum = 0;
      for (int t = 0; t < kCountTables; ++t) sum += counts[t * stride + b];
      ASSERT_EQ(sum, expected[b]) << b;
    }
  });
}

TEST(BinCountsTest, EqualTheDefinitionOnEveryInstructionSet) {
  TestRandom random(3);
  std::vector<float> v(10007);
  for (float& x : v) x = static_cast<float>(random.Gauss());
  for (size_t i = 0; i < v.size(); i += 50) v[i] = i % 100 == 0 ? kNaN : kInf;
  for (size_t i = 7; i < v.size(); i += 13) v[i] = static_cast<float>(i % 10) * 0.1f;  // at edges
  const std::vector<double> d(v.begin(), v.end());
  for (const int32_t bins : {1, 2, 3, 10, 1000, 10000}) {
    const BinLayout layout{-1, 1, 2.0 / bins, bins};
    CheckBins(v, layout);
    CheckBins(d, layout);
  }
}

TEST(CountTableTest, MergesAndKeepsCountsBeyond32Bits) {
  CountTable a(&Allocator::Heap()), b(&Allocator::Heap()), none(&Allocator::Heap());
  ASSERT_TRUE(a.Init(3).ok());
  for (int i = 0; i < 5; ++i) (*a.Tables(0x7fffffff))[1] += 0x7fffffff;
  EXPECT_EQ(a.Count(1), 5 * uint64_t{0x7fffffff});
  ASSERT_TRUE(b.Merge(a).ok());
  ASSERT_TRUE(b.Merge(none).ok());
  ASSERT_TRUE(b.Merge(a).ok());
  EXPECT_EQ(b.Count(1), 10 * uint64_t{0x7fffffff});
  EXPECT_EQ(b.Count(0), 0u);
  const auto decoded = CountTable::Decode(b.Encode(), &Allocator::Heap());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->Encode(), b.Encode());
  CountTable other(&Allocator::Heap());
  ASSERT_TRUE(other.Init(4).ok());
  EXPECT_FALSE(other.Merge(a).ok());
}

TEST(CountTableTest, DamagedBytesAreRefused) {
  CountTable table(&Allocator::Heap());
  ASSERT_TRUE(table.Init(5).ok());
  const std::string good = table.Encode();
  std::string huge(1, '\1');
  huge += std::string(8, '\xff') + "\x7f";
  for (const std::string& bytes : {std::string(), std::string("\2"), good + "x", good.substr(0, 4), huge,
                                   std::string("\1\1") + std::string(12, '\xff')}) {
    EXPECT_FALSE(CountTable::Decode(bytes, &Allocator::Heap()).ok()) << bytes.size();
  }
}

}  // namespace
}  // namespace cubeloom
