// Runs over data many times the memory budget.
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "cubeloom/base/status.h"
#include "cubeloom/runtime/exec/run.h"
#include "cubeloom/runtime/testing/graph_builder.h"
#include "cubeloom/runtime/testing/kernels.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

using ::testing::HasSubstr;

// Sanitizers keep shadow memory and are slow: a smaller run, and no look at the resident set.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kWidth = kSanitized ? 512 : 2048;
constexpr int64_t kFrameBytes = kSanitized ? 8 * kMiB : 32 * kMiB;
constexpr int64_t kMemory = kFrameBytes;
constexpr int64_t kFrames = 10, kFrameRows = 4096;  // of f32, kFrameBytes each: ten times the budget

// An array that is made up as it is read: element (y, x) of frame f is f + y.
class Ramp : public Array {
 public:
  Ramp(int64_t frame, int64_t rows) : frame_(frame) { desc_.shape = {rows, kWidth}; }
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_ASSIGN_OR_RETURN(MutableBuffer data,
                        context.allocator->Allocate(static_cast<size_t>(box.elements()) * sizeof(float)));
    auto* out = reinterpret_cast<float*>(data.data());
    for (int64_t y = box.origin[0]; y < box.end(0); ++y) {
      for (int64_t x = 0; x < box.extent[1]; ++x) *out++ = static_cast<float>(frame_ + y);
    }
    return Chunk{
        DType::kF32,          box, ContiguousStrides(box.extent), std::move(data).Publish(), Buffer(),
        ScaleState::kPhysical};
  }

 private:
  const int64_t frame_;
  ArrayDesc desc_;
};

// Row by row, the sum over all arrays; so all of them must be there at once.
absl::StatusOr<Payload> SumStack(const Invocation& invocation, const KernelContext& context) {
  const Shape shape = invocation.inputs[0][0].array()->desc().shape;
  double sum = 0;
  for (int64_t y = 0; y < shape[0]; y += 64) {
    for (const Payload& payload : invocation.inputs[0]) {
      CL_RETURN_IF_ERROR(context.cancel.status());
      CL_ASSIGN_OR_RETURN(const Chunk chunk, payload.array()->Read({{y, 0}, {64, shape[1]}}, context.read()));
      ForEachRow(chunk, [&](int64_t offset, int64_t) { sum += chunk.as<float>()[offset]; });
    }
  }
  return Payload(Value(sum));
}

// Highest resident set of this process since the last call of ResetPeak(), in bytes; 0 where unknown.
void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }
int64_t PeakRss() {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kib = 0;
  while (status >> word) {
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return 0;
}

class BudgetTest : public ::testing::Test {
 protected:
  BudgetTest() {
    AddTask(kernels_, "test.stack", {"images*"}, SumStack);
    const uint32_t frames = builder_.Source("frames", kFrames), smear = builder_.App("smear", kFrames);
    const uint32_t stack = builder_.App("stack", 1), out = builder_.App("out", 1, {});
    builder_.node(smear).kernel = "test.smear";
    builder_.node(stack).kernel = "test.stack";
    builder_.node(out).kind = graph::NodeKind::kSink;
    builder_.node(out).sink.uri = "sum.json";
    builder_.Connect(frames, smear, "image"), builder_.Connect(smear, stack, "images"),
        builder_.Connect(stack, out);
    sources_.Set("frames",
                 [](int64_t i) { return Payload(ArrayPtr(std::make_shared<Ramp>(i, kFrameRows))); });
    ports_.source = &sources_, ports_.sink = &sinks_, ports_.spill = &spill_;
    options_.kernels = &kernels_;
    options_.executor = pool_.get();
    options_.cores = 2;
    options_.memory = kMemory;
  }

  GraphBuilder builder_;
  KernelCatalogue kernels_ = TestKernels();
  FakeSources sources_;
  FakeSinks sinks_;
  FakeSpill spill_;
  RunPorts ports_;
  RunOptions options_;
  std::unique_ptr<Executor> pool_ = MakeThreadPool(2, "budget");
};

TEST_F(BudgetTest, TenTimesTheBudgetRunsWithinIt) {
  const graph::PhysicalGraph graph = builder_.Build();
  ResetPeak();
  const int64_t before = PeakRss();
  const RunReport report = runtime::Run(graph, options_, ports_);
  const int64_t rss = PeakRss() - before - kFrames * kFrameRows * kWidth * 4;  // the fake spills to memory
  ASSERT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_LE(report.peak_memory, kMemory);
  EXPECT_TRUE(kSanitized || rss <= kMemory + 150 * kMiB) << rss;
  EXPECT_GT(report.progress.spilled_bytes, (kFrames - 1) * kFrameBytes);
  EXPECT_EQ(spill_.alive(), 0);
  double sum = 0;  // rows y - 1, y, y + 1 of every frame
  for (int64_t f = 0; f < kFrames; ++f) {
    for (int64_t y = 0; y < kFrameRows; ++y) sum += 3.0 * static_cast<double>(f + y);
    sum -= static_cast<double>(f - 1) + static_cast<double>(f + kFrameRows);
  }
  EXPECT_EQ(sinks_.files().at("sum.json"), Value(sum).ToJson());
}

TEST_F(BudgetTest, WithoutSpillTheErrorNamesDropAndBudget) {
  const graph::PhysicalGraph graph = builder_.Build();
  ports_.spill = nullptr;
  const RunReport report = runtime::Run(graph, options_, ports_);
  EXPECT_EQ(report.outcome, RunOutcome::kFailed);
  EXPECT_TRUE(absl::IsResourceExhausted(report.status)) << report.status;
  EXPECT_THAT(report.status.message(), HasSubstr("drop smear/"));
  EXPECT_THAT(report.status.message(), HasSubstr("does not fit the memory budget of"));
  EXPECT_LE(report.peak_memory, kMemory);
}

TEST_F(BudgetTest, FullDiskIsNamedInTheFailure) {
  const graph::PhysicalGraph graph = builder_.Build();
  spill_.FailAppends(absl::ResourceExhaustedError("spill.bin: no space left on device"));
  const RunReport report = runtime::Run(graph, options_, ports_);
  EXPECT_EQ(report.outcome, RunOutcome::kFailed);
  EXPECT_THAT(report.status.message(), HasSubstr("no space left on device"));
  EXPECT_TRUE(sinks_.files().empty());
}

// Arrays that Tasks make are spilled too, once the budget gets tight.
TEST_F(BudgetTest, ArraysOfTasksAreSpilled) {
  AddTask(kernels_, "test.make", {"in?"},
          [](const auto&, const KernelContext& context) -> absl::StatusOr<Payload> {
            CL_ASSIGN_OR_RETURN(Chunk chunk, Ramp(3, 1024).Read({{0, 0}, {1024, kWidth}}, context.read()));
            ArrayDesc desc;
            desc.shape = {1024, kWidth};
            CL_ASSIGN_OR_RETURN(ArrayPtr array, MakeMemoryArray(desc, chunk));
            return Payload(std::move(array));
          });
  GraphBuilder builder;
  const uint32_t make = builder.App("make", 12), stack = builder.App("stack", 1),
                 out = builder.App("out", 1, {});
  builder.node(make).kernel = "test.make";
  builder.node(stack).kernel = "test.stack";
  builder.node(out).kind = graph::NodeKind::kSink;
  builder.node(out).sink.uri = "sum.json";
  builder.Connect(make, stack, "images"), builder.Connect(stack, out);
  const RunReport report = runtime::Run(builder.Build(), options_, ports_);
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_LE(report.peak_memory, kMemory);
  EXPECT_GT(report.progress.spilled_bytes, 0);
  EXPECT_EQ(sinks_.files().at("sum.json"), Value(12 * (3 * 1024 + 1023.0 * 512)).ToJson());
}

// Task drops whose memory nobody estimated: some are refused, their estimate is raised, all get through.
TEST_F(BudgetTest, UnderestimatedTasksAreRepeatedWithMoreMemory) {
  AddTask(kernels_, "test.greedy", {"in?"},
          [](const auto&, const KernelContext& context) -> absl::StatusOr<Payload> {
            std::vector<MutableBuffer> all;
            for (int i = 0; i < 5; ++i) {
              CL_ASSIGN_OR_RETURN(MutableBuffer part, context.allocator->Allocate(5 * kMemory / 32));
              all.push_back(std::move(part));
            }
            return Payload(Value(1));
          });
  GraphBuilder builder;
  const uint32_t greedy = builder.App("greedy", 40), total = builder.App("total", 1);
  builder.node(greedy).kernel = "test.greedy";
  builder.node(total).kernel = "test.add";
  builder.Connect(greedy, total, "values");
  const RunReport report = runtime::Run(builder.Build(), options_, ports_);
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_LE(report.peak_memory, kMemory);
}

}  // namespace
}  // namespace cubeloom::runtime
