#include "cubeloom/plan/partition/min_flow.h"

#include <algorithm>
#include <cstddef>

namespace cubeloom::plan {
namespace {

// The residual graph has two nodes a vertex: 2v (in) and 2v + 1 (out). A reducing walk leads from the sink to
// the source:
//   sink -> out(v)     where flow ends in v
//   out(v) -> in(v)    where more flows through v than its weight
//   in(v) -> out(v), out(v) -> in(w)   always: flow may be added
//   in(v) -> out(u)    where flow comes along an edge u -> v
//   in(v) -> source    where flow starts in v
class Solver {
 public:
  Solver(const DagView& dag, absl::Span<const Vertex> order, absl::Span<const int64_t> weights)
      : dag_(dag), order_(order), weights_(weights), starts_(dag.size(), 0), ends_(dag.size(), 0) {
    flow_.edge.assign(dag.edges(), 0);
    flow_.through.assign(dag.size(), 0);
  }

  MinFlow Run(const MinFlowOptions& options) {
    Greedy();
    flow_.minimal = false;
    for (int64_t round = 0;; ++round) {
      if (flow_.value == options.known) {
        flow_.minimal = true;
        return std::move(flow_);
      }
      if (round == 0) PrepareResidual();
      if (round >= options.max_rounds) return std::move(flow_);
      if (!FindLevels()) break;
      Block();
    }
    flow_.minimal = true;
    CollectAntichain();
    return std::move(flow_);
  }

 private:
  static constexpr uint32_t kUnseen = UINT32_MAX;

  // Feasible: what arrives goes on, first to successors in need, the rest along the first edge.
  void Greedy() {
    std::vector<int64_t>& arrived = flow_.through;
    for (const Vertex v : order_) {
      const int64_t start = std::max<int64_t>(0, weights_[v] - arrived[v]);
      starts_[v] = start;
      flow_.value += start;
      int64_t left = arrived[v] += start;
      const absl::Span<const Vertex> to = dag_.successors(v);
      const size_t first = dag_.out_offsets[v];
      for (size_t k = 0; k < to.size() && left > 0; ++k) {
        const int64_t sent = std::min(left, std::max<int64_t>(0, weights_[to[k]] - arrived[to[k]]));
        flow_.edge[first + k] += sent;
        arrived[to[k]] += sent;
        left -= sent;
      }
      if (left > 0 && !to.empty()) {
        // The successor that is furthest from being served already is as good a guess as any.
        flow_.edge[first + to.size() - 1] += left;
        arrived[to.back()] += left;
        left = 0;
      }
      ends_[v] = left;
    }
  }

  // For each position in `in`, the position of the same edge in `out`.
  void PrepareResidual() {
    twin_.resize(dag_.edges());
    std::vector<uint32_t> at(dag_.in_offsets.begin(), dag_.in_offsets.end() - 1);
    // in[] lists predecessors in any order, so walk the vertices in the order of `in` per head.
    std::vector<uint32_t> next(dag_.out_offsets.begin(), dag_.out_offsets.end() - 1);
    edge_from_.resize(dag_.edges());
    for (Vertex v = 0; v < dag_.size(); ++v) {
      for (size_t e = dag_.out_offsets[v]; e < dag_.out_offsets[v + 1]; ++e) {
        const uint32_t place = at[dag_.out[e]]++;
        twin_[place] = static_cast<uint32_t>(e);
        edge_from_[place] = v;
      }
    }
    level_.resize(2 * dag_.size());
    arc_.resize(2 * dag_.size());
  }

  size_t InDegree(Vertex v) const { return dag_.in_offsets[v + 1] - dag_.in_offsets[v]; }
  size_t OutDegree(Vertex v) const { return dag_.out_offsets[v + 1] - dag_.out_offsets[v]; }

  // Arcs of a residual node by number: `to` and the room on it (0: none).
  struct Arc {
    uint32_t to;
    int64_t room;
  };
  size_t Arcs(uint32_t node) const { return 1 + (node % 2 == 0 ? InDegree(node / 2) : OutDegree(node / 2)); }
  Arc ArcOf(uint32_t node, size_t k) const {
    const Vertex v = node / 2;
    if (node % 2 == 0) {
      if (k == 0) return {node + 1, INT64_MAX};
      const uint32_t place = dag_.in_offsets[v] + static_cast<uint32_t>(k) - 1;
      return {2 * edge_from_[place] + 1, flow_.edge[twin_[place]]};
    }
    if (k == 0) return {node - 1, flow_.through[v] - weights_[v]};
    return {2 * dag_.out[dag_.out_offsets[v] + k - 1], INT64_MAX};
  }
  void Push(uint32_t node, size_t k, int64_t amount) {
    const Vertex v = node / 2;
    if (node % 2 == 0) {
      if (k == 0) {
        flow_.through[v] += amount;
      } else {
        flow_.edge[twin_[dag_.in_offsets[v] + k - 1]] -= amount;
      }
    } else if (k == 0) {
      flow_.through[v] -= amount;
    } else {
      flow_.edge[dag_.out_offsets[v] + k - 1] += amount;
    }
  }

  // Breadth first from the sink; true when the source is reached.
  bool FindLevels() {
    std::fill(level_.begin(), level_.end(), kUnseen);
    std::fill(arc_.begin(), arc_.end(), 0);
    queue_.clear();
    for (Vertex v = 0; v < dag_.size(); ++v) {
      if (ends_[v] > 0) {
        level_[2 * v + 1] = 0;
        queue_.push_back(2 * v + 1);
      }
    }
    last_level_ = kUnseen;
    for (size_t i = 0; i < queue_.size(); ++i) {
      const uint32_t node = queue_[i];
      if (level_[node] >= last_level_) break;
      if (node % 2 == 0 && starts_[node / 2] > 0) last_level_ = level_[node];
      for (size_t k = 0, n = Arcs(node); k < n; ++k) {
        const Arc arc = ArcOf(node, k);
        if (arc.room <= 0 || level_[arc.to] != kUnseen) continue;
        level_[arc.to] = level_[node] + 1;
        queue_.push_back(arc.to);
      }
    }
    return last_level_ != kUnseen;
  }

  // A blocking flow in the level graph, depth first without recursion.
  void Block() {
    for (Vertex v = 0; v < dag_.size(); ++v) {
      while (ends_[v] > 0) {
        const int64_t amount = Augment(v);
        if (amount == 0) break;
        ends_[v] -= amount;
        flow_.value -= amount;
      }
    }
  }

  // One walk from the end in `v` to some start; what it takes away, 0 when there is none.
  int64_t Augment(Vertex v) {
    path_.clear();
    uint32_t node = 2 * v + 1;
    while (true) {
      if (node % 2 == 0 && level_[node] == last_level_ && starts_[node / 2] > 0) return Apply(v, node / 2);
      const size_t arcs = Arcs(node);
      bool moved = false;
      for (uint32_t& k = arc_[node]; k < arcs && level_[node] < last_level_; ++k) {
        const Arc arc = ArcOf(node, k);
        if (arc.room <= 0 || level_[arc.to] != level_[node] + 1) continue;
        path_.push_back(node);
        node = arc.to;
        moved = true;
        break;
      }
      if (moved) continue;
      level_[node] = kUnseen;  // a dead end
      if (path_.empty()) return 0;
      node = path_.back();
      path_.pop_back();
      ++arc_[node];
    }
  }

  int64_t Apply(Vertex end, Vertex start) {
    int64_t amount = std::min(ends_[end], starts_[start]);
    for (const uint32_t node : path_) amount = std::min(amount, ArcOf(node, arc_[node]).room);
    for (const uint32_t node : path_) Push(node, arc_[node], amount);
    starts_[start] -= amount;
    return amount;
  }

  // The vertices whose in side the last search did not reach, but whose out side it did.
  void CollectAntichain() {
    for (Vertex v = 0; v < dag_.size(); ++v) {
      if (weights_[v] > 0 && level_[2 * v] == kUnseen && level_[2 * v + 1] != kUnseen)
        flow_.antichain.push_back(v);
    }
  }

  const DagView& dag_;
  const absl::Span<const Vertex> order_;
  const absl::Span<const int64_t> weights_;
  std::vector<int64_t> starts_, ends_;
  std::vector<uint32_t> twin_, edge_from_;  // by position in `in`-order: edge in `out`, and its tail
  std::vector<uint32_t> level_, arc_, queue_, path_;
  uint32_t last_level_ = kUnseen;
  MinFlow flow_;
};

}  // namespace

MinFlow SolveMinFlow(const DagView& dag, absl::Span<const Vertex> order, absl::Span<const int64_t> weights,
                     const MinFlowOptions& options) {
  return Solver(dag, order, weights).Run(options);
}

}  // namespace cubeloom::plan
