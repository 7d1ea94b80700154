#include "cubeloom/runtime/sched/policy.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace cubeloom::runtime {
namespace {

using graph::Block;
using graph::Link;
using graph::PhysicalGraph;

// The node's own threshold, or that of the innermost gather around it; -1 when neither is set.
double OwnThreshold(const PhysicalGraph& graph, const Block& block) {
  const double own = graph.logical.nodes[block.node].error_threshold;
  if (own >= 0) return own;
  for (auto axis = block.axes.rbegin(); axis != block.axes.rend(); ++axis) {
    if (axis->construct == kNoId) continue;
    const graph::Node& construct = graph.logical.nodes[axis->construct];
    if (construct.kind == graph::NodeKind::kGather && construct.error_threshold >= 0)
      return construct.error_threshold;
  }
  return -1;
}

std::vector<LinkPolicy> DefaultLinks(const Block& block) {
  std::vector<LinkPolicy> links(block.links.size());
  for (size_t i = 0; i < links.size(); ++i) {
    bool shared = block.links[i].FansIn();
    for (size_t j = 0; j < links.size(); ++j) shared |= j != i && block.links[j].port == block.links[i].port;
    links[i].variadic = shared;
  }
  return links;
}

}  // namespace

std::vector<BlockPolicy> DefaultPolicy(const PhysicalGraph& graph) {
  std::vector<BlockPolicy> all(graph.blocks.size());
  for (size_t b = 0; b < all.size(); ++b) {
    const Block& block = graph.blocks[b];
    const graph::Node& node = graph.logical.nodes[block.node];
    const double own = OwnThreshold(graph, block);
    all[b].retries = node.retries >= 0 ? node.retries : graph.logical.retries;
    all[b].own_threshold = own >= 0;
    all[b].error_threshold = std::clamp(own >= 0 ? own : graph.logical.error_threshold, 0.0, 1.0);
    all[b].persist = node.persist;
    all[b].links = DefaultLinks(block);
  }
  return all;
}

int64_t AllowedMissing(double threshold, int64_t count) {
  // 0.29 * 100 is 28.999999999999996 in binary; the user means 29.
  return static_cast<int64_t>(std::floor(threshold * static_cast<double>(count) + 1e-9));
}

std::vector<int64_t> Tails(const PhysicalGraph& graph, const Costs& costs) {
  constexpr int64_t kLongest = int64_t{1} << 60;
  std::vector<int64_t> tails(graph.blocks.size(), 0);
  for (size_t b = tails.size(); b-- > 0;) {  // blocks are in topological order
    const int64_t time = b < costs.size() ? costs[b].time_ns : BlockCost().time_ns;
    tails[b] = std::min(kLongest, tails[b] + std::clamp<int64_t>(time, 1, kLongest));
    for (const Link& link : graph.blocks[b].links)
      tails[link.producer] = std::max(tails[link.producer], tails[b]);
  }
  return tails;
}

std::vector<uint32_t> Ranks(const std::vector<int64_t>& tails) {
  std::vector<int64_t> distinct(tails);
  std::sort(distinct.begin(), distinct.end(), std::greater<int64_t>());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<uint32_t> ranks(tails.size());
  for (size_t b = 0; b < tails.size(); ++b) {
    auto at = std::lower_bound(distinct.begin(), distinct.end(), tails[b], std::greater<int64_t>());
    ranks[b] = static_cast<uint32_t>(at - distinct.begin());
  }
  return ranks;
}

std::vector<bool> Absorbed(const PhysicalGraph& graph, const std::vector<BlockPolicy>& policy) {
  const size_t n = graph.blocks.size();
  std::vector<bool> used(n, false), leaks(n, false);
  for (size_t c = n; c-- > 0;) {
    for (size_t l = 0; l < graph.blocks[c].links.size(); ++l) {
      const uint32_t producer = graph.blocks[c].links[l].producer;
      const LinkPolicy& link = policy[c].links[l];
      used[producer] = true;
      if (link.optional || (link.variadic && policy[c].own_threshold)) continue;
      if (link.variadic || !used[c] || leaks[c]) leaks[producer] = true;
    }
  }
  std::vector<bool> absorbed(n);
  for (size_t b = 0; b < n; ++b) absorbed[b] = used[b] && !leaks[b];
  return absorbed;
}

}  // namespace cubeloom::runtime
