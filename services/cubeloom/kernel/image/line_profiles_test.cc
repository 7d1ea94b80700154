#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

// 4 rows of 3: value 10 y + x, NaN at (x 1, y 2).
Payload Image() { return ArrayOfType<float>({4, 3}, {0, 1, 2, 10, 11, 12, 20, kNan, 22, 30, 31, 32}); }

TEST(LineProfilesTest, ValuesAlongARowOrColumn) {
  const struct {
    const char* kernel;
    Value::Map args;
    std::vector<double> want;
  } cases[] = {
      {"image.row_profile", {{"y", 1}}, {10, 11, 12}},
      {"image.row_profile", {}, {20, kNan, 22}},
      {"image.row_profile", {{"y", 1}, {"width", 3}}, {10, 6, 12}},
      {"image.row_profile", {{"y", 0}, {"width", 3}}, {5, 6, 7}},
      {"image.row_profile", {{"y", 1}, {"width", 2}}, {15, 11, 17}},
      {"image.row_profile", {{"y", 3}, {"width", 1000000}}, {15, 43.0 / 3, 17}},
      {"image.column_profile", {{"x", 2}}, {2, 12, 22, 32}},
      {"image.column_profile", {}, {1, 11, kNan, 31}},
      {"image.column_profile", {{"width", 3}}, {1, 11, 21, 31}},
  };
  for (const auto& c : cases) {
    const std::string what = std::string(c.kernel) + " " + Value(c.args).ToJson();
    ExpectClose(Values(RunKernel(c.kernel, {{Image()}}, c.args)), c.want, 1e-7, what);
    ExpectClose(Values(RunKernel(c.kernel, {{Image()}}, c.args, {1})), c.want, 1e-7, what);
  }
}

TEST(LineProfilesTest, OfACubeAChannel) {
  const Payload cube = ArrayOfType<double>({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(Values(RunKernel("image.row_profile", {{cube}}, {{"channel", 1}, {"y", 0}})),
            (std::vector<double>{5, 6}));
  EXPECT_EQ(Values(RunKernel("image.column_profile", {{cube}}, {{"channel", 1}, {"x", 0}})),
            (std::vector<double>{5, 7}));
}

TEST(LineProfilesTest, BadArgumentsAreNamed) {
  ExpectRefused(RunKernel("image.row_profile", {{Image()}}, {{"y", 4}}), "'y'");
  ExpectRefused(RunKernel("image.row_profile", {{Image()}}, {{"y", -1}}), "'y'");
  ExpectRefused(RunKernel("image.column_profile", {{Image()}}, {{"x", 3}}), "'x'");
  ExpectRefused(RunKernel("image.column_profile", {{Image()}}, {{"channel", 1}}), "channel");
  ExpectRefused(RunKernel("image.column_profile", {{Image()}}, {{"width", 0}}), "width");
  ExpectRefused(RunKernel("image.row_profile", {{ArrayOfType<float>({3}, {1, 2, 3})}}, {}), "image");
}

}  // namespace
}  // namespace cubeloom
