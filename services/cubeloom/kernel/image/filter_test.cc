#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

// Rows 0, 3, 6 and columns 0, 4, 8 of a 7 x 9 result.
std::vector<double> Nine(const std::vector<double>& v) {
  std::vector<double> some;
  for (const size_t y : {0, 3, 6}) {
    for (const size_t x : {0, 4, 8}) some.push_back(v.size() == 63 ? v[y * 9 + x] : kNan);
  }
  return some;
}

std::vector<double> WithHoles() {
  std::vector<double> v = Pattern(63, 1);
  v[3 * 9 + 4] = v[0] = v[2 * 9 + 7] = kNan;
  return v;
}

struct FilterCase {
  const char* name;  // and origin of the numbers
  const char* kernel;
  Value::Map args;
  std::vector<double> image, want;
};

const FilterCase kCases[] = {
    {"scipy gaussian_filter(1.3, reflect)",
     "image.gaussian",
     {{"sigma", 1.3}, {"border", "reflect"}},
     Pattern(63, 1),
     {33.214095771362665, 9.007103717025839, 22.137821385565957, 27.194465681711076, 16.436676655875175,
      11.282400434857347, 34.24806558790962, 15.03897242140954, -8.08814945487702}},
    {"scipy gaussian_filter(1.3, constant, cval 2)",
     "image.gaussian",
     {{"sigma", 1.3}, {"border", "constant"}, {"fill", 2.0}, {"nan", "propagate"}},
     Pattern(63, 1),
     {15.861179370532502, 7.134670894787477, 8.860665252526893, 17.287590148189683, 16.39688320323887,
      6.553918325193228, 14.265956930937111, 10.777957217578827, -1.749423249573347}},
    {"scipy gaussian_filter(4, reflect): the kernel is larger than the image",
     "image.gaussian",
     {{"sigma", 4.0}, {"border", "reflect"}},
     Pattern(63, 1),
     {20.523288281719555, 15.656713534599978, 11.32564720096158, 19.993658814202306, 15.130563242824302,
      10.627895739123474, 19.47960728387455, 14.605861498702685, 9.919450841731964}},
    {"astropy convolve(interpolate NaN), renormalised border",
     "image.gaussian",
     {{"sigma", 1.3}},
     WithHoles(),
     {42.302383051627494, 9.429754098284624, 19.295825825317195, 25.68273113321291, 12.32771695228134,
      10.188198697798482, 30.723267767338402, 15.016763396576993, -6.792012471803464}},
    {"astropy convolve(interpolate NaN), reflected border",
     "image.gaussian",
     {{"sigma", 1.3}, {"border", "reflect"}},
     WithHoles(),
     {43.83448575921639, 8.686178233309967, 23.19308322585969, 27.435018897089094, 12.301479906110767,
      12.552636063030508, 34.24647343866742, 14.726552167579483, -8.095335341125143}},
    {"the same, NaN kept",
     "image.gaussian",
     {{"sigma", 1.3}, {"border", "reflect"}, {"nan", "keep"}},
     WithHoles(),
     {kNan, 8.686178233309967, 23.19308322585969, 27.435018897089094, kNan, 12.552636063030508,
      34.24647343866742, 14.726552167579483, -8.095335341125143}},
    {"scipy uniform_filter(3, reflect)",
     "image.boxcar",
     {{"width", 3}, {"border", "reflect"}},
     Pattern(63, 1),
     {30.847222222222218, 6.374999999999996, 30.95833333333333, 27.402777777777775, 19.98611111111111,
      17.916666666666668, 46.291666666666664, 24.541666666666668, -15.166666666666664}},
    {"scipy uniform_filter(4, constant)",
     "image.boxcar",
     {{"width", 4}, {"border", "constant"}},
     Pattern(63, 1),
     {9.4296875, 10.078125, 4.1875, 17.21875, 17.046875, 2.953125, 11.203125, 10.6875, -2.2578125}},
};

TEST(FilterTest, EqualsTheReferences) {
  for (const FilterCase& c : kCases) {
    const auto f64 = RunKernel(c.kernel, {{ArrayOfType<double>({7, 9}, c.image)}}, c.args);
    ExpectClose(Nine(Values(f64)), c.want, 1e-13, c.name);
    const auto f32 = RunKernel(c.kernel, {{ArrayOfType<float>({7, 9}, c.image)}}, c.args);
    ExpectClose(Nine(Values(f32)), c.want, 6e-8, c.name);
    for (const Shape& chunk : {Shape{1, 1}, Shape{7, 2}, Shape{2, 9}, Shape{3, 5}}) {
      const auto again = RunKernel(c.kernel, {{ArrayOfType<double>({7, 9}, c.image)}}, c.args, chunk);
      ExpectClose(Values(again), Values(f64), 0, std::string(c.name) + " in chunks of " + chunk.ToString());
    }
  }
}

TEST(FilterTest, PlanesOfACubeAreSmoothedEachOnItsOwn) {
  std::vector<double> cube = Pattern(63, 1);
  const std::vector<double> second = Pattern(63, 2);
  cube.insert(cube.end(), second.begin(), second.end());
  const Value::Map args = {{"sigma", 1.3}};
  const auto both = Values(RunKernel("image.gaussian", {{ArrayOfType<double>({2, 7, 9}, cube)}}, args));
  const auto alone = Values(RunKernel("image.gaussian", {{ArrayOfType<double>({7, 9}, second)}}, args));
  ASSERT_EQ(both.size(), 126u);
  EXPECT_EQ(std::vector<double>(both.begin() + 63, both.end()), alone);
}

TEST(FilterTest, SigmaZeroAndWidthOneLeaveTheImageAlone) {
  const Payload image = ArrayOfType<float>({7, 9}, Pattern(63, 1));
  EXPECT_EQ(Values(RunKernel("image.gaussian", {{image}}, {{"sigma", 0}})), Pattern(63, 1));
  EXPECT_EQ(Values(RunKernel("image.boxcar", {{image}}, {{"width", 1}})), Pattern(63, 1));
}

TEST(FilterTest, NanPropagatesOnlyAsFarAsTheKernelReaches) {
  std::vector<double> v(63, 1.0);
  v[0] = kNan;
  const auto out = Values(
      RunKernel("image.boxcar", {{ArrayOfType<double>({7, 9}, v)}}, {{"width", 3}, {"nan", "propagate"}}));
  int64_t nans = 0;
  for (const double x : out) nans += std::isnan(x);
  EXPECT_EQ(nans, 4);
}

TEST(FilterTest, WithoutAnyPixelTheResultIsNan) {
  const Payload image = ArrayOfType<double>({3, 3}, std::vector<double>(9, kNan));
  for (const double v : Values(RunKernel("image.gaussian", {{image}}, {{"sigma", 1.0}})))
    EXPECT_TRUE(std::isnan(v));
}

TEST(FilterTest, BadArgumentsAreNamed) {
  const Payload image = ArrayOfType<float>({2, 2}, {1, 2, 3, 4});
  ExpectRefused(RunKernel("image.gaussian", {{image}}, {}), "sigma");
  ExpectRefused(RunKernel("image.gaussian", {{image}}, {{"sigma", -1.0}}), "sigma");
  ExpectRefused(RunKernel("image.boxcar", {{image}}, {{"width", 0}}), "width");
  ExpectRefused(RunKernel("image.boxcar", {{image}}, {{"width", 3}, {"border", "wrap"}}), "border");
  ExpectRefused(RunKernel("image.boxcar", {{ArrayOfType<float>({4}, {1, 2, 3, 4})}}, {{"width", 3}}),
                "image");
}

}  // namespace
}  // namespace cubeloom
