#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

// One image of one pixel per value.
PortPayloads Pixels(const std::vector<double>& values) {
  PortPayloads out;
  for (const double v : values) out.push_back(ArrayOfType<double>({1}, {v}));
  return out;
}

// 12 visits of one pixel, one of them hit; the worked vector of image-analytics.md section 6.
const std::vector<double> kX = {10, 11, 9, 10.5, 9.5, 10, 10.2, 9.8, 10.1, 9.9, 10.3, 60};
const std::vector<double> kLastSix(kX.begin() + 6, kX.end());
const std::vector<double> kTwelveOnes(12, 1.0), kSixOnes(6, 1.0);
// Pattern(9, 5) / 10 with one value missing.
const std::vector<double> kY = {-2.2125, -1.6875, -0.3, -3.3375, kNan, -0.45, 3.7, -3.5625, 5.35};

std::vector<double> With(std::vector<double> values, std::initializer_list<double> more) {
  values.insert(values.end(), more);
  return values;
}

struct CombineCase {
  const char* name;
  Value::Map args;
  std::vector<double> values, variances;
  double image, variance, count;
};

TEST(CombineTest, EqualsTheReferences) {
  const Value weights = Numbers({1, 2, .5, 1, 1, 3, 1, .25, 1, 1, 2, 1});
  const std::vector<double> tenths = {.1, .2, .3, .4, .5, .6, .7, .8, .9, 1, 1.1, 1.2};
  const std::vector<double> more = With(kX, {9.7, 25, 10.05, 10.6});
  const CombineCase cases[] = {
      {"LSST, 12 visits", {}, kX, kTwelveOnes, 10.027272727272727, 1.0 / 11, 11},
      {"LSST, variance from the scatter", {}, kX, {}, 10.027272727272727, 0.0243801652892562, 11},
      {"LSST, last six", {}, kLastSix, kSixOnes, 10.06, 0.2, 5},
      {"LSST, weights", {{"weights", weights}}, kX, tenths, 10.163636363636364, 0.07576859504132231, 11},
      {"LSST, a value missing",
       {{"weights", Numbers({1, 2, 3, 4, 5, 6, 7, 8, 9})}},
       kY,
       {1, 2, 3, 4, 5, 6, 7, 8, 9},
       0.5753124999999998,
       1.1875,
       8},
      {"paper, 3 sigma", {{"method", "clip_mean"}}, kX, kTwelveOnes, 10.027272727272727, 1.0 / 11, 11},
      {"paper, 5 sigma",
       {{"method", "clip_mean"}, {"kappa", 5.0}},
       kX,
       kTwelveOnes,
       14.191666666666668,
       1.0 / 12,
       12},
      {"paper, last six: nothing can be clipped",
       {{"method", "clip_mean"}},
       kLastSix,
       kSixOnes,
       18.383333333333333,
       1.0 / 6,
       6},
      {"astropy, 3 sigma", {{"method", "clip_median"}}, kX, {}, 10.027272727272727, 0.024380165289256198, 11},
      {"astropy, 2 sigma",
       {{"method", "clip_median"}, {"kappa", 2.0}},
       kX,
       {},
       10.033333333333333,
       0.009444444444444441,
       9},
      {"astropy, 1.5 sigma",
       {{"method", "clip_median"}, {"kappa", 1.5}},
       kX,
       {},
       10,
       0.0016666666666666548,
       4},
      {"astropy, 16 values, 3 sigma",
       {{"method", "clip_median"}},
       more,
       std::vector<double>(16, 1),
       10.046428571428569,
       1.0 / 14,
       14},
      {"astropy, 16 values, 2 sigma",
       {{"method", "clip_median"}, {"kappa", 2.0}},
       more,
       std::vector<double>(16, 1),
       10.054166666666665,
       1.0 / 12,
       12},
      {"astropy, 16 values, 1.5 sigma",
       {{"method", "clip_median"}, {"kappa", 1.5}},
       more,
       std::vector<double>(16, 1),
       10.007142857142856,
       1.0 / 7,
       7},
      {"numpy nanmedian",
       {{"method", "median"}},
       kY,
       std::vector<double>(9, 1),
       -1.06875,
       1.5707963267948966 / 8,
       8},
      {"numpy nanmean", {{"method", "mean"}}, kY, {}, -0.3125, 1.310658482142857, 8},
      {"one value", {}, {kNan, 5, kNan}, {}, 5, kNan, 1},
      {"one value with its variance", {}, {kNan, 5, kNan}, {1, 2, 3}, 5, 2, 1},
      {"no value", {}, {kNan, kNan}, {}, kNan, kNan, 0},
      {"no value, median", {{"method", "median"}}, {kNan, kNan}, {}, kNan, kNan, 0},
      {"no value, clipped", {{"method", "clip_median"}}, {kNan, kNan}, {1, 1}, kNan, kNan, 0},
      {"equal values", {}, {0.1, 0.1, 0.1, 7}, {}, 0.1, 0, 3},
      {"one image", {{"method", "clip_mean"}}, {3}, {}, 3, kNan, 1},
  };
  for (const CombineCase& c : cases) {
    const auto out = RunKernel("image.combine", {Pixels(c.values), Pixels(c.variances)}, c.args);
    ExpectClose(Values(out, 0), {c.image}, 1e-14, std::string(c.name) + ", image");
    ExpectClose(Values(out, 1), {c.variance}, 1e-13, std::string(c.name) + ", variance");
    ExpectClose(Values(out, 2), {c.count}, 0, std::string(c.name) + ", count");
  }
}

// Any number of images sorts rightly: the median of 0 .. n-1 in a scrambled order, in every pixel.
TEST(CombineTest, MedianOfAnyNumberOfImages) {
  for (int64_t n = 1; n <= 70; ++n) {
    PortPayloads images;
    for (int64_t k = 0; k < n; ++k) {
      std::vector<double> pixels(130);
      for (int64_t i = 0; i < 130; ++i)
        pixels[static_cast<size_t>(i)] = static_cast<double>((k * 37 + i) % n);
      images.push_back(ArrayOfType<float>({130}, pixels));
    }
    // 37 and n may share a factor: then values repeat, which the reference must know.
    std::vector<double> want;
    for (int64_t i = 0; i < 130; ++i) {
      std::vector<double> column;
      for (int64_t k = 0; k < n; ++k) column.push_back(static_cast<double>((k * 37 + i) % n));
      std::sort(column.begin(), column.end());
      want.push_back((column[static_cast<size_t>((n - 1) / 2)] + column[static_cast<size_t>(n / 2)]) / 2);
    }
    EXPECT_EQ(Values(RunKernel("image.combine", {images}, {{"method", "median"}})), want) << n << " images";
  }
}

TEST(CombineTest, MixedDtypesGiveTheWiderOneAndCountsAreIntegers) {
  const auto out =
      RunKernel("image.combine", {{ArrayOfType<float>({2}, {1, 2}), ArrayOfType<double>({2}, {3, 4})}},
                {{"method", "mean"}});
  EXPECT_EQ(Values(out), (std::vector<double>{2, 3}));
  EXPECT_EQ((*out)[0].array()->desc().dtype, DType::kF64);
  EXPECT_EQ((*out)[2].array()->desc().dtype, DType::kI32);
}

TEST(CombineTest, BadArgumentsAreNamed) {
  const PortPayloads two = Pixels({1, 2});
  ExpectRefused(RunKernel("image.combine", {two, Pixels({1})}, {}), "variances");
  ExpectRefused(RunKernel("image.combine", {two}, {{"weights", Numbers({1})}}), "weights");
  ExpectRefused(RunKernel("image.combine", {two}, {{"weights", Numbers({0, 0})}}), "weights");
  ExpectRefused(RunKernel("image.combine", {two}, {{"weights", Numbers({1, 1})}, {"method", "median"}}),
                "weights");
  ExpectRefused(RunKernel("image.combine", {two}, {{"method", "mode"}}), "method");
  ExpectRefused(
      RunKernel("image.combine", {{ArrayOfType<float>({2}, {1, 2}), ArrayOfType<float>({1}, {1})}}, {}),
      "images");
  EXPECT_FALSE(RunKernel("image.combine", {}, {}).ok());
}

}  // namespace
}  // namespace cubeloom
