#include "cubeloom/graph/unroll/unroll.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/structure.h"
#include "cubeloom/graph/unroll/layout.h"

namespace cubeloom::graph {
namespace {

// A merged data node gives its properties to its producer, because the drop that it names is the producer's.
absl::Status MergeDataNodes(Graph& graph) {
  CL_ASSIGN_OR_RETURN(const Structure structure, Structure::Make(graph));
  for (NodeId n = 0; n < graph.nodes.size(); ++n) {
    const Node& data = graph.nodes[n];
    if (!structure.IsMerged(n)) continue;
    for (const Structure::Source& source : structure.sources(n)) {
      Node& producer = graph.nodes[source.producer];
      producer.persist = producer.persist || data.persist;
      producer.streaming = producer.streaming || data.streaming;
      producer.progressive = producer.progressive || data.progressive;
    }
  }
  return absl::OkStatus();
}

// Spells out what texts leave open: the first output of what feeds a data node, and the inputs that only a
// loop's carry feeds.
absl::Status Complete(const UnrollFacts& facts, Graph& graph) {
  for (Node& node : graph.nodes) {
    if (node.kind != NodeKind::kData) continue;
    for (Input& input : node.inputs) {
      for (Endpoint& from : input.from) {
        const auto it = facts.ports.find(from.node);
        if (from.port.empty() && it != facts.ports.end() && !it->second.empty()) from.port = it->second[0];
      }
    }
  }
  for (size_t l = 0; l < graph.nodes.size(); ++l) {
    for (const auto& [from, to] : graph.nodes[l].loop.carry) {
      CL_ASSIGN_OR_RETURN(const Endpoint target, ParseEndpoint(to));
      for (Node& node : graph.nodes) {
        if (node.id != target.node) continue;
        const std::string port = target.port.empty() ? "data" : target.port;
        bool known = target.port.empty() && !node.inputs.empty();
        for (const Input& input : node.inputs) known = known || input.port == port;
        if (!known) node.inputs.push_back({port, {}});
      }
    }
  }
  return absl::OkStatus();
}

// What no version unrolls by itself.
absl::Status CheckKinds(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    const auto refuse = [&](absl::string_view field, absl::string_view what) {
      return absl::UnimplementedError(absl::StrCat(Locate(graph, &node, field), what));
    };
    if (node.kind == NodeKind::kSubgraph)
      return refuse("subgraph", "this version does not unroll the construct 'subgraph'");
    if (node.kind == NodeKind::kGroupBy && !node.group_by.computed.empty())
      return refuse("groupBy.computed", "this version does not group by a computed key");
    if (node.kind == NodeKind::kLoop && !node.loop.until.empty())
      return refuse("loop.until", "this version does not unroll a loop that ends early");
    if (!node.deferred.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat(Locate(graph, &node, node.deferred.begin()->first), "the parameters are not bound"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PhysicalGraph> Unroll(const Graph& bound, const UnrollFacts& facts) {
  PhysicalGraph graph;
  graph.logical = bound;
  CL_RETURN_IF_ERROR(CheckKinds(graph.logical));
  CL_RETURN_IF_ERROR(Complete(facts, graph.logical));
  CL_RETURN_IF_ERROR(MergeDataNodes(graph.logical));
  CL_ASSIGN_OR_RETURN(Layout layout, LayOut(graph.logical, facts));
  graph.blocks = std::move(layout.blocks);
  Fill(layout, graph);
  return graph;
}

absl::Status CheckRunnable(const PhysicalGraph& graph) {
  for (const Block& block : graph.blocks) {
    const Node& node = graph.logical.nodes[block.node];
    const auto refuse = [&](const Node& at, absl::string_view field, absl::string_view what) {
      return absl::UnimplementedError(
          absl::StrCat(Locate(graph.logical, &at, field), "this version plans but does not run ", what));
    };
    if (node.kind == NodeKind::kData)
      return refuse(node, "data", "a data node that is not just the output of one node beside it");
    for (const Axis& axis : block.axes) {
      if (axis.construct == kNoId) continue;
      const Node& construct = graph.logical.nodes[axis.construct];
      if (!IsConstruct(construct.kind) || construct.kind == NodeKind::kGather) continue;
      const char* kind = NodeKindName(construct.kind);
      if (construct.kind != NodeKind::kScatter)
        return refuse(construct, kind, absl::StrCat("the construct '", kind, "'"));
      if (construct.scatter.batch > 0) return refuse(construct, "scatter.batch", "sequential batches");
    }
    for (const Link& link : block.links) {
      if (link.producer_port == kSelf)
        return refuse(node, "inputs", "an order between two nodes without data (\"node:self\")");
    }
  }
  return absl::OkStatus();
}

}  // namespace cubeloom::graph
