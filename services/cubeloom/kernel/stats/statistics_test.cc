#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cubeloom/kernel/stats/moments.h"
#include "cubeloom/kernel/stats/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

Value Statistics(const NamedPayloads& inputs, const Value::Map& args = {}) {
  const auto results = RunKernel("image.statistics", args, inputs);
  EXPECT_TRUE(results.ok()) << results.status();
  return results.ok() ? results->at("statistics").value() : Value();
}

ArrayPtr Image(const Shape& shape, const std::vector<float>& v) { return ArrayFromVector<float>(shape, v); }

std::vector<float> Noise(size_t n, double mean = 0) {
  TestRandom random(n);
  std::vector<float> v(n);
  for (float& x : v) x = static_cast<float>(mean + random.Gauss());
  return v;
}

TEST(StatisticsTest, SmallImage) {
  const Value s = Statistics({{"image", Image({2, 3}, {1, -5, kNaN, 4, 4, -5})}});
  EXPECT_EQ(s.Find("count")->integer(), 5);
  EXPECT_EQ(s.Find("nan_count")->integer(), 1);
  EXPECT_EQ(s.Find("inf_count")->integer(), 0);
  EXPECT_EQ(s.Find("sum")->real(), -1);
  EXPECT_EQ(s.Find("mean")->real(), -0.2);
  EXPECT_EQ(s.Find("sumsq")->real(), 83);
  EXPECT_DOUBLE_EQ(s.Find("rms")->real(), std::sqrt(83.0 / 5));
  EXPECT_DOUBLE_EQ(s.Find("sigma")->real(), std::sqrt((83 - 0.2) / 4));
  EXPECT_EQ(s.Find("min")->real(), -5);
  EXPECT_EQ(s.Find("max")->real(), 4);
  EXPECT_EQ(s.Find("extrema")->real(), -5);
  EXPECT_EQ(s.Find("min_pos")->ToJson(), "[0,1]");
  EXPECT_EQ(s.Find("max_pos")->ToJson(), "[1,0]");
  EXPECT_TRUE(s.Find("flux_density")->is_null());
}

TEST(StatisticsTest, WithoutPixelsEverythingIsNull) {
  for (const ArrayPtr& image : {Image({2, 2}, {kNaN, kNaN, kNaN, kNaN}), Image({0, 5}, {})}) {
    const Value s = Statistics({{"image", image}});
    EXPECT_EQ(s.Find("count")->integer(), 0);
    for (const char* key : {"sum", "mean", "rms", "sigma", "sumsq", "min", "max", "min_pos", "max_pos",
                            "extrema", "flux_density"}) {
      EXPECT_TRUE(s.Find(key)->is_null()) << key;
    }
  }
}

TEST(StatisticsTest, OnePixel) {
  const Value s = Statistics({{"image", Image({1}, {7})}});
  EXPECT_EQ(s.Find("sigma")->real(), 0);
  EXPECT_EQ(s.Find("mean")->real(), 7);
  EXPECT_EQ(s.Find("min_pos")->ToJson(), "[0]");
}

TEST(StatisticsTest, InfinitiesCountUnlessFiniteOnly) {
  const ArrayPtr image = Image({5}, {1, kInf, 2, 3, kInf});
  const Value all = Statistics({{"image", image}});
  EXPECT_EQ(all.Find("count")->integer(), 5);
  EXPECT_EQ(all.Find("inf_count")->integer(), 2);
  EXPECT_EQ(all.Find("sum")->real(), kInf);
  EXPECT_EQ(all.Find("mean")->real(), kInf);
  EXPECT_TRUE(std::isnan(all.Find("sigma")->real()));
  EXPECT_EQ(all.Find("max")->real(), kInf);
  EXPECT_EQ(all.Find("max_pos")->ToJson(), "[1]");
  EXPECT_EQ(all.Find("min")->real(), 1);
  const std::string finite = "{\"count\":3,\"min\":1.0,\"max\":3.0,\"mean\":2.0,\"sigma\":1.0}";
  EXPECT_EQ(all.Find("finite")->ToJson(), finite);
  const Value some = Statistics({{"image", image}}, {{"finite_only", Value(true)}});
  EXPECT_EQ(some.Find("count")->integer(), 3);
  EXPECT_EQ(some.Find("max")->real(), 3);
  EXPECT_EQ(some.Find("max_pos")->ToJson(), "[3]");
  EXPECT_EQ(some.Find("finite")->ToJson(), finite);
}

TEST(StatisticsTest, InfinitiesOfBothSignsOrAlone) {
  const Value both = Statistics({{"image", Image({3}, {-kInf, 1, kInf})}});
  EXPECT_TRUE(std::isnan(both.Find("sum")->real()));
  EXPECT_EQ(both.Find("min")->real(), -kInf);
  const Value alone = Statistics({{"image", Image({2}, {kNaN, kInf})}});
  EXPECT_EQ(alone.Find("count")->integer(), 1);
  EXPECT_EQ(alone.Find("min")->real(), kInf);
  EXPECT_EQ(alone.Find("min_pos")->ToJson(), "[1]");
  EXPECT_TRUE(alone.Find("finite")->Find("min")->is_null());
}

TEST(StatisticsTest, MaskAndBoxChooseThePixels) {
  const ArrayPtr image = Image({3, 4}, {0, 1, 2, 3, 4, kNaN, 6, 7, 8, 9, 10, 11});
  const ArrayPtr mask = ArrayFromVector<uint8_t>({3, 4}, {1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 200, 1});
  const Value masked = Statistics({{"image", image}, {"mask", mask}});
  EXPECT_EQ(masked.Find("count")->integer(), 8);
  EXPECT_EQ(masked.Find("nan_count")->integer(), 1);
  EXPECT_EQ(masked.Find("sum")->real(), 0 + 1 + 2 + 3 + 6 + 7 + 10 + 11);
  const Value::List box = {Value(1), Value(1), Value(2), Value(2)};
  const Value boxed = Statistics({{"image", image}, {"mask", mask}}, {{"box", Value(box)}});
  EXPECT_EQ(boxed.Find("count")->integer(), 2);
  EXPECT_EQ(boxed.Find("nan_count")->integer(), 1);
  EXPECT_EQ(boxed.Find("sum")->real(), 16);
  EXPECT_EQ(boxed.Find("max_pos")->ToJson(), "[2,2]");
  EXPECT_EQ(boxed.Find("min_pos")->ToJson(), "[1,2]");
}

TEST(StatisticsTest, BadInputsAreNamed) {
  const ArrayPtr image = Image({2, 2}, {1, 2, 3, 4});
  const auto box = [](std::vector<int64_t> v) {
    return Value::Map{{"box", Value(Value::List(v.begin(), v.end()))}};
  };
  struct Case {
    Value::Map args;
    NamedPayloads inputs;
    const char* message;
  };
  const Case cases[] = {
      {box({0, 0, 2}), {{"image", image}}, "expected 4 numbers"},
      {box({0, 0, 0, 2}), {{"image", image}}, "extent 0 along axis 0"},
      {box({0, 1, 2, 2}), {{"image", image}}, "outside of the image of shape 2x2"},
      {box({3, 0, 1, 1}), {{"image", image}}, "outside of the image"},
      {box({0, 0, 2, INT64_MAX}), {{"image", image}}, "'box'"},
      {{}, {{"image", image}, {"mask", ArrayFromVector<uint8_t>({4}, {1, 1, 1, 1})}}, "'mask' has shape 4"},
      {{}, {}, "image"},
      {{}, {{"image", Payload(Value(3))}}, "image"},
      {{}, {{"image", ArrayFromVector<std::complex<float>>({1}, {{1, 2}})}}, "image"},
      {{{"boks", Value(1)}}, {{"image", image}}, "box"},
  };
  for (const Case& c : cases) {
    const auto result = RunKernel("image.statistics", c.args, c.inputs);
    ASSERT_FALSE(result.ok()) << c.message;
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(c.message));
  }
}

TEST(StatisticsTest, IntegerImagesAndRankZero) {
  const Value s = Statistics({{"image", ArrayFromVector<int16_t>({4}, {-3, 5, 5, 1})}});
  EXPECT_EQ(s.Find("sum")->real(), 8);
  EXPECT_EQ(s.Find("max_pos")->ToJson(), "[1]");
  const Value scalar = Statistics({{"image", ArrayFromVector<double>(Shape(), {2.5})}});
  EXPECT_EQ(scalar.Find("mean")->real(), 2.5);
  EXPECT_EQ(scalar.Find("min_pos")->ToJson(), "[]");
}

TEST(StatisticsTest, FluxDensityNeedsTheBeam) {
  ArrayDesc desc = Image({2, 2}, {1, 2, 3, 4})->desc();
  const std::vector<float> v = {1, 2, 3, 4};
  const auto with = [&](double cdelt1) {
    ArrayDesc d = desc;
    d.attributes = {{"BMAJ", Value(2), ""},
                    {"BMIN", Value(1.0), ""},
                    {"CDELT1", Value(cdelt1), ""},
                    {"CDELT2", Value(1), ""}};
    const Chunk chunk{
        DType::kF32, Box::Whole(d.shape), ContiguousStrides(d.shape), Buffer::Copy(v.data(), 16), {}, {}};
    return *Statistics({{"image", MakeMemoryArray(d, chunk).value()}}).Find("flux_density");
  };
  EXPECT_DOUBLE_EQ(with(-0.5).real(), 10 / (M_PI * 2 / (4 * std::log(2.0)) / 0.5));
  EXPECT_TRUE(with(0).is_null());
}

TEST(StatisticsTest, SigmaIsStableFarFromZero) {
  TestRandom random(5);
  std::vector<double> v(1000003);
  for (double& x : v) x = 1e9 + random.Gauss();
  long double sum = 0, m2 = 0;
  for (const double x : v) sum += x;
  const long double mean = sum / v.size();
  for (const double x : v) m2 += (x - mean) * (x - mean);
  const double sigma = static_cast<double>(std::sqrt(m2 / (v.size() - 1)));
  const Value s = Statistics({{"image", ArrayFromVector<double>({static_cast<int64_t>(v.size())}, v)}});
  EXPECT_NEAR(s.Find("sigma")->real(), sigma, 1e-12);
  EXPECT_NEAR(s.Find("mean")->real(), static_cast<double>(mean), 2e-7);
  EXPECT_EQ(s.Find("sum")->real(), static_cast<double>(sum));
}

TEST(StatisticsTest, ExtremeDoublesDoNotCrash) {
  const Value s = Statistics({{"image", ArrayFromVector<double>({3}, {1.7e308, 1.7e308, -1.7e308})}});
  EXPECT_EQ(s.Find("count")->integer(), 3);
  EXPECT_EQ(s.Find("max")->real(), 1.7e308);
  EXPECT_EQ(s.Find("min_pos")->ToJson(), "[2]");
}

TEST(StatisticsTest, BitsDependOnTheElementsAlone) {
  std::vector<float> v = Noise(300 * 1000, 100);
  for (size_t i = 0; i < v.size(); i += 977) v[i] = kNaN;
  v[123456] = kInf;
  const ArrayPtr image = Image({300, 1000}, v);
  const std::string expected = JsonOf(RunKernel("image.statistics", {}, {{"image", image}}), "statistics");
  const ArrayPtr all = ArrayFromVector<uint8_t>({300, 1000}, std::vector<uint8_t>(v.size(), 1));
  const auto pool = MakeThreadPool(3, "test");
  ExecuteOptions threads;
  threads.executor = pool.get();
  ForEachSimdLevel([&] {
    const auto run = [&](const NamedPayloads& inputs, const ExecuteOptions& options) {
      return JsonOf(RunKernel("image.statistics", {}, inputs, options), "statistics");
    };
    EXPECT_EQ(run({{"image", image}}, threads), expected);
    EXPECT_EQ(run({{"image", image}, {"mask", all}}, threads), expected);
    EXPECT_EQ(run({{"image", ArrayPtr(std::make_shared<StridedArray>(image, 7))}}, {}), expected);
  });
}

TEST(StatisticsTest, MaskedPixelsAreLikeNaN) {
  std::vector<float> v = Noise(70000), with_nan = v;
  std::vector<uint8_t> use(v.size(), 1);
  for (size_t i = 0; i < v.size(); i += 3) use[i] = 0, with_nan[i] = kNaN;
  Value masked = Statistics({{"image", Image({70000}, v)}, {"mask", ArrayFromVector<uint8_t>({70000}, use)}});
  const Value nan = Statistics({{"image", Image({70000}, with_nan)}});
  EXPECT_EQ(masked.Find("nan_count")->integer(), 0);
  masked.Set("nan_count", *nan.Find("nan_count"));
  EXPECT_EQ(masked.ToJson(), nan.ToJson());
}

TEST(StatisticsTest, InvalidElementsAreSkipped) {
  const std::vector<float> v = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const uint8_t bits[] = {0xfe, 0x00};
  ArrayDesc desc;
  desc.shape = {3, 3};
  const Chunk chunk{DType::kF32,
                    Box::Whole(desc.shape),
                    ContiguousStrides(desc.shape),
                    Buffer::Copy(v.data(), 36),
                    Buffer::Copy(bits, 2),
                    {}};
  const Value s = Statistics({{"image", MakeMemoryArray(desc, chunk).value()}});
  EXPECT_EQ(s.Find("count")->integer(), 7);
  EXPECT_EQ(s.Find("nan_count")->integer(), 2);
  EXPECT_EQ(s.Find("sum")->real(), 45 - 1 - 9);
}

TEST(MomentsTest, EncodeDecodeKeepsEveryField) {
  Moments m;
  BlockMoments block{3, 1, 0, 6, 14, 2, 1e-20, 2, 1, 3};
  m.AddSums(block);
  m.min = 1, m.max = 3, m.min_at = 4, m.max_at = 9, m.positive_infinities = 2, m.positive_infinity_at = 77;
  const std::string bytes = m.Encode();
  const auto decoded = Moments::Decode(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->Encode(), bytes);
  EXPECT_EQ(decoded->min_at, 4);
  EXPECT_EQ(decoded->positive_infinity_at, 77);
}

TEST(MomentsTest, DamagedStatesAreRefused) {
  std::string bytes = Moments().Encode();
  EXPECT_FALSE(Moments::Decode("").ok());
  EXPECT_FALSE(Moments::Decode(bytes.substr(1)).ok());
  EXPECT_FALSE(Moments::Decode(bytes + "x").ok());
  std::string version = bytes;
  version[0] = 9;
  EXPECT_FALSE(Moments::Decode(version).ok());
  for (int i = 1; i <= 8; ++i) bytes[i] = '\xff';  // finite = -1
  EXPECT_FALSE(Moments::Decode(bytes).ok());
}

}  // namespace
}  // namespace cubeloom
