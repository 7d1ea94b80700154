// A plan for a prepared graph: the degree of parallelism by resource, partitions that keep a worker's limits,
// and what they cost.
#ifndef CUBELOOM_ENGINE_PLAN_H_
#define CUBELOOM_ENGINE_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cubeloom/engine/prepare.h"
#include "cubeloom/plan/partition/partition.h"

namespace cubeloom::engine {

struct PlanRequest {
  plan::Amounts worker = {};  // thousandths of a core, bytes, GPUs that one worker has
  double bandwidth = 1.25e9;  // bytes a second between two workers
};

// The drops of one kind of one block: its app drops, or the data drops of one port.
struct PlanGroup {
  size_t block = 0;
  int port = -1;  // -1: the app drops
  int64_t drops = 0;
  DropId first = 0;
};

struct Plan {
  std::vector<PlanGroup> groups;
  std::vector<plan::GroupCost> costs;  // by group
  plan::Bound bound;
  // Which drops are at work when most of a resource is: (group, drops of it); empty where the bound is not
  // exact.
  struct Share {
    size_t group;
    int64_t drops;
  };
  std::array<std::vector<Share>, plan::kResources> widest;
  plan::Partition partition;
  plan::Outcome outcome;
  double work_seconds = 0;  // all app drops, one after another
  size_t classes = 0;       // of like drops
  absl::Duration time;      // that planning took
};

// Costs come from the kernels' models on the resolved sizes (`prepared.facts`), or from `resources` of a
// node. Streaming edges do not order their ends, so they do not count for the degree of parallelism. Errors
// name the node that alone exceeds a worker, with the amounts.
absl::StatusOr<Plan> MakePlan(const Prepared& prepared, const PlanRequest& request);

// Version 1: worker, bounds, outcome, and the part of every drop by node and port, in order of instances.
std::string PlanToJson(const Prepared& prepared, const PlanRequest& request, const Plan& plan);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_PLAN_H_
