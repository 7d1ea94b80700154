// What all formats share: finding out which one it is, the model data, the active configuration.
#include "cubeloom/graph/import/foreign.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/import/json_fields.h"

namespace cubeloom::graph {
namespace {

bool IsList(const Value* value) { return value != nullptr && value->is_list(); }
bool IsMap(const Value* value) { return value != nullptr && value->is_map(); }

// Whether any node has the member, as a list.
bool AnyNodeHas(const Value::List& nodes, absl::string_view key) {
  return std::any_of(nodes.begin(), nodes.end(), [&](const Value& node) { return IsList(node.Find(key)); });
}
bool AnyNodeHasKey(const Value::List& nodes, absl::string_view key) {
  return std::any_of(nodes.begin(), nodes.end(),
                     [&](const Value& node) { return node.Find(key) != nullptr; });
}

absl::StatusOr<Generation> Detect(const ForeignGraph& graph, const Value& root) {
  const Value* model = root.Find("modelData");
  const Value* schema = model == nullptr ? nullptr : model->Find("schemaVersion");
  const std::string version = schema == nullptr ? "" : AsText(*schema);
  const Value* nodes = root.Find("nodeDataArray");
  if (nodes == nullptr && (version == "V4" || (IsMap(root.Find("nodes")) && IsMap(root.Find("edges"))))) {
    return Generation::kMaps;
  }
  if (!IsList(nodes)) {
    return PlaceError(
        graph, "",
        "no EAGLE or DALiuGE graph: expected a list 'nodeDataArray', or objects 'nodes' and 'edges'");
  }
  const Value::List& list = nodes->list();
  if (version == "AppRef" || AnyNodeHasKey(list, "inputApplicationRef")) return Generation::kAppRef;
  if (AnyNodeHasKey(list, "id") && !AnyNodeHasKey(list, "key")) return Generation::kIds;
  if (!AnyNodeHas(list, "fields")) {
    return AnyNodeHasKey(list, "name") && !AnyNodeHasKey(list, "text") ? Generation::kIds : Generation::kFlat;
  }
  if (AnyNodeHas(list, "inputPorts") || AnyNodeHas(list, "outputPorts")) return Generation::kPortLists;
  return AnyNodeHasKey(list, "name") ? Generation::kNamed : Generation::kFieldPorts;
}

absl::Status ReadModelData(const Value& root, ForeignGraph& graph) {
  const Value* model = root.Find("modelData");
  if (!IsMap(model)) return absl::OkStatus();
  CL_ASSIGN_OR_RETURN(graph.name, TextOf(graph, *model, "modelData", "name"));
  if (graph.name.empty()) {
    CL_ASSIGN_OR_RETURN(graph.name, TextOf(graph, *model, "modelData", "filePath"));
  }
  CL_ASSIGN_OR_RETURN(graph.description, TextOf(graph, *model, "modelData", "shortDescription"));
  return absl::OkStatus();
}

absl::Status ReadConfiguration(const Value& root, ForeignGraph& graph) {
  CL_ASSIGN_OR_RETURN(const std::string active, TextOf(graph, root, "", "activeGraphConfigId"));
  if (active.empty()) return absl::OkStatus();
  CL_ASSIGN_OR_RETURN(const Value::Map* const all, MapOf(graph, root, "", "graphConfigurations"));
  const auto found = std::find_if(all->begin(), all->end(), [&](const auto& c) { return c.first == active; });
  if (found == all->end()) {
    graph.missing_configuration = active;
    return absl::OkStatus();
  }
  const std::string where = absl::StrCat("graphConfigurations.", active);
  CL_ASSIGN_OR_RETURN(const Value::Map* const nodes, MapOf(graph, found->second, where, "nodes"));
  for (const auto& [node, settings] : *nodes) {
    CL_ASSIGN_OR_RETURN(const Value::Map* const fields, MapOf(graph, settings, where, "fields"));
    for (const auto& [field, setting] : *fields) {
      const Value* value = setting.Find("value");
      if (value != nullptr) graph.settings.push_back({node, field, AsText(*value)});
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool SameName(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] == ' ' ? '_' : absl::ascii_tolower(static_cast<unsigned char>(a[i]));
    const char y = b[i] == ' ' ? '_' : absl::ascii_tolower(static_cast<unsigned char>(b[i]));
    if (x != y) return false;
  }
  return true;
}

bool IsTrue(absl::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  return trimmed == "1" || absl::EqualsIgnoreCase(trimmed, "true");
}

const ForeignField* FindField(const ForeignNode& node, absl::Span<const absl::string_view> names) {
  for (absl::string_view name : names) {
    for (auto field = node.fields.rbegin(); field != node.fields.rend(); ++field) {
      if (!field->value.empty() && SameName(field->name, name)) return &*field;
    }
  }
  return nullptr;
}

absl::Status ForeignError(const ForeignGraph& graph, absl::string_view node, absl::string_view field,
                          absl::string_view what) {
  const std::string where =
      absl::StrCat("node '", node, "'", field.empty() ? "" : ", field '", field, field.empty() ? "" : "'");
  return PlaceError(graph, where, what);
}

absl::StatusOr<ForeignGraph> ReadForeign(absl::string_view text, const ImportOptions& options) {
  ForeignGraph graph;
  graph.file = options.file;
  if (text.size() > options.max_bytes) {
    return PlaceError(graph, "", absl::StrCat("larger than ", options.max_bytes, " bytes"));
  }
  if (absl::StartsWith(text, "\xff\xfe") || absl::StartsWith(text, "\xfe\xff")) {
    return PlaceError(graph, "", "expected UTF-8, got UTF-16");
  }
  absl::StatusOr<Value> root = Value::FromJson(text, options.max_depth);
  if (!root.ok()) return PlaceError(graph, "", root.status().message());
  if (!root->is_map())
    return PlaceError(graph, "", absl::StrCat("expected an object, got ", root->type_name()));
  CL_ASSIGN_OR_RETURN(graph.generation, Detect(graph, *root));
  CL_RETURN_IF_ERROR(ReadModelData(*root, graph));
  CL_RETURN_IF_ERROR(ReadConfiguration(*root, graph));
  if (graph.generation == Generation::kMaps) {
    CL_RETURN_IF_ERROR(ReadMaps(*root, graph));
  } else if (graph.generation == Generation::kFlat) {
    CL_RETURN_IF_ERROR(ReadFlat(*root, graph));
  } else {
    CL_RETURN_IF_ERROR(ReadOjs(*root, graph));
  }
  if (graph.nodes.size() > options.max_nodes) {
    return PlaceError(
        graph, "",
        absl::StrCat("the graph has ", graph.nodes.size(), " nodes, the limit is ", options.max_nodes));
  }
  return graph;
}

bool IsForeignGraph(absl::string_view text) {
  if (absl::StartsWith(text, "\xef\xbb\xbf")) text.remove_prefix(3);
  text = absl::StripLeadingAsciiWhitespace(text);
  if (!absl::StartsWith(text, "{")) return false;
  return absl::StrContains(text, "\"modelData\"") || absl::StrContains(text, "\"nodeDataArray\"") ||
         absl::StrContains(text, "\"srcNodeId\"");
}

}  // namespace cubeloom::graph
