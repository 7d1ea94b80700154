#include "cubeloom/graph/model/structure.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/status.h"

namespace cubeloom::graph {
namespace {

bool IsListSource(const Node& node) { return node.kind == NodeKind::kSource && !node.source.single; }

}  // namespace

absl::StatusOr<Structure> Structure::Make(const Graph& graph) {
  Structure s;
  s.graph_ = &graph;
  const size_t count = graph.nodes.size();
  if (count >= kNoId) return absl::InvalidArgumentError("too many nodes");
  s.ids_.reserve(count);
  for (size_t n = 0; n < count; ++n) {
    if (!s.ids_.emplace(graph.nodes[n].id, static_cast<NodeId>(n)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(Locate(graph, &graph.nodes[n], "id"), "this id is used twice"));
    }
  }
  CL_RETURN_IF_ERROR(s.ResolveChains());
  s.MergeData();
  s.sources_.resize(count);
  s.over_.resize(count);
  s.conditions_.resize(count);
  s.carries_.resize(count);
  s.carried_by_.resize(count);
  for (NodeId n = 0; n < count; ++n) {
    const Node& node = graph.nodes[n];
    for (uint32_t i = 0; i < node.inputs.size(); ++i) {
      for (const Endpoint& from : node.inputs[i].from)
        CL_RETURN_IF_ERROR(s.Resolve(n, from, i, s.sources_[n]));
    }
    CL_RETURN_IF_ERROR(s.ResolveSpec(n));
  }
  return s;
}

absl::Status Structure::ResolveSpec(NodeId n) {
  const Node& node = this->node(n);
  switch (node.kind) {
    case NodeKind::kScatter:
      return ResolveText(n, "scatter.over", node.scatter.over, over_[n]);
    case NodeKind::kBranch:
      return ResolveText(n, "branch.condition", node.branch.condition, conditions_[n]);
    case NodeKind::kLoop:
      return ResolveCarry(n);
    default:
      return absl::OkStatus();
  }
}

absl::Status Structure::ResolveText(NodeId n, absl::string_view field, const std::string& text,
                                    std::vector<Source>& into) const {
  if (text.empty()) return absl::OkStatus();
  CL_ASSIGN_OR_RETURN_IN(const std::vector<Endpoint> all, ParseEndpoints(text),
                         absl::StripSuffix(Locate(*graph_, &node(n), field), ": "));
  for (const Endpoint& from : all) CL_RETURN_IF_ERROR(Resolve(n, from, kNoInput, into));
  return absl::OkStatus();
}

absl::Status Structure::ResolveCarry(NodeId loop) {
  for (const auto& [from, to] : node(loop).loop.carry) {
    std::vector<Source> source;
    CL_RETURN_IF_ERROR(ResolveText(loop, "loop.carry", from, source));
    CL_ASSIGN_OR_RETURN_IN(const Endpoint target, ParseEndpoint(to),
                           absl::StripSuffix(Locate(*graph_, &node(loop), "loop.carry"), ": "));
    const NodeId n = Find(target.node);
    if (n == kNoId || source.size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat(Locate(*graph_, &node(loop), "loop.carry"),
                                                     "expected one output and one input of ",
                                                     "known nodes, got \"", from, "\" and \"", to, "\""));
    }
    source[0].carrier = loop;
    for (uint32_t i = 0; i < node(n).inputs.size(); ++i) {
      if (target.port.empty() || node(n).inputs[i].port == target.port) {
        source[0].input = i;
        break;
      }
    }
    carries_[n].push_back(source[0]);
    carried_by_[source[0].producer].push_back(loop);
  }
  return absl::OkStatus();
}

void Structure::MergeData() {
  merged_.assign(graph_->nodes.size(), false);
  absl::flat_hash_set<std::string> carried_to, taken;
  for (const Node& loop : graph_->nodes) {
    for (const auto& carry : loop.loop.carry) {
      const absl::StatusOr<Endpoint> to = ParseEndpoint(carry.second);
      if (to.ok()) carried_to.insert(to->node);
    }
  }
  for (NodeId n = 0; n < graph_->nodes.size(); ++n) {
    const Node& data = node(n);
    if (data.kind != NodeKind::kData || data.inputs.size() != 1 || data.inputs[0].from.size() != 1) continue;
    const Endpoint& from = data.inputs[0].from[0];
    const NodeId producer = Find(from.node);
    if (producer == kNoId || from.port == kSelfPort || from.iteration != Iteration::kDefault) continue;
    const NodeKind kind = node(producer).kind;
    if (kind != NodeKind::kSource && kind != NodeKind::kKernel && kind != NodeKind::kCommand) continue;
    if (chain(producer) != chain(n) || carried_to.contains(data.id)) continue;
    merged_[n] = taken.insert(from.ToString()).second;
  }
}

absl::Status Structure::ResolveChains() {
  const size_t count = graph_->nodes.size();
  chains_.resize(count);
  for (NodeId n = 0; n < count; ++n) {
    std::vector<NodeId>& chain = chains_[n];
    const Node* at = &node(n);
    while (!at->in.empty()) {
      const NodeId outer = Find(at->in);
      if (outer == kNoId) {
        return absl::InvalidArgumentError(
            absl::StrCat(Locate(*graph_, at, "in"), "unknown node '", at->in, "'"));
      }
      if (chain.size() >= kMaxNesting) {
        return absl::InvalidArgumentError(
            absl::StrCat(Locate(*graph_, at, "in"), "constructs nest deeper than ", kMaxNesting));
      }
      chain.push_back(outer);
      at = &node(outer);
    }
    std::reverse(chain.begin(), chain.end());
  }
  return absl::OkStatus();
}

absl::Status Structure::Resolve(NodeId user, const Endpoint& endpoint, uint32_t input,
                                std::vector<Source>& into) const {
  Endpoint at = endpoint;
  for (size_t steps = 0; steps <= graph_->nodes.size(); ++steps) {
    const NodeId producer = Find(at.node);
    if (producer == kNoId) {
      return absl::InvalidArgumentError(
          absl::StrCat(Locate(*graph_, &node(user), "inputs"), "unknown node '", at.node, "'"));
    }
    if (!merged_[producer]) {
      into.push_back({input, producer, at.port, endpoint.iteration});
      return absl::OkStatus();
    }
    at = node(producer).inputs[0].from[0];
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Locate(*graph_, &node(user), "inputs"), "data nodes name each other in a circle"));
}

NodeId Structure::Find(absl::string_view id) const {
  auto it = ids_.find(id);
  return it == ids_.end() ? kNoId : it->second;
}

bool Structure::IsCarried(NodeId n, NodeId loop) const {
  return std::find(carried_by_[n].begin(), carried_by_[n].end(), loop) != carried_by_[n].end();
}

bool Structure::IsCarriedTo(NodeId n, uint32_t input, NodeId loop) const {
  return std::any_of(carries_[n].begin(), carries_[n].end(),
                     [&](const Source& carry) { return carry.carrier == loop && carry.input == input; });
}

Iteration Structure::Leaves(const Source& source, NodeId loop) const {
  if (source.iteration != Iteration::kDefault) return source.iteration;
  return IsCarried(source.producer, loop) ? Iteration::kLast : Iteration::kAll;
}

View Structure::Look(const Source& source, absl::Span<const NodeId> from) const {
  View view;
  const absl::Span<const NodeId> own = chain(source.producer);
  const size_t both = std::min(own.size(), from.size());
  while (view.shared < both && own[view.shared] == from[view.shared]) ++view.shared;
  size_t first = view.shared;
  if (source.iteration == Iteration::kDefault && source.carrier == kNoId) {
    while (first < both && node(own[first]).kind == NodeKind::kLoop &&
           node(from[first]).kind == NodeKind::kLoop) {
      ++first;
    }
  }
  view.steps = first - view.shared;
  for (size_t i = first; i < own.size(); ++i) {
    const NodeKind kind = node(own[i]).kind;
    const bool fixed =
        kind == NodeKind::kBranch || (kind == NodeKind::kLoop && Leaves(source, own[i]) != Iteration::kAll);
    if (!fixed) view.free.push_back(static_cast<int>(i));
  }
  if (IsListSource(node(source.producer))) view.free.push_back(static_cast<int>(own.size()));
  std::vector<int> remaining = view.free;
  for (size_t i = first; i < from.size() && !remaining.empty(); ++i) {
    const Node& construct = node(from[i]);
    bool selects = construct.kind == NodeKind::kGather || construct.kind == NodeKind::kMkn ||
                   construct.kind == NodeKind::kGroupBy;
    if (construct.kind == NodeKind::kScatter && construct.scatter.grid.empty()) {
      for (const Source& over : over_[from[i]]) selects = selects || over.producer == source.producer;
    }
    if (selects) view.selections.push_back(Select(source, static_cast<int>(i), from[i], remaining));
  }
  return view;
}

Selection Structure::Select(const Source& source, int at, NodeId construct,
                            std::vector<int>& remaining) const {
  Selection selection{at, {}};
  if (node(construct).kind != NodeKind::kGroupBy) {
    selection.picks = std::exchange(remaining, {});
    return selection;
  }
  const absl::Span<const NodeId> own = chain(source.producer);
  const auto axis = [&](int i) {
    return static_cast<size_t>(i) < own.size() ? own[static_cast<size_t>(i)] : source.producer;
  };
  const std::vector<std::string>& keys = node(construct).group_by.keys;
  const auto take = [&](std::vector<int>::iterator it) {
    selection.picks.push_back(*it);
    remaining.erase(it);
  };
  if (keys.empty()) {
    const auto innermost = std::find_if(remaining.rbegin(), remaining.rend(), [&](int i) {
      const NodeKind kind = node(axis(i)).kind;
      return kind == NodeKind::kScatter || kind == NodeKind::kRankGroup || kind == NodeKind::kSource;
    });
    if (innermost != remaining.rend()) take(std::prev(innermost.base()));
    return selection;
  }
  for (const std::string& key : keys) {
    const auto it =
        std::find_if(remaining.begin(), remaining.end(), [&](int i) { return node(axis(i)).id == key; });
    if (it != remaining.end()) take(it);
  }
  return selection;
}

std::vector<std::vector<NodeId>> Structure::Dependencies() const {
  std::vector<std::vector<NodeId>> depends(graph_->nodes.size());
  const auto add_free = [&](NodeId n, const Source& source, const View& view) {
    const absl::Span<const NodeId> own = chain(source.producer);
    for (int i : view.free) {
      if (static_cast<size_t>(i) < own.size()) depends[n].push_back(own[static_cast<size_t>(i)]);
    }
  };
  const auto add_counts = [&](NodeId n, const Source& source) {
    const absl::Span<const NodeId> own = chain(n);
    const View view = Look(source, own);
    for (const Selection& selection : view.selections) {
      const NodeId construct = own[static_cast<size_t>(selection.at)];
      const NodeKind kind = node(construct).kind;
      if (kind == NodeKind::kGather || kind == NodeKind::kGroupBy) add_free(construct, source, view);
    }
  };
  for (NodeId n = 0; n < depends.size(); ++n) {
    const absl::Span<const NodeId> own = chain(n);
    if (!own.empty()) depends[n].push_back(own.back());
    for (const Source& source : sources_[n]) {
      depends[n].push_back(source.producer);
      add_counts(n, source);
    }
    for (const Source& carry : carries_[n]) add_counts(n, carry);
    for (NodeId construct : own) {
      if (condition(construct) != nullptr) depends[n].push_back(condition(construct)->producer);
    }
    for (const Source& over : over_[n]) add_free(n, over, Look(over, own));
  }
  return depends;
}

std::vector<NodeId> FindCycle(const std::vector<std::vector<NodeId>>& dependencies) {
  // Kahn's algorithm; what is left over lies on a cycle or behind one. Every such node has a dependency that
  // is left too, so walking along those must repeat a node.
  const size_t count = dependencies.size();
  std::vector<std::vector<NodeId>> users(count);
  std::vector<size_t> open(count);
  for (NodeId n = 0; n < count; ++n) {
    open[n] = dependencies[n].size();
    for (NodeId on : dependencies[n]) users[on].push_back(n);
  }
  std::vector<NodeId> ready;
  for (NodeId n = 0; n < count; ++n) {
    if (open[n] == 0) ready.push_back(n);
  }
  for (size_t i = 0; i < ready.size(); ++i) {
    for (NodeId user : users[ready[i]]) {
      if (--open[user] == 0) ready.push_back(user);
    }
  }
  if (ready.size() == count) return {};
  NodeId at = 0;
  while (open[at] == 0) ++at;
  std::vector<NodeId> path;
  std::vector<size_t> seen(count, SIZE_MAX);
  while (seen[at] == SIZE_MAX) {
    seen[at] = path.size();
    path.push_back(at);
    at = *std::find_if(dependencies[at].begin(), dependencies[at].end(),
                       [&](NodeId on) { return open[on] > 0; });
  }
  std::vector<NodeId> cycle(path.begin() + static_cast<std::ptrdiff_t>(seen[at]), path.end());
  std::reverse(cycle.begin(), cycle.end());
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  cycle.push_back(cycle.front());
  return cycle;
}

}  // namespace cubeloom::graph
