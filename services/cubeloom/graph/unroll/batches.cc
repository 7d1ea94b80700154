// Scatters in sequential batches: control links from the end of one batch to the beginning of the next.
#include <algorithm>
#include <vector>

#include "cubeloom/graph/unroll/layout.h"

namespace cubeloom::graph {
namespace {

// Blocks inside one scatter, in order: whether each is the first or the last there.
struct Ends {
  std::vector<uint32_t> first, last;
};

Ends FindEnds(const Structure& s, NodeId scatter, const std::vector<Block>& blocks) {
  const auto inside = [&](uint32_t b) {
    const absl::Span<const NodeId> chain = s.chain(blocks[b].node);
    return std::find(chain.begin(), chain.end(), scatter) != chain.end();
  };
  // A block waits when an app drop inside the scatter stands before it, so only apps without that are first.
  std::vector<bool> waits(blocks.size(), false), used(blocks.size(), false);
  Ends ends;
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    if (!inside(b)) continue;
    bool after = false;
    for (const Link& link : blocks[b].links) {
      if (link.carry || !inside(link.producer)) continue;
      used[link.producer] = true;
      after = after || waits[link.producer];
    }
    const NodeKind kind = s.node(blocks[b].node).kind;
    const bool app = kind != NodeKind::kSource && kind != NodeKind::kData;
    if (app && !after) ends.first.push_back(b);
    waits[b] = app || after;
  }
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    if (inside(b) && waits[b] && !used[b]) ends.last.push_back(b);
  }
  return ends;
}

}  // namespace

void AddBatchLinks(const Counts& counts, const std::vector<uint32_t>& block_of_node,
                   std::vector<Block>& blocks) {
  const Structure& s = counts.structure;
  for (NodeId n = 0; n < block_of_node.size(); ++n) {
    const Node& scatter = s.node(n);
    if (scatter.kind != NodeKind::kScatter || scatter.scatter.batch <= 0) continue;
    const int64_t count = counts.counts[n], width = scatter.scatter.batch;
    if (width >= count) continue;
    const Ends ends = FindEnds(s, n, blocks);
    const size_t depth = s.chain(n).size();
    for (uint32_t to : ends.first) {
      for (uint32_t from : ends.last) {
        const std::vector<Axis>& axes = blocks[from].axes;
        Link link;
        link.port = kNoPort;
        link.producer = from;
        link.producer_port = s.node(blocks[from].node).kind == NodeKind::kData ? 0 : kSelf;
        // Equal indices around the scatter, the whole batch before, everything inside.
        int64_t div = 1, stride = 1, outer = 1;
        for (size_t a = depth + 1; a < blocks[to].axes.size(); ++a)
          div = SaturatedProduct(div, blocks[to].axes[a].count);
        for (size_t a = depth + 1; a < axes.size(); ++a) stride = SaturatedProduct(stride, axes[a].count);
        for (size_t a = 0; a < depth; ++a) outer = SaturatedProduct(outer, axes[a].count);
        if (outer > 1) {
          link.digits.push_back(
              {SaturatedProduct(div, count), outer, 1, 0, 1, outer, SaturatedProduct(stride, count)});
        }
        link.digits.push_back({div, count, width, -1, width, count, stride});
        if (stride > 1) link.digits.push_back({1, 1, 1, 0, stride, stride, 1});
        blocks[to].links.push_back(std::move(link));
      }
    }
  }
}

}  // namespace cubeloom::graph
