// Fills the CSR arrays block by block: every offset is arithmetic, nothing is looked up per drop.
#include <algorithm>
#include <numeric>

#include "cubeloom/graph/unroll/layout.h"

namespace cubeloom::graph {
namespace {

void FillBlockNumbers(PhysicalGraph& graph) {
  for (uint32_t b = 0; b < graph.blocks.size(); ++b) {
    const Block& block = graph.blocks[b];
    const DropId first = block.has_app() ? block.first_app : block.first_data;
    const DropId end = block.data(static_cast<int64_t>(block.ports.size()), 0);
    std::fill(graph.block_of.begin() + first, graph.block_of.begin() + end, b);
  }
}

// Predecessors: those of the app drops (or the drops of a data block) by the links, those of any other data
// drop its own app.
void FillIn(PhysicalGraph& graph) {
  uint32_t at = 0;
  for (const Block& block : graph.blocks) {
    const bool linked = block.has_app() || !block.links.empty();
    if (linked) {
      const DropId first = block.has_app() ? block.first_app : block.first_data;
      for (int64_t c = 0; c < block.instances; ++c) {
        graph.in_offsets[first + static_cast<DropId>(c)] = at;
        for (const Link& link : block.links) {
          const DropId producer = graph.blocks[link.producer].output(link.producer_port, 0);
          link.ForEachRun(c, [&](int64_t from, int64_t count) {
            std::iota(graph.in.begin() + at, graph.in.begin() + at + count,
                      producer + static_cast<DropId>(from));
            at += static_cast<uint32_t>(count);
          });
        }
      }
    }
    if (linked && !block.has_app()) continue;
    for (size_t p = 0; p < block.ports.size(); ++p) {
      for (int64_t i = 0; i < block.instances; ++i) {
        graph.in_offsets[block.data(static_cast<int64_t>(p), i)] = at;
        if (block.has_app()) graph.in[at++] = block.app(i);
      }
    }
  }
  graph.in_offsets.back() = at;
}

// Successors are the transpose. Visiting users in ascending order makes each list ascend. The offsets serve
// as cursors while filling (shifted by one place), so no further array is needed.
void FillOut(PhysicalGraph& graph) {
  std::vector<uint32_t>& offsets = graph.out_offsets;
  const size_t drops = graph.drops();
  for (DropId from : graph.in) {
    if (from + size_t{2} <= drops) ++offsets[from + 2];
  }
  for (size_t d = 2; d <= drops; ++d) offsets[d] += offsets[d - 1];
  for (DropId d = 0; d < drops; ++d) {
    for (uint32_t e = graph.in_offsets[d]; e < graph.in_offsets[d + 1]; ++e) {
      graph.out[offsets[graph.in[e] + 1]++] = d;
    }
  }
}

}  // namespace

void Fill(const Layout& layout, PhysicalGraph& graph) {
  graph.block_of.resize(layout.drops);
  graph.in_offsets.assign(layout.drops + 1, 0);
  graph.out_offsets.assign(layout.drops + 1, 0);
  graph.in.resize(layout.edges);
  graph.out.resize(layout.edges);
  FillBlockNumbers(graph);
  FillIn(graph);
  FillOut(graph);
}

}  // namespace cubeloom::graph
