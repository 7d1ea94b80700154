#include "cubeloom/plan/partition/partition.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom::plan {

absl::StatusOr<Bound> LowerBound(const CostedDag& graph, const Symmetry& symmetry, const Amounts& limits) {
  Bound bound;
  for (size_t r = 0; r < kResources; ++r) {
    std::vector<int64_t> weights;
    for (size_t g = 0; g < graph.cost.size(); ++g) {
      const int64_t need = graph.cost[g].needs[r];
      if (need > limits[r])
        return absl::InvalidArgumentError(absl::StrCat("group ", g, ": one drop needs ", need, " of ",
                                                       kResourceNames[r], ", a worker has ", limits[r]));
      weights.push_back(need);
    }
    CL_ASSIGN_OR_RETURN(bound.width[r], symmetry.WidthOf(weights));
    if (bound.width[r].value == 0) continue;
    const int64_t parts = (bound.width[r].value + limits[r] - 1) / limits[r];
    if (parts > int64_t{bound.parts}) {
      bound.parts = static_cast<uint32_t>(std::min<int64_t>(parts, UINT32_MAX));
      bound.binding = static_cast<Resource>(r);
    }
  }
  return bound;
}

absl::StatusOr<Outcome> Evaluate(const CostedDag& graph, const Partition& partition, double bandwidth) {
  CL_ASSIGN_OR_RETURN(const std::vector<Vertex> order, TopologicalOrder(graph.dag));
  Outcome outcome;
  std::vector<double> begin(graph.dag.size(), 0), least(graph.dag.size(), 0);
  for (const Vertex v : order) {
    const double end = begin[v] + graph.of(v).seconds, least_end = least[v] + graph.of(v).seconds;
    outcome.seconds = std::max(outcome.seconds, end);
    outcome.least_seconds = std::max(outcome.least_seconds, least_end);
    for (const Vertex to : graph.dag.successors(v)) {
      double transfer = 0;
      if (partition.part_of[v] != partition.part_of[to]) {
        const int64_t bytes = graph.EdgeBytes(v, to);
        transfer = static_cast<double>(bytes) / bandwidth;
        outcome.moved_bytes += bytes;
        ++outcome.moved_edges;
      }
      begin[to] = std::max(begin[to], end + transfer);
      least[to] = std::max(least[to], least_end);
    }
  }
  return outcome;
}

}  // namespace cubeloom::plan
