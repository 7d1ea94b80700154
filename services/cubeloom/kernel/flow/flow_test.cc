#include "cubeloom/kernel/flow/flow.h"

#include "cubeloom/kernel/api/execute.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

class FlowTest : public ::testing::Test {
 protected:
  FlowTest() { EXPECT_TRUE(RegisterFlowKernels(catalogue_).ok()); }
  absl::StatusOr<std::vector<Payload>> RunKernel(const char* name, const Value::Map& args,
                                                 const CancelToken& cancel = {}) {
    const Kernel* kernel = catalogue_.Find(name);
    const absl::StatusOr<Args> bound = BindArgs(kernel->info(), args);
    if (!bound.ok()) return bound.status();
    const std::vector<PortPayloads> inputs(1);
    ExecuteOptions options;
    options.context.cancel = cancel;
    return Execute(*kernel, *bound, inputs, options);
  }
  KernelCatalogue catalogue_;
};

TEST_F(FlowTest, NoopGivesNull) {
  const auto out = RunKernel("flow.noop", {});
  ASSERT_TRUE(out.ok()) << out.status();
  ASSERT_EQ(out->size(), 1u);
  EXPECT_TRUE((*out)[0].value().is_null());
}

TEST_F(FlowTest, SleepStopsWhenCancelled) {
  CancelSource source;
  source.Cancel();
  EXPECT_EQ(RunKernel("flow.sleep", {{"seconds", Value(3600.0)}}, source.token()).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(FlowTest, SleepRefusesNegativeTimes) {
  EXPECT_EQ(RunKernel("flow.sleep", {{"seconds", Value(-1.0)}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FlowTest, FailFailsForTheFirstInstancesOnly) {
  EXPECT_FALSE(RunKernel("flow.fail", {}).ok());
  EXPECT_FALSE(RunKernel("flow.fail", {{"index", Value(1)}, {"below", Value(2)}}).ok());
  EXPECT_TRUE(RunKernel("flow.fail", {{"index", Value(2)}, {"below", Value(2)}}).ok());
}

}  // namespace
}  // namespace cubeloom
