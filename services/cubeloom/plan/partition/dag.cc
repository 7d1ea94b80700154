#include "cubeloom/plan/partition/dag.h"

#include "absl/strings/str_cat.h"

namespace cubeloom::plan {
namespace {

// Counting sort of the edges by `key`; the offsets of a CSR with the other ends in `value`.
template <typename Key, typename Other>
void FillCsr(size_t vertices, absl::Span<const std::pair<Vertex, Vertex>> edges, const Key& key,
             const Other& other, std::vector<uint32_t>& offsets, std::vector<Vertex>& value) {
  offsets.assign(vertices + 1, 0);
  for (const auto& edge : edges) ++offsets[key(edge) + 1];
  for (size_t v = 0; v < vertices; ++v) offsets[v + 1] += offsets[v];
  value.resize(edges.size());
  std::vector<uint32_t> at(offsets.begin(), offsets.end() - 1);
  for (const auto& edge : edges) value[at[key(edge)]++] = other(edge);
}

}  // namespace

absl::StatusOr<Dag> Dag::Make(size_t vertices, absl::Span<const std::pair<Vertex, Vertex>> edges) {
  for (const auto& [from, to] : edges) {
    if (from >= vertices || to >= vertices)
      return absl::InvalidArgumentError(
          absl::StrCat("edge ", from, " -> ", to, " of a graph of ", vertices, " vertices"));
  }
  Dag dag;
  const auto from = [](const std::pair<Vertex, Vertex>& edge) { return edge.first; };
  const auto to = [](const std::pair<Vertex, Vertex>& edge) { return edge.second; };
  FillCsr(vertices, edges, from, to, dag.out_offsets_, dag.out_);
  FillCsr(vertices, edges, to, from, dag.in_offsets_, dag.in_);
  return dag;
}

absl::StatusOr<std::vector<Vertex>> TopologicalOrder(const DagView& dag) {
  const size_t count = dag.size();
  std::vector<uint32_t> open(count);
  std::vector<Vertex> order;
  order.reserve(count);
  for (Vertex v = 0; v < count; ++v) {
    open[v] = static_cast<uint32_t>(dag.predecessors(v).size());
    if (open[v] == 0) order.push_back(v);
  }
  for (size_t i = 0; i < order.size(); ++i) {
    for (const Vertex to : dag.successors(order[i])) {
      if (--open[to] == 0) order.push_back(to);
    }
  }
  if (order.size() == count) return order;
  // Back along predecessors that were never ready: after `count` steps one is inside a cycle.
  Vertex v = 0;
  while (open[v] == 0) ++v;
  for (size_t step = 0; step < count; ++step) {
    for (const Vertex from : dag.predecessors(v)) {
      if (open[from] != 0) {
        v = from;
        break;
      }
    }
  }
  return absl::FailedPreconditionError(absl::StrCat("vertex ", v, " is part of a cycle"));
}

}  // namespace cubeloom::plan
