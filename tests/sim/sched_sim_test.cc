// The scheduler under simulation: random graphs, durations, failures, cancels and limits, thousands of seeds.
//
//   CUBELOOM_FULL=1 tests_sim_test          many more seeds
//   CUBELOOM_SIM_SEED=17 tests_sim_test     only this one
//
// The invariants are those of runtime/testing/sim.cc: no budget exceeded, no drop lost or completed twice, no
// input used after its release, always an end. Here, in addition: the final state of every drop is the same
// for any order of events and any duration, wherever the run was not stopped.
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/runtime/testing/graph_builder.h"
#include "cubeloom/runtime/testing/sim.h"
#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

using Random = std::mt19937_64;

int64_t Below(Random& random, int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); }

struct Case {
  graph::PhysicalGraph graph;
  SimOptions options;
};

// A layered graph of up to some 12 blocks and 300 drops: chains, broadcasts, fan-ins, diamonds, several
// outputs.
graph::PhysicalGraph RandomGraph(Random& random) {
  GraphBuilder builder;
  const int64_t blocks = 1 + Below(random, 12);
  std::vector<int64_t> instances;
  for (int64_t b = 0; b < blocks; ++b) {
    const bool source = b == 0 || Below(random, 6) == 0;
    const int64_t count = Below(random, 3) == 0 ? 1 : 1 + Below(random, 20);
    const std::string id = absl::StrCat("n", b);
    std::vector<std::string> ports = {"out"};
    if (Below(random, 5) == 0) ports.push_back("second");
    if (Below(random, 8) == 0) ports.clear();
    const uint32_t block = source ? builder.Source(id, count) : builder.App(id, count, ports);
    instances.push_back(count);
    builder.node(block).persist = Below(random, 10) == 0;
    builder.node(block).retries = static_cast<int32_t>(Below(random, 4)) - 1;
    if (Below(random, 3) == 0)
      builder.node(block).error_threshold = static_cast<double>(Below(random, 11)) / 10;
    if (source) continue;
    const int64_t inputs = Below(random, 4);
    for (int64_t i = 0; i < inputs; ++i) {
      const auto producer = static_cast<uint32_t>(Below(random, b));
      if (builder.outputs(producer) == 0) continue;
      const int64_t from = instances[producer];
      // Every consumer of a fan-in must get at least one input.
      if (from > count && (count - 1) * ((from + count - 1) / count) >= from) continue;
      const auto port = static_cast<uint32_t>(Below(random, builder.outputs(producer)));
      builder.Connect(producer, block, absl::StrCat("p", Below(random, 3)), port);
    }
  }
  builder.logical().retries = static_cast<int32_t>(Below(random, 3));
  if (Below(random, 2) == 0) builder.logical().error_threshold = static_cast<double>(Below(random, 10)) / 10;
  return builder.Build();
}

void RandomOptions(Random& random, const graph::PhysicalGraph& graph, SimOptions& options) {
  SchedOptions& sched = options.sched;
  sched.cores = static_cast<int32_t>(1 + Below(random, 8));
  sched.memory = Below(random, 3) == 0 ? 0 : Below(random, 1000);
  for (size_t b = 0; b < graph.blocks.size(); ++b) {
    sched.costs.push_back({static_cast<int32_t>(1 + (Below(random, 4) == 0 ? Below(random, 10) : 0)),
                           Below(random, 2) * Below(random, 400), 1 + Below(random, 100000)});
  }
  sched.policy = DefaultPolicy(graph);
  for (size_t b = 0; b < graph.blocks.size(); ++b) {
    BlockPolicy& policy = sched.policy[b];
    policy.external = !graph.blocks[b].has_app() && Below(random, 4) == 0;
    for (LinkPolicy& link : policy.links) link.optional = Below(random, 6) == 0;
  }
  sched.max_batch = static_cast<int32_t>(1 + Below(random, 2) * Below(random, 40));
  options.longest_ns = 1 + Below(random, 5000);
  if (Below(random, 3) > 0) options.fail = 0.2 * static_cast<double>(Below(random, 10)) / 10;
  if (Below(random, 2) == 0) options.transient = 0.3;
  if (Below(random, 4) == 0) options.memory_short = 0.3;
  if (Below(random, 4) == 0) options.returned = 0.2;
  if (Below(random, 8) == 0) options.cancel_at_ns = Below(random, 20000);
  if (Below(random, 8) == 0) options.deadline_at_ns = Below(random, 20000);
}

Case MakeCase(uint64_t seed) {
  Random random(seed);
  Case c;
  c.graph = RandomGraph(random);
  RandomOptions(random, c.graph, c.options);
  c.options.fault_seed = random();
  c.options.order_seed = random();
  return c;
}

// "" or what went wrong.
std::string Check(uint64_t seed) {
  Case c = MakeCase(seed);
  const SimResult first = Simulate(c.graph, c.options);
  if (!first.violation.empty()) return first.violation;
  if (c.options.cancel_at_ns >= 0 || c.options.deadline_at_ns >= 0) return "";
  // Another order of events, other durations and capacities.
  c.options.order_seed += 1;
  c.options.longest_ns = 1 + static_cast<int64_t>(seed % 97);
  c.options.sched.cores = static_cast<int32_t>(1 + seed % 5);
  c.options.sched.memory = static_cast<int64_t>(seed % 700);
  if (c.options.memory_short > 0) return "";  // may fail for good with less memory
  const SimResult second = Simulate(c.graph, c.options);
  if (!second.violation.empty()) return absl::StrCat("in another order: ", second.violation);
  if ((first.stop == StopReason::kNone) != (second.stop == StopReason::kNone))
    return "one order of events stops the run, another does not";
  if (first.stop == StopReason::kNone && first.states != second.states)
    return "final states depend on the order of events";
  return "";
}

TEST(SchedSimTest, InvariantsHoldForEverySeed) {
  uint64_t from = 0, to = 20000;
  const char* const full = std::getenv("CUBELOOM_FULL");
  if (full != nullptr && std::string(full) == "1") to = 200000;
  if (const char* only = std::getenv("CUBELOOM_SIM_SEED"); only != nullptr) {
    ASSERT_TRUE(absl::SimpleAtoi(only, &from)) << "CUBELOOM_SIM_SEED: " << only;
    to = from + 1;
  }
  for (uint64_t seed = from; seed < to; ++seed) {
    const std::string problem = Check(seed);
    ASSERT_EQ(problem, "") << "reproduce: CUBELOOM_SIM_SEED=" << seed << " tests_sim_test";
  }
}

// The seeds must reach what they are for.
TEST(SchedSimTest, SeedsCoverEveryOutcome) {
  int stops[5] = {0, 0, 0, 0, 0};
  int retried = 0, skipped = 0, holes = 0;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    const Case c = MakeCase(seed);
    const SimResult result = Simulate(c.graph, c.options);
    ++stops[static_cast<int>(result.stop)];
    int64_t failed = 0, done = 0;
    for (const BlockCounts& counts : result.counts) {
      failed += counts.failed;
      done += counts.done;
      skipped += result.stop == StopReason::kNone && counts.skipped > 0;
    }
    holes += result.stop == StopReason::kNone && failed > 0;
    retried += static_cast<int64_t>(result.started.size()) > done + failed;
  }
  for (int i = 0; i < 5; ++i) EXPECT_GT(stops[i], 20) << "stop reason " << i;
  EXPECT_GT(retried, 100);
  EXPECT_GT(skipped, 20);
  EXPECT_GT(holes, 50);
}

}  // namespace
}  // namespace cubeloom::runtime
