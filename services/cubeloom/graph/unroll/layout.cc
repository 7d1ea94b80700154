#include "cubeloom/graph/unroll/layout.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/structure.h"

namespace cubeloom::graph {
namespace {

// Products and sums that stay at the largest number instead of overflowing: such a graph is refused anyway.
constexpr int64_t kHuge = INT64_MAX;

int64_t Times(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kHuge : product;
}

int64_t Plus(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kHuge : sum;
}

std::string Number(int64_t n) { return n == kHuge ? "more than 9.2e18" : absl::StrCat(n); }

bool HasBlock(const Node& node) { return !IsConstruct(node.kind) && node.kind != NodeKind::kData; }

class Planner {
 public:
  Planner(const Graph& graph, const UnrollFacts& facts, Structure structure)
      : graph_(graph), facts_(facts), s_(std::move(structure)), counts_(graph.nodes.size(), 0) {}

  absl::StatusOr<Layout> Run();

 private:
  absl::Status Order();
  absl::Status CountItems();
  absl::Status CountConstruct(NodeId n);
  absl::Status CountScatter(NodeId n);
  absl::Status CountGather(NodeId n);
  absl::Status AddBlock(NodeId n);
  absl::Status SetPorts(Block& block) const;
  absl::StatusOr<Link> MakeLink(NodeId consumer, const Structure::Source& source) const;
  absl::Status Number(Layout& layout) const;

  // Instances of `producer` for one instance of what it shares with the viewer.
  int64_t ExtraCount(NodeId producer, const View& view) const {
    int64_t product = Items(producer);
    for (NodeId construct : s_.Extra(producer, view)) product = Times(product, counts_[construct]);
    return product;
  }
  // Items of a list source, 1 for everything else.
  int64_t Items(NodeId n) const {
    const Node& node = s_.node(n);
    return node.kind == NodeKind::kSource && !node.source.single ? counts_[n] : 1;
  }
  int64_t Product(absl::Span<const NodeId> constructs) const {
    int64_t product = 1;
    for (NodeId construct : constructs) product = Times(product, counts_[construct]);
    return product;
  }
  std::string At(NodeId n, absl::string_view field) const { return Locate(graph_, &s_.node(n), field); }

  const Graph& graph_;
  const UnrollFacts& facts_;
  const Structure s_;
  std::vector<NodeId> order_;  // all nodes, dependencies first, ties by file order
  std::vector<int64_t>
      counts_;  // per construct its instances per enclosing instance; per list source its items
  // Per gather: the producers that its children take in blocks, with the input's place for messages.
  struct Feed {
    NodeId producer;
    View view;
  };
  std::vector<std::vector<Feed>> feeds_;
  std::vector<uint32_t> block_of_node_;
  std::vector<Block> blocks_;
};

absl::StatusOr<Layout> Planner::Run() {
  CL_RETURN_IF_ERROR(Order());
  CL_RETURN_IF_ERROR(CountItems());
  for (NodeId n : order_) {
    if (IsConstruct(s_.node(n).kind)) CL_RETURN_IF_ERROR(CountConstruct(n));
  }
  block_of_node_.assign(graph_.nodes.size(), kNoId);
  for (NodeId n : order_) {
    if (HasBlock(s_.node(n))) CL_RETURN_IF_ERROR(AddBlock(n));
  }
  Layout layout;
  layout.blocks = std::move(blocks_);
  CL_RETURN_IF_ERROR(Number(layout));
  return layout;
}

absl::Status Planner::Order() {
  const std::vector<std::vector<NodeId>> depends = s_.Dependencies();
  const size_t count = depends.size();
  std::vector<std::vector<NodeId>> users(count);
  std::vector<size_t> open(count);
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<NodeId>> ready;
  for (NodeId n = 0; n < count; ++n) {
    open[n] = depends[n].size();
    for (NodeId on : depends[n]) users[on].push_back(n);
    if (open[n] == 0) ready.push(n);
  }
  while (!ready.empty()) {
    const NodeId n = ready.top();
    ready.pop();
    order_.push_back(n);
    for (NodeId user : users[n]) {
      if (--open[user] == 0) ready.push(user);
    }
  }
  if (order_.size() == count) return absl::OkStatus();
  const std::vector<NodeId> cycle = FindCycle(depends);
  return absl::InvalidArgumentError(absl::StrCat(
      At(cycle[0], ""), "these nodes wait for each other: ",
      absl::StrJoin(cycle, " -> ", [&](std::string* out, NodeId n) { out->append(s_.node(n).id); })));
}

absl::Status Planner::CountItems() {
  feeds_.resize(graph_.nodes.size());
  for (NodeId n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = s_.node(n);
    for (const Structure::Source& source : s_.sources(n)) {
      const View view = s_.Look(source.producer, s_.chain(n));
      if (view.selector >= 0) feeds_[s_.chain(n)[view.selector]].push_back({source.producer, view});
    }
    if (node.kind != NodeKind::kSource || node.source.single) continue;
    const auto it = facts_.source_items.find(node.id);
    if (it != facts_.source_items.end()) {
      counts_[n] = it->second;
    } else if (!node.source.list.empty()) {
      counts_[n] = static_cast<int64_t>(node.source.list.size());
    } else {
      return absl::FailedPreconditionError(
          absl::StrCat(At(n, "source"), "the number of its files is not known"));
    }
    if (counts_[n] < 1) return absl::InvalidArgumentError(absl::StrCat(At(n, "source"), "the list is empty"));
  }
  return absl::OkStatus();
}

absl::Status Planner::CountConstruct(NodeId n) {
  return s_.node(n).kind == NodeKind::kGather ? CountGather(n) : CountScatter(n);
}

absl::Status Planner::CountScatter(NodeId n) {
  const Node& node = s_.node(n);
  if (!node.scatter.grid.empty()) {
    const auto it = facts_.grid_chunks.find(node.id);
    if (it == facts_.grid_chunks.end()) {
      return absl::FailedPreconditionError(absl::StrCat(At(n, "scatter.grid"), "the number of chunks of '",
                                                        node.scatter.over, "' is not known"));
    }
    counts_[n] = it->second;
  } else if (node.scatter.over.empty()) {
    counts_[n] = node.scatter.count;
  }
  for (const Structure::Source& over : s_.over(n)) {
    const View view = s_.Look(over.producer, s_.chain(n));
    if (!node.scatter.grid.empty()) break;
    const int64_t count = ExtraCount(over.producer, view);
    if (counts_[n] != 0 && counts_[n] != count) {
      return absl::InvalidArgumentError(
          absl::StrCat(At(n, "scatter.over"), "'", s_.node(s_.over(n)[0].producer).id, "' has ", counts_[n],
                       " items, but '", s_.node(over.producer).id, "' has ", count));
    }
    counts_[n] = count;
  }
  if (counts_[n] < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(At(n, "scatter"), "expected at least 1 instance, got ", counts_[n]));
  }
  return absl::OkStatus();
}

absl::Status Planner::CountGather(NodeId n) {
  int64_t inputs = 0;
  NodeId first = kNoId;
  for (const Feed& feed : feeds_[n]) {
    const int64_t count = ExtraCount(feed.producer, feed.view);
    if (first != kNoId && count != inputs) {
      return absl::InvalidArgumentError(absl::StrCat(At(n, "gather"), "its children take ", inputs,
                                                     " instances of '", s_.node(first).id, "', but ", count,
                                                     " of '", s_.node(feed.producer).id, "'"));
    }
    inputs = count;
    first = feed.producer;
  }
  if (first == kNoId) return absl::InvalidArgumentError(absl::StrCat(At(n, "gather"), "nothing to gather"));
  const int64_t width = s_.node(n).gather.width;
  if (width < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(At(n, "gather.width"), "expected at least 0, got ", width));
  }
  counts_[n] = width == 0 ? 1 : inputs / width + (inputs % width != 0 ? 1 : 0);
  return absl::OkStatus();
}

absl::Status Planner::AddBlock(NodeId n) {
  Block block;
  block.node = n;
  for (NodeId construct : s_.chain(n)) block.axes.push_back({construct, counts_[construct]});
  const Node& node = s_.node(n);
  if (node.kind == NodeKind::kSource && !node.source.single) block.axes.push_back({n, counts_[n]});
  for (const Axis& axis : block.axes) block.instances = Times(block.instances, axis.count);
  CL_RETURN_IF_ERROR(SetPorts(block));
  for (const Structure::Source& source : s_.sources(n)) {
    CL_ASSIGN_OR_RETURN(Link link, MakeLink(n, source));
    block.links.push_back(link);
  }
  block_of_node_[n] = static_cast<uint32_t>(blocks_.size());
  blocks_.push_back(std::move(block));
  return absl::OkStatus();
}

absl::Status Planner::SetPorts(Block& block) const {
  const Node& node = s_.node(block.node);
  const auto it = facts_.ports.find(node.id);
  if (it != facts_.ports.end()) {
    block.ports = it->second;
  } else if (node.kind == NodeKind::kSource) {
    block.ports = {"data"};
  } else if (node.kind == NodeKind::kCommand) {
    block.ports = node.command.outputs;
  }
  if (node.kind == NodeKind::kSource && block.ports.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(At(block.node, "source"), "a source has one output"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Link> Planner::MakeLink(NodeId consumer, const Structure::Source& source) const {
  const absl::Span<const NodeId> chain = s_.chain(consumer);
  const Block& producer = blocks_[block_of_node_[source.producer]];
  const std::string field = absl::StrCat("inputs.", s_.node(consumer).inputs[source.input].port);
  Link link;
  link.port = source.input;
  link.producer = block_of_node_[source.producer];
  link.streaming = s_.node(source.producer).streaming;
  const auto port = std::find(producer.ports.begin(), producer.ports.end(), source.port);
  if (producer.ports.empty() || (!source.port.empty() && port == producer.ports.end())) {
    const std::string& id = s_.node(source.producer).id;
    if (producer.ports.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(At(consumer, field), "'", id, "' has no outputs"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        At(consumer, field), "'", id, "' has no output '", source.port,
        "'; it has: ", absl::StrJoin(producer.ports, ", "), DidYouMean(source.port, producer.ports)));
  }
  if (!source.port.empty()) link.producer_port = static_cast<uint32_t>(port - producer.ports.begin());

  const View view = s_.Look(source.producer, chain);
  link.outer_div = Product(chain.subspan(view.shared));
  link.block = link.width = ExtraCount(source.producer, view);
  if (view.selector >= 0) {
    const Node& selector = s_.node(chain[view.selector]);
    link.inner_div = Product(chain.subspan(view.selector + 1));
    link.per = counts_[chain[view.selector]];
    link.width = selector.kind == NodeKind::kScatter ? 1
                 : selector.gather.width > 0         ? std::min(selector.gather.width, link.block)
                                                     : link.block;
  }
  for (size_t a = 0; a < chain.size(); ++a) {
    const Node& scatter = s_.node(chain[a]);
    if (scatter.kind != NodeKind::kScatter || scatter.scatter.grid.empty()) continue;
    for (const Structure::Source& over : s_.over(chain[a])) {
      const std::string& over_port = over.port.empty() ? producer.ports[0] : over.port;
      if (over.producer == source.producer && over_port == producer.ports[link.producer_port]) {
        link.grid_axis = static_cast<int32_t>(a);
      }
    }
  }
  return link;
}

// Drop numbers, and the sizes before anything is allocated.
absl::Status Planner::Number(Layout& layout) const {
  int64_t drops = 0, edges = 0;
  for (Block& block : layout.blocks) {
    const bool app = s_.node(block.node).kind != NodeKind::kSource;
    const int64_t ports = static_cast<int64_t>(block.ports.size());
    if (app) block.first_app = static_cast<DropId>(drops);  // meaningless when too large: refused below
    block.first_data = static_cast<DropId>(Plus(drops, app ? block.instances : 0));
    drops = Plus(drops, Times(block.instances, ports + (app ? 1 : 0)));
    if (app) edges = Plus(edges, Times(block.instances, ports));
    // Over the pieces of one block the ranges add up to the block.
    for (const Link& link : block.links) edges = Plus(edges, Times(block.instances / link.per, link.block));
  }
  const int64_t limit = std::min<int64_t>(facts_.max_drops, int64_t{kNoId} - 1);
  if (drops > limit) {
    return absl::ResourceExhaustedError(absl::StrCat(Locate(graph_, nullptr, "nodes"),
                                                     "the graph unrolls to ", graph::Number(drops),
                                                     " drops; the limit is ", limit));
  }
  if (edges > int64_t{kNoId} - 1) {
    return absl::ResourceExhaustedError(absl::StrCat(Locate(graph_, nullptr, "nodes"),
                                                     "the graph unrolls to ", graph::Number(edges),
                                                     " edges; the limit is ", kNoId - 1));
  }
  const int64_t bytes = 12 * drops + 8 * edges;
  if (bytes > facts_.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(Locate(graph_, nullptr, "nodes"), "the graph unrolls to ", drops, " drops and ", edges,
                     " edges, ", FormatBytes(static_cast<double>(bytes)), "; the limit is ",
                     FormatBytes(static_cast<double>(facts_.max_bytes))));
  }
  layout.drops = static_cast<uint64_t>(drops);
  layout.edges = static_cast<uint64_t>(edges);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Layout> LayOut(const Graph& graph, const UnrollFacts& facts) {
  CL_ASSIGN_OR_RETURN(Structure structure, Structure::Make(graph));
  return Planner(graph, facts, std::move(structure)).Run();
}

}  // namespace cubeloom::graph
