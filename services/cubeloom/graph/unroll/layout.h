// The blocks of a graph: axes, links, drop numbers. Everything of unrolling that is small. Private to
// graph/unroll.
#ifndef CUBELOOM_GRAPH_UNROLL_LAYOUT_H_
#define CUBELOOM_GRAPH_UNROLL_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/graph/unroll/unroll.h"

namespace cubeloom::graph {

struct Layout {
  std::vector<Block> blocks;
  uint64_t drops = 0;
  uint64_t edges = 0;
};

// Blocks in topological order with their drop numbers; all sizes are checked against the limits in `facts`.
absl::StatusOr<Layout> LayOut(const Graph& graph, const UnrollFacts& facts);

// Allocates and fills the arrays of `graph`, whose blocks are laid out.
void Fill(const Layout& layout, PhysicalGraph& graph);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_UNROLL_LAYOUT_H_
