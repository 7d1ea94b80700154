// A directed acyclic graph as the planner sees it: dense vertices, adjacency in both directions, nothing
// else.
#ifndef CUBELOOM_PLAN_PARTITION_DAG_H_
#define CUBELOOM_PLAN_PARTITION_DAG_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace cubeloom::plan {

using Vertex = uint32_t;

// A view: the arrays belong to somebody else (a physical graph, a Dag) and outlive it. CSR in both
// directions: the successors of v are out[out_offsets[v] .. out_offsets[v + 1]). An edge may stand several
// times.
struct DagView {
  absl::Span<const uint32_t> out_offsets;  // vertices + 1
  absl::Span<const Vertex> out;
  absl::Span<const uint32_t> in_offsets;  // vertices + 1
  absl::Span<const Vertex> in;

  size_t size() const { return out_offsets.empty() ? 0 : out_offsets.size() - 1; }
  size_t edges() const { return out.size(); }
  absl::Span<const Vertex> successors(Vertex v) const {
    return out.subspan(out_offsets[v], out_offsets[v + 1] - out_offsets[v]);
  }
  absl::Span<const Vertex> predecessors(Vertex v) const {
    return in.subspan(in_offsets[v], in_offsets[v + 1] - in_offsets[v]);
  }
};

// A graph that owns its arrays.
class Dag {
 public:
  // Edges (from, to) in any order, both below `vertices`; they keep their order per vertex. InvalidArgument
  // for a vertex out of range; whether it is acyclic is TopologicalOrder's to say. Cost: O(vertices + edges).
  static absl::StatusOr<Dag> Make(size_t vertices, absl::Span<const std::pair<Vertex, Vertex>> edges);
  DagView view() const { return {out_offsets_, out_, in_offsets_, in_}; }

 private:
  std::vector<uint32_t> out_offsets_, in_offsets_;
  std::vector<Vertex> out_, in_;
};

// All vertices, predecessors first; among those that are ready, in the order in which they became so.
// FailedPrecondition with one vertex of a cycle when there is one. Cost: O(vertices + edges), 8 bytes a
// vertex.
absl::StatusOr<std::vector<Vertex>> TopologicalOrder(const DagView& dag);

}  // namespace cubeloom::plan

#endif  // CUBELOOM_PLAN_PARTITION_DAG_H_
