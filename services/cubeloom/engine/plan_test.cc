#include "cubeloom/engine/plan.h"

#include <string>

#include "cubeloom/engine/catalogue.h"
#include "cubeloom/store/blob/store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

using ::testing::HasSubstr;

constexpr char kFan[] = R"(
name: fan
nodes:
- {id: each, scatter: {count: 12}}
- {id: first, in: each, kernel: flow.noop, resources: {cores: "2", memory: 1Gi}}
- {id: second, in: each, kernel: flow.noop, inputs: {after: first}}
- {id: end, kernel: flow.noop, inputs: {after: second}}
)";

class PlanTest : public ::testing::Test {
 protected:
  Prepared PrepareText(const std::string& text) {
    CheckedGraph checked = CheckGraphText(text, "g.yaml", {}, catalogue_).value();
    return Prepare(std::move(checked), catalogue_, {&LocalStore(), nullptr, "", {}}, InlineExecutor(), {})
        .value();
  }
  const KernelCatalogue catalogue_ = MakeCatalogue().value();
};

TEST_F(PlanTest, BoundsEveryResourceAndKeepsTheWorkersLimits) {
  const Prepared prepared = PrepareText(kFan);
  const Plan plan = MakePlan(prepared, {{8000, int64_t{4} << 30, 0}, 1e9}).value();
  EXPECT_EQ(plan.bound.width[plan::kCores].value, 24000);
  EXPECT_EQ(plan.bound.width[plan::kMemory].value, int64_t{12} << 30);
  EXPECT_EQ(plan.bound.parts, 3u);
  EXPECT_EQ(plan.partition.parts, 3u);
  ASSERT_EQ(plan.widest[plan::kCores].size(), 1u);
  EXPECT_EQ(plan.widest[plan::kCores][0].drops, 12);
}

TEST_F(PlanTest, MemoryBindsWhereItIsShort) {
  const Plan plan = MakePlan(PrepareText(kFan), {{8000, int64_t{2} << 30, 0}, 1e9}).value();
  EXPECT_EQ(plan.bound.parts, 6u);
  EXPECT_EQ(plan.bound.binding, plan::kMemory);
  EXPECT_EQ(plan.partition.parts, 6u);
}

TEST_F(PlanTest, ADropThatNoWorkerHoldsIsNamedWithTheAmounts) {
  const absl::Status status = MakePlan(PrepareText(kFan), {{1000, int64_t{4} << 30, 0}, 1e9}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("node 'first'"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("one instance needs 2 of cores, a worker has 1: 1 too few"));
}

TEST_F(PlanTest, JsonHoldsThePartOfEveryDrop) {
  const Prepared prepared = PrepareText(kFan);
  const PlanRequest request{{8000, int64_t{4} << 30, 0}, 1e9};
  const Plan plan = MakePlan(prepared, request).value();
  const absl::StatusOr<Value> value = Value::FromJson(PlanToJson(prepared, request, plan));
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->map().size(), 15u);
}

}  // namespace
}  // namespace cubeloom::engine
