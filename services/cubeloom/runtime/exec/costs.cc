#include "cubeloom/runtime/exec/costs.h"

#include <algorithm>
#include <cmath>

namespace cubeloom::runtime {

int64_t ChunkBytes(int64_t memory, int32_t cores) {
  return std::clamp<int64_t>(memory / (int64_t{8} * std::max(1, cores)), int64_t{256} << 10,
                             int64_t{4} << 20);
}

Costs DefaultCosts(const graph::PhysicalGraph& graph, const Program& program, int64_t chunk_bytes) {
  Costs costs(graph.blocks.size());
  for (size_t b = 0; b < costs.size(); ++b) {
    const BlockProgram& block = program.blocks[b];
    if (block.kernel != nullptr) {
      const KernelInfo& info = block.kernel->info();
      if (info.shape == KernelShape::kMap || info.shape == KernelShape::kReduce)
        costs[b].memory = 2 * chunk_bytes;
      costs[b].time_ns = std::max<int64_t>(1, static_cast<int64_t>(std::min(info.ns_fixed, 1e15)));
    }
    const graph::Resources& asked = block.node->resources;
    // Kernels in this process are helped by idle lanes; only a command has threads of its own.
    if (block.node->kind == graph::NodeKind::kCommand && asked.cores > 0)
      costs[b].cores = static_cast<int32_t>(std::clamp(std::ceil(asked.cores), 1.0, 65535.0));
    if (asked.memory > 0) costs[b].memory = asked.memory;
  }
  return costs;
}

}  // namespace cubeloom::runtime
