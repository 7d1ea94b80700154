#include "cubeloom/wire/graph_text.h"

#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/problems.h"
#include "cubeloom/wire/from_proto.h"
#include "cubeloom/wire/message_text.h"
#include "cubeloom/wire/text_tree.h"

namespace cubeloom::wire {
namespace {

using graph::SourceLocation;

// The child of a map with this key, or kNoText.
uint32_t Child(const TextTree& tree, uint32_t n, absl::string_view key) {
  if (tree[n].kind != TextKind::kMap) return kNoText;
  for (uint32_t child = tree[n].first; child != kNoText; child = tree[child].next) {
    if (tree[child].key == key) return child;
  }
  return kNoText;
}

// Takes "nodes[12].args.sigma" apart: returns the node's number, or -1, and leaves "args.sigma" in `path`.
int64_t TakeNode(absl::string_view& path) {
  constexpr absl::string_view kPrefix = "nodes[";
  if (path.substr(0, kPrefix.size()) != kPrefix) return -1;
  const size_t close = path.find(']');
  int64_t number = -1;
  if (!absl::SimpleAtoi(path.substr(kPrefix.size(), close - kPrefix.size()), &number)) return -1;
  path.remove_prefix(close + 1);
  if (!path.empty() && path[0] == '.') path.remove_prefix(1);
  return number;
}

// Turns paths from the message reader into locations and messages about nodes and fields.
class Recorder {
 public:
  Recorder(const TextTree& tree, absl::string_view file) {
    locations_.file = std::string(file), ReadIds(tree);
  }

  TextVisitor Visitor() {
    return {[this](const std::string& path, const SourceLocation& where) { Field(path, where); },
            [this](const std::string& path, const SourceLocation& where, const std::string& what) {
              Problem(path, where, what);
            }};
  }
  absl::Status status() const { return problems_.ToStatus(); }
  GraphLocations Take() { return std::move(locations_); }
  size_t nodes() const { return ids_.size(); }

 private:
  void ReadIds(const TextTree& tree) {
    const uint32_t nodes = Child(tree, 0, "nodes");
    if (nodes == kNoText) return;
    for (uint32_t n = tree[nodes].first; n != kNoText; n = tree[n].next) {
      const uint32_t id = Child(tree, n, "id");
      ids_.push_back(id != kNoText && tree[id].kind == TextKind::kScalar ? tree[id].text.substr(0, 80) : "");
      locations_.nodes.push_back(tree[n].where);
    }
    locations_.node_fields.resize(ids_.size());
  }

  void Field(absl::string_view path, const SourceLocation& where) {
    const int64_t n = TakeNode(path);
    if (n < 0) {
      locations_.graph.emplace(path, where);
    } else if (!path.empty()) {
      locations_.node_fields[static_cast<size_t>(n)].emplace(path, where);
    }
  }

  void Problem(absl::string_view path, const SourceLocation& where, absl::string_view what) {
    graph::Graph graph;
    graph.file = locations_.file;
    graph::Node node;
    node.where = where;
    absl::string_view field = path;
    const int64_t n = TakeNode(field);
    if (n >= 0) node.id = ids_[static_cast<size_t>(n)];
    problems_.Add(absl::StrCat(graph::Locate(graph, &node, node.id.empty() ? path : field), what));
  }

  GraphLocations locations_;
  std::vector<std::string> ids_;  // of the nodes, for messages
  graph::Problems problems_;
};

}  // namespace

absl::StatusOr<graph::Graph> ReadGraph(absl::string_view text, absl::string_view file,
                                       const GraphTextLimits& limits) {
  TextLimits text_limits;
  text_limits.max_bytes = limits.max_bytes;
  text_limits.max_values = limits.max_values;
  text_limits.max_aliases = limits.max_aliases;
  text_limits.max_depth = limits.max_depth;
  CL_ASSIGN_OR_RETURN(const TextTree tree, ParseText(text, file, text_limits));
  Recorder recorder(tree, file);
  if (recorder.nodes() > limits.max_nodes) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": field 'nodes': the graph has ", recorder.nodes(),
                                                   " nodes, the limit is ", limits.max_nodes));
  }
  graph::v1::Graph message;
  ReadMessage(tree, 0, recorder.Visitor(), message);
  CL_RETURN_IF_ERROR(recorder.status());
  return FromProtoAt(message, recorder.Take());
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t max_bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  // Read piecewise, because the size of a pipe is not known and that of a file may lie.
  std::string text;
  std::vector<char> piece(size_t{1} << 20);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0) {
    text.append(piece.data(), static_cast<size_t>(file.gcount()));
    if (text.size() > max_bytes) break;
  }
  if (file.bad()) return absl::DataLossError(absl::StrCat(path, ": cannot be read"));
  return text;
}

absl::StatusOr<graph::Graph> ReadGraphFile(const std::string& path, const GraphTextLimits& limits) {
  CL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path, limits.max_bytes));
  return ReadGraph(text, path, limits);
}

std::string ToYaml(const graph::Graph& graph) { return WriteMessage(ToProto(graph)); }

}  // namespace cubeloom::wire
