#include "cubeloom/runtime/exec/run.h"

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/runtime/testing/kernels.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

using graph::Graph;
using graph::Node;
using graph::NodeKind;
using graph::PhysicalGraph;
using ::testing::HasSubstr;

Node Kernel(const std::string& id, const std::string& kernel, std::vector<graph::Input> inputs,
            Value::Map args = {}) {
  Node node;
  node.id = id;
  node.kind = NodeKind::kKernel;
  node.kernel = kernel;
  node.inputs = std::move(inputs);
  node.args = std::move(args);
  return node;
}
Node Source(const std::string& id, bool single = false) {
  Node node;
  node.id = id;
  node.kind = NodeKind::kSource;
  node.source.uri = "*";
  node.source.single = single;
  return node;
}
Node Scatter(const std::string& id, const std::string& over) {
  Node node;
  node.id = id;
  node.kind = NodeKind::kScatter;
  node.scatter.over = over;
  return node;
}
Node Sink(const std::string& id, const std::string& uri, const std::string& from) {
  Node node;
  node.id = id;
  node.kind = NodeKind::kSink;
  node.sink.uri = uri;
  node.inputs = {{"data", {{from, ""}}}};
  return node;
}

// frames (n images of 64x64, value i) -> scale by 2 -> sum, scattered; total adds the sums; out writes it.
class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    ports_.source = &sources_;
    ports_.sink = &sinks_;
    ports_.spill = &spill_;
    options_.kernels = &kernels_;
    options_.cores = 4;
    pool_ = MakeThreadPool(4, "test");
    options_.executor = pool_.get();
    options_.memory = 64 << 20;
    sources_.Set("frames", [](int64_t i) -> absl::StatusOr<Payload> {
      return Payload(ArrayFromVector<float>({64, 64}, std::vector<float>(64 * 64, static_cast<float>(i))));
    });
    facts_.source_items["frames"] = 10;
  }

  Graph Frames() {
    Graph graph;
    graph.name = "test";
    graph.retries = 1;
    graph.nodes = {Source("frames"),
                   Scatter("per", "frames"),
                   Kernel("twice", "test.scale", {{"image", {{"frames", ""}}}}, {{"factor", 2.0}}),
                   Kernel("sum", "test.sum", {{"image", {{"twice", ""}}}}),
                   Kernel("total", "test.add", {{"values", {{"sum", ""}}}}),
                   Sink("out", "total.json", "total")};
    graph.nodes[2].in = graph.nodes[3].in = "per";
    return graph;
  }
  PhysicalGraph Unrolled(const Graph& graph) {
    for (const Node& node : graph.nodes) {
      if (node.kind == NodeKind::kSource) facts_.ports[node.id] = {"data"};
      if (node.kind == NodeKind::kKernel) facts_.ports[node.id] = {"out"};
    }
    absl::StatusOr<PhysicalGraph> unrolled = graph::Unroll(graph, facts_);
    EXPECT_TRUE(unrolled.ok()) << unrolled.status();
    return *std::move(unrolled);
  }
  RunReport RunIt(const Graph& graph) {
    physical_ = Unrolled(graph);
    return runtime::Run(physical_, options_, ports_);
  }

  std::string File(const std::string& uri) {
    const std::map<std::string, std::string> files = sinks_.files();
    auto file = files.find(uri);
    return file != files.end() ? file->second : "no such file";
  }

  KernelCatalogue kernels_ = TestKernels();
  FakeSources sources_;
  FakeSinks sinks_;
  FakeSpill spill_;
  RunPorts ports_;
  RunOptions options_;
  graph::UnrollFacts facts_;
  std::unique_ptr<Executor> pool_;
  PhysicalGraph physical_;
};

TEST_F(RunTest, RunsMapReduceTaskAndSink) {
  const RunReport report = RunIt(Frames());
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_EQ(File("total.json"), "368640.0");  // 2 * 4096 * (0 + ... + 9)
  EXPECT_EQ(report.outputs.size(), 1u);
  EXPECT_EQ(report.digests.size(), 31u);
  EXPECT_EQ(report.progress.done, report.progress.total);
  EXPECT_EQ(report.progress.fraction, 1.0);
  EXPECT_EQ(report.states[static_cast<size_t>(DropState::kDeleted)], 31);
}

TEST_F(RunTest, ResultsDoNotDependOnThreads) {
  const RunReport four = RunIt(Frames());
  options_.executor = &InlineExecutor();
  const RunReport one = RunIt(Frames());
  EXPECT_EQ(one.outcome, RunOutcome::kSucceeded) << one.status;
  EXPECT_EQ(ToHex(one.root), ToHex(four.root));
}

TEST_F(RunTest, StreamingMapIsPulledAndGivesTheSame) {
  RunIt(Frames());
  const std::string expected = File("total.json");
  Graph graph = Frames();
  graph.nodes[2].streaming = true;
  const RunReport report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_EQ(File("total.json"), expected);
}

TEST_F(RunTest, InstanceReferencesAreBoundPerDrop) {
  Graph graph = Frames();
  graph.nodes[3] = Kernel("sum", "test.index", {{"in", {{"twice", ""}}}}, {{"index", "${per.index}"}});
  graph.nodes[3].in = "per";
  Node each = Sink("each", "v/${per.name}.json", "sum");
  each.in = "per";
  graph.nodes.push_back(each);
  options_.instance_names["per"] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
  const RunReport report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_EQ(File("total.json"), "45.0");
  EXPECT_EQ(File("v/c.json"), "2.0");
}

TEST_F(RunTest, GridScatterGivesEachDropItsChunk) {
  Graph graph;
  graph.nodes = {Source("frames", true), Scatter("tiles", "frames"),
                 Kernel("sum", "test.sum", {{"image", {{"frames", ""}}}}),
                 Sink("each", "${tiles.index}", "sum")};
  graph.nodes[1].scatter.grid = {40, 64};
  graph.nodes[2].in = graph.nodes[3].in = "tiles";
  facts_.source_items["frames"] = 1;
  facts_.grid_chunks["tiles"] = 2;
  std::vector<float> values(64 * 64);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i < 40 * 64 ? 1.0f : 2.0f;
  sources_.Set("frames", [&](int64_t) { return Payload(ArrayFromVector<float>({64, 64}, values)); });
  RunReport report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_EQ(File("0"), "2560.0");
  EXPECT_EQ(File("1"), "3072.0");
  sources_.Set("frames", [&](int64_t) {
    return Payload(ArrayFromVector<float>({32, 64}, std::vector<float>(2048)));
  });
  report = RunIt(graph);
  EXPECT_THAT(report.status.message(), HasSubstr("planned for 2 chunks"));
}

TEST_F(RunTest, FailureBlockSaysWhatAUserNeeds) {
  AddTask(kernels_, "test.refuse", {"in"},
          [](const Invocation& invocation, const auto&) -> absl::StatusOr<Payload> {
            return absl::InvalidArgumentError("the image is all blank");
          });
  Graph graph = Frames();
  graph.nodes[3] = Kernel("sum", "test.refuse", {{"in", {{"twice", ""}}}});
  graph.nodes[3].in = "per";
  options_.executor = &InlineExecutor();
  options_.replay_command = "cubeloom replay run1";
  const RunReport report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kFailed);
  EXPECT_THAT(report.status.message(), HasSubstr("node 'sum', drop sum/0"));
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(FormatFailure(report.failures[0]),
            "node     sum\n"
            "drop     sum/0\n"
            "input    in <- twice:out/0: array f32 64x64\n"
            "cause    kernel 'test.refuse': the image is all blank [INVALID_ARGUMENT]\n"
            "replay   cubeloom replay run1 sum/0");
  EXPECT_TRUE(sinks_.files().empty());
}

TEST_F(RunTest, SourceThatCannotBeOpenedIsAFailureOfTheSource) {
  sources_.Set("frames", [](int64_t i) -> absl::StatusOr<Payload> {
    if (i == 3) return absl::DataLossError("frames/3.fits: truncated");
    return Payload(ArrayFromVector<float>({2, 2}, {1, 1, 1, 1}));
  });
  Graph graph = Frames();
  RunReport report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kFailed);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].external_id, "frames:data/3");
  graph.nodes[4].error_threshold = 0.1;
  report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kSucceededWithHoles) << report.status;
  EXPECT_EQ(File("total.json"), "72.0");  // 9 frames of 4 elements, times 2
  EXPECT_EQ(report.failures_total, 1);
}

TEST_F(RunTest, TransientErrorsAreRepeated) {
  std::atomic<int> calls{0};
  sources_.Set("frames", [&calls](int64_t i) -> absl::StatusOr<Payload> {
    if (i == 5 && calls.fetch_add(1) == 0) return absl::UnavailableError("store is busy");
    return Payload(ArrayFromVector<float>({2, 2}, {1, 1, 1, 1}));
  });
  const RunReport report = RunIt(Frames());
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_EQ(report.retries, 1);
  EXPECT_TRUE(report.failures.empty());
}

// Two hundred drops of a microsecond teach the scheduler to make batches; then one takes long.
TEST_F(RunTest, LongDropDoesNotHoldUpTheRestOfItsBatch) {
  std::atomic<int> done{0};
  AddTask(kernels_, "test.uneven", {"in?"},
          [&done](const auto&, const KernelContext& context) -> absl::StatusOr<Payload> {
            if (done.fetch_add(1) == 2000) {
              while (done.load() < 3999 && !context.cancel.cancelled()) std::this_thread::yield();
              done.fetch_add(1);
            }
            return Payload(Value(1));
          });
  Graph graph;
  graph.nodes = {Scatter("many", ""), Kernel("uneven", "test.uneven", {})};
  graph.nodes[0].scatter.count = 4000;
  graph.nodes[1].in = "many";
  options_.deadline = absl::Seconds(60);
  options_.cores = 2;
  EXPECT_EQ(RunIt(graph).outcome, RunOutcome::kSucceeded);
}

TEST_F(RunTest, CancelStopsRunningKernels) {
  CancelSource cancel;
  options_.cancel = cancel.token();
  AddTask(kernels_, "test.wait", {"in"},
          [&cancel](const auto&, const KernelContext& context) -> absl::StatusOr<Payload> {
            cancel.Cancel();
            while (!context.cancel.cancelled()) std::this_thread::yield();
            return context.cancel.status();
          });
  Graph graph = Frames();
  graph.nodes[3] = Kernel("sum", "test.wait", {{"in", {{"twice", ""}}}});
  graph.nodes[3].in = "per";
  const RunReport report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kCancelled);
  EXPECT_TRUE(absl::IsCancelled(report.status));
  EXPECT_TRUE(sinks_.files().empty());
  EXPECT_EQ(report.states[static_cast<size_t>(DropState::kError)], 0);
}

TEST_F(RunTest, DeadlineEndsTheRun) {
  AddTask(kernels_, "test.wait", {"in"},
          [](const auto&, const KernelContext& context) -> absl::StatusOr<Payload> {
            while (!context.cancel.cancelled()) std::this_thread::yield();
            return context.cancel.status();
          });
  Graph graph = Frames();
  graph.nodes[3] = Kernel("sum", "test.wait", {{"in", {{"twice", ""}}}});
  graph.nodes[3].in = "per";
  options_.deadline = absl::Milliseconds(30);
  EXPECT_EQ(RunIt(graph).outcome, RunOutcome::kDeadlineExceeded);
  options_.deadline = absl::InfiniteDuration();
  options_.executor = &InlineExecutor();  // the lane itself keeps time between drops
  AddTask(kernels_, "test.slow", {"in"}, [](const auto&, const auto&) -> absl::StatusOr<Payload> {
    absl::SleepFor(absl::Milliseconds(10));
    return Payload(Value(1));
  });
  graph.nodes[3].kernel = "test.slow";
  options_.deadline = absl::Milliseconds(30);
  EXPECT_EQ(RunIt(graph).outcome, RunOutcome::kDeadlineExceeded);
  options_.deadline = absl::InfiniteDuration();
  options_.executor = pool_.get();
  graph.nodes[3].kernel = "test.wait";
  graph.nodes[3].timeout = absl::Milliseconds(5);
  graph.nodes[3].retries = 0;
  const RunReport report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kFailed);
  EXPECT_TRUE(absl::IsDeadlineExceeded(report.status)) << report.status;
  EXPECT_TRUE(absl::StrContains(report.status.message(), "timeout of 5ms")) << report.status;
}

TEST_F(RunTest, PersistedDropsAreKeptAndDigested) {
  Graph graph = Frames();
  graph.nodes[2].persist = true;
  const RunReport report = RunIt(graph);
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_EQ(report.outputs.size(), 11u);
  EXPECT_EQ(sinks_.files().count("twice:out/7"), 1u);
  int content = 0;
  for (const DropDigest& digest : report.digests) content += digest.content;
  EXPECT_EQ(content, 11);
}

TEST_F(RunTest, OnlyTheNamedDropsAndWhatTheyNeedRun) {
  options_.only = {"sum/4"};
  const RunReport report = RunIt(Frames());
  EXPECT_EQ(report.outcome, RunOutcome::kSucceeded) << report.status;
  EXPECT_EQ(report.progress.total, 3);
  EXPECT_EQ(report.digests.size(), 3u);
  options_.only = {"sum/40"};
  EXPECT_TRUE(absl::IsNotFound(RunIt(Frames()).status));
}

TEST_F(RunTest, ProblemsOfTheGraphAreFoundBeforeAnythingRuns) {
  const struct {
    std::function<void(Graph&)> change;
    const char* message;
  } kCases[] = {
      {[](Graph& g) { g.nodes[2].kernel = "test.scal"; }, "did you mean 'test.scale'"},
      {[](Graph& g) {
         g.nodes[2].args = {{"factr", 1.0}};
       },
       "factr"},
      {[](Graph& g) { g.nodes[2].inputs[0].port = "imag"; }, "no input 'imag'"},
      {[](Graph& g) { g.nodes[2].resources.gpus = 1; }, "1 GPUs asked for"},
  };
  for (const auto& c : kCases) {
    Graph graph = Frames();
    c.change(graph);
    const RunReport report = RunIt(graph);
    EXPECT_EQ(report.outcome, RunOutcome::kFailed);
    EXPECT_THAT(report.status.message(), HasSubstr(c.message));
    EXPECT_EQ(report.digests.size(), 0u);
  }
  ports_.sink = nullptr;
  EXPECT_THAT(RunIt(Frames()).status.message(), HasSubstr("no sinks"));
}

}  // namespace
}  // namespace cubeloom::runtime
