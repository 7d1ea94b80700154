// FromProto with positions; private to wire.
#ifndef CUBELOOM_WIRE_FROM_PROTO_H_
#define CUBELOOM_WIRE_FROM_PROTO_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/graph/v1/graph.pb.h"

namespace cubeloom::wire {

// Where the fields of a graph stand in its text.
struct GraphLocations {
  using Fields = std::map<std::string, graph::SourceLocation>;
  std::string file;
  Fields graph;                              // "name", "parameters.images.default" ...
  std::vector<graph::SourceLocation> nodes;  // each node's own place
  std::vector<Fields> node_fields;           // "args.sigma" ..., per node
};

// `locations` is empty, or has one entry per node.
absl::StatusOr<graph::Graph> FromProtoAt(const graph::v1::Graph& message, GraphLocations locations);

}  // namespace cubeloom::wire

#endif  // CUBELOOM_WIRE_FROM_PROTO_H_
