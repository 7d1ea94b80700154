// Dispatch of one million no-op drops (500 000 app drops and their data) through scheduler, admission,
// progress and digests, on two lanes; unrolling and preparation are printed beside it.
#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/figure.h"
#include "cubeloom/base/process.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/runtime/exec/program.h"
#include "cubeloom/runtime/exec/run.h"
#include "cubeloom/runtime/sched/sched.h"
#include "cubeloom/runtime/testing/kernels.h"

namespace cubeloom::runtime {
namespace {

constexpr int64_t kChains = 250'000;  // of two no-op Tasks each
constexpr int64_t kDrops = 4 * kChains;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

graph::Graph Chains() {
  graph::Graph graph;
  graph.name = "dispatch";
  graph.nodes.resize(3);
  graph.nodes[0].id = "many";
  graph.nodes[0].kind = graph::NodeKind::kScatter;
  graph.nodes[0].scatter.count = kChains;
  for (int i : {1, 2}) {
    graph.nodes[i].id = i == 1 ? "first" : "second";
    graph.nodes[i].in = "many";
    graph.nodes[i].kernel = "test.noop";
  }
  graph.nodes[2].inputs = {{"in", {{"first", ""}}}};
  return graph;
}

class Counter : public ProgressPort {
 public:
  void Update(const Progress& progress) override { last_ = progress; }
  const Progress& last() const { return last_; }

 private:
  Progress last_;
};

// Microseconds a drop, after a check that every drop was completed once and the manifest covers all data.
absl::StatusOr<double> Dispatch(const graph::PhysicalGraph& graph, const KernelCatalogue& kernels,
                                Executor& pool) {
  RunOptions options;
  options.kernels = &kernels;
  options.executor = &pool;
  options.cores = pool.concurrency();
  Counter counter;
  RunPorts ports;
  ports.progress = &counter;
  const auto start = std::chrono::steady_clock::now();
  const RunReport report = Run(graph, options, ports);
  const double seconds = Seconds(start);
  CL_RETURN_IF_ERROR(report.status);
  const int64_t completed = report.states[static_cast<size_t>(DropState::kCompleted)];
  const int64_t deleted = report.states[static_cast<size_t>(DropState::kDeleted)];
  if (report.outcome != RunOutcome::kSucceeded || completed != kDrops / 2 || deleted != kDrops / 2 ||
      counter.last().done != kDrops / 2 || report.digests.size() != kDrops / 2) {
    return absl::InternalError(absl::StrCat(completed, " app and ", deleted, " data drops completed, ",
                                            report.digests.size(), " digests"));
  }
  return seconds * 1e6 / kDrops;
}

// The scheduler alone: every started drop is reported finished at once.
absl::StatusOr<double> StepOnly(const graph::PhysicalGraph& graph) {
  SchedOptions options;
  options.cores = 2;
  const auto start = std::chrono::steady_clock::now();
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<State> state, State::Make(graph, options));
  ActionBuffer actions;
  std::vector<Event> events;
  Step(*state, {}, actions);
  while (!actions.empty()) {
    events.clear();
    for (const Action& a : actions) {
      if (a.kind == ActionKind::kStart) events.push_back({EventKind::kFinished, a.drop, 500});
      if (a.kind == ActionKind::kRelease) events.push_back({EventKind::kReleased, a.drop, 0});
    }
    actions.clear();
    if (!events.empty()) Step(*state, events, actions);
  }
  const double seconds = Seconds(start);
  if (!state->finished() || state->counts()[0].done + state->counts()[1].done != kDrops / 2)
    return absl::InternalError("not every drop was completed");
  return seconds * 1e9 / kDrops;
}

int Main(int argc, char** argv) {
  InitProcess();
  bench::Session session(argc, argv);
  const graph::Graph logical = Chains();
  graph::UnrollFacts facts;
  facts.ports["first"] = facts.ports["second"] = {"out"};
  const KernelCatalogue kernels = TestKernels();
  const std::unique_ptr<Executor> pool = MakeThreadPool(2, "bench");
  absl::StatusOr<graph::PhysicalGraph> graph = graph::Unroll(logical, facts);
  session.Run({.name = "dispatch 1 M drops: unroll", .unit = "ms", .target = 500},
              [&]() -> absl::StatusOr<double> {
                const auto start = std::chrono::steady_clock::now();
                graph = graph::Unroll(logical, facts);
                const double ms = Seconds(start) * 1e3;
                CL_RETURN_IF_ERROR(graph.status());
                return ms;
              });
  if (!graph.ok()) return 1;
  session.Run({.name = "dispatch 1 M drops: prepare", .unit = "ms", .target = 500},
              [&]() -> absl::StatusOr<double> {
                const auto start = std::chrono::steady_clock::now();
                RunOptions options;
                options.kernels = &kernels;
                CL_RETURN_IF_ERROR(MakeProgram(*graph, options, RunPorts()).status());
                CL_RETURN_IF_ERROR(State::Make(*graph, SchedOptions()).status());
                return Seconds(start) * 1e3;
              });
  session.Run({.name = "dispatch 1 M drops: scheduler alone", .unit = "ns/drop", .target = 300},
              [&] { return StepOnly(*graph); });
  session.Run({.name = "dispatch 1 M drops", .unit = "us/drop", .target = 1},
              [&] { return Dispatch(*graph, kernels, *pool); });
  return session.Finish();
}

}  // namespace
}  // namespace cubeloom::runtime

int main(int argc, char** argv) { return cubeloom::runtime::Main(argc, argv); }
