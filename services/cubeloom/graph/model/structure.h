// Who encloses whom, and how an edge crosses constructs: the part of the rules that needs no counts.
//
// Definitions. The *chain* of a node is its enclosing constructs, outermost first. A *list source* is a
// source without `single`; it has one axis of its own, its items. Seen from a chain D, a producer P shares
// the constructs of their common prefix. Loops that follow on both sides run in step. Of the rest of P's
// chain, branches have one instance, and loops that are left at their first or last iteration are fixed;
// what remains, and P's own items, are P's *free* axes. Constructs of D beyond the common prefix *select*
// among them, outermost first: a scatter that runs over P takes one of the free instances, a gather or an
// M:K:N a block of them, a group-by one index of each key (without keys: of the innermost scatter). Free axes
// that nothing selects are taken whole (fan-in), and D's own further constructs are broadcast to.
//
// A data node is *merged* into its producer's port when it has exactly one producer endpoint, of a source,
// kernel or command in the same constructs, and is the first data node on that port; all others are drops of
// their own.
#ifndef CUBELOOM_GRAPH_MODEL_STRUCTURE_H_
#define CUBELOOM_GRAPH_MODEL_STRUCTURE_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cubeloom/base/ids.h"
#include "cubeloom/graph/model/graph.h"

namespace cubeloom::graph {

// Deepest nesting of constructs.
inline constexpr size_t kMaxNesting = 32;

// What one construct of the viewer takes: positions in the producer's chain (its length stands for the items
// of a list source), for a group-by in the order of its keys.
struct Selection {
  int at = 0;  // position in the viewer's chain
  std::vector<int> picks;
};

// How a producer looks from a chain.
struct View {
  size_t shared = 0;  // length of the common prefix
  size_t steps = 0;   // loops behind it that run in step
  std::vector<int> free;
  std::vector<Selection> selections;  // outermost first
  bool extra() const { return !free.empty(); }
};

inline constexpr uint32_t kNoInput = UINT32_MAX;

// The resolved skeleton of one graph. Keeps pointers into the graph, which must outlive it. Immutable.
class Structure {
 public:
  // For graphs that CheckStructure accepts, or that came out of expanding such a graph; InvalidArgument for
  // unknown names or endless `in` chains.
  static absl::StatusOr<Structure> Make(const Graph& graph);

  NodeId Find(absl::string_view id) const;  // kNoId when there is none
  const Node& node(NodeId n) const { return graph_->nodes[n]; }
  absl::Span<const NodeId> chain(NodeId n) const { return chains_[n]; }
  // Producers of each input endpoint, in order of inputs; merged data nodes are replaced by what feeds them.
  struct Source {
    uint32_t input = 0;  // index into Node::inputs; kNoInput: no input of that name, or not about an input
    NodeId producer = kNoId;
    std::string port;
    Iteration iteration = Iteration::kDefault;
    NodeId carrier = kNoId;  // the loop whose carry this is
  };
  absl::Span<const Source> sources(NodeId n) const { return sources_[n]; }
  // The endpoints of a scatter's `over`, resolved likewise.
  absl::Span<const Source> over(NodeId n) const { return over_[n]; }

  // What loops carry into node n, in file order of the loops.
  absl::Span<const Source> carries(NodeId n) const { return carries_[n]; }
  // Whether `loop` carries an output of node n on, and whether it carries something to this input of n.
  bool IsCarried(NodeId n, NodeId loop) const;
  bool IsCarriedTo(NodeId n, uint32_t input, NodeId loop) const;
  // The condition of a branch, nullptr for other nodes.
  const Source* condition(NodeId n) const { return conditions_[n].empty() ? nullptr : &conditions_[n][0]; }
  bool IsMerged(NodeId data) const { return merged_[data]; }
  // Whether node n becomes drops.
  bool HasBlock(NodeId n) const { return !IsConstruct(node(n).kind) && !merged_[n]; }

  View Look(const Source& source, absl::Span<const NodeId> from) const;
  // The iteration at which `source` leaves the loop `loop` around its producer: kFirst, kLast or kAll.
  Iteration Leaves(const Source& source, NodeId loop) const;

  // What must be known or done before node n: its constructs, its inputs, and for constructs what their
  // counts depend on. Node ids, each at most once per cause.
  std::vector<std::vector<NodeId>> Dependencies() const;

 private:
  absl::Status ResolveChains();
  void MergeData();
  absl::Status ResolveSpec(NodeId n);
  absl::Status ResolveCarry(NodeId loop);
  absl::Status Resolve(NodeId user, const Endpoint& endpoint, uint32_t input,
                       std::vector<Source>& into) const;
  absl::Status ResolveText(NodeId n, absl::string_view field, const std::string& text,
                           std::vector<Source>& into) const;
  Selection Select(const Source& source, int at, NodeId construct, std::vector<int>& remaining) const;

  const Graph* graph_ = nullptr;
  absl::flat_hash_map<std::string, NodeId> ids_;
  std::vector<std::vector<NodeId>> chains_;
  std::vector<std::vector<Source>> sources_;
  std::vector<std::vector<Source>> over_;
  std::vector<std::vector<Source>> conditions_;
  std::vector<std::vector<Source>> carries_;
  std::vector<std::vector<NodeId>> carried_by_;  // per node the loops that carry it on
  std::vector<bool> merged_;
};

// One cycle of a dependency relation as ids in order of flow, the smallest first and again at the end; empty
// when there is none.
std::vector<NodeId> FindCycle(const std::vector<std::vector<NodeId>>& dependencies);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_MODEL_STRUCTURE_H_
