// What drops cost: the planner's view of kernels and data.
#ifndef CUBELOOM_PLAN_PARTITION_COST_H_
#define CUBELOOM_PLAN_PARTITION_COST_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "cubeloom/plan/partition/dag.h"

namespace cubeloom::plan {

// Resources that a worker has and a drop may need, each with a limit of its own.
enum Resource : uint8_t { kCores, kMemory, kGpus };
inline constexpr size_t kResources = 3;
inline constexpr std::array<const char*, kResources> kResourceNames = {"cores", "memory", "GPUs"};

// Thousandths of a core, bytes, GPUs.
using Amounts = std::array<int64_t, kResources>;

// Costs of like drops: the app drops of a logical node, or its data drops.
struct GroupCost {
  double seconds = 0;  // of one app drop; 0 for data
  Amounts needs = {};  // while it runs; all 0 for data that cost nothing
  int64_t bytes = 0;   // of one data drop; 0 for apps
  bool data = false;
};

// A graph with costs. Views: the arrays outlive it.
struct CostedDag {
  DagView dag;
  absl::Span<const uint32_t> group;  // per vertex, an index into `cost`
  absl::Span<const GroupCost> cost;

  const GroupCost& of(Vertex v) const { return cost[group[v]]; }
  // Bytes that move when the ends of the edge lie apart: the size of the data drop at one of them; of an edge
  // between two data drops the first one's.
  int64_t EdgeBytes(Vertex from, Vertex to) const { return of(from).data ? of(from).bytes : of(to).bytes; }
};

}  // namespace cubeloom::plan

#endif  // CUBELOOM_PLAN_PARTITION_COST_H_
