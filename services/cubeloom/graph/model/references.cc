#include "cubeloom/graph/model/references.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom::graph {
namespace {

bool IsName(absl::string_view name) {
  if (name.empty()) return false;
  for (char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-' && c != '.') return false;
  }
  return true;
}

absl::Status AppendText(absl::string_view name, const Value& value, std::string& out) {
  if (value.is_string()) {
    out += value.string();
  } else if (value.is_bool() || value.is_number()) {
    out += value.ToJson();
  } else {
    return absl::InvalidArgumentError(absl::StrCat("\"${", name, "}\" is a ", value.type_name(),
                                                   ", which cannot stand inside a longer text"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Value> ReplaceReferences(absl::string_view text, Escapes escapes, ReferenceLookup lookup) {
  std::string out;
  size_t at = 0;
  while (true) {
    const size_t dollar = text.find('$', at);
    if (dollar == absl::string_view::npos) break;
    absl::StrAppend(&out, text.substr(at, dollar - at));
    const absl::string_view rest = text.substr(dollar);
    if (rest.substr(0, 3) == "$${") {
      out += escapes == Escapes::kReplace ? "${" : "$${";
      at = dollar + 3;
      continue;
    }
    if (rest.substr(0, 2) != "${") {
      out += '$';
      at = dollar + 1;
      continue;
    }
    const size_t close = rest.find('}');
    const absl::string_view name = close == absl::string_view::npos ? "" : rest.substr(2, close - 2);
    if (!IsName(name)) {
      return absl::InvalidArgumentError(absl::StrCat("expected \"${name}\", got \"", rest.substr(0, 40),
                                                     "\" (write \"$${\" for a plain \"${\")"));
    }
    CL_ASSIGN_OR_RETURN(std::optional<Value> value, lookup(name));
    if (!value.has_value()) {
      absl::StrAppend(&out, rest.substr(0, close + 1));
    } else if (dollar == 0 && close + 1 == text.size()) {
      return *std::move(value);
    } else {
      CL_RETURN_IF_ERROR(AppendText(name, *value, out));
    }
    at = dollar + close + 1;
  }
  absl::StrAppend(&out, text.substr(at));
  return Value(std::move(out));
}

absl::StatusOr<Value> ReplaceReferences(const Value& value, Escapes escapes, ReferenceLookup lookup) {
  if (value.is_string()) return ReplaceReferences(absl::string_view(value.string()), escapes, lookup);
  if (value.is_list()) {
    Value::List list;
    list.reserve(value.list().size());
    for (const Value& element : value.list()) {
      CL_ASSIGN_OR_RETURN(Value replaced, ReplaceReferences(element, escapes, lookup));
      list.push_back(std::move(replaced));
    }
    return Value(std::move(list));
  }
  if (value.is_map()) {
    Value::Map map;
    map.reserve(value.map().size());
    for (const auto& [key, element] : value.map()) {
      CL_ASSIGN_OR_RETURN(Value replaced, ReplaceReferences(element, escapes, lookup));
      map.emplace_back(key, std::move(replaced));
    }
    return Value(std::move(map));
  }
  return value;
}

void ForEachText(Node& node, absl::FunctionRef<void(const std::string&, std::string&)> visit,
                 absl::FunctionRef<void(const std::string&, Value&)> visit_value) {
  const auto list = [&](absl::string_view path, std::vector<std::string>& texts) {
    for (size_t i = 0; i < texts.size(); ++i) visit(absl::StrCat(path, "[", i, "]"), texts[i]);
  };
  const auto texts = [&](absl::string_view path, std::map<std::string, std::string>& map) {
    for (auto& [key, text] : map) visit(absl::StrCat(path, ".", key), text);
  };
  const auto values = [&](absl::string_view path, Value::Map& map) {
    for (auto& [key, value] : map) visit_value(absl::StrCat(path, ".", key), value);
  };
  visit("source.uri", node.source.uri);
  list("source.list", node.source.list);
  visit("source.format", node.source.format);
  visit("source.hdu", node.source.hdu);
  visit("source.dataset", node.source.dataset);
  visit("source.dtype", node.source.dtype);
  visit("sink.uri", node.sink.uri);
  visit("sink.format", node.sink.format);
  values("sink.options", node.sink.options);
  visit("subgraph.uri", node.subgraph.uri);
  values("subgraph.parameters", node.subgraph.parameters);
  list("command.argv", node.command.argv);
  texts("command.environment", node.command.environment);
  visit("command.mediaType", node.command.media_type);
  values("args", node.args);
  visit("placement.pool", node.placement.pool);
  texts("placement.labels", node.placement.labels);
  visit("placement.colocate", node.placement.colocate);
}

}  // namespace cubeloom::graph
