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
// is broadcast (see Link::grid_axis). Data nodes are merged into their producers. Constructs of later
// versions are refused by name.
//
// `bound` is as CheckStructure accepts it; ids may hold '.', as expanding composites and sub-graphs makes
// them. Errors: InvalidArgument (unknown port, unequal counts), FailedPrecondition (a count missing in
// `facts`), ResourceExhausted (too many drops or edges, with the number), Unimplemented (a construct of later
// versions). Cost: O(drops + edges), single thread; no memory beyond the result.
absl::StatusOr<PhysicalGraph> Unroll(const Graph& bound, const UnrollFacts& facts);

// ${x.index} (instance number of the enclosing construct x, from 0), ${x.count} and ${x.name} in the strings
// of `value`, for one app drop; inside constructs, "$${" becomes a plain "${" too. A name is
// `names[x][index]`, for example the file's stem of a scatter over a source; the index itself where `names`
// has none.
absl::StatusOr<Value> BindInstance(const PhysicalGraph& graph, DropId app, const Value& value,
                                   const std::map<std::string, std::vector<std::string>>& names);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_UNROLL_UNROLL_H_
