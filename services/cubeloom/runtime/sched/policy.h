// What the scheduler knows of each block beyond its drops: cost, priority, retries, and which failures are
// holes.
//
// Definitions. The *tail* of a block is the longest sum of times from its start to the end of the graph
// (critical path); equal costs within a block make it exact for every drop of the block. A block's failures
// are *absorbed* when each way downstream from it ends in a port that may do without: an optional port, or a
// variadic port of a node with an error threshold of its own. Cost: O(blocks + links).
#ifndef CUBELOOM_RUNTIME_SCHED_POLICY_H_
#define CUBELOOM_RUNTIME_SCHED_POLICY_H_

#include <cstdint>
#include <vector>

#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/runtime/sched/costs.h"

namespace cubeloom::runtime {

// Of one link of a consumer block (graph::Block::links).
struct LinkPolicy {
  bool optional = false;  // a missing input leaves the port empty
  bool variadic = false;  // takes many inputs: missing ones count against the node's threshold
};

struct BlockPolicy {
  int32_t retries = 0;  // after the first attempt, for errors that may be repeated
  double error_threshold =
      0;  // fraction, 0..1: of a block's failed instances, and of a variadic port's inputs
  bool own_threshold = false;  // set by the node or its gather, not inherited from the graph
  bool persist = false;        // data drops are never released
  bool external = false;       // source: its data come by kDataReady instead of being opened
  std::vector<LinkPolicy> links;
};

// Retries, thresholds and persistence as the logical graph says; links: those of fan-in rules and ports with
// several links are variadic, none is optional. The driver refines links from the kernels' ports.
std::vector<BlockPolicy> DefaultPolicy(const graph::PhysicalGraph& graph);

// How many of `count` may be missing: floor(threshold * count), exact for thresholds like 0.1 written in
// decimal.
int64_t AllowedMissing(double threshold, int64_t count);

// Tail of each block in ns; times below 1 count as 1.
std::vector<int64_t> Tails(const graph::PhysicalGraph& graph, const Costs& costs);
// Rank of each block's tail among the distinct tails, 0 = longest.
std::vector<uint32_t> Ranks(const std::vector<int64_t>& tails);
std::vector<bool> Absorbed(const graph::PhysicalGraph& graph, const std::vector<BlockPolicy>& policy);

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_SCHED_POLICY_H_
