// DALiuGE/EAGLE logical graphs (.graph, .json) of every generation as Cubeloom graphs.
//
// A reader per family of formats turns JSON into one small intermediate (foreign.h); one lowering turns that
// into graph::Graph. What becomes of which category stands in README.md. Text is untrusted: size, depth and
// number of nodes are bounded, and every error names file, node, field and value. Pure and thread-safe.
#ifndef CUBELOOM_GRAPH_IMPORT_IMPORT_H_
#define CUBELOOM_GRAPH_IMPORT_IMPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/graph/model/graph.h"

namespace cubeloom::graph {

// The formats, oldest first; the letters A to G of the documentation.
enum class Generation : uint8_t {
  kFlat,        // A: GoJS, attributes of nodes
  kPortLists,   // B: EAGLE 2.8 to 4.0, fields, ports in lists of their own
  kFieldPorts,  // C: EAGLE 5.0, ports are fields
  kNamed,       // D: EAGLE 5.1 to 6.3, "name" instead of "text"
  kIds,         // E: EAGLE 6.4 and later, "id" and "parentId"
  kAppRef,      // F: 2021, embedded applications are nodes of their own
  kMaps         // G: V4, maps of nodes and edges by id
};
// "A (GoJS)" ...
const char* GenerationName(Generation generation);

// What happened to something in the foreign graph, once for all nodes that share it.
struct ImportNote {
  enum class Kind : uint8_t { kMapped, kDefaulted, kIgnored };
  Kind kind = Kind::kMapped;
  std::string what;                // "Memory -> data"
  std::vector<std::string> nodes;  // ids in the imported graph, or foreign names of what was left out
};

struct ImportReport {
  Generation generation = Generation::kIds;
  std::vector<ImportNote> notes;  // by kind, in order of first appearance

  // A line per note; of many nodes the first eight are named.
  std::string ToString() const;
};

struct ImportOptions {
  std::string file;  // for messages, and for the graph's name when the text has none
  // "name=value": a global variable of the graph, or a field of a node as "node.field", where the node is
  // named by its id in the imported graph, its foreign id or its label (if only one node has it).
  std::vector<std::string> set;
  size_t max_bytes = size_t{64} << 20;
  size_t max_nodes = 250'000;
  int max_depth = 64;  // of JSON
};

struct Imported {
  Graph graph;  // not yet checked as a whole (CheckStructure)
  ImportReport report;
};

// Whether the text looks like a foreign graph, by content alone; it may still be malformed.
bool IsForeignGraph(absl::string_view text);

// InvalidArgument for malformed text, missing or wrong fields, double or dangling ids, absurd counts.
absl::StatusOr<Imported> ImportGraph(absl::string_view text, const ImportOptions& options);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_IMPORT_IMPORT_H_
