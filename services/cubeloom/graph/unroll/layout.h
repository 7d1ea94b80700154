// The blocks of a graph: axes, links, drop numbers. Everything of unrolling that is small. Private to
// graph/unroll.
#ifndef CUBELOOM_GRAPH_UNROLL_LAYOUT_H_
#define CUBELOOM_GRAPH_UNROLL_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/graph/model/structure.h"
#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/graph/unroll/unroll.h"

namespace cubeloom::graph {

// Products and sums that stay at the largest number instead of overflowing: such a graph is refused anyway.
int64_t SaturatedProduct(int64_t a, int64_t b);
int64_t SaturatedSum(int64_t a, int64_t b);

// The counts of a graph as they become known. `counts` holds per construct its instances per enclosing
// instance and per list source its items, 0 while unknown.
struct Counts {
  const Graph& graph;
  const Structure& structure;
  std::vector<int64_t> counts;

  std::string At(NodeId n, absl::string_view field) const { return Locate(graph, &structure.node(n), field); }
  // Count of the axis at `position` of the producer's chain; its length stands for the items of a list.
  NodeId AxisNode(NodeId producer, size_t position) const;
  int64_t AxisCount(NodeId producer, size_t position) const { return counts[AxisNode(producer, position)]; }
  int64_t Product(NodeId producer, const std::vector<int>& positions) const;
  // How many instances a scatter over these axes of the producer has: theirs, times n for each M:K:N.
  int64_t ScatterCount(NodeId producer, const std::vector<int>& positions) const;
};

// The digits by which consumer `user` takes `source`; all counts are known. Errors: InvalidArgument with both
// ends named, for loops of unequal counts that should run in step, an M:K:N whose input does not fit, and
// pieces of axes that are not adjacent.
absl::StatusOr<std::vector<Digit>> MakeDigits(const Counts& counts, NodeId user,
                                              const Structure::Source& source);

struct Layout {
  std::vector<Block> blocks;
  uint64_t drops = 0;
  uint64_t edges = 0;
};

// Blocks in topological order with their drop numbers; all sizes are checked against the limits in `facts`.
absl::StatusOr<Layout> LayOut(const Graph& graph, const UnrollFacts& facts);

// The control links of scatters in sequential batches: an app drop that is the first inside such a scatter
// waits for the last drops of the batch before. `block_of_node` is kNoId for nodes without a block.
void AddBatchLinks(const Counts& counts, const std::vector<uint32_t>& block_of_node,
                   std::vector<Block>& blocks);

// Drop numbers, and the sizes before anything is allocated. ResourceExhausted with the computed number.
absl::Status NumberDrops(const Graph& graph, const UnrollFacts& facts, Layout& layout);

// Allocates and fills the arrays of `graph`, whose blocks are laid out.
void Fill(const Layout& layout, PhysicalGraph& graph);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_UNROLL_LAYOUT_H_
