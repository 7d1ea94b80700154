// Generation G (V4): objects "nodes" and "edges", keyed by id.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/import/foreign.h"
#include "cubeloom/graph/import/json_fields.h"

namespace cubeloom::graph {
namespace {

absl::Status ReadNode(const std::string& id, const Value& value, ForeignGraph& graph) {
  const std::string where = absl::StrCat("nodes.", id);
  if (!value.is_map())
    return PlaceError(graph, where, absl::StrCat("expected an object, got ", value.type_name()));
  ForeignNode node;
  node.id = id;
  CL_ASSIGN_OR_RETURN(node.category, TextOf(graph, value, where, "category"));
  if (node.category.empty()) return PlaceError(graph, where, "field 'category' is missing");
  CL_ASSIGN_OR_RETURN(node.category_type, TextOf(graph, value, where, "categoryType"));
  CL_ASSIGN_OR_RETURN(node.name, TextOf(graph, value, where, "name"));
  CL_ASSIGN_OR_RETURN(node.parent, TextOf(graph, value, where, "parentId"));
  CL_ASSIGN_OR_RETURN(node.embed, TextOf(graph, value, where, "embedId"));
  CL_ASSIGN_OR_RETURN(const std::string in, TextOf(graph, value, where, "inputApplicationId"));
  CL_ASSIGN_OR_RETURN(const std::string out, TextOf(graph, value, where, "outputApplicationId"));
  if (!in.empty()) graph.embedded.push_back({id, in, EmbedRole::kInput});
  if (!out.empty()) graph.embedded.push_back({id, out, EmbedRole::kOutput});
  CL_ASSIGN_OR_RETURN(const Value::Map* const fields, MapOf(graph, value, where, "fields"));
  for (const auto& [field_id, field] : *fields) {
    CL_ASSIGN_OR_RETURN(ForeignField read, ReadField(graph, field, where));
    read.id = field_id;
    node.fields.push_back(std::move(read));
  }
  graph.nodes.push_back(std::move(node));
  return absl::OkStatus();
}

absl::Status ReadEdge(const std::string& id, const Value& value, ForeignGraph& graph) {
  const std::string where = absl::StrCat("edges.", id);
  ForeignLink link;
  const std::pair<const char*, std::string*> members[] = {{"srcNodeId", &link.from},
                                                          {"destNodeId", &link.to},
                                                          {"srcPortId", &link.from_port},
                                                          {"destPortId", &link.to_port}};
  for (const auto& [key, text] : members) {
    CL_ASSIGN_OR_RETURN(*text, TextOf(graph, value, where, key));
  }
  for (const auto& [key, text] : {members[0], members[1]}) {
    if (text->empty()) return PlaceError(graph, where, absl::StrCat("field '", key, "' is missing"));
  }
  link.loop_aware = FlagOf(value, "loopAware");
  link.closes_loop = FlagOf(value, "closesLoop");
  graph.links.push_back(std::move(link));
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadMaps(const Value& root, ForeignGraph& graph) {
  CL_ASSIGN_OR_RETURN(const Value::Map* const nodes, MapOf(graph, root, "", "nodes"));
  CL_ASSIGN_OR_RETURN(const Value::Map* const edges, MapOf(graph, root, "", "edges"));
  for (const auto& [id, node] : *nodes) CL_RETURN_IF_ERROR(ReadNode(id, node, graph));
  for (const auto& [id, edge] : *edges) CL_RETURN_IF_ERROR(ReadEdge(id, edge, graph));
  return absl::OkStatus();
}

}  // namespace cubeloom::graph
