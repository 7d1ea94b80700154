#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cubeloom/kernel/stats/selection.h"
#include "cubeloom/kernel/stats/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

// numpy.percentile(..., method="linear") of sorted values.
double Reference(const std::vector<double>& sorted, double p) {
  const double at = p / 100 * static_cast<double>(sorted.size() - 1);
  const size_t k = static_cast<size_t>(at);
  const double t = at - static_cast<double>(k);
  const double a = sorted[k], b = sorted[std::min(k + 1, sorted.size() - 1)];
  if (a == b || t == 0) return a;
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

Value::Map Percentiles(const std::vector<double>& p) {
  return {{"percentiles", Value(Value::List(p.begin(), p.end()))}};
}

template <typename T>
std::vector<double> Sorted(const std::vector<T>& v) {
  std::vector<double> out;
  for (const T x : v) {
    if (!std::isnan(x)) out.push_back(x);
  }
  std::sort(out.begin(), out.end());
  return out;
}

template <typename T>
void CheckAgainstSorting(const std::vector<T>& v, const std::vector<double>& p) {
  const std::vector<double> sorted = Sorted(v);
  const ArrayPtr image = ArrayFromVector<T>({static_cast<int64_t>(v.size())}, v);
  const auto out = RunKernel("image.percentiles", Percentiles(p), {{"image", image}});
  ASSERT_TRUE(out.ok()) << out.status();
  const Value& result = out->at("percentiles").value();
  EXPECT_EQ(result.Find("count")->integer(), static_cast<int64_t>(sorted.size()));
  for (size_t i = 0; i < p.size(); ++i) {
    EXPECT_EQ(result.Find("values")->list()[i].real(), Reference(sorted, p[i])) << p[i];
  }
}

template <typename T>
std::vector<T> Data(size_t n, bool coarse) {
  TestRandom random(n);
  std::vector<T> v(n);
  for (T& x : v) x = static_cast<T>(coarse ? std::round(random.Gauss() * 3) : std::exp(random.Gauss()) - 1.5);
  for (size_t i = 0; i < n; i += 17) v[i] = static_cast<T>(kNaN);
  return v;
}

TEST(PercentilesTest, EqualSorting) {
  const std::vector<double> few = {0, 25, 50, 75, 100};
  std::vector<double> many;
  for (int i = 0; i < kMostPercentiles; ++i) many.push_back(i * 100.0 / (kMostPercentiles - 1));
  ForEachSimdLevel([&] {
    for (const size_t n : {2, 3, 100, 20011}) {
      for (const bool coarse : {false, true}) {
        for (const auto& p : {few, many, std::vector<double>{99.75, 0.25}}) {
          SCOPED_TRACE(absl::StrCat("n=", n, " coarse=", coarse, " percentiles=", p.size()));
          CheckAgainstSorting(Data<float>(n, coarse), p);
          CheckAgainstSorting(Data<double>(n, coarse), p);
        }
      }
    }
  });
}

TEST(PercentilesTest, SpecialValues) {
  CheckAgainstSorting<double>({-0.0, 0.0, kInf, -kInf, 1e308, -1e308, 5e-324, -5e-324, kNaN},
                              {0, 10, 50, 61, 100});
  CheckAgainstSorting<float>({1}, {0, 50, 100});
  CheckAgainstSorting<float>({3, 3, 3, 3}, {1, 99});
}

TEST(PercentilesTest, FiniteOnlySkipsInfinities) {
  const ArrayPtr image = ArrayFromVector<double>({5}, {-kInf, 1, 2, 3, kInf});
  Value::Map args = Percentiles({0, 50, 100});
  args.emplace_back("finite_only", Value(true));
  const std::string json = JsonOf(RunKernel("image.percentiles", args, {{"image", image}}), "percentiles");
  EXPECT_EQ(json, "{\"count\":3,\"percentiles\":[0.0,50.0,100.0],\"values\":[1.0,2.0,3.0],\"median\":2.0}");
}

TEST(PercentilesTest, WithoutPixelsValuesAreNull) {
  for (const ArrayPtr& image :
       {ArrayFromVector<float>({2}, {NAN, NAN}), ArrayFromVector<float>({0, 3}, {})}) {
    EXPECT_EQ(JsonOf(RunKernel("image.percentiles", Percentiles({50}), {{"image", image}}), "percentiles"),
              "{\"count\":0,\"percentiles\":[50.0],\"values\":[null]}");
    EXPECT_EQ(JsonOf(RunKernel("image.clip_limits", {}, {{"image", image}}), "limits"),
              "{\"min\":null,\"max\":null,\"count\":0}");
  }
}

TEST(PercentilesTest, QuartilesGiveMedianAndRange) {
  const ArrayPtr image = ArrayFromVector<int16_t>({5}, {5, 1, 4, 2, 3});
  const auto out = RunKernel("image.percentiles", {}, {{"image", image}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->at("percentiles").value().Find("median")->real(), 3);
  EXPECT_EQ(out->at("percentiles").value().Find("iqr")->real(), 2);
}

TEST(PercentilesTest, Methods) {
  const ArrayPtr image = ArrayFromVector<float>({4}, {10, 20, 30, 40});  // 50 % lies at 1.5, 70 % at 2.1
  struct Case {
    const char* method;
    double at50, at70;
  };
  for (const Case& c : {Case{"linear", 25, 31}, Case{"lower", 20, 30}, Case{"higher", 30, 40},
                        Case{"midpoint", 25, 35}, Case{"nearest", 30, 30}}) {
    Value::Map args = Percentiles({50, 70});
    args.emplace_back("method", Value(c.method));
    const auto out = RunKernel("image.percentiles", args, {{"image", image}});
    ASSERT_TRUE(out.ok()) << out.status();
    const Value::List& values = out->at("percentiles").value().Find("values")->list();
    EXPECT_EQ(values[0].real(), c.at50) << c.method;
    EXPECT_NEAR(values[1].real(), c.at70, 1e-12) << c.method;
  }
}

TEST(PercentilesTest, MaskBoxAndStridesChooseTheSamePixels) {
  std::vector<float> v = Data<float>(40 * 50, false), kept;
  std::vector<uint8_t> use(v.size());
  for (size_t i = 0; i < v.size(); ++i) {
    use[i] = i % 3 == 0;
    if (use[i] && i / 50 >= 10 && i % 50 >= 5) kept.push_back(v[i]);
  }
  const ArrayPtr image = std::make_shared<StridedArray>(ArrayFromVector<float>({40, 50}, v), 3);
  Value::Map args = Percentiles({5, 50, 90});
  args.emplace_back("box", Value(Value::List{Value(10), Value(5), Value(30), Value(45)}));
  const auto out = RunKernel("image.percentiles", args,
                             {{"image", image}, {"mask", ArrayFromVector<uint8_t>({40, 50}, use)}});
  ASSERT_TRUE(out.ok()) << out.status();
  const std::vector<double> sorted = Sorted(kept);
  for (int i = 0; i < 3; ++i) {
    const double p = (std::vector<double>{5, 50, 90})[i];
    EXPECT_EQ(out->at("percentiles").value().Find("values")->list()[i].real(), Reference(sorted, p));
  }
}

TEST(PercentilesTest, ClipLimits) {
  std::vector<float> v(1001);
  for (size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i);
  v.push_back(static_cast<float>(kInf));
  const ArrayPtr image = ArrayFromVector<float>({1002}, v);
  EXPECT_EQ(JsonOf(RunKernel("image.clip_limits", {{"percent", Value(99)}}, {{"image", image}}), "limits"),
            "{\"min\":5.0,\"max\":995.0,\"count\":1001}");
  EXPECT_EQ(JsonOf(RunKernel("image.clip_limits", {{"percent", Value(100)}}, {{"image", image}}), "limits"),
            "{\"min\":0.0,\"max\":1000.0,\"count\":1001}");
}

TEST(PercentilesTest, BadArgumentsAreNamed) {
  const ArrayPtr image = ArrayFromVector<float>({2}, {1, 2});
  const std::vector<double> many(kMostPercentiles + 1, 50.0);
  struct Case {
    const char* kernel;
    Value::Map args;
    NamedPayloads inputs;
    const char* message;
  };
  const Case cases[] = {
      {"image.percentiles", Percentiles({}), {{"image", image}}, "percentiles"},
      {"image.percentiles", Percentiles({101}), {{"image", image}}, "percentiles"},
      {"image.percentiles", Percentiles({-0.1}), {{"image", image}}, "percentiles"},
      {"image.percentiles", Percentiles(many), {{"image", image}}, "expected 1 to 64"},
      {"image.percentiles", {{"method", Value("cubic")}}, {{"image", image}}, "method"},
      {"image.clip_limits", {{"percent", Value(200)}}, {{"image", image}}, "percent"},
      {"image.rank_values", {}, {{"selection", Payload(Value(3))}}, "'selection'"},
      {"image.select_ranks", {}, {{"image", image}, {"selection", Payload(Value(3))}}, "'selection'"},
  };
  for (const Case& c : cases) {
    const auto result = RunKernel(c.kernel, c.args, c.inputs);
    ASSERT_FALSE(result.ok()) << c.message;
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(c.message));
  }
}

TEST(SelectionTest, AnImageThatChangesBetweenPassesIsNoticed) {
  const auto first = RunKernel("image.select_ranks", {}, {{"image", ArrayFromVector<float>({3}, {1, 2, 3})}});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second =
      RunKernel("image.select_ranks", {},
                {{"image", ArrayFromVector<float>({3}, {1, 1, 3})}, {"selection", first->at("selection")}});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kDataLoss);
}

TEST(SelectionTest, DamagedValuesAreRefused) {
  const auto first = RunKernel("image.select_ranks", {}, {{"image", ArrayFromVector<float>({3}, {1, 2, 3})}});
  ASSERT_TRUE(first.ok()) << first.status();
  const Value good = first->at("selection").value();
  ASSERT_TRUE(Selection::FromValue(good).ok());
  struct Case {
    const char* key;
    Value value;
  };
  const Case cases[] = {
      {"key_bits", Value(33)},
      {"resolved", Value(0)},
      {"resolved", Value(64)},
      {"count", Value(-1)},
      {"count", Value(1)},
      {"finite_only", Value(3)},
      {"percentiles", Value(Value::List{Value(50)})},
      {"percentiles", Value(Value::List{Value(500), Value(1), Value(2)})},
      {"slot_prefixes", Value(Value::List{Value(-1), Value(2), Value(3)})},
      {"slot_counts", Value(Value::List{Value(0), Value(1), Value(1)})},
      {"rank_slots", Value(Value::List{Value(9), Value(0), Value(0), Value(0), Value(0), Value(0)})},
      {"rank_offsets", Value(Value::List{Value(1000)})},
      {"rank_offsets", Value("x")}};
  for (const Case& c : cases) {
    Value bad = good;
    bad.Set(c.key, c.value);
    EXPECT_FALSE(Selection::FromValue(bad).ok()) << c.key << " " << c.value.ToJson();
  }
}

TEST(KeyTest, OrderIsThatOfTheNumbers) {
  const std::vector<double> ascending = {-kInf, -1e308, -1, -5e-324, -0.0, 0.0, 5e-324, 1, 1e308, kInf};
  for (size_t i = 0; i < ascending.size(); ++i) {
    EXPECT_EQ(DoubleOfKey(KeyOf(ascending[i])), ascending[i]);
    EXPECT_EQ(FloatOfKey(KeyOf(static_cast<float>(ascending[i]))), static_cast<float>(ascending[i]));
    if (i == 0) continue;
    EXPECT_LT(KeyOf(ascending[i - 1]), KeyOf(ascending[i]));
  }
}

}  // namespace
}  // namespace cubeloom
