// What flows along each edge, before any pixel is read: kinds, shapes, sizes, and from them the costs of
// drops.
#ifndef CUBELOOM_RESOLVE_INFER_H_
#define CUBELOOM_RESOLVE_INFER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/resolve/sources.h"

namespace cubeloom::resolve {

// Of one block (logical node), for its first instance with the largest source item.
struct BlockFacts {
  std::vector<OutputDesc> outputs;  // by output port; of kernels, sources and commands
  bool known = true;                // false: shapes depend on what a command will write; only kinds are right
  int64_t input_bytes = 0;          // of arrays, all inputs of one instance
  int64_t output_bytes = 0;         // of arrays, one instance
  int64_t elements = 0;             // of the largest array among inputs and outputs
  double time_ns = 0;               // by the kernel's cost model, on one core
  int64_t memory = 0;               // bytes one drop needs at once and cannot spill
};

// Runs Infer() of every kernel on the described sources, in topological order. Errors name the node. Costs:
// one Infer per block, whatever the number of drops.
absl::StatusOr<std::vector<BlockFacts>> InferBlocks(const graph::PhysicalGraph& graph, const Sources& sources,
                                                    const KernelCatalogue& catalogue);

}  // namespace cubeloom::resolve

#endif  // CUBELOOM_RESOLVE_INFER_H_
