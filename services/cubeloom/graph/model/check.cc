// CheckStructure: what can be said about a graph without kernels. The order of checks is the order of
// messages.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/check_internal.h"
#include "cubeloom/graph/model/structure.h"

namespace cubeloom::graph {
namespace {

bool IsId(absl::string_view id) {
  if (id.empty() || id.size() > 63 || !absl::ascii_islower(id[0])) return false;
  for (char c : id) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '_' && c != '-') return false;
  }
  return true;
}

bool IsParameterName(absl::string_view name) {
  if (name.empty() || name.size() > 63 || !(absl::ascii_isalpha(name[0]) || name[0] == '_')) return false;
  for (char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-') return false;
  }
  return true;
}

void CheckGraph(CheckContext& context) {
  const Graph& graph = context.graph;
  const auto add = [&](absl::string_view field, const std::string& text) {
    context.problems.Add(absl::StrCat(Locate(graph, nullptr, field), text));
  };
  if (graph.schema_version != 1) {
    add("schemaVersion", absl::StrCat("expected 1, got ", graph.schema_version));
  }
  if (graph.nodes.empty()) add("nodes", "a graph needs at least one node");
  if (graph.retries < 0 || graph.retries > 1000)
    add("retries", absl::StrCat("expected 0 to 1000, got ", graph.retries));
  if (!(graph.error_threshold >= 0 && graph.error_threshold <= 1)) {
    add("errorThreshold", absl::StrCat("expected a fraction from 0 to 1, got ", graph.error_threshold));
  }
  if (graph.deadline <= absl::ZeroDuration()) add("deadline", "expected a time above 0");
  absl::flat_hash_set<std::string> names;
  for (const Parameter& parameter : graph.parameters) {
    const std::string field = absl::StrCat("parameters.", parameter.name);
    if (!IsParameterName(parameter.name)) {
      add(field, "expected a name of letters, digits, '_' and '-' that starts with a letter");
    }
    if (!names.insert(parameter.name).second) add(field, "this parameter is declared twice");
  }
}

void CheckIds(CheckContext& context) {
  for (const Node& node : context.graph.nodes) {
    if (!IsId(node.id)) {
      context.Add(node, "id", "expected [a-z][a-z0-9_-]{0,62}, got \"", node.id.substr(0, 80), "\"");
    }
    const auto [it, fresh] = context.by_id.emplace(node.id, &node);
    if (fresh) {
      context.ids.push_back(node.id);
    } else if (it->second->where.line > 0) {
      context.Add(node, "id", "this id is taken by the node at line ", it->second->where.line);
    } else {
      context.Add(node, "id", "this id is used twice");
    }
  }
}

// Ids of nodes that others may name as a producer, for "did you mean".
std::string NearId(const CheckContext& context, absl::string_view id) { return DidYouMean(id, context.ids); }

void CheckEnclosing(CheckContext& context) {
  for (const Node& node : context.graph.nodes) {
    if (node.in.empty()) continue;
    const Node* outer = context.Find(node.in);
    if (outer == nullptr) {
      context.Add(node, "in", "unknown node '", node.in, "'", NearId(context, node.in));
    } else if (!IsConstruct(outer->kind)) {
      context.Add(node, "in", "'", node.in, "' is a ", NodeKindName(outer->kind), ", not a construct");
    } else {
      size_t depth = 1;
      while (outer != nullptr && !outer->in.empty() && depth <= kMaxNesting)
        outer = context.Find(outer->in), ++depth;
      if (depth > kMaxNesting) {
        context.Add(node, "in", "constructs enclose each other in a circle, or nest deeper than ",
                    kMaxNesting);
      }
    }
  }
}

void CheckProducerPort(CheckContext& context, const Node& node, absl::string_view field,
                       const Endpoint& from) {
  const Node& producer = *context.Find(from.node);
  if (from.port == kSelfPort && producer.kind != NodeKind::kSource && producer.kind != NodeKind::kData)
    return;
  if (from.port.empty()) {
    if (producer.kind == NodeKind::kCommand && producer.command.outputs.empty()) {
      context.Add(node, field, "command '", from.node, "' has no outputs");
    }
    return;
  }
  std::vector<std::string> ports;
  if (producer.kind == NodeKind::kSource || producer.kind == NodeKind::kData) {
    ports = {"data"};
  } else if (producer.kind == NodeKind::kCommand) {
    ports = producer.command.outputs;
  } else {
    return;  // kernels' ports are known to the catalogue
  }
  if (std::find(ports.begin(), ports.end(), from.port) != ports.end()) return;
  context.Add(node, field, "'", from.node, "' has no output '", from.port,
              "'; it has: ", absl::StrJoin(ports, ", "));
}

void CheckEndpoint(CheckContext& context, const Node& node, absl::string_view field, const Endpoint& from) {
  const Node* producer = context.Find(from.node);
  if (producer == nullptr) {
    context.Add(node, field, "unknown node '", from.node, "'", NearId(context, from.node));
  } else if (producer->kind == NodeKind::kSink) {
    context.Add(node, field, "'", from.node, "' is a sink and has no output");
  } else if (IsConstruct(producer->kind) && producer->kind != NodeKind::kSubgraph) {
    context.Add(node, field, "'", from.node, "' is a ", NodeKindName(producer->kind),
                ": name a node inside it");
  } else {
    CheckProducerPort(context, node, field, from);
  }
}

void CheckTextEndpoint(CheckContext& context, const Node& node, absl::string_view field,
                       absl::string_view text) {
  if (text.empty()) return;
  absl::StatusOr<std::vector<Endpoint>> all = ParseEndpoints(text);
  if (!all.ok()) return context.Add(node, field, all.status().message());
  for (const Endpoint& from : *all) CheckEndpoint(context, node, field, from);
}

void CheckKeys(CheckContext& context, const Node& node) {
  for (const std::string& key : node.group_by.keys) {
    const Node* scatter = context.Find(key);
    if (scatter == nullptr) {
      context.Add(node, "groupBy.keys", "unknown node '", key, "'", NearId(context, key));
    } else if (scatter->kind != NodeKind::kScatter) {
      context.Add(node, "groupBy.keys", "'", key, "' is a ", NodeKindName(scatter->kind), ", not a scatter");
    }
  }
}

// The input that a loop carries to.
void CheckCarryTarget(CheckContext& context, const Node& node, absl::string_view text) {
  const absl::StatusOr<Endpoint> to = ParseEndpoint(text);
  if (!to.ok()) return context.Add(node, "loop.carry", to.status().message());
  const Node* target = context.Find(to->node);
  if (target == nullptr) {
    context.Add(node, "loop.carry", "unknown node '", to->node, "'", NearId(context, to->node));
  } else if (to->iteration != Iteration::kDefault || (to->port.empty() && target->kind != NodeKind::kData)) {
    context.Add(node, "loop.carry", "expected \"node:input\", got \"", text, "\"");
  }
}

void CheckEndpoints(CheckContext& context) {
  for (const Node& node : context.graph.nodes) {
    for (const Input& input : node.inputs) {
      const std::string field = absl::StrCat("inputs.", input.port);
      if (input.from.empty()) context.Add(node, field, "expected \"node[:port]\", got nothing");
      for (const Endpoint& from : input.from) CheckEndpoint(context, node, field, from);
    }
    if (node.kind == NodeKind::kScatter) CheckTextEndpoint(context, node, "scatter.over", node.scatter.over);
    if (node.kind == NodeKind::kLoop) {
      CheckTextEndpoint(context, node, "loop.until", node.loop.until);
      for (const auto& [from, to] : node.loop.carry) {
        CheckTextEndpoint(context, node, "loop.carry", from);
        CheckCarryTarget(context, node, to);
      }
    }
    if (node.kind == NodeKind::kGroupBy) CheckKeys(context, node);
    if (node.kind == NodeKind::kBranch)
      CheckTextEndpoint(context, node, "branch.condition", node.branch.condition);
  }
}

void CheckChildren(CheckContext& context) {
  absl::flat_hash_set<std::string> outer;
  for (const Node& node : context.graph.nodes) outer.insert(node.in);
  for (const Node& node : context.graph.nodes) {
    if (!IsConstruct(node.kind) || node.kind == NodeKind::kSubgraph || outer.contains(node.id)) continue;
    context.Add(node, "", "no node is inside this ", NodeKindName(node.kind), "; children name it in 'in'");
  }
}

// From here on names are known to resolve.
bool Encloses(const Structure& structure, NodeId construct, NodeId n) {
  const absl::Span<const NodeId> chain = structure.chain(n);
  return std::find(chain.begin(), chain.end(), construct) != chain.end();
}

void CheckOver(CheckContext& context, const Structure& structure, NodeId n) {
  const Node& node = structure.node(n);
  if (node.kind == NodeKind::kScatter && !node.scatter.grid.empty() && structure.over(n).size() > 1) {
    context.Add(node, "scatter.over", "a chunk grid runs over one array, got ", structure.over(n).size());
  }
  for (const Structure::Source& over : structure.over(n)) {
    const absl::string_view id = structure.node(over.producer).id;
    if (Encloses(structure, n, over.producer)) {
      context.Add(node, "scatter.over", "'", id, "' is inside this scatter itself");
      continue;
    }
    const View view = structure.Look(over, structure.chain(n));
    if (!view.selections.empty()) {
      const auto at = static_cast<size_t>(view.selections[0].at);
      const Node& selector = structure.node(structure.chain(n)[at]);
      if (!node.scatter.grid.empty() && selector.kind == NodeKind::kScatter) continue;
      context.Add(node, "scatter.over", "'", id, "' is taken by the enclosing ", NodeKindName(selector.kind),
                  " '", selector.id, "' already");
    } else if (node.scatter.grid.empty() && !view.extra()) {
      context.Add(node, "scatter.over", "'", id, "' is one item here, not a list; give 'grid' or 'count'");
    } else if (!node.scatter.grid.empty() && view.extra()) {
      context.Add(node, "scatter.over", "'", id,
                  "' has several instances here; a chunk grid needs one array");
    }
  }
}

void CheckGather(CheckContext& context, const Structure& structure) {
  std::vector<bool> fed(context.graph.nodes.size(), false);
  for (NodeId n = 0; n < fed.size(); ++n) {
    for (const Structure::Source& source : structure.sources(n)) {
      for (const Selection& selection : structure.Look(source, structure.chain(n)).selections)
        fed[structure.chain(n)[static_cast<size_t>(selection.at)]] = true;
    }
  }
  for (NodeId n = 0; n < fed.size(); ++n) {
    const Node& node = structure.node(n);
    if (node.kind == NodeKind::kGather && !fed[n]) {
      context.Add(node, "gather",
                  "nothing to gather: no node inside it takes a list source or the results of a scatter");
    }
    if (node.kind == NodeKind::kGroupBy && !fed[n])
      context.Add(node, "groupBy", "nothing to group: no node inside it takes the results of a scatter");
  }
}

void CheckCarry(CheckContext& context, const Structure& structure, NodeId n) {
  for (const Structure::Source& carry : structure.carries(n)) {
    const Node& loop = structure.node(carry.carrier);
    for (NodeId end : {carry.producer, n}) {
      if (!Encloses(structure, carry.carrier, end))
        context.Add(loop, "loop.carry", "'", structure.node(end).id, "' is not inside this loop");
    }
    const NodeKind kind = structure.node(n).kind;
    if (kind == NodeKind::kSource || IsConstruct(kind)) {
      context.Add(loop, "loop.carry", "'", structure.node(n).id, "' is a ", NodeKindName(kind),
                  " and has no input");
    }
  }
}

// "@first" and the like need a loop that the edge leaves or enters.
void CheckIterations(CheckContext& context, const Structure& structure, NodeId n) {
  for (const Structure::Source& source : structure.sources(n)) {
    if (source.iteration == Iteration::kDefault) continue;
    bool crossed = false;
    for (const auto& [inner, other] : {std::pair{n, source.producer}, std::pair{source.producer, n}}) {
      for (NodeId construct : structure.chain(inner)) {
        crossed = crossed || (structure.node(construct).kind == NodeKind::kLoop &&
                              !Encloses(structure, construct, other));
      }
    }
    if (crossed) continue;
    context.Add(structure.node(n), absl::StrCat("inputs.", structure.node(n).inputs[source.input].port), "'",
                structure.node(source.producer).id,
                "' is named with an iteration, but the edge neither leaves nor enters a loop");
  }
}

// Every instance must write a name of its own.
void CheckSinkNames(CheckContext& context, const Structure& structure, NodeId n) {
  const Node& node = structure.node(n);
  if (node.kind != NodeKind::kSink) return;
  for (NodeId c : structure.chain(n)) {
    const Node& construct = structure.node(c);
    if (construct.kind == NodeKind::kGather && construct.gather.width == 0) continue;
    if (construct.kind == NodeKind::kBranch || construct.kind == NodeKind::kSubgraph) continue;
    if (absl::StrContains(node.sink.uri, absl::StrCat("${", construct.id, ".index}")) ||
        absl::StrContains(node.sink.uri, absl::StrCat("${", construct.id, ".name}"))) {
      continue;
    }
    context.Add(node, "sink.uri", "all instances in '", construct.id, "' would write to \"", node.sink.uri,
                "\"; put \"${", construct.id, ".index}\" or \"${", construct.id, ".name}\" into it");
  }
}

void CheckSinkUris(CheckContext& context) {
  absl::flat_hash_map<std::string, const Node*> writers;
  for (const Node& node : context.graph.nodes) {
    if (node.kind != NodeKind::kSink || node.sink.uri.empty()) continue;
    const auto [it, fresh] = writers.emplace(node.sink.uri, &node);
    if (fresh) continue;
    context.Add(node, "sink.uri", "sink '", it->second->id, "' writes to \"", node.sink.uri, "\" too");
  }
}

void CheckCycles(CheckContext& context, const Structure& structure) {
  const std::vector<NodeId> cycle = FindCycle(structure.Dependencies());
  if (cycle.empty()) return;
  const std::string path =
      absl::StrJoin(cycle, " -> ", [&](std::string* out, NodeId n) { out->append(structure.node(n).id); });
  context.Add(structure.node(cycle[0]), "", "these nodes wait for each other: ", path);
}

}  // namespace

absl::Status CheckStructure(const Graph& graph) {
  Problems problems;
  CheckContext context{graph, problems, {}, {}};
  CheckGraph(context);
  CheckIds(context);
  CheckEnclosing(context);
  CheckEndpoints(context);
  for (const Node& node : graph.nodes) CheckSpec(context, node);
  CheckChildren(context);
  CheckSinkUris(context);
  if (!problems.empty()) return problems.ToStatus();
  CL_ASSIGN_OR_RETURN(const Structure structure, Structure::Make(graph));
  for (NodeId n = 0; n < graph.nodes.size(); ++n) {
    CheckOver(context, structure, n);
    CheckCarry(context, structure, n);
    CheckIterations(context, structure, n);
    CheckSinkNames(context, structure, n);
  }
  CheckGather(context, structure);
  CheckCycles(context, structure);
  return problems.ToStatus();
}

}  // namespace cubeloom::graph
