// Who encloses whom, and how an edge crosses constructs: the part of the rules that needs no counts.
//
// Definitions. The *chain* of a node is its enclosing constructs, outermost first. A *list source* is a
// source without `single`; it has one axis of its own, its items. Seen from a chain D, a producer P shares
// the constructs of their common prefix; the rest of P's chain and P's own items are P's *extra* axes. A
// construct of D beyond the common prefix may *select* among them: a scatter that runs over P takes one of
// the extra instances, a gather takes a block of them. The outermost such construct is the selector. Without
// one, all extra instances are taken (fan-in), and D's own further constructs are broadcast to.
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

// How a producer looks from a chain.
struct View {
  size_t shared = 0;   // length of the common prefix
  bool extra = false;  // the producer has extra axes
  int selector = -1;   // position in the chain, or -1
};

// The resolved skeleton of one graph. Keeps pointers into the graph, which must outlive it. Immutable.
class Structure {
 public:
  // For graphs that CheckStructure accepts, or that came out of expanding such a graph; InvalidArgument for
  // unknown names or endless `in` chains.
  static absl::StatusOr<Structure> Make(const Graph& graph);

  NodeId Find(absl::string_view id) const;  // kNoId when there is none
  const Node& node(NodeId n) const { return graph_->nodes[n]; }
  absl::Span<const NodeId> chain(NodeId n) const { return chains_[n]; }
  // Producers of each input endpoint, in order of inputs; data nodes are replaced by what feeds them.
  struct Source {
    uint32_t input = 0;  // index into Node::inputs
    NodeId producer = kNoId;
    std::string port;
  };
  absl::Span<const Source> sources(NodeId n) const { return sources_[n]; }
  // The endpoints of a scatter's `over`, resolved likewise.
  absl::Span<const Source> over(NodeId n) const { return over_[n]; }

  View Look(NodeId producer, absl::Span<const NodeId> from) const;
  // Constructs on whose counts the extra instances of `producer`, seen with `view`, depend.
  absl::Span<const NodeId> Extra(NodeId producer, const View& view) const {
    return chain(producer).subspan(view.shared);
  }

  // What must be known or done before node n: its constructs, its inputs, and for constructs what their
  // counts depend on. Node ids, each at most once per cause.
  std::vector<std::vector<NodeId>> Dependencies() const;

 private:
  absl::Status ResolveChains();
  absl::Status Resolve(NodeId user, const Endpoint& endpoint, uint32_t input,
                       std::vector<Source>& into) const;

  const Graph* graph_ = nullptr;
  absl::flat_hash_map<std::string, NodeId> ids_;
  std::vector<std::vector<NodeId>> chains_;
  std::vector<std::vector<Source>> sources_;
  std::vector<std::vector<Source>> over_;
};

// One cycle of a dependency relation as ids in order of flow, the smallest first and again at the end; empty
// when there is none.
std::vector<NodeId> FindCycle(const std::vector<std::vector<NodeId>>& dependencies);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_MODEL_STRUCTURE_H_
