// Partitions: sets of drops that each run on one worker without ever needing more than it has.
#ifndef CUBELOOM_PLAN_PARTITION_PARTITION_H_
#define CUBELOOM_PLAN_PARTITION_PARTITION_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/plan/partition/antichain.h"
#include "cubeloom/plan/partition/cost.h"

namespace cubeloom::plan {

struct Partition {
  std::vector<uint32_t> part_of;  // per vertex
  uint32_t parts = 0;
};

// What cannot be undercut: the width of the whole graph by resource, and the parts that it asks for.
struct Bound {
  std::array<Width, kResources> width;
  uint32_t parts = 1;         // the largest ceil(width / limit)
  Resource binding = kCores;  // the resource that asks for them
};
// InvalidArgument naming the group and the amounts when one drop alone exceeds a limit.
absl::StatusOr<Bound> LowerBound(const CostedDag& graph, const Symmetry& symmetry, const Amounts& limits);

// Few parts by chains. A smallest flow covers the graph with chains of the binding resource's units; a chain
// never has two drops at work at once, so a part may hold as many chains as a worker has units. Each drop
// goes to the part where most of its input lies among those whose chains lead to it; drops that need nothing
// stay with their producer. The other resources are kept by adding up each chain's largest need.
//
// Guarantees: the antichains of every part (drops ordered through other parts count as ordered) stay within
// every limit; with one resource and equal needs exactly ceil(width / limit) parts. A pure function of its
// input. Cost: O(vertices + edges + units passed along) beside the flow; some 40 bytes a vertex.
absl::StatusOr<Partition> PartitionByChains(const CostedDag& graph, const Bound& bound,
                                            const Amounts& limits);

// What a partition means for a run on enough workers, each with its full capacity free.
struct Outcome {
  double seconds = 0;        // completion: the longest path, edges between parts taking bytes / bandwidth
  double least_seconds = 0;  // the same with nothing moved
  int64_t moved_bytes = 0;   // over edges between parts
  int64_t moved_edges = 0;
};
// `bandwidth` is in bytes per second, > 0. FailedPrecondition for a cycle.
absl::StatusOr<Outcome> Evaluate(const CostedDag& graph, const Partition& partition, double bandwidth);

}  // namespace cubeloom::plan

#endif  // CUBELOOM_PLAN_PARTITION_PARTITION_H_
