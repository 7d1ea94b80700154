#include "cubeloom/kernel/table/table_kernels.h"

#include <cmath>

#include "cubeloom/kernel/api/execute.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

absl::StatusOr<Payload> RunKernel(const char* name, PortPayloads inputs, const Value::Map& given = {}) {
  KernelCatalogue catalogue;
  if (absl::Status added = RegisterTableKernels(catalogue); !added.ok()) return added;
  const Kernel* kernel = catalogue.Find(name);
  absl::StatusOr<Args> args = BindArgs(kernel->info(), given);
  if (!args.ok()) return args.status();
  const std::vector<PortPayloads> ports = {std::move(inputs)};
  absl::StatusOr<std::vector<Payload>> out = Execute(*kernel, *args, ports, ExecuteOptions());
  if (!out.ok()) return out.status();
  return (*out)[0];
}

TEST(TableFromValuesTest, ScalarsBecomeColumnsAndMissingOnesAreMarked) {
  const Value a(Value::Map{{"n", Value(3)}, {"mean", Value(1.5)}, {"pos", Value(Value::List{Value(1)})}});
  const Value b(
      Value::Map{{"n", Value()}, {"mean", Value(2)}, {"range", Value(Value::Map{{"min", Value(-1.0)}})}});
  const absl::StatusOr<Payload> out = RunKernel("table.from_values", {Payload(a), Payload(b)},
                                                {{"labels", Value(Value::List{Value("x"), Value("y")})}});
  ASSERT_TRUE(out.ok()) << out.status();
  const Table& table = *out->table();
  ASSERT_EQ(table.columns.size(), 4u);
  EXPECT_EQ(table.columns[0].name, "label");
  EXPECT_EQ(table.columns[1].At(0), Value(3));
  EXPECT_TRUE(table.columns[1].At(1).is_null());
  EXPECT_EQ(table.Find("mean")->At(1), Value(2.0));
  EXPECT_TRUE(std::isnan(std::get<std::vector<double>>(table.Find("range.min")->values)[0]));
}

TEST(TableFromValuesTest, WrongNumberOfLabelsNamesTheParameter) {
  const auto out = RunKernel("table.from_values", {Payload(Value(1))}, {{"labels", Value(Value::List{})}});
  EXPECT_EQ(out.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(out.status().message().find("labels"), absl::string_view::npos);
}

TEST(TableConcatTest, RowsStandInIndexOrderAndHolesAreLeftOut) {
  auto make = [](int64_t v) {
    auto table = std::make_shared<Table>();
    table->columns.push_back({"v", "", "", std::vector<int64_t>{v}, {}});
    return TablePtr(table);
  };
  const auto out = RunKernel("table.concat", {Payload(make(7)), Payload(Hole{"failed"}), Payload(make(5))});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(std::get<std::vector<int64_t>>(out->table()->columns[0].values), (std::vector<int64_t>{7, 5}));
}

TEST(ValueCollectTest, GivesAListOrAMapByName) {
  const auto list = RunKernel("value.collect", {Payload(Value(1)), Payload(Hole{"x"})});
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->value().ToJson(), "[1]") << "the engine takes holes out";
  const auto map =
      RunKernel("value.collect", {Payload(Value(1))}, {{"names", Value(Value::List{Value("one")})}});
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(*map->value().Find("one"), Value(1));
}

}  // namespace
}  // namespace cubeloom
