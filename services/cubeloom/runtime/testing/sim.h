// Runs the scheduler under simulated time against a model of lanes that fail, are short of memory and stop
// late, and checks every invariant of sched.h after every step.
#ifndef CUBELOOM_RUNTIME_TESTING_SIM_H_
#define CUBELOOM_RUNTIME_TESTING_SIM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/runtime/sched/sched.h"

namespace cubeloom::runtime {

// What happens to a drop depends on (fault_seed, drop, attempt) only, never on time or order.
struct SimOptions {
  SchedOptions sched;
  uint64_t fault_seed = 1;
  uint64_t order_seed = 1;    // durations, and the order of events of one moment
  double fail = 0;            // probability that a drop fails for good
  double transient = 0;       // that an attempt fails and may be repeated
  double memory_short = 0;    // that the first attempt needs more memory than estimated
  double returned = 0;        // that a drop of a batch is given back before it begins
  int64_t longest_ns = 1000;  // durations are 1..longest
  int64_t cancel_at_ns = -1;  // < 0: never
  int64_t deadline_at_ns = -1;
  std::vector<DropId> failing;  // these fail for good, whatever the probabilities
};

struct SimResult {
  std::string violation;          // "" when every invariant held
  std::vector<DropState> states;  // at the end
  StopReason stop = StopReason::kNone;
  DropId stop_drop = kNoId;
  std::vector<DropId> started;  // in order, retries too
  std::vector<BlockCounts> counts;
  int64_t makespan_ns = 0;
  int64_t max_memory = 0;  // estimates of started drops, but for those that ran alone
  int32_t max_cores = 0;
  int64_t max_live_data = 0;  // completed and not yet released at the same moment
  int64_t steps = 0;
};

SimResult Simulate(const graph::PhysicalGraph& graph, const SimOptions& options);

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_TESTING_SIM_H_
