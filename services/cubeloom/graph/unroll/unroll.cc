#include "cubeloom/graph/unroll/unroll.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/structure.h"
#include "cubeloom/graph/unroll/layout.h"

namespace cubeloom::graph {
namespace {

// A data node gives its properties to its producer, because the drop that it names is the producer's.
absl::Status MergeDataNodes(Graph& graph) {
  CL_ASSIGN_OR_RETURN(const Structure structure, Structure::Make(graph));
  for (NodeId n = 0; n < graph.nodes.size(); ++n) {
    const Node& data = graph.nodes[n];
    if (data.kind != NodeKind::kData) continue;
    for (const Structure::Source& source : structure.sources(n)) {
      Node& producer = graph.nodes[source.producer];
      producer.persist = producer.persist || data.persist;
      producer.streaming = producer.streaming || data.streaming;
      producer.progressive = producer.progressive || data.progressive;
    }
  }
  return absl::OkStatus();
}

absl::Status CheckKinds(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    const bool later =
        IsConstruct(node.kind) && node.kind != NodeKind::kScatter && node.kind != NodeKind::kGather;
    if (later) {
      return absl::UnimplementedError(absl::StrCat(Locate(graph, &node, NodeKindName(node.kind)),
                                                   "this version does not unroll the construct '",
                                                   NodeKindName(node.kind), "'"));
    }
    if (node.kind == NodeKind::kScatter && node.scatter.batch > 0) {
      return absl::UnimplementedError(
          absl::StrCat(Locate(graph, &node, "scatter.batch"),
                       "this version does not run a scatter in sequential batches"));
    }
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
  CL_RETURN_IF_ERROR(MergeDataNodes(graph.logical));
  CL_ASSIGN_OR_RETURN(Layout layout, LayOut(graph.logical, facts));
  graph.blocks = std::move(layout.blocks);
  Fill(layout, graph);
  return graph;
}

}  // namespace cubeloom::graph
