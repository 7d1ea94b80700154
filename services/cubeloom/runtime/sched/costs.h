// What the scheduler believes one app drop of a block needs.
#ifndef CUBELOOM_RUNTIME_SCHED_COSTS_H_
#define CUBELOOM_RUNTIME_SCHED_COSTS_H_

#include <cstdint>
#include <vector>

namespace cubeloom::runtime {

// Estimates for one drop: the app drops of a block or, for a source's block, opening one of its data drops.
struct BlockCost {
  // Core slots taken while it runs, >= 1. In-process kernels take 1 (idle threads help them by themselves);
  // a command that starts N threads of its own takes N.
  int32_t cores = 1;
  // Bytes of the budget that it needs at once and that cannot be spilled: scratch and chunk windows of a
  // Map or Reduce, whole inputs and outputs of a Task.
  int64_t memory = 0;
  // Expected time on its cores, for priorities. Corrected by measurement only where drops are put in batches.
  int64_t time_ns = 1000;
};

// By block, in the order of PhysicalGraph::blocks. Empty: defaults everywhere.
using Costs = std::vector<BlockCost>;

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_SCHED_COSTS_H_
