// From a bound logical graph to drops.
#ifndef CUBELOOM_GRAPH_UNROLL_UNROLL_H_
#define CUBELOOM_GRAPH_UNROLL_UNROLL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/graph/unroll/physical_graph.h"

namespace cubeloom::graph {

// What unrolling must know beyond the graph; filled by resolve/ and by the kernel catalogue.
struct UnrollFacts {
  std::map<std::string, int64_t> source_items;  // list sources: number of files
  std::map<std::string, int64_t> grid_chunks;   // scatters over a chunk grid: number of chunks
  // Output port names per node, in order. Sources have {"data"}; sinks and unknown kernels none.
  std::map<std::string, std::vector<std::string>> ports;
  int64_t max_drops = int64_t{4000000000};  // refused above, with the computed number, before allocating
  int64_t max_bytes = int64_t{16} << 30;    // the same for the memory of the arrays
};

// Rules (DALiuGE's where DALiuGE is right): a child of a scatter has one instance per outer instance and
// item; an edge within the same constructs joins equal indices; from outside into a construct is broadcast;
// from inside to outside is fan-in of the inner block; a source that a scatter runs over gives its i-th item
// to instance i; used outside any scatter over it, it gives all items in order. gather(W): children run once
// per W of the instances that they take from outside (ceil(K / W) instances, the last may be short; what is
// one instance there is broadcast; all others must be equally many). An array that a grid scatter runs over
// is broadcast (see Link::grid_axis).
//
// Data nodes. The first one on an output, in the same constructs as its only producer, gives its properties
// to that output. Every other one is a block of data drops of its own, fed by the app drops of its producers
// (by data drops where the producer is a source or data node); without a producer it is complete from the
// start.
//
// groupBy: children run once per index of the innermost scatter around what they take from outside, or per
// combination of the `keys`, first key slowest; all other free axes are gathered in row-major order, or left
// to constructs further in. rankGroup: like a scatter by count, marked as a gang. mkn: k instances; inputs
// with several instances are taken in pieces of m (there must be m * k); a scatter over a node inside takes
// every output n times. branch: one instance; the condition is a control link to every app inside.
// loop: `count` copies. A carry feeds iteration i + 1 from i; what comes from outside enters a carried input
// in iteration 0 only, other inputs in all. A node that is carried leaves with its last iteration, others
// with all. Loops beside each other (after the shared constructs) run in step. The suffixes @first, @last and
// @all say otherwise for one endpoint. scatter.batch: control links from the last drops of a batch to the
// first apps of the next.
//
// `bound` is as CheckStructure accepts it; ids may hold '.', as expanding composites and sub-graphs makes
// them. Errors: InvalidArgument (unknown port, unequal counts), FailedPrecondition (a count missing in
// `facts`), ResourceExhausted (too many drops or edges, with the number), Unimplemented (a construct of later
// versions). Cost: O(drops + edges), single thread; no memory beyond the result.
absl::StatusOr<PhysicalGraph> Unroll(const Graph& bound, const UnrollFacts& facts);

// Unimplemented, naming node and construct, for what Unroll() makes and the runtime of this version does not
// execute: everything but scatters (without batches), gathers and data between apps.
absl::Status CheckRunnable(const PhysicalGraph& graph);

// ${x.index} (instance number of the enclosing construct x, from 0), ${x.count} and ${x.name} in the strings
// of `value`, for one app drop; inside constructs, "$${" becomes a plain "${" too. A name is
// `names[x][index]`, for example the file's stem of a scatter over a source; the index itself where `names`
// has none.
absl::StatusOr<Value> BindInstance(const PhysicalGraph& graph, DropId app, const Value& value,
                                   const std::map<std::string, std::vector<std::string>>& names);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_UNROLL_UNROLL_H_
