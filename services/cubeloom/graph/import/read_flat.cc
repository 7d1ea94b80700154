// Generation A (GoJS): parameters are attributes of the nodes, ports are sides of a box.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/import/foreign.h"
#include "cubeloom/graph/import/json_fields.h"

namespace cubeloom::graph {
namespace {

bool IsDrawing(absl::string_view key) {
  for (absl::string_view name : {"category", "text", "key", "group", "loc", "isGroup", "size", "color"}) {
    if (key == name) return true;
  }
  return false;
}

// The table of a "Variables" node: rows of columns {attr, text}.
absl::Status ReadVariables(const Value& value, absl::string_view where, ForeignGraph& graph,
                           ForeignNode& node) {
  CL_ASSIGN_OR_RETURN(const Value::List* const rows, ListOf(graph, value, where, "var_list"));
  for (const Value& row : *rows) {
    CL_ASSIGN_OR_RETURN(const Value::List* const columns, ListOf(graph, row, where, "columns"));
    ForeignField field;
    for (const Value& column : *columns) {
      CL_ASSIGN_OR_RETURN(const std::string attribute, TextOf(graph, column, where, "attr"));
      CL_ASSIGN_OR_RETURN(std::string text, TextOf(graph, column, where, "text"));
      if (attribute == "name") {
        field.name = std::move(text);
      } else if (attribute == "value") {
        field.value = std::move(text);
      }
    }
    node.fields.push_back(std::move(field));
  }
  return absl::OkStatus();
}

absl::Status ReadNode(const Value& value, const std::string& at, ForeignGraph& graph) {
  if (!value.is_map())
    return PlaceError(graph, at, absl::StrCat("expected an object, got ", value.type_name()));
  ForeignNode node;
  CL_ASSIGN_OR_RETURN(node.id, TextOf(graph, value, at, "key"));
  if (node.id.empty()) return PlaceError(graph, at, "field 'key' is missing");
  const std::string where = absl::StrCat(at, " ('", node.id, "')");
  CL_ASSIGN_OR_RETURN(node.category, TextOf(graph, value, where, "category"));
  if (node.category.empty()) return PlaceError(graph, where, "field 'category' is missing");
  CL_ASSIGN_OR_RETURN(node.name, TextOf(graph, value, where, "text"));
  CL_ASSIGN_OR_RETURN(node.parent, TextOf(graph, value, where, "group"));
  node.group = FlagOf(value, "isGroup");
  for (const auto& [key, attribute] : value.map()) {
    if (IsDrawing(key) || attribute.is_list() || attribute.is_map()) continue;
    node.fields.push_back({"", key, AsText(attribute), false, false});
  }
  CL_RETURN_IF_ERROR(ReadVariables(value, where, graph, node));
  graph.nodes.push_back(std::move(node));
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadFlat(const Value& root, ForeignGraph& graph) {
  CL_ASSIGN_OR_RETURN(const Value::List* const nodes, ListOf(graph, root, "", "nodeDataArray"));
  CL_ASSIGN_OR_RETURN(const Value::List* const links, ListOf(graph, root, "", "linkDataArray"));
  for (size_t i = 0; i < nodes->size(); ++i) {
    CL_RETURN_IF_ERROR(ReadNode((*nodes)[i], absl::StrCat("nodeDataArray[", i, "]"), graph));
  }
  for (size_t i = 0; i < links->size(); ++i) {
    CL_ASSIGN_OR_RETURN(ForeignLink link,
                        ReadLink(graph, (*links)[i], absl::StrCat("linkDataArray[", i, "]")));
    graph.links.push_back(std::move(link));
  }
  return absl::OkStatus();
}

}  // namespace cubeloom::graph
