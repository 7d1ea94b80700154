#include "cubeloom/graph/model/structure.h"

#include <algorithm>
#include <utility>

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
  s.sources_.resize(count);
  s.over_.resize(count);
  for (NodeId n = 0; n < count; ++n) {
    const Node& node = graph.nodes[n];
    for (uint32_t i = 0; i < node.inputs.size(); ++i) {
      for (const Endpoint& from : node.inputs[i].from)
        CL_RETURN_IF_ERROR(s.Resolve(n, from, i, s.sources_[n]));
    }
    if (node.kind != NodeKind::kScatter || node.scatter.over.empty()) continue;
    CL_ASSIGN_OR_RETURN_IN(const std::vector<Endpoint> over, ParseEndpoints(node.scatter.over),
                           absl::StripSuffix(Locate(graph, &node, "scatter.over"), ": "));
    for (const Endpoint& from : over) CL_RETURN_IF_ERROR(s.Resolve(n, from, 0, s.over_[n]));
  }
  return s;
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
    const Node& from = node(producer);
    if (from.kind != NodeKind::kData || from.inputs.empty() || from.inputs[0].from.empty()) {
      into.push_back({input, producer, at.port});
      return absl::OkStatus();
    }
    at = from.inputs[0].from[0];
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Locate(*graph_, &node(user), "inputs"), "data nodes name each other in a circle"));
}

NodeId Structure::Find(absl::string_view id) const {
  auto it = ids_.find(id);
  return it == ids_.end() ? kNoId : it->second;
}

View Structure::Look(NodeId producer, absl::Span<const NodeId> from) const {
  View view;
  const absl::Span<const NodeId> own = chain(producer);
  while (view.shared < own.size() && view.shared < from.size() && own[view.shared] == from[view.shared]) {
    ++view.shared;
  }
  view.extra = own.size() > view.shared || IsListSource(node(producer));
  if (!view.extra) return view;
  for (size_t i = view.shared; i < from.size(); ++i) {
    const Node& construct = node(from[i]);
    bool selects = construct.kind == NodeKind::kGather;
    if (construct.kind == NodeKind::kScatter && construct.scatter.grid.empty()) {
      for (const Source& over : over_[from[i]]) selects = selects || over.producer == producer;
    }
    if (selects) {
      view.selector = static_cast<int>(i);
      return view;
    }
  }
  return view;
}

std::vector<std::vector<NodeId>> Structure::Dependencies() const {
  std::vector<std::vector<NodeId>> depends(graph_->nodes.size());
  const auto add = [&](NodeId n, absl::Span<const NodeId> on) {
    depends[n].insert(depends[n].end(), on.begin(), on.end());
  };
  for (NodeId n = 0; n < depends.size(); ++n) {
    const absl::Span<const NodeId> own = chain(n);
    if (!own.empty()) depends[n].push_back(own.back());
    for (const Source& source : sources_[n]) {
      depends[n].push_back(source.producer);
      const View view = Look(source.producer, own);
      if (view.selector < 0) continue;
      const NodeId construct = own[view.selector];
      if (node(construct).kind == NodeKind::kGather) add(construct, Extra(source.producer, view));
    }
    for (const Source& over : over_[n]) add(n, Extra(over.producer, Look(over.producer, own)));
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
