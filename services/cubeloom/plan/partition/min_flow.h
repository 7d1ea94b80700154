// The smallest flow through a graph that gives every vertex at least its weight: its paths are a cover by
// chains, and its value is the largest weight of an antichain (Dilworth's theorem, weighted; Ford and
// Fulkerson 1962 for flows with lower bounds).
#ifndef CUBELOOM_PLAN_PARTITION_MIN_FLOW_H_
#define CUBELOOM_PLAN_PARTITION_MIN_FLOW_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "cubeloom/plan/partition/dag.h"

namespace cubeloom::plan {

struct MinFlow {
  int64_t value = 0;
  bool minimal = true;            // else only the flow of the first, greedy pass: an upper bound
  std::vector<int64_t> edge;      // flow by position in DagView::out
  std::vector<int64_t> through;   // flow through each vertex, at least its weight
  std::vector<Vertex> antichain;  // of weight `value`, ascending; empty unless minimal
};

// `order` is a topological order of `dag`; weights are >= 0 and their sum stays below 2^62. `known`, if not
// negative, is a value that is known to be minimal: reaching it ends the search (the antichain stays empty
// then). At most `max_rounds` rounds (of O(edges) to O(vertices * edges)) improve on the greedy flow.
// Greedy pass: each vertex sends what came in on to successors that still need it. Improvement: blocking
// flows (Dinic 1970) from sink to source in the residual graph. Nothing recurses.
struct MinFlowOptions {
  int64_t known = -1;
  int64_t max_rounds = INT64_MAX;
};
MinFlow SolveMinFlow(const DagView& dag, absl::Span<const Vertex> order, absl::Span<const int64_t> weights,
                     const MinFlowOptions& options = {});

}  // namespace cubeloom::plan

#endif  // CUBELOOM_PLAN_PARTITION_MIN_FLOW_H_
