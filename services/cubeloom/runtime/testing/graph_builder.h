// Physical graphs by hand, for tests: blocks and links without a logical graph file or a kernel catalogue.
#ifndef CUBELOOM_RUNTIME_TESTING_GRAPH_BUILDER_H_
#define CUBELOOM_RUNTIME_TESTING_GRAPH_BUILDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cubeloom/graph/unroll/physical_graph.h"

namespace cubeloom::runtime {

// Blocks are added in topological order; indices are those of PhysicalGraph::blocks and of logical.nodes.
class GraphBuilder {
 public:
  // A source with `instances` data drops on port "data".
  uint32_t Source(const std::string& id, int64_t instances);
  // An app block with output ports `ports` and no inputs yet.
  uint32_t App(const std::string& id, int64_t instances, std::vector<std::string> ports = {"out"});
  // An input of `consumer`, named `port` (a new input, or one more producer of an existing one). The rule
  // follows from the instance counts P and C: equal indices; P > C: fan-in of ceil(P / C) each (every
  // consumer must get one); P < C: broadcast.
  void Connect(uint32_t producer, uint32_t consumer, const std::string& port = "in",
               uint32_t producer_port = 0);
  graph::Node& node(uint32_t block) { return graph_.logical.nodes[block]; }
  int64_t outputs(uint32_t block) const { return static_cast<int64_t>(graph_.blocks[block].ports.size()); }
  graph::Graph& logical() { return graph_.logical; }
  graph::PhysicalGraph Build();

 private:
  uint32_t Add(const std::string& id, graph::NodeKind kind, int64_t instances);
  graph::PhysicalGraph graph_;
};

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_TESTING_GRAPH_BUILDER_H_
