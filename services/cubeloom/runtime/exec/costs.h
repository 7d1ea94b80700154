// Estimates of what drops need, where nobody knows better.
#ifndef CUBELOOM_RUNTIME_EXEC_COSTS_H_
#define CUBELOOM_RUNTIME_EXEC_COSTS_H_

#include <cstdint>

#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/runtime/exec/program.h"
#include "cubeloom/runtime/sched/costs.h"

namespace cubeloom::runtime {

// Bytes that one chunk of a Map may take at once: 4 MiB, less where the budget is small for so many cores.
int64_t ChunkBytes(int64_t memory, int32_t cores);

// Without a look at the data: chunk windows for Maps and Reduces, nothing for Tasks (the scheduler learns
// what they need), and what the graph asks for in `resources`.
Costs DefaultCosts(const graph::PhysicalGraph& graph, const Program& program, int64_t chunk_bytes);

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_EXEC_COSTS_H_
