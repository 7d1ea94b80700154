#include "cubeloom/graph/model/graph.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cubeloom/base/status.h"

namespace cubeloom::graph {
namespace {

constexpr std::pair<absl::string_view, Iteration> kIterations[] = {
    {"first", Iteration::kFirst}, {"last", Iteration::kLast}, {"all", Iteration::kAll}};

}  // namespace

const char* NodeKindName(NodeKind kind) {
  switch (kind) {
    case NodeKind::kSource:
      return "source";
    case NodeKind::kKernel:
      return "kernel";
    case NodeKind::kSink:
      return "sink";
    case NodeKind::kData:
      return "data";
    case NodeKind::kScatter:
      return "scatter";
    case NodeKind::kGather:
      return "gather";
    case NodeKind::kGroupBy:
      return "groupBy";
    case NodeKind::kLoop:
      return "loop";
    case NodeKind::kMkn:
      return "mkn";
    case NodeKind::kSubgraph:
      return "subgraph";
    case NodeKind::kBranch:
      return "branch";
    case NodeKind::kRankGroup:
      return "rankGroup";
    case NodeKind::kCommand:
      return "command";
  }
  return "unknown";
}

bool IsConstruct(NodeKind kind) {
  switch (kind) {
    case NodeKind::kScatter:
    case NodeKind::kGather:
    case NodeKind::kGroupBy:
    case NodeKind::kLoop:
    case NodeKind::kMkn:
    case NodeKind::kSubgraph:
    case NodeKind::kBranch:
    case NodeKind::kRankGroup:
      return true;
    default:
      return false;
  }
}

const char* ParameterTypeName(ParameterType type) {
  switch (type) {
    case ParameterType::kBool:
      return "bool";
    case ParameterType::kInteger:
      return "integer";
    case ParameterType::kReal:
      return "real";
    case ParameterType::kString:
      return "string";
    case ParameterType::kList:
      return "list";
  }
  return "unknown";
}

const Node* Graph::Find(absl::string_view id) const {
  for (const Node& node : nodes) {
    if (node.id == id) return &node;
  }
  return nullptr;
}

std::string Locate(const Graph& graph, const Node* node, absl::string_view field) {
  std::string text = graph.file;
  SourceLocation where;
  if (node != nullptr) where = node->where;
  // The field itself, or the nearest field around it that is in the file.
  const auto& places = node != nullptr ? node->field_where : graph.field_where;
  for (absl::string_view path = field; !path.empty(); path = path.substr(0, path.find_last_of(".["))) {
    auto it = places.find(std::string(path));
    if (it != places.end()) {
      where = it->second;
      break;
    }
    if (path.find_last_of(".[") == absl::string_view::npos) break;
  }
  if (where.line > 0) absl::StrAppend(&text, text.empty() ? "line " : ":", where.line, ":", where.column);
  if (!text.empty()) absl::StrAppend(&text, ": ");
  const bool named = node != nullptr && !node->id.empty();
  if (named) absl::StrAppend(&text, "node '", node->id, field.empty() ? "': " : "', ");
  if (!field.empty()) absl::StrAppend(&text, "field '", field, "': ");
  return text;
}

std::string Endpoint::ToString() const {
  std::string text = port.empty() ? node : absl::StrCat(node, ":", port);
  for (const auto& [name, value] : kIterations) {
    if (value == iteration) absl::StrAppend(&text, "@", name);
  }
  return text;
}

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text) {
  absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  Endpoint endpoint;
  const size_t at = trimmed.find('@');
  if (at != absl::string_view::npos) {
    for (const auto& [name, value] : kIterations) {
      if (name == trimmed.substr(at + 1)) endpoint.iteration = value;
    }
    if (endpoint.iteration == Iteration::kDefault) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected \"@first\", \"@last\" or \"@all\" after the port, got \"", text, "\""));
    }
    trimmed = trimmed.substr(0, at);
  }
  const size_t colon = trimmed.find(':');
  endpoint.node = std::string(trimmed.substr(0, colon));
  bool ok = !endpoint.node.empty();
  if (colon != absl::string_view::npos) {
    endpoint.port = std::string(trimmed.substr(colon + 1));
    ok = ok && !endpoint.port.empty();
  }
  for (absl::string_view part : {absl::string_view(endpoint.node), absl::string_view(endpoint.port)}) {
    for (char c : part) ok = ok && (absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.');
  }
  if (!ok) return absl::InvalidArgumentError(absl::StrCat("expected \"node[:port]\", got \"", text, "\""));
  return endpoint;
}

absl::StatusOr<std::vector<Endpoint>> ParseEndpoints(absl::string_view text) {
  std::vector<Endpoint> all;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    CL_ASSIGN_OR_RETURN(Endpoint one, ParseEndpoint(part));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace cubeloom::graph
