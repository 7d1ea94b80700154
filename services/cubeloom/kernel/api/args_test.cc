#include <cmath>

#include "cubeloom/kernel/api/kernel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

ParamSpec Param(const char* name, ParamType type) {
  ParamSpec spec;
  spec.name = name;
  spec.type = type;
  return spec;
}

KernelInfo Info() {
  KernelInfo info;
  info.name = "test.kernel";
  ParamSpec sigma = Param("sigma", ParamType::kReal);
  sigma.default_value = 2;
  sigma.min = 0;
  sigma.max = 10;
  sigma.unit = "pixel";
  ParamSpec mode = Param("mode", ParamType::kString);
  mode.choices = {"mean", "median"};
  ParamSpec bins = Param("bins", ParamType::kInteger);
  bins.min = 1;
  ParamSpec seed = Param("seed", ParamType::kInteger);
  ParamSpec name = Param("name", ParamType::kString);
  name.required = true;
  info.params = {sigma,
                 mode,
                 bins,
                 seed,
                 name,
                 Param("flag", ParamType::kBool),
                 Param("axes", ParamType::kIntegerList),
                 Param("levels", ParamType::kRealList),
                 Param("columns", ParamType::kStringList),
                 Param("extra", ParamType::kMap)};
  return info;
}

Value::Map With(const char* name, Value value) { return {{"name", "x"}, {name, std::move(value)}}; }

TEST(BindArgsTest, BadArgumentsAreRefusedWithTheirName) {
  const struct {
    Value::Map given;
    const char* message;
  } cases[] = {
      {With("sgima", 1.0), "unknown parameter 'sgima'; did you mean 'sigma'?"},
      {With("sigma", "1"), "parameter 'sigma': expected a number, got string \"1\""},
      {With("sigma", -1), "parameter 'sigma': is -1 pixel, must be between 0 and 10"},
      {With("sigma", std::nan("")), "parameter 'sigma': is nan pixel, must be between 0 and 10"},
      {With("mode", "medium"),
       "parameter 'mode': is 'medium', must be one of mean, median; did you mean 'median'?"},
      {With("mode", true), "parameter 'mode': expected a string, got bool true"},
      {With("bins", 0), "parameter 'bins': is 0, must be finite and at least 1"},
      {With("bins", 1.5), "parameter 'bins': expected an integer, got real 1.5"},
      {With("seed", "12x"), "parameter 'seed': expected an integer, got string \"12x\""},
      {With("seed", "9223372036854775808"), "parameter 'seed': expected an integer"},
      {With("flag", 1), "parameter 'flag': expected true or false, got integer 1"},
      {With("axes", 1), "parameter 'axes': expected a list of integers, got integer 1"},
      {With("axes", Value::List{1, 2.5}), "parameter 'axes': element 1: expected an integer, got real 2.5"},
      {With("levels", Value::List{1.5, "a"}), "parameter 'levels': element 1: expected a number, got string"},
      {With("columns", Value::List{1}), "parameter 'columns': element 0: expected a string"},
      {With("extra", 1), "parameter 'extra': expected a map"},
      {{}, "parameter 'name' (string) is required and not given"},
      {{{"name", Value()}}, "parameter 'name' (string) is required and not given"},
      {{{"name", "a"}, {"name", "b"}}, "parameter 'name' is given twice"},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<Args> args = BindArgs(Info(), c.given);
    EXPECT_EQ(args.status().code(), absl::StatusCode::kInvalidArgument) << c.message;
    EXPECT_THAT(std::string(args.status().message()), testing::HasSubstr(c.message));
    EXPECT_THAT(std::string(args.status().message()), testing::StartsWith("kernel 'test.kernel': "));
  }
}

TEST(BindArgsTest, FillsDefaultsAndNormalisesNumbers) {
  const absl::StatusOr<Args> args = BindArgs(Info(), {{"bins", 4.0},
                                                      {"name", "n"},
                                                      {"seed", "9007199254740993"},
                                                      {"levels", Value::List{1, 2.5}},
                                                      {"axes", Value::List{0.0, 2}}});
  ASSERT_TRUE(args.ok()) << args.status();
  EXPECT_EQ(args->real("sigma"), 2.0);
  EXPECT_TRUE(args->value("sigma").is_real());
  EXPECT_EQ(args->integer("bins"), 4);
  EXPECT_EQ(args->integer("seed"), 9007199254740993);
  EXPECT_EQ(args->string("name"), "n");
  EXPECT_EQ(args->reals("levels"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(args->integers("axes"), (std::vector<int64_t>{0, 2}));
  EXPECT_FALSE(args->has("mode"));
  // In declared order, whatever the given one.
  EXPECT_EQ(args->values().front().first, "sigma");
  EXPECT_EQ(args->values().back().first, "levels");
}

TEST(BindArgsTest, AKernelWithoutParametersSaysSo) {
  KernelInfo info;
  info.name = "test.none";
  EXPECT_TRUE(BindArgs(info, {}).ok());
  EXPECT_THAT(std::string(BindArgs(info, {{"a", 1}}).status().message()),
              testing::HasSubstr("it has no parameters"));
}

}  // namespace
}  // namespace cubeloom
