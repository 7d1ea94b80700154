// BindParameters and the text form of parameter values.
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/graph/model/problems.h"
#include "cubeloom/graph/model/references.h"
#include "cubeloom/graph/model/structure.h"

namespace cubeloom::graph {
namespace {

using Bound = absl::flat_hash_map<std::string, Value>;

absl::Status WrongText(const Parameter& parameter, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("parameter '", parameter.name, "': expected ",
                                                 ParameterTypeName(parameter.type), ", got \"", text, "\""));
}

// JSON in brackets, or elements separated by commas.
absl::StatusOr<Value> ParseList(const Parameter& parameter, absl::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  if (absl::StartsWith(trimmed, "[")) {
    absl::StatusOr<Value> json = Value::FromJson(trimmed);
    if (!json.ok()) return Annotate(json.status(), absl::StrCat("parameter '", parameter.name, "'"));
    if (!json->is_list()) return WrongText(parameter, text);
    return json;
  }
  Value::List list;
  if (trimmed.empty()) return Value(std::move(list));
  for (absl::string_view part : absl::StrSplit(trimmed, ',')) {
    part = absl::StripAsciiWhitespace(part);
    absl::StatusOr<Value> json = Value::FromJson(part);
    const bool scalar = json.ok() && (json->is_number() || json->is_bool());
    list.push_back(scalar ? *std::move(json) : Value(std::string(part)));
  }
  return Value(std::move(list));
}

// A typed value for a parameter; text is read by the declared type.
absl::StatusOr<Value> Convert(const Parameter& parameter, const Value& value) {
  if (value.is_string() && parameter.type != ParameterType::kString) {
    return ParseParameterText(parameter, value.string());
  }
  switch (parameter.type) {
    case ParameterType::kBool:
      if (value.is_bool()) return value;
      break;
    case ParameterType::kInteger: {
      absl::StatusOr<int64_t> integer = value.AsInt();
      if (integer.ok()) return Value(*integer);
      break;
    }
    case ParameterType::kReal:
      if (value.is_number()) return Value(value.real());
      break;
    case ParameterType::kString:
      if (value.is_string()) return value;
      if (value.is_number() || value.is_bool()) return Value(value.ToJson());
      break;
    case ParameterType::kList:
      if (value.is_list()) return value;
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat("parameter '", parameter.name, "': expected ",
                                                 ParameterTypeName(parameter.type), ", got ",
                                                 value.type_name(), " ", value.ToJson()));
}

std::vector<std::string> Names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Parameter& parameter : graph.parameters) names.push_back(parameter.name);
  return names;
}

std::string Known(const Graph& graph) {
  if (graph.parameters.empty()) return " (the graph has none)";
  return absl::StrCat(" (it has ", absl::StrJoin(Names(graph), ", "), ")");
}

Bound BindValues(const Graph& graph, const Value::Map& set, Problems& problems) {
  Bound bound;
  const auto put = [&](const Parameter& parameter, const Value& value) {
    absl::StatusOr<Value> converted = Convert(parameter, value);
    if (!converted.ok())
      return problems.Add(absl::StrCat(Locate(graph, nullptr, ""), converted.status().message()));
    bound.insert_or_assign(parameter.name, *std::move(converted));
  };
  for (const auto& [name, value] : set) {
    const Parameter* known = nullptr;
    for (const Parameter& parameter : graph.parameters) {
      if (parameter.name == name) known = &parameter;
    }
    if (known != nullptr) {
      put(*known, value);
    } else {
      problems.Add(absl::StrCat(Locate(graph, nullptr, ""), "unknown parameter '", name, "'",
                                DidYouMean(name, Names(graph)), Known(graph)));
    }
  }
  for (const Parameter& parameter : graph.parameters) {
    if (bound.contains(parameter.name) || parameter.default_value.is_null()) continue;
    put(parameter, parameter.default_value);
  }
  return bound;
}

// What a reference in one node means.
class NodeReferences {
 public:
  NodeReferences(const Graph& graph, const Structure& structure, NodeId n, const Bound& bound)
      : graph_(graph), node_(graph.nodes[n]), bound_(bound) {
    for (NodeId construct : structure.chain(n)) constructs_.push_back(graph.nodes[construct].id);
  }
  bool nested() const { return !constructs_.empty(); }

  absl::StatusOr<std::optional<Value>> Lookup(absl::string_view name, bool ports_stay) const {
    if (ports_stay && IsPort(name)) return std::optional<Value>();
    auto it = bound_.find(name);
    if (it != bound_.end()) return std::optional<Value>(it->second);
    const size_t dot = name.rfind('.');
    if (dot != absl::string_view::npos) return Instance(name.substr(0, dot), name.substr(dot + 1));
    for (const Parameter& parameter : graph_.parameters) {
      if (parameter.name != name) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("parameter '", name, "' has no default and was not set"));
    }
    return absl::InvalidArgumentError(absl::StrCat("unknown parameter '", name, "'",
                                                   DidYouMean(name, Names(graph_)),
                                                   " (write \"$${\" for a plain \"${\")"));
  }

 private:
  bool IsPort(absl::string_view name) const {
    for (const Input& input : node_.inputs) {
      if (input.port == name) return true;
    }
    for (const std::string& output : node_.command.outputs) {
      if (output == name) return true;
    }
    return false;
  }

  absl::StatusOr<std::optional<Value>> Instance(absl::string_view construct, absl::string_view what) const {
    bool known = false;
    for (const std::string& id : constructs_) known = known || id == construct;
    if (!known) {
      return absl::InvalidArgumentError(absl::StrCat("'", construct, "' is no construct around this node",
                                                     DidYouMean(construct, constructs_)));
    }
    if (what == "index" || what == "count" || what == "name") return std::optional<Value>();
    return absl::InvalidArgumentError(absl::StrCat("expected \"${", construct,
                                                   ".index}\", \".count\" or \".name\", got \".", what, "\"",
                                                   DidYouMean(what, {"index", "count", "name"})));
  }

  const Graph& graph_;
  const Node& node_;
  const Bound& bound_;
  std::vector<std::string> constructs_;
};

// Replaces everything in one node.
void BindNode(const Graph& graph, const NodeReferences& references, Node& node, Problems& problems) {
  const Escapes escapes = references.nested() ? Escapes::kKeep : Escapes::kReplace;
  const auto fail = [&](const std::string& path, const absl::Status& status) {
    problems.Add(absl::StrCat(Locate(graph, &node, path), status.message()));
  };
  const auto bind = [&](const std::string& path, const Value& value) -> std::optional<Value> {
    const bool ports_stay = absl::StartsWith(path, "command.");
    absl::StatusOr<Value> bound = ReplaceReferences(
        value, escapes, [&](absl::string_view name) { return references.Lookup(name, ports_stay); });
    if (bound.ok()) return *std::move(bound);
    fail(path, bound.status());
    return std::nullopt;
  };
  ForEachText(
      node,
      [&](const std::string& path, std::string& text) {
        if (text.find('$') == std::string::npos) return;
        std::optional<Value> bound = bind(path, Value(text));
        if (!bound.has_value()) return;
        if (bound->is_list() || bound->is_map() || bound->is_null()) {
          return fail(path, absl::InvalidArgumentError(absl::StrCat(
                                "expected text, got a ", bound->type_name(), " for \"", text, "\"")));
        }
        text = bound->is_string() ? bound->string() : bound->ToJson();
      },
      [&](const std::string& path, Value& value) {
        if (std::optional<Value> bound = bind(path, value)) value = *std::move(bound);
      });
  const std::map<std::string, std::string> deferred = std::move(node.deferred);
  node.deferred.clear();
  for (const auto& [path, text] : deferred) {
    std::optional<Value> bound = bind(path, Value(text));
    if (!bound.has_value()) continue;
    const absl::Status set = SetField(node, path, *bound);
    if (!set.ok()) fail(path, set);
  }
}

}  // namespace

absl::StatusOr<Value> ParseParameterText(const Parameter& parameter, absl::string_view text) {
  switch (parameter.type) {
    case ParameterType::kBool:
      if (text == "true" || text == "1") return Value(true);
      if (text == "false" || text == "0") return Value(false);
      return WrongText(parameter, text);
    case ParameterType::kInteger: {
      int64_t integer = 0;
      if (!absl::SimpleAtoi(text, &integer)) return WrongText(parameter, text);
      return Value(integer);
    }
    case ParameterType::kReal: {
      double real = 0;
      if (!absl::SimpleAtod(text, &real) || !std::isfinite(real)) return WrongText(parameter, text);
      return Value(real);
    }
    case ParameterType::kString:
      return Value(std::string(text));
    case ParameterType::kList:
      return ParseList(parameter, text);
  }
  return WrongText(parameter, text);
}

absl::StatusOr<Graph> BindParameters(Graph graph, const Value::Map& set) {
  Problems problems;
  const Bound bound = BindValues(graph, set, problems);
  if (!problems.empty()) return problems.ToStatus();
  const absl::StatusOr<Structure> made = Structure::Make(graph);
  if (!made.ok()) {
    CL_RETURN_IF_ERROR(CheckStructure(graph));  // says it better: all errors, with the nearest names
    return made.status();
  }
  const Structure& structure = *made;
  for (size_t n = 0; n < graph.nodes.size() && !problems.full(); ++n) {
    // The structure and the references look at ids and inputs only, which binding leaves alone.
    const NodeReferences references(graph, structure, static_cast<NodeId>(n), bound);
    BindNode(graph, references, graph.nodes[n], problems);
  }
  if (!problems.empty()) return problems.ToStatus();
  return graph;
}

}  // namespace cubeloom::graph
