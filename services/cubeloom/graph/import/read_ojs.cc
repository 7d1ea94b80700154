// Generations B to F: a "nodeDataArray" whose nodes have "fields".
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/import/foreign.h"
#include "cubeloom/graph/import/json_fields.h"

namespace cubeloom::graph {
namespace {

// What differs between the generations.
struct Dialect {
  const char* id;
  const char* parent;
  const char* name;
};
Dialect DialectOf(Generation generation) {
  switch (generation) {
    case Generation::kIds:
      return {"id", "parentId", "name"};
    case Generation::kNamed:
      return {"key", "group", "name"};
    default:
      return {"key", "group", "text"};
  }
}

class OjsReader {
 public:
  explicit OjsReader(ForeignGraph& graph) : graph_(graph), dialect_(DialectOf(graph.generation)) {}

  absl::Status Read(const Value& root) {
    CL_ASSIGN_OR_RETURN(const Value::List* const nodes, ListOf(graph_, root, "", "nodeDataArray"));
    CL_ASSIGN_OR_RETURN(const Value::List* const links, ListOf(graph_, root, "", "linkDataArray"));
    graph_.nodes.reserve(nodes->size());
    for (size_t i = 0; i < nodes->size(); ++i) {
      CL_RETURN_IF_ERROR(ReadNode((*nodes)[i], absl::StrCat("nodeDataArray[", i, "]")));
    }
    graph_.links.reserve(links->size());
    for (size_t i = 0; i < links->size(); ++i) {
      CL_ASSIGN_OR_RETURN(ForeignLink link,
                          ReadLink(graph_, (*links)[i], absl::StrCat("linkDataArray[", i, "]")));
      graph_.links.push_back(std::move(link));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadNode(const Value& value, const std::string& at) {
    if (!value.is_map())
      return PlaceError(graph_, at, absl::StrCat("expected an object, got ", value.type_name()));
    ForeignNode node;
    CL_ASSIGN_OR_RETURN(node.id, TextOf(graph_, value, at, dialect_.id));
    if (node.id.empty()) return PlaceError(graph_, at, absl::StrCat("field '", dialect_.id, "' is missing"));
    const std::string where = absl::StrCat(at, " ('", node.id, "')");
    CL_ASSIGN_OR_RETURN(node.category, TextOf(graph_, value, where, "category"));
    if (node.category.empty()) return PlaceError(graph_, where, "field 'category' is missing");
    CL_ASSIGN_OR_RETURN(node.parent, TextOf(graph_, value, where, dialect_.parent));
    CL_ASSIGN_OR_RETURN(node.name, TextOf(graph_, value, where, dialect_.name));
    CL_ASSIGN_OR_RETURN(node.category_type, TextOf(graph_, value, where, "categoryType"));
    if (node.category_type.empty() && FlagOf(value, "isData")) node.category_type = "Data";
    node.group = FlagOf(value, "isGroup");
    CL_RETURN_IF_ERROR(ReadFields(value, where, "fields", node));
    CL_RETURN_IF_ERROR(ReadFields(value, where, "applicationArgs", node));
    if (graph_.generation == Generation::kAppRef) {
      CL_RETURN_IF_ERROR(ReadReferences(value, where, node));
      CL_RETURN_IF_ERROR(ReadPorts(value, where, "inputPorts", node));
      CL_RETURN_IF_ERROR(ReadPorts(value, where, "outputPorts", node));
      graph_.nodes.push_back(std::move(node));
      return absl::OkStatus();
    }
    ForeignNode input, output;
    CL_RETURN_IF_ERROR(ReadEmbedded(value, where, node, input, output));
    if (graph_.generation == Generation::kPortLists) {
      // A construct's own lists are the ports of its applications; the local ones are told by direction.
      ForeignNode& into = node.group && IsReal(input) ? input : node;
      CL_RETURN_IF_ERROR(ReadPorts(value, where, "inputPorts", into));
      ForeignNode& out_of = node.group && IsReal(output) ? output : into;
      CL_RETURN_IF_ERROR(ReadPorts(value, where, "outputPorts", out_of));
    }
    graph_.nodes.push_back(std::move(node));
    if (IsReal(input)) graph_.nodes.push_back(std::move(input));
    if (IsReal(output)) graph_.nodes.push_back(std::move(output));
    return absl::OkStatus();
  }

  static bool IsReal(const ForeignNode& app) {
    return !app.category.empty() && app.category != "None" && app.category != "UnknownApplication";
  }

  absl::Status ReadFields(const Value& value, absl::string_view where, absl::string_view key,
                          ForeignNode& node) {
    CL_ASSIGN_OR_RETURN(const Value::List* const fields, ListOf(graph_, value, where, key));
    node.fields.reserve(node.fields.size() + fields->size());
    for (const Value& field : *fields) {
      CL_ASSIGN_OR_RETURN(ForeignField read, ReadField(graph_, field, where));
      node.fields.push_back(std::move(read));
    }
    return absl::OkStatus();
  }

  // A list of {Id, IdText}.
  absl::Status ReadPorts(const Value& value, absl::string_view where, absl::string_view key,
                         ForeignNode& node) {
    CL_ASSIGN_OR_RETURN(const Value::List* const ports, ListOf(graph_, value, where, key));
    for (const Value& port : *ports) {
      ForeignField field;
      CL_ASSIGN_OR_RETURN(field.id, TextOf(graph_, port, where, "Id"));
      CL_ASSIGN_OR_RETURN(field.name, TextOf(graph_, port, where, "IdText"));
      (key == "inputPorts" ? field.input : field.output) = true;
      // Up to EAGLE 4 the name of a port said that it streams.
      const bool streams = field.output && absl::EndsWith(field.name, "stream");
      if (streams) node.fields.push_back({"", "streaming", "true", false, false});
      node.fields.push_back(std::move(field));
    }
    return absl::OkStatus();
  }

  absl::Status ReadEmbedded(const Value& value, absl::string_view where, const ForeignNode& node,
                            ForeignNode& input, ForeignNode& output) {
    CL_RETURN_IF_ERROR(ReadApp(value, where, "input", input));
    CL_RETURN_IF_ERROR(ReadApp(value, where, "output", output));
    for (ForeignNode* app : {&input, &output}) {
      app->role = app == &input ? EmbedRole::kInput : EmbedRole::kOutput;
      app->embed = node.id;
      if (app->id.empty()) app->id = absl::StrCat(node.id, app == &input ? "#input" : "#output");
    }
    return absl::OkStatus();
  }

  absl::Status ReadApp(const Value& value, absl::string_view where, absl::string_view side,
                       ForeignNode& app) {
    const std::string prefix = absl::StrCat(side, "Application");
    CL_ASSIGN_OR_RETURN(app.category, TextOf(graph_, value, where, absl::StrCat(prefix, "Type")));
    if (!IsReal(app)) return absl::OkStatus();
    CL_ASSIGN_OR_RETURN(app.name, TextOf(graph_, value, where, absl::StrCat(prefix, "Name")));
    CL_ASSIGN_OR_RETURN(app.id, TextOf(graph_, value, where, absl::StrCat(prefix, "Id")));
    app.category_type = "Application";
    return ReadFields(value, where, absl::StrCat(side, "AppFields"), app);
  }

  // AppRef: the embedded application names its construct; which one it is stands in the construct.
  absl::Status ReadReferences(const Value& value, absl::string_view where, ForeignNode& node) {
    CL_ASSIGN_OR_RETURN(node.embed, TextOf(graph_, value, where, "embedKey"));
    if (node.parent.empty()) {
      CL_ASSIGN_OR_RETURN(node.parent, TextOf(graph_, value, where, "parentKey"));
    }
    if (node.name.empty()) {
      CL_ASSIGN_OR_RETURN(node.name, TextOf(graph_, value, where, "name"));
    }
    CL_ASSIGN_OR_RETURN(const std::string in, TextOf(graph_, value, where, "inputApplicationRef"));
    CL_ASSIGN_OR_RETURN(const std::string out, TextOf(graph_, value, where, "outputApplicationRef"));
    if (!in.empty()) graph_.embedded.push_back({node.id, in, EmbedRole::kInput});
    if (!out.empty()) graph_.embedded.push_back({node.id, out, EmbedRole::kOutput});
    return absl::OkStatus();
  }

  ForeignGraph& graph_;
  const Dialect dialect_;
};

}  // namespace

absl::Status ReadOjs(const Value& root, ForeignGraph& graph) { return OjsReader(graph).Read(root); }

}  // namespace cubeloom::graph
