#include "cubeloom/wire/from_proto.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/graph/model/problems.h"
#include "cubeloom/wire/graph_text.h"
#include "cubeloom/wire/proto_value.h"

namespace cubeloom::wire {
namespace {

namespace v1 = graph::v1;
using graph::Node;
using graph::NodeKind;
using graph::ParameterType;

template <typename Field>
std::vector<std::string> Texts(const Field& field) {
  return {field.begin(), field.end()};
}

template <typename Field>
std::map<std::string, std::string> TextMap(const Field& field) {
  return {field.begin(), field.end()};
}

template <typename Field>
Value::Map Values(const Field& field) {
  Value::Map map;
  for (const auto& [key, value] : field) map.emplace_back(key, FromProtoValue(value));
  std::sort(map.begin(), map.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return map;
}

class Converter {
 public:
  explicit Converter(graph::Graph& graph) : graph_(graph) {}

  void Convert(const v1::Graph& message);
  void ConvertNode(const v1::Node& message, Node& node);
  absl::Status status() const { return problems_.ToStatus(); }
  bool full() const { return problems_.full(); }

 private:
  void Add(const Node* node, const std::string& field, absl::string_view what) {
    problems_.Add(absl::StrCat(graph::Locate(graph_, node, field), what));
  }
  // A field of number, size or duration type: held back if it names a parameter.
  void Set(Node& node, const std::string& field, const Value& value) {
    if (value.is_string() && absl::StrContains(value.string(), "${")) {
      node.deferred[field] = value.string();
      return;
    }
    const absl::Status status = graph::SetField(node, field, value);
    if (!status.ok()) Add(&node, field, status.message());
  }
  void ConvertParameter(const std::string& name, const v1::Parameter& message);
  void ConvertInputs(const v1::Node& message, Node& node);
  void ConvertRunning(const v1::Node& message, Node& node);
  void ConvertKind(const v1::Node& message, Node& node);
  void ConvertSource(const v1::Source& message, Node& node);
  void ConvertScatter(const v1::Scatter& message, Node& node);
  void ConvertLoop(const v1::Loop& message, Node& node);
  void ConvertMkn(const v1::Mkn& message, Node& node);
  void ConvertCommand(const v1::Command& message, Node& node);

  graph::Graph& graph_;
  graph::Problems problems_;
};

void Converter::ConvertParameter(const std::string& name, const v1::Parameter& message) {
  graph::Parameter parameter;
  parameter.name = name;
  parameter.description = message.description();
  if (message.has_default_()) parameter.default_value = FromProtoValue(message.default_());
  std::vector<std::string> names;
  bool known = !message.has_type();
  for (ParameterType type : {ParameterType::kBool, ParameterType::kInteger, ParameterType::kReal,
                             ParameterType::kString, ParameterType::kList}) {
    names.emplace_back(graph::ParameterTypeName(type));
    if (message.type() != names.back()) continue;
    parameter.type = type;
    known = true;
  }
  if (!known) {
    Add(nullptr, absl::StrCat("parameters.", name, ".type"),
        absl::StrCat("expected bool, integer, real, string or list, got \"", message.type(), "\"",
                     DidYouMean(message.type(), names)));
  }
  graph_.parameters.push_back(std::move(parameter));
}

void Converter::Convert(const v1::Graph& message) {
  if (message.has_schema_version()) graph_.schema_version = message.schema_version();
  graph_.name = message.name();
  graph_.description = message.description();
  for (const auto& [name, parameter] :
       std::map<std::string, v1::Parameter>(message.parameters().begin(), message.parameters().end())) {
    ConvertParameter(name, parameter);
  }
  if (message.has_retries()) graph_.retries = message.retries();
  if (message.has_error_threshold()) graph_.error_threshold = message.error_threshold();
  if (message.has_deadline()) {
    const absl::StatusOr<absl::Duration> deadline = ParseDuration(message.deadline());
    if (deadline.ok()) {
      graph_.deadline = *deadline;
    } else {
      Add(nullptr, "deadline",
          absl::StrCat("expected a duration such as \"90s\", got ", Value(message.deadline()).ToJson()));
    }
  }
  graph_.labels = TextMap(message.labels());
}

void Converter::ConvertSource(const v1::Source& message, Node& node) {
  node.source.uri = message.uri();
  node.source.list = Texts(message.list());
  node.source.format = message.format();
  node.source.hdu = message.hdu();
  node.source.dataset = message.dataset();
  node.source.dtype = message.dtype();
  node.source.single = message.single();
}

void Converter::ConvertScatter(const v1::Scatter& message, Node& node) {
  node.scatter.over = message.over();
  if (message.has_count()) Set(node, "scatter.count", FromProtoValue(message.count()));
  if (message.has_batch()) Set(node, "scatter.batch", FromProtoValue(message.batch()));
  constexpr int kMaxRank = 8;
  if (message.grid_size() > kMaxRank) return Add(&node, "scatter.grid", "expected at most 8 chunk extents");
  node.scatter.grid.resize(static_cast<size_t>(message.grid_size()));
  for (int i = 0; i < message.grid_size(); ++i) {
    Set(node, absl::StrCat("scatter.grid[", i, "]"), FromProtoValue(message.grid(i)));
  }
}

void Converter::ConvertLoop(const v1::Loop& message, Node& node) {
  if (message.has_count()) Set(node, "loop.count", FromProtoValue(message.count()));
  node.loop.until = message.until();
  for (const v1::Carry& carry : message.carry()) node.loop.carry.emplace_back(carry.from(), carry.to());
}

void Converter::ConvertMkn(const v1::Mkn& message, Node& node) {
  if (message.has_m()) Set(node, "mkn.m", FromProtoValue(message.m()));
  if (message.has_k()) Set(node, "mkn.k", FromProtoValue(message.k()));
  if (message.has_n()) Set(node, "mkn.n", FromProtoValue(message.n()));
}

void Converter::ConvertCommand(const v1::Command& message, Node& node) {
  node.command.argv = Texts(message.argv());
  node.command.environment = TextMap(message.environment());
  node.command.outputs = Texts(message.outputs());
  node.command.media_type = message.media_type();
}

void Converter::ConvertKind(const v1::Node& message, Node& node) {
  const auto is = [&](NodeKind kind) { node.kind = kind; };
  switch (message.kind_case()) {
    case v1::Node::kSource:
      is(NodeKind::kSource);
      return ConvertSource(message.source(), node);
    case v1::Node::kKernel:
      is(NodeKind::kKernel);
      node.kernel = message.kernel();
      return;
    case v1::Node::kSink:
      is(NodeKind::kSink);
      node.sink = {message.sink().uri(), message.sink().format(), Values(message.sink().options())};
      return;
    case v1::Node::kScatter:
      is(NodeKind::kScatter);
      return ConvertScatter(message.scatter(), node);
    case v1::Node::kGather:
      is(NodeKind::kGather);
      if (message.gather().has_width()) Set(node, "gather.width", FromProtoValue(message.gather().width()));
      return;
    case v1::Node::kGroupBy:
      is(NodeKind::kGroupBy);
      node.group_by = {Texts(message.group_by().keys()), message.group_by().computed()};
      return;
    case v1::Node::kLoop:
      is(NodeKind::kLoop);
      return ConvertLoop(message.loop(), node);
    case v1::Node::kMkn:
      is(NodeKind::kMkn);
      return ConvertMkn(message.mkn(), node);
    case v1::Node::kSubgraph:
      is(NodeKind::kSubgraph);
      node.subgraph = {message.subgraph().uri(), Values(message.subgraph().parameters()),
                       message.subgraph().as_one()};
      return;
    case v1::Node::kBranch:
      is(NodeKind::kBranch);
      node.branch = {message.branch().condition(), message.branch().negate()};
      return;
    case v1::Node::kRankGroup:
      is(NodeKind::kRankGroup);
      if (message.rank_group().has_ranks()) {
        Set(node, "rankGroup.ranks", FromProtoValue(message.rank_group().ranks()));
      }
      return;
    case v1::Node::kCommand:
      is(NodeKind::kCommand);
      return ConvertCommand(message.command(), node);
    case v1::Node::kData:
      is(NodeKind::kData);
      if (message.data().has_expected_size())
        Set(node, "data.expectedSize", Value(message.data().expected_size()));
      return;
    case v1::Node::KIND_NOT_SET:
      break;
  }
  Add(&node, "",
      "expected one of source, kernel, sink, data, command, scatter, gather, groupBy, loop, mkn, subgraph, "
      "branch, "
      "rankGroup; got none");
}

void Converter::ConvertInputs(const v1::Node& message, Node& node) {
  for (const auto& [port, text] : TextMap(message.inputs())) {
    absl::StatusOr<std::vector<graph::Endpoint>> from = graph::ParseEndpoints(text);
    if (from.ok()) {
      node.inputs.push_back({port, *std::move(from)});
    } else {
      Add(&node, absl::StrCat("inputs.", port), from.status().message());
    }
  }
  node.args = Values(message.args());
}

void Converter::ConvertRunning(const v1::Node& message, Node& node) {
  const v1::Resources& resources = message.resources();
  if (resources.has_cores()) Set(node, "resources.cores", Value(resources.cores()));
  if (resources.has_memory()) Set(node, "resources.memory", Value(resources.memory()));
  if (resources.has_gpus()) Set(node, "resources.gpus", FromProtoValue(resources.gpus()));
  if (resources.has_disk()) Set(node, "resources.disk", Value(resources.disk()));
  if (message.has_timeout()) Set(node, "timeout", Value(message.timeout()));
  const v1::Placement& placement = message.placement();
  node.placement = {placement.pool(), TextMap(placement.labels()), placement.colocate(),
                    placement.exclusive()};
  node.streaming = message.streaming();
  node.persist = message.persist();
  node.progressive = message.progressive();
  if (message.has_retries()) node.retries = message.retries();
  if (message.has_error_threshold()) node.error_threshold = message.error_threshold();
}

void Converter::ConvertNode(const v1::Node& message, Node& node) {
  node.id = message.id();
  node.in = message.in();
  node.description = message.description();
  node.labels = TextMap(message.labels());
  ConvertKind(message, node);
  ConvertInputs(message, node);
  ConvertRunning(message, node);
}

}  // namespace

absl::StatusOr<graph::Graph> FromProtoAt(const v1::Graph& message, GraphLocations locations) {
  graph::Graph graph;
  graph.file = std::move(locations.file);
  graph.field_where = std::move(locations.graph);
  Converter converter(graph);
  converter.Convert(message);
  graph.nodes.resize(static_cast<size_t>(message.nodes_size()));
  for (size_t i = 0; i < graph.nodes.size() && !converter.full(); ++i) {
    Node& node = graph.nodes[i];
    if (i < locations.nodes.size()) node.where = locations.nodes[i];
    if (i < locations.node_fields.size()) node.field_where = std::move(locations.node_fields[i]);
    converter.ConvertNode(message.nodes(static_cast<int>(i)), node);
  }
  absl::Status status = converter.status();
  if (!status.ok()) return status;
  return graph;
}

absl::StatusOr<graph::Graph> FromProto(const v1::Graph& message) { return FromProtoAt(message, {}); }

}  // namespace cubeloom::wire
