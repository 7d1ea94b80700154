// ToProto: the model as a message, with defaults left out.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cubeloom/wire/graph_text.h"
#include "cubeloom/wire/proto_value.h"

namespace cubeloom::wire {
namespace {

namespace v1 = graph::v1;
using graph::Node;
using graph::NodeKind;

template <typename Field>
void PutValues(const Value::Map& map, Field& field) {
  for (const auto& [key, value] : map) field[key] = ToProtoValue(value);
}

// The text of a held-back field, or nullptr.
const std::string* Deferred(const Node& node, const std::string& field) {
  const auto it = node.deferred.find(field);
  return it == node.deferred.end() ? nullptr : &it->second;
}

// An integer field, if it is held back or not 0.
template <typename Mutable>
void PutCount(const Node& node, const std::string& field, int64_t value, Mutable mutable_field) {
  if (const std::string* text = Deferred(node, field)) {
    mutable_field()->set_string_value(*text);
  } else if (value != 0) {
    *mutable_field() = ToProtoValue(Value(value));
  }
}

template <typename Set>
void PutText(const std::string& text, Set set) {
  if (!text.empty()) set(text);
}

void PutSource(const graph::SourceSpec& source, v1::Source& out) {
  PutText(source.uri, [&](const std::string& t) { out.set_uri(t); });
  for (const std::string& uri : source.list) out.add_list(uri);
  PutText(source.format, [&](const std::string& t) { out.set_format(t); });
  PutText(source.hdu, [&](const std::string& t) { out.set_hdu(t); });
  PutText(source.dataset, [&](const std::string& t) { out.set_dataset(t); });
  PutText(source.dtype, [&](const std::string& t) { out.set_dtype(t); });
  if (source.single) out.set_single(true);
}

void PutScatter(const Node& node, v1::Scatter& out) {
  PutText(node.scatter.over, [&](const std::string& t) { out.set_over(t); });
  PutCount(node, "scatter.count", node.scatter.count, [&] { return out.mutable_count(); });
  PutCount(node, "scatter.batch", node.scatter.batch, [&] { return out.mutable_batch(); });
  for (size_t i = 0; i < node.scatter.grid.size(); ++i) {
    google::protobuf::Value& extent = *out.add_grid();
    extent.set_number_value(0);
    PutCount(node, absl::StrCat("scatter.grid[", i, "]"), node.scatter.grid[i], [&] { return &extent; });
  }
}

void PutCommand(const graph::CommandSpec& command, v1::Command& out) {
  for (const std::string& argument : command.argv) out.add_argv(argument);
  for (const auto& [name, text] : command.environment) (*out.mutable_environment())[name] = text;
  for (const std::string& output : command.outputs) out.add_outputs(output);
  PutText(command.media_type, [&](const std::string& t) { out.set_media_type(t); });
}

void PutLoop(const Node& node, v1::Loop& out) {
  PutCount(node, "loop.count", node.loop.count, [&] { return out.mutable_count(); });
  PutText(node.loop.until, [&](const std::string& t) { out.set_until(t); });
  for (const auto& [from, to] : node.loop.carry) {
    v1::Carry& carry = *out.add_carry();
    carry.set_from(from);
    carry.set_to(to);
  }
}

void PutMkn(const Node& node, v1::Mkn& out) {
  PutCount(node, "mkn.m", node.mkn.m, [&] { return out.mutable_m(); });
  PutCount(node, "mkn.k", node.mkn.k, [&] { return out.mutable_k(); });
  PutCount(node, "mkn.n", node.mkn.n, [&] { return out.mutable_n(); });
}

void PutSmallKinds(const Node& node, v1::Node& out) {
  switch (node.kind) {
    case NodeKind::kSink:
      PutText(node.sink.uri, [&](const std::string& t) { out.mutable_sink()->set_uri(t); });
      PutText(node.sink.format, [&](const std::string& t) { out.mutable_sink()->set_format(t); });
      return PutValues(node.sink.options, *out.mutable_sink()->mutable_options());
    case NodeKind::kGroupBy:
      for (const std::string& key : node.group_by.keys) out.mutable_group_by()->add_keys(key);
      return PutText(node.group_by.computed,
                     [&](const std::string& t) { out.mutable_group_by()->set_computed(t); });
    case NodeKind::kSubgraph:
      PutText(node.subgraph.uri, [&](const std::string& t) { out.mutable_subgraph()->set_uri(t); });
      PutValues(node.subgraph.parameters, *out.mutable_subgraph()->mutable_parameters());
      if (node.subgraph.as_one) out.mutable_subgraph()->set_as_one(true);
      return;
    case NodeKind::kBranch:
      PutText(node.branch.condition, [&](const std::string& t) { out.mutable_branch()->set_condition(t); });
      if (node.branch.negate) out.mutable_branch()->set_negate(true);
      return;
    default:
      return;
  }
}

void PutKind(const Node& node, v1::Node& out) {
  switch (node.kind) {
    case NodeKind::kSource:
      return PutSource(node.source, *out.mutable_source());
    case NodeKind::kKernel:
      return out.set_kernel(node.kernel);
    case NodeKind::kScatter:
      return PutScatter(node, *out.mutable_scatter());
    case NodeKind::kGather:
      out.mutable_gather();
      return PutCount(node, "gather.width", node.gather.width,
                      [&] { return out.mutable_gather()->mutable_width(); });
    case NodeKind::kLoop:
      return PutLoop(node, *out.mutable_loop());
    case NodeKind::kMkn:
      return PutMkn(node, *out.mutable_mkn());
    case NodeKind::kRankGroup:
      out.mutable_rank_group();
      return PutCount(node, "rankGroup.ranks", node.rank_group.ranks,
                      [&] { return out.mutable_rank_group()->mutable_ranks(); });
    case NodeKind::kCommand:
      return PutCommand(node.command, *out.mutable_command());
    case NodeKind::kData: {
      v1::Data& data = *out.mutable_data();
      if (const std::string* text = Deferred(node, "data.expectedSize")) return data.set_expected_size(*text);
      if (node.data.expected_size != 0) data.set_expected_size(absl::StrCat(node.data.expected_size));
      return;
    }
    case NodeKind::kSink:
      out.mutable_sink();
      break;
    case NodeKind::kGroupBy:
      out.mutable_group_by();
      break;
    case NodeKind::kSubgraph:
      out.mutable_subgraph();
      break;
    case NodeKind::kBranch:
      out.mutable_branch();
      break;
  }
  PutSmallKinds(node, out);
}

// A quantity: held back, or not the default.
template <typename Set>
void PutQuantity(const Node& node, const std::string& field, const std::string& text, Set set) {
  if (const std::string* deferred = Deferred(node, field)) {
    set(*deferred);
  } else if (!text.empty()) {
    set(text);
  }
}

void PutResources(const Node& node, v1::Node& out) {
  const graph::Resources& r = node.resources;
  const auto resources = [&] { return out.mutable_resources(); };
  PutQuantity(node, "resources.cores", r.cores > 0 ? Value(r.cores).ToJson() : "",
              [&](const std::string& t) { resources()->set_cores(t); });
  PutQuantity(node, "resources.memory", r.memory > 0 ? absl::StrCat(r.memory) : "",
              [&](const std::string& t) { resources()->set_memory(t); });
  PutQuantity(node, "resources.disk", r.disk > 0 ? absl::StrCat(r.disk) : "",
              [&](const std::string& t) { resources()->set_disk(t); });
  PutCount(node, "resources.gpus", r.gpus, [&] { return resources()->mutable_gpus(); });
  PutQuantity(node, "timeout",
              node.timeout < absl::InfiniteDuration() ? absl::FormatDuration(node.timeout) : "",
              [&](const std::string& t) { out.set_timeout(t); });
}

void PutPlacement(const graph::Placement& placement, v1::Node& out) {
  PutText(placement.pool, [&](const std::string& t) { out.mutable_placement()->set_pool(t); });
  for (const auto& [key, text] : placement.labels) (*out.mutable_placement()->mutable_labels())[key] = text;
  PutText(placement.colocate, [&](const std::string& t) { out.mutable_placement()->set_colocate(t); });
  if (placement.exclusive) out.mutable_placement()->set_exclusive(true);
}

void PutNode(const Node& node, v1::Node& out) {
  out.set_id(node.id);
  PutText(node.in, [&](const std::string& t) { out.set_in(t); });
  PutText(node.description, [&](const std::string& t) { out.set_description(t); });
  PutKind(node, out);
  for (const graph::Input& input : node.inputs) {
    (*out.mutable_inputs())[input.port] =
        absl::StrJoin(input.from, ", ",
                      [](std::string* text, const graph::Endpoint& from) { text->append(from.ToString()); });
  }
  PutValues(node.args, *out.mutable_args());
  PutResources(node, out);
  PutPlacement(node.placement, out);
  if (node.streaming) out.set_streaming(true);
  if (node.persist) out.set_persist(true);
  if (node.progressive) out.set_progressive(true);
  if (node.retries >= 0) out.set_retries(node.retries);
  if (node.error_threshold >= 0) out.set_error_threshold(node.error_threshold);
  for (const auto& [key, text] : node.labels) (*out.mutable_labels())[key] = text;
}

}  // namespace

v1::Graph ToProto(const graph::Graph& graph) {
  v1::Graph out;
  out.set_schema_version(graph.schema_version);
  PutText(graph.name, [&](const std::string& t) { out.set_name(t); });
  PutText(graph.description, [&](const std::string& t) { out.set_description(t); });
  for (const graph::Parameter& parameter : graph.parameters) {
    v1::Parameter& to = (*out.mutable_parameters())[parameter.name];
    to.set_type(graph::ParameterTypeName(parameter.type));
    if (!parameter.default_value.is_null()) *to.mutable_default_() = ToProtoValue(parameter.default_value);
    PutText(parameter.description, [&](const std::string& t) { to.set_description(t); });
  }
  for (const Node& node : graph.nodes) PutNode(node, *out.add_nodes());
  if (graph.retries != 1) out.set_retries(graph.retries);
  if (graph.error_threshold != 0) out.set_error_threshold(graph.error_threshold);
  if (graph.deadline < absl::InfiniteDuration()) out.set_deadline(absl::FormatDuration(graph.deadline));
  for (const auto& [key, text] : graph.labels) (*out.mutable_labels())[key] = text;
  return out;
}

}  // namespace cubeloom::wire
