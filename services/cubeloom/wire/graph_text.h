// Logical graphs as text (YAML or JSON) and as protobuf messages: the only conversions between them and the
// model.
//
// The text form is the proto3 JSON mapping of cubeloom.graph.v1.Graph. Every error has the form
//   file:line:column: node 'x', field 'y': expected ..., got ...; did you mean 'z'?
// one a line, up to 20 at once. Text is untrusted: its size, depth, aliases and number of values are bounded,
// duplicate keys are refused, and nothing is thrown. All functions are pure and thread-safe.
//
// Maps of the message (parameters, inputs, args ...) have no order; the model holds them sorted by name, so a
// graph is the same whichever way it came.
#ifndef CUBELOOM_WIRE_GRAPH_TEXT_H_
#define CUBELOOM_WIRE_GRAPH_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/graph/v1/graph.pb.h"

namespace cubeloom::wire {

// Bounds of a graph's text. The defaults are those of the file form; a custom resource sets 512 KiB.
struct GraphTextLimits {
  size_t max_bytes = size_t{64} << 20;
  size_t max_values = 4'000'000;  // scalars, lists and maps, with those behind aliases counted again
  size_t max_nodes = 250'000;     // logical nodes
  size_t max_aliases = 1000;
  int max_depth = 64;
};

// Reads one graph; `file` is its name for messages. The result has locations but is not yet checked as a
// whole (BindParameters, then CheckStructure).
absl::StatusOr<graph::Graph> ReadGraph(absl::string_view text, absl::string_view file,
                                       const GraphTextLimits& limits = {});
// The same from a local file. NotFound or InvalidArgument with the path.
absl::StatusOr<graph::Graph> ReadGraphFile(const std::string& path, const GraphTextLimits& limits = {});

// The bytes of a local file, at most one piece beyond `max_bytes`: what reads the text refuses the rest.
// NotFound or DataLoss with the path.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t max_bytes);

// The graph as YAML that reads back to an equal graph: defaults left out, nodes in order, maps by name.
std::string ToYaml(const graph::Graph& graph);

// Between message and model. FromProto checks forms (endpoints, quantities, durations, exactly one kind) but,
// like ReadGraph, not the graph as a whole; messages have no locations.
graph::v1::Graph ToProto(const graph::Graph& graph);
absl::StatusOr<graph::Graph> FromProto(const graph::v1::Graph& message);

}  // namespace cubeloom::wire

#endif  // CUBELOOM_WIRE_GRAPH_TEXT_H_
