#include "cubeloom/graph/unroll/layout.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"

namespace cubeloom::graph {
namespace {

class Planner {
 public:
  Planner(const Graph& graph, const UnrollFacts& facts, const Structure& structure)
      : graph_(graph), facts_(facts), s_(structure), c_{graph, structure, {}} {
    c_.counts.assign(graph.nodes.size(), 0);
  }

  absl::StatusOr<Layout> Run();

 private:
  absl::Status Order();
  absl::Status CountItems();
  void CollectFeeds(NodeId n, absl::Span<const Structure::Source> sources);
  absl::Status CountConstruct(NodeId n);
  absl::Status CountScatter(NodeId n);
  absl::Status CountFed(NodeId n);
  absl::Status SetPorts();
  absl::Status DropUnusedPorts();
  absl::Status AddBlock(NodeId n);
  absl::Status AddLinks(NodeId n);
  absl::StatusOr<Link> MakeLink(NodeId consumer, const Structure::Source& source) const;
  absl::StatusOr<std::string> PortName(NodeId consumer, const Structure::Source& source) const;
  int32_t GridAxis(NodeId consumer, const Structure::Source& source, const std::string& port) const;

  bool HasApp(NodeId n) const {
    return s_.node(n).kind != NodeKind::kSource && s_.node(n).kind != NodeKind::kData;
  }

  const Graph& graph_;
  const UnrollFacts& facts_;
  const Structure& s_;
  Counts c_;
  std::vector<NodeId> order_;  // all nodes, dependencies first, ties by file order
  // Per gather and group-by: what its children take from outside, and which of those axes it selects.
  struct Feed {
    NodeId producer;
    std::vector<int> picks;
  };
  std::vector<std::vector<Feed>> feeds_;
  std::vector<std::vector<std::string>> ports_;            // per node, all of its outputs
  std::set<std::pair<NodeId, std::string>> fed_directly_;  // outputs that have no data drops of their own
  std::vector<uint32_t> block_of_node_;
  std::vector<Block> blocks_;
};

absl::StatusOr<Layout> Planner::Run() {
  CL_RETURN_IF_ERROR(Order());
  CL_RETURN_IF_ERROR(CountItems());
  for (NodeId n : order_) {
    if (IsConstruct(s_.node(n).kind)) CL_RETURN_IF_ERROR(CountConstruct(n));
  }
  CL_RETURN_IF_ERROR(SetPorts());
  CL_RETURN_IF_ERROR(DropUnusedPorts());
  block_of_node_.assign(graph_.nodes.size(), kNoId);
  for (NodeId n : order_) {
    if (s_.HasBlock(n)) CL_RETURN_IF_ERROR(AddBlock(n));
  }
  for (const Block& block : blocks_) CL_RETURN_IF_ERROR(AddLinks(block.node));
  AddBatchLinks(c_, block_of_node_, blocks_);
  Layout layout;
  layout.blocks = std::move(blocks_);
  CL_RETURN_IF_ERROR(NumberDrops(graph_, facts_, layout));
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
      c_.At(cycle[0], ""), "these nodes wait for each other: ",
      absl::StrJoin(cycle, " -> ", [&](std::string* out, NodeId n) { out->append(s_.node(n).id); })));
}

void Planner::CollectFeeds(NodeId n, absl::Span<const Structure::Source> sources) {
  for (const Structure::Source& source : sources) {
    for (Selection& selection : s_.Look(source, s_.chain(n)).selections) {
      feeds_[s_.chain(n)[static_cast<size_t>(selection.at)]].push_back(
          {source.producer, std::move(selection.picks)});
    }
  }
}

absl::Status Planner::CountItems() {
  feeds_.resize(graph_.nodes.size());
  for (NodeId n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = s_.node(n);
    if (s_.HasBlock(n)) {
      CollectFeeds(n, s_.sources(n));
      CollectFeeds(n, s_.carries(n));
    }
    if (node.kind != NodeKind::kSource || node.source.single) continue;
    const auto it = facts_.source_items.find(node.id);
    int64_t& count = c_.counts[n];
    if (it != facts_.source_items.end()) {
      count = it->second;
    } else if (!node.source.list.empty()) {
      count = static_cast<int64_t>(node.source.list.size());
    } else {
      return absl::FailedPreconditionError(
          absl::StrCat(c_.At(n, "source"), "the number of its files is not known"));
    }
    if (count < 1) return absl::InvalidArgumentError(absl::StrCat(c_.At(n, "source"), "the list is empty"));
  }
  return absl::OkStatus();
}

absl::Status Planner::CountConstruct(NodeId n) {
  const Node& node = s_.node(n);
  int64_t& count = c_.counts[n];
  switch (node.kind) {
    case NodeKind::kScatter:
      return CountScatter(n);
    case NodeKind::kGather:
    case NodeKind::kGroupBy:
      return CountFed(n);
    case NodeKind::kLoop:
      count = node.loop.count;
      break;
    case NodeKind::kMkn:
      count = node.mkn.m > 0 && node.mkn.n > 0 ? node.mkn.k : 0;
      break;
    case NodeKind::kRankGroup:
      count = node.rank_group.ranks;
      break;
    default:
      count = 1;
      break;
  }
  if (count >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(c_.At(n, NodeKindName(node.kind)), "expected counts of at least 1, got ", count));
}

absl::Status Planner::CountScatter(NodeId n) {
  const Node& node = s_.node(n);
  int64_t& count = c_.counts[n];
  if (!node.scatter.grid.empty()) {
    const auto it = facts_.grid_chunks.find(node.id);
    if (it == facts_.grid_chunks.end()) {
      return absl::FailedPreconditionError(absl::StrCat(c_.At(n, "scatter.grid"), "the number of chunks of '",
                                                        node.scatter.over, "' is not known"));
    }
    count = it->second;
  } else if (node.scatter.over.empty()) {
    count = node.scatter.count;
  }
  for (const Structure::Source& over : s_.over(n)) {
    if (!node.scatter.grid.empty()) break;
    const int64_t items = c_.ScatterCount(over.producer, s_.Look(over, s_.chain(n)).free);
    if (count != 0 && count != items) {
      return absl::InvalidArgumentError(
          absl::StrCat(c_.At(n, "scatter.over"), "'", s_.node(s_.over(n)[0].producer).id, "' has ", count,
                       " items, but '", s_.node(over.producer).id, "' has ", items));
    }
    count = items;
  }
  if (count < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(c_.At(n, "scatter"), "expected at least 1 instance, got ", count));
  }
  return absl::OkStatus();
}

// A gather or a group-by: as many as its children's inputs from outside make.
absl::Status Planner::CountFed(NodeId n) {
  const Node& node = s_.node(n);
  const bool gather = node.kind == NodeKind::kGather;
  const char* field = gather ? "gather" : "groupBy";
  int64_t inputs = 0;
  NodeId first = kNoId;
  for (const Feed& feed : feeds_[n]) {
    const std::string& id = s_.node(feed.producer).id;
    if (!gather && feed.picks.size() != std::max<size_t>(1, node.group_by.keys.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat(c_.At(n, field), "its children take '", id, "', which ",
                       node.group_by.keys.empty() ? std::string("no scatter encloses there")
                                                  : absl::StrCat("not all of the keys enclose there: ",
                                                                 absl::StrJoin(node.group_by.keys, ", "))));
    }
    const int64_t count = c_.Product(feed.producer, feed.picks);
    if (first != kNoId && count != inputs) {
      return absl::InvalidArgumentError(absl::StrCat(c_.At(n, field), "its children take ", inputs,
                                                     gather ? " instances" : " groups", " of '",
                                                     s_.node(first).id, "', but ", count, " of '", id, "'"));
    }
    inputs = count;
    first = feed.producer;
  }
  if (first == kNoId) {
    return absl::InvalidArgumentError(
        absl::StrCat(c_.At(n, field), gather ? "nothing to gather" : "nothing to group"));
  }
  const int64_t width = gather ? node.gather.width : 1;
  if (width < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(c_.At(n, "gather.width"), "expected at least 0, got ", width));
  }
  c_.counts[n] = width == 0 ? 1 : inputs / width + (inputs % width != 0 ? 1 : 0);
  return absl::OkStatus();
}

absl::Status Planner::SetPorts() {
  ports_.resize(graph_.nodes.size());
  for (NodeId n = 0; n < ports_.size(); ++n) {
    const Node& node = s_.node(n);
    const auto it = facts_.ports.find(node.id);
    if (node.kind != NodeKind::kData && it != facts_.ports.end()) {
      ports_[n] = it->second;
    } else if (node.kind == NodeKind::kData || node.kind == NodeKind::kSource) {
      ports_[n] = {"data"};
    } else if (node.kind == NodeKind::kCommand) {
      ports_[n] = node.command.outputs;
    }
    if (node.kind == NodeKind::kSource && ports_[n].size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat(c_.At(n, "source"), "a source has one output"));
    }
  }
  return absl::OkStatus();
}

// Outputs that only data blocks use have no drops of their own.
absl::Status Planner::DropUnusedPorts() {
  std::set<std::pair<NodeId, std::string>> used;
  const auto use = [&](NodeId n, absl::Span<const Structure::Source> sources) -> absl::Status {
    for (const Structure::Source& source : sources) {
      CL_ASSIGN_OR_RETURN(std::string port, PortName(n, source));
      const bool data = s_.node(n).kind == NodeKind::kData && HasApp(source.producer);
      (data ? fed_directly_ : used).emplace(source.producer, std::move(port));
    }
    return absl::OkStatus();
  };
  for (NodeId n = 0; n < graph_.nodes.size(); ++n) {
    if (s_.node(n).kind == NodeKind::kBranch) CL_RETURN_IF_ERROR(use(n, {s_.condition(n), 1}));
    if (!s_.HasBlock(n)) continue;
    CL_RETURN_IF_ERROR(use(n, s_.sources(n)));
    CL_RETURN_IF_ERROR(use(n, s_.carries(n)));
  }
  for (NodeId n = 0; n < graph_.nodes.size(); ++n) {  // a data node merged into the port keeps it
    if (!s_.IsMerged(n)) continue;
    for (const Structure::Source& source : s_.sources(n)) {
      CL_ASSIGN_OR_RETURN(std::string port, PortName(n, source));
      used.emplace(source.producer, std::move(port));
    }
  }
  for (const auto& port : used) fed_directly_.erase(port);
  for (NodeId n = 0; n < graph_.nodes.size(); ++n) {
    if (s_.node(n).labels.count(kForeignId) == 0 || !HasApp(n)) continue;
    for (const std::string& port : ports_[n]) {
      if (used.count({n, port}) == 0) fed_directly_.emplace(n, port);
    }
  }
  return absl::OkStatus();
}

absl::Status Planner::AddBlock(NodeId n) {
  Block block;
  block.node = n;
  for (NodeId construct : s_.chain(n)) {
    block.axes.push_back({construct, c_.counts[construct]});
    block.gang = block.gang || s_.node(construct).kind == NodeKind::kRankGroup;
  }
  const Node& node = s_.node(n);
  if (node.kind == NodeKind::kSource && !node.source.single) block.axes.push_back({n, c_.counts[n]});
  for (const Axis& axis : block.axes) block.instances = SaturatedProduct(block.instances, axis.count);
  for (const std::string& port : ports_[n]) {
    if (fed_directly_.count({n, port}) == 0) block.ports.push_back(port);
  }
  block_of_node_[n] = static_cast<uint32_t>(blocks_.size());
  blocks_.push_back(std::move(block));
  return absl::OkStatus();
}

absl::Status Planner::AddLinks(NodeId n) {
  std::vector<Link>& links = blocks_[block_of_node_[n]].links;
  for (absl::Span<const Structure::Source> sources : {s_.sources(n), s_.carries(n)}) {
    for (const Structure::Source& source : sources) {
      CL_ASSIGN_OR_RETURN(Link link, MakeLink(n, source));
      links.push_back(std::move(link));
    }
  }
  std::stable_sort(links.begin(), links.end(), [](const Link& a, const Link& b) { return a.port < b.port; });
  if (s_.node(n).kind == NodeKind::kSource) return absl::OkStatus();
  for (NodeId construct : s_.chain(n)) {
    if (s_.condition(construct) == nullptr) continue;
    CL_ASSIGN_OR_RETURN(Link link, MakeLink(n, *s_.condition(construct)));
    links.push_back(std::move(link));
  }
  return absl::OkStatus();
}

// The output that `source` means; kSelfPort for the app drop.
absl::StatusOr<std::string> Planner::PortName(NodeId consumer, const Structure::Source& source) const {
  const std::vector<std::string>& ports = ports_[source.producer];
  const Node& producer = s_.node(source.producer);
  const Node& user = s_.node(consumer);
  if (source.port == kSelfPort && HasApp(source.producer)) return source.port;
  if (!source.port.empty() && std::find(ports.begin(), ports.end(), source.port) != ports.end())
    return source.port;
  if (source.port.empty() && !ports.empty()) return ports[0];
  // A data block is fed by the app drop itself, so a producer of unknown outputs will do.
  if (ports.empty() && user.kind == NodeKind::kData && HasApp(source.producer)) return std::string(kSelfPort);
  const std::string field = user.kind == NodeKind::kBranch ? "branch.condition"
                            : source.carrier != kNoId      ? "loop.carry"
                            : source.input < user.inputs.size()
                                ? absl::StrCat("inputs.", user.inputs[source.input].port)
                                : "inputs";
  if (ports.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(c_.At(consumer, field), "'", producer.id, "' has no outputs"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(c_.At(consumer, field), "'", producer.id, "' has no output '", source.port,
                   "'; it has: ", absl::StrJoin(ports, ", "), DidYouMean(source.port, ports)));
}

absl::StatusOr<Link> Planner::MakeLink(NodeId consumer, const Structure::Source& source) const {
  const Block& producer = blocks_[block_of_node_[source.producer]];
  Link link;
  link.port = source.input;  // kNoInput is kNoPort: a condition
  link.producer = block_of_node_[source.producer];
  link.streaming = s_.node(source.producer).streaming && source.input != kNoInput;
  link.carry = source.carrier != kNoId;
  CL_ASSIGN_OR_RETURN(const std::string port, PortName(consumer, source));
  const bool direct =
      s_.node(consumer).kind == NodeKind::kData && HasApp(source.producer) && source.input != kNoInput;
  if (direct || port == kSelfPort) {
    link.producer_port = kSelf;
  } else {
    const auto at = std::find(producer.ports.begin(), producer.ports.end(), port);
    link.producer_port = static_cast<uint32_t>(at - producer.ports.begin());
    link.grid_axis = GridAxis(consumer, source, port);
  }
  CL_ASSIGN_OR_RETURN(link.digits, MakeDigits(c_, consumer, source));
  return link;
}

int32_t Planner::GridAxis(NodeId consumer, const Structure::Source& source, const std::string& port) const {
  const absl::Span<const NodeId> chain = s_.chain(consumer);
  int32_t axis = -1;
  for (size_t a = 0; a < chain.size() && source.input != kNoInput; ++a) {
    if (s_.node(chain[a]).kind != NodeKind::kScatter || s_.node(chain[a]).scatter.grid.empty()) continue;
    for (const Structure::Source& over : s_.over(chain[a])) {
      const std::string& over_port = over.port.empty() ? ports_[source.producer][0] : over.port;
      if (over.producer == source.producer && over_port == port) axis = static_cast<int32_t>(a);
    }
  }
  return axis;
}

std::string NumberText(int64_t n) { return n == INT64_MAX ? "more than 9.2e18" : absl::StrCat(n); }

}  // namespace

int64_t SaturatedProduct(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

int64_t SaturatedSum(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

absl::Status NumberDrops(const Graph& graph, const UnrollFacts& facts, Layout& layout) {
  int64_t drops = 0, edges = 0;
  for (Block& block : layout.blocks) {
    const NodeKind kind = graph.nodes[block.node].kind;
    const bool app = kind != NodeKind::kSource && kind != NodeKind::kData;
    const auto ports = static_cast<int64_t>(block.ports.size());
    if (app) block.first_app = static_cast<DropId>(drops);  // meaningless when too large: refused below
    block.first_data = static_cast<DropId>(SaturatedSum(drops, app ? block.instances : 0));
    drops = SaturatedSum(drops, SaturatedProduct(block.instances, ports + (app ? 1 : 0)));
    if (app) edges = SaturatedSum(edges, SaturatedProduct(block.instances, ports));
    for (const Link& link : block.links) edges = SaturatedSum(edges, link.Total(block.instances));
  }
  const int64_t limit = std::min<int64_t>(facts.max_drops, int64_t{kNoId} - 1);
  if (drops > limit) {
    return absl::ResourceExhaustedError(absl::StrCat(Locate(graph, nullptr, "nodes"), "the graph unrolls to ",
                                                     NumberText(drops), " drops; the limit is ", limit));
  }
  if (edges > int64_t{kNoId} - 1) {
    return absl::ResourceExhaustedError(absl::StrCat(Locate(graph, nullptr, "nodes"), "the graph unrolls to ",
                                                     NumberText(edges), " edges; the limit is ", kNoId - 1));
  }
  const int64_t bytes = 12 * drops + 8 * edges;
  if (bytes > facts.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(Locate(graph, nullptr, "nodes"), "the graph unrolls to ", drops, " drops and ", edges,
                     " edges, ", FormatBytes(static_cast<double>(bytes)), "; the limit is ",
                     FormatBytes(static_cast<double>(facts.max_bytes))));
  }
  layout.drops = static_cast<uint64_t>(drops);
  layout.edges = static_cast<uint64_t>(edges);
  return absl::OkStatus();
}

absl::StatusOr<Layout> LayOut(const Graph& graph, const UnrollFacts& facts) {
  CL_ASSIGN_OR_RETURN(const Structure structure, Structure::Make(graph));
  return Planner(graph, facts, structure).Run();
}

}  // namespace cubeloom::graph
