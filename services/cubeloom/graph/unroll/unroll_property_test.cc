// The unroller against a naive reference on random small graphs. The reference works on index tuples, one
// drop at a time, straight from the words of unroll.h, and shares no code with the unroller.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "gtest/gtest.h"

namespace cubeloom::graph {
namespace {

using Tuple = std::vector<int64_t>;

class Reference {
 public:
  Reference(const Graph& graph, const UnrollFacts& facts) : graph_(graph), facts_(facts) {
    for (const Node& node : graph.nodes) {
      for (const auto& [from, to] : node.loop.carry) carried_to_.insert(ParseEndpoint(to)->node);
    }
    std::set<std::string> taken;
    for (const Node& node : graph.nodes) {
      if (node.kind != NodeKind::kData || node.inputs.empty() || node.inputs[0].from.size() != 1) continue;
      const Endpoint& from = node.inputs[0].from[0];
      const Node& producer = *graph.Find(from.node);
      if (producer.kind == NodeKind::kData || producer.in != node.in || from.port == kSelfPort) continue;
      if (from.iteration != Iteration::kDefault || carried_to_.count(node.id) > 0) continue;
      if (taken.insert(producer.id + ":" + Name(producer, from.port)).second) merged_.insert(node.id);
    }
  }

  // All edges as "from > to", sorted; a repeated edge stands repeatedly.
  std::vector<std::string> Edges() {
    std::vector<std::string> edges;
    for (const Node& node : graph_.nodes) {
      if (!HasDrops(node)) continue;
      for (const Tuple& at : Tuples(Counts(node))) AddEdges(node, at, edges);
    }
    std::sort(edges.begin(), edges.end());
    return edges;
  }

  std::set<std::string> Drops() {
    std::set<std::string> drops;
    for (const Node& node : graph_.nodes) {
      if (!HasDrops(node)) continue;
      for (const Tuple& at : Tuples(Counts(node))) {
        if (HasApp(node)) drops.insert(App(node, at));
        for (const std::string& port : Kept(node)) drops.insert(Data(node, port, at));
      }
    }
    return drops;
  }

 private:
  // One input endpoint of a node, merged data nodes replaced.
  struct Use {
    const Node* producer;
    std::string port;
    Iteration iteration = Iteration::kDefault;
    const Node* carrier = nullptr;
    std::string input;
  };
  using Chain = std::vector<const Node*>;

  static std::string Path(const Tuple& at) { return at.empty() ? "" : "/" + absl::StrJoin(at, "/"); }
  static std::string App(const Node& node, const Tuple& at) { return node.id + Path(at); }
  static std::string Data(const Node& node, const std::string& port, const Tuple& at) {
    return node.id + ":" + port + Path(at);
  }
  static bool HasApp(const Node& node) {
    return node.kind != NodeKind::kSource && node.kind != NodeKind::kData;
  }
  bool HasDrops(const Node& node) const { return !IsConstruct(node.kind) && merged_.count(node.id) == 0; }
  std::vector<std::string> Ports(const Node& node) const {
    if (!HasApp(node)) return {"data"};
    auto it = facts_.ports.find(node.id);
    return it == facts_.ports.end() ? std::vector<std::string>() : it->second;
  }
  std::string Name(const Node& node, const std::string& port) const {
    return port.empty() ? Ports(node)[0] : port;
  }
  Chain ChainOf(const Node& node) const {
    Chain chain;
    for (const Node* at = graph_.Find(node.in); at != nullptr; at = graph_.Find(at->in))
      chain.insert(chain.begin(), at);
    return chain;
  }
  static std::vector<Tuple> Tuples(const Tuple& counts) {
    std::vector<Tuple> tuples = {{}};
    for (int64_t count : counts) {
      std::vector<Tuple> longer;
      for (const Tuple& tuple : tuples) {
        for (int64_t i = 0; i < count; ++i) longer.push_back(tuple), longer.back().push_back(i);
      }
      tuples = std::move(longer);
    }
    return tuples;
  }
  static bool IsList(const Node& node) { return node.kind == NodeKind::kSource && !node.source.single; }

  Use MakeUse(const Endpoint& endpoint) const {
    Endpoint at = endpoint;
    while (merged_.count(at.node) > 0) at = graph_.Find(at.node)->inputs[0].from[0];
    const Node* producer = graph_.Find(at.node);
    return {producer, at.port == kSelfPort ? at.port : Name(*producer, at.port), endpoint.iteration, nullptr,
            ""};
  }
  std::vector<Use> Uses(const Node& node) const {
    std::vector<Use> uses;
    for (const Input& input : node.inputs) {
      for (const Endpoint& from : input.from) {
        uses.push_back(MakeUse(from));
        uses.back().input = input.port;
      }
    }
    for (const Node& loop : graph_.nodes) {
      for (const auto& [from, to] : loop.loop.carry) {
        if (ParseEndpoint(to)->node != node.id) continue;
        uses.push_back(MakeUse(*ParseEndpoint(from)));
        uses.back().carrier = &loop;
        uses.back().input = ParseEndpoint(to)->port;
      }
    }
    return uses;
  }
  bool Carries(const Node& loop, const Node& from) const {
    return std::any_of(loop.loop.carry.begin(), loop.loop.carry.end(), [&](const auto& carry) {
      return MakeUse(*ParseEndpoint(carry.first)).producer == &from;
    });
  }
  static bool CarriesTo(const Node& loop, const Node& to, const std::string& input) {
    return std::any_of(loop.loop.carry.begin(), loop.loop.carry.end(), [&](const auto& carry) {
      const Endpoint target = *ParseEndpoint(carry.second);
      return target.node == to.id && target.port == input;
    });
  }

  // Outputs with drops of their own: not those that only data nodes with own drops use.
  std::vector<std::string> Kept(const Node& node) const {
    std::vector<std::string> kept;
    for (const std::string& port : Ports(node)) {
      bool direct = false, used = false;
      for (const Node& user : graph_.nodes) {
        if (merged_.count(user.id) > 0 || user.kind == NodeKind::kBranch) {
          const Endpoint from =
              user.kind == NodeKind::kBranch ? *ParseEndpoint(user.branch.condition) : user.inputs[0].from[0];
          const Use use = MakeUse(from);
          used = used || (use.producer == &node && use.port == port);
          continue;
        }
        for (const Use& use : Uses(user)) {
          if (use.producer != &node || use.port != port) continue;
          (user.kind == NodeKind::kData && HasApp(node) ? direct : used) = true;
        }
      }
      if (used || !direct) kept.push_back(port);
    }
    return kept;
  }

  Tuple Counts(const Node& node) {
    Tuple counts;
    for (const Node* construct : ChainOf(node)) counts.push_back(Count(*construct));
    if (IsList(node)) counts.push_back(facts_.source_items.at(node.id));
    return counts;
  }

  bool Over(const Node& scatter, const Node& producer) const {
    const std::vector<Endpoint> over = ParseEndpoints(scatter.scatter.over).value_or(std::vector<Endpoint>());
    return std::any_of(over.begin(), over.end(),
                       [&](const Endpoint& e) { return MakeUse(e).producer == &producer; });
  }

  size_t Shared(const Chain& viewer, const Node& producer) const {
    const Chain own = ChainOf(producer);
    size_t shared = 0;
    while (shared < own.size() && shared < viewer.size() && own[shared] == viewer[shared]) ++shared;
    return shared;
  }
  size_t Steps(const Chain& viewer, const Use& use) const {
    const Chain own = ChainOf(*use.producer);
    const size_t shared = Shared(viewer, *use.producer);
    size_t at = shared;
    if (use.iteration != Iteration::kDefault || use.carrier != nullptr) return 0;
    while (at < own.size() && at < viewer.size() && own[at]->kind == NodeKind::kLoop &&
           viewer[at]->kind == NodeKind::kLoop) {
      ++at;
    }
    return at - shared;
  }
  Iteration Leaves(const Use& use, const Node& loop) const {
    if (use.iteration != Iteration::kDefault) return use.iteration;
    return Carries(loop, *use.producer) ? Iteration::kLast : Iteration::kAll;
  }

  // Positions of the producer's axes that vary for one viewer instance before anything is selected.
  std::vector<size_t> Free(const Chain& viewer, const Use& use) const {
    const Chain own = ChainOf(*use.producer);
    std::vector<size_t> free;
    for (size_t i = Shared(viewer, *use.producer) + Steps(viewer, use); i < own.size(); ++i) {
      if (own[i]->kind == NodeKind::kBranch) continue;
      if (own[i]->kind == NodeKind::kLoop && Leaves(use, *own[i]) != Iteration::kAll) continue;
      free.push_back(i);
    }
    if (IsList(*use.producer)) free.push_back(own.size());
    return free;
  }

  // What the construct at `a` of the viewer's chain takes of `remaining`; removes it there.
  std::vector<size_t> Pick(const Chain& viewer, size_t a, const Use& use,
                           std::vector<size_t>& remaining) const {
    const Node& construct = *viewer[a];
    if (construct.kind == NodeKind::kGather || construct.kind == NodeKind::kMkn ||
        (construct.kind == NodeKind::kScatter && Over(construct, *use.producer))) {
      return std::exchange(remaining, {});
    }
    std::vector<size_t> picks;
    if (construct.kind != NodeKind::kGroupBy) return picks;
    const Chain own = ChainOf(*use.producer);
    for (const std::string& key : construct.group_by.keys) {
      for (size_t i : remaining) {
        if (i < own.size() && own[i]->id == key) picks.push_back(i);
      }
    }
    for (size_t i : remaining) {  // no keys: the last scatter wins
      if (!construct.group_by.keys.empty()) break;
      if (i < own.size() && own[i]->kind != NodeKind::kScatter && own[i]->kind != NodeKind::kRankGroup)
        continue;
      picks = {i};
    }
    for (size_t pick : picks) remaining.erase(std::find(remaining.begin(), remaining.end(), pick));
    return picks;
  }

  int64_t Product(const Node& producer, const std::vector<size_t>& axes) {
    const Tuple counts = Counts(producer);
    int64_t product = 1;
    for (size_t i : axes) product *= counts[i];
    return product;
  }
  int64_t Copies(const Node& producer, const std::vector<size_t>& axes) const {
    int64_t copies = 1;
    const Chain own = ChainOf(producer);
    for (size_t i : axes) copies *= i < own.size() && own[i]->kind == NodeKind::kMkn ? own[i]->mkn.n : 1;
    return copies;
  }

  int64_t Count(const Node& construct) {
    switch (construct.kind) {
      case NodeKind::kLoop:
        return construct.loop.count;
      case NodeKind::kMkn:
        return construct.mkn.k;
      case NodeKind::kRankGroup:
        return construct.rank_group.ranks;
      case NodeKind::kBranch:
        return 1;
      default:
        break;
    }
    if (construct.kind == NodeKind::kScatter) {
      if (construct.scatter.over.empty()) return construct.scatter.count;
      const Use over = MakeUse(ParseEndpoints(construct.scatter.over).value()[0]);
      const std::vector<size_t> free = Free(ChainOf(construct), over);
      return Product(*over.producer, free) * Copies(*over.producer, free);
    }
    for (const Node& node : graph_.nodes) {  // a gather or group-by: the first edge that it takes from tells
      if (!HasDrops(node)) continue;
      const Chain chain = ChainOf(node);
      for (const Use& use : Uses(node)) {
        std::vector<size_t> remaining = Free(chain, use);
        for (size_t a = Shared(chain, *use.producer) + Steps(chain, use); a < chain.size(); ++a) {
          const std::vector<size_t> picks = Pick(chain, a, use, remaining);
          if (chain[a] != &construct || picks.empty()) continue;
          const int64_t count = Product(*use.producer, picks);
          if (construct.kind == NodeKind::kGroupBy || construct.gather.width == 0)
            return construct.kind == NodeKind::kGroupBy ? count : 1;
          return (count + construct.gather.width - 1) / construct.gather.width;
        }
      }
    }
    return 0;
  }

  void AddEdges(const Node& node, const Tuple& at, std::vector<std::string>& edges) {
    if (node.kind == NodeKind::kSource) return;
    const std::string me = HasApp(node) ? App(node, at) : Data(node, "data", at);
    if (HasApp(node)) {
      for (const std::string& port : Kept(node))
        edges.push_back(absl::StrCat(me, " > ", Data(node, port, at)));
    }
    const auto add = [&](const Use& use, bool control) {
      const bool app =
          use.port == kSelfPort || (node.kind == NodeKind::kData && HasApp(*use.producer) && !control);
      for (const Tuple& item : Taken(node, at, use)) {
        edges.push_back(
            absl::StrCat(app ? App(*use.producer, item) : Data(*use.producer, use.port, item), " > ", me));
      }
    };
    for (const Use& use : Uses(node)) add(use, false);
    for (const Node* construct : ChainOf(node)) {
      if (construct->kind == NodeKind::kBranch)
        add(MakeUse(*ParseEndpoint(construct->branch.condition)), true);
    }
  }

  static bool At(Iteration iteration, int64_t index, int64_t count) {
    return iteration == Iteration::kAll || index == (iteration == Iteration::kFirst ? 0 : count - 1);
  }

  // Whether the loops that the edge enters let it reach the consumer instance `at`.
  bool Enters(const Node& consumer, const Tuple& at, const Use& use) {
    const Chain chain = ChainOf(consumer), own = ChainOf(*use.producer);
    const size_t shared = Shared(chain, *use.producer);
    bool leaves = false;
    for (size_t i = shared; i < own.size(); ++i) leaves = leaves || own[i]->kind == NodeKind::kLoop;
    for (size_t a = shared; a < chain.size(); ++a) {
      if (chain[a]->kind != NodeKind::kLoop) continue;
      Iteration entry = CarriesTo(*chain[a], consumer, use.input) ? Iteration::kFirst : Iteration::kAll;
      if (!leaves && use.iteration != Iteration::kDefault) entry = use.iteration;
      if (!At(entry, at[a], Count(*chain[a]))) return false;
    }
    return true;
  }

  // The producer's instances that one consumer instance takes.
  std::vector<Tuple> Taken(const Node& consumer, const Tuple& at, const Use& use) {
    const Chain chain = ChainOf(consumer), own = ChainOf(*use.producer);
    const size_t shared = Shared(chain, *use.producer), same = shared + Steps(chain, use);
    if (!Enters(consumer, at, use)) return {};
    const Tuple counts = Counts(*use.producer);
    std::vector<Tuple> taken;
    for (const Tuple& item : Tuples(counts)) {
      bool fits = true;
      for (size_t i = 0; i < own.size(); ++i) {
        if (i < same) {
          fits = fits && item[i] == at[i] - (own[i] == use.carrier ? 1 : 0);
        } else if (own[i]->kind == NodeKind::kLoop) {
          fits = fits && At(Leaves(use, *own[i]), item[i], counts[i]);
        }
      }
      if (fits) taken.push_back(item);
    }
    std::vector<size_t> remaining = Free(chain, use);
    for (size_t a = same; a < chain.size() && !remaining.empty(); ++a) {
      const std::vector<size_t> picks = Pick(chain, a, use, remaining);
      if (!picks.empty()) taken = Selected(*chain[a], at[a], *use.producer, picks, taken);
    }
    return taken;
  }

  std::vector<Tuple> Selected(const Node& construct, int64_t index, const Node& producer,
                              const std::vector<size_t>& picks, const std::vector<Tuple>& from) {
    std::vector<Tuple> selected;
    const Tuple counts = Counts(producer);
    for (const Tuple& item : from) {
      int64_t number = 0;  // of the item among the picked axes
      for (size_t pick : picks) number = number * counts[pick] + item[pick];
      if (construct.kind == NodeKind::kGather && construct.gather.width > 0) number /= construct.gather.width;
      if (construct.kind == NodeKind::kGather && construct.gather.width == 0) number = 0;
      if (construct.kind == NodeKind::kMkn) number /= construct.mkn.m;
      const bool scatter = construct.kind == NodeKind::kScatter;
      if (number == (scatter ? index / Copies(producer, picks) : index)) selected.push_back(item);
    }
    return selected;
  }

  const Graph& graph_;
  const UnrollFacts& facts_;
  std::set<std::string> carried_to_, merged_;
};

// A small linear congruential generator (Knuth's MMIX constants): the same graphs on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2654435761u + 1) {}
  int64_t Below(int64_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int64_t>((state_ >> 33) % static_cast<uint64_t>(n));
  }
  bool Chance(int percent) { return Below(100) < percent; }

 private:
  uint64_t state_;
};

struct Example {
  Graph graph;
  UnrollFacts facts;
  bool loops = false;
};

Endpoint AnyProducer(Random& random, const Example& example) {
  const Node& node = example.graph.nodes[static_cast<size_t>(random.Below(example.graph.nodes.size()))];
  Endpoint endpoint{node.id, ""};
  if (node.kind == NodeKind::kKernel && random.Chance(30)) endpoint.port = "second";
  if (node.kind == NodeKind::kKernel && random.Chance(4)) endpoint.port = kSelfPort;
  if (example.loops && random.Chance(10)) endpoint.iteration = static_cast<Iteration>(1 + random.Below(3));
  return endpoint;
}

std::string AnyConstruct(Random& random, const Example& example) {
  std::vector<std::string> ids = {"", ""};
  for (const Node& node : example.graph.nodes) {
    if (IsConstruct(node.kind)) ids.push_back(node.id);
  }
  return ids[static_cast<size_t>(random.Below(static_cast<int64_t>(ids.size())))];
}

void FillConstruct(Random& random, const Example& example, Node& node) {
  switch (random.Below(13)) {
    case 0:
    case 1:
    case 2:
      node.kind = NodeKind::kGather;
      node.gather.width = random.Below(4);
      return;
    case 3:
    case 4:
      node.kind = NodeKind::kGroupBy;
      for (const Node& key : example.graph.nodes) {
        if (key.kind == NodeKind::kScatter && random.Chance(25)) node.group_by.keys.push_back(key.id);
      }
      return;
    case 5:
    case 6:
      node.kind = NodeKind::kLoop;
      node.loop.count = 1 + random.Below(3);
      return;
    case 7:
      node.kind = NodeKind::kMkn;
      node.mkn = {1 + random.Below(2), 1 + random.Below(3), 1 + random.Below(2)};
      return;
    case 8:
      node.kind = random.Chance(50) ? NodeKind::kRankGroup : NodeKind::kBranch;
      node.rank_group.ranks = 1 + random.Below(3);
      node.branch.condition = AnyProducer(random, example).node;
      return;
    default:
      node.kind = NodeKind::kScatter;
      if (random.Chance(30)) {
        node.scatter.over = AnyProducer(random, example).node;
      } else {
        node.scatter.count = 1 + random.Below(3);
      }
      return;
  }
}

void AddConstruct(Random& random, Example& example, const std::string& id) {
  Node node;
  node.id = id;
  node.in = AnyConstruct(random, example);
  FillConstruct(random, example, node);
  example.loops = example.loops || node.kind == NodeKind::kLoop;
  example.graph.nodes.push_back(node);
}

void AddData(Random& random, Example& example, const std::string& id) {
  Node node;
  node.id = id;
  node.in = AnyConstruct(random, example);
  node.kind = NodeKind::kData;
  const Endpoint from = AnyProducer(random, example);
  if (random.Chance(60)) node.in = example.graph.Find(from.node)->in;
  if (random.Chance(85)) node.inputs.push_back({"data", {from}});
  if (random.Chance(15) && !node.inputs.empty()) node.inputs[0].from.push_back(AnyProducer(random, example));
  example.graph.nodes.push_back(node);
}

bool IsInside(const Graph& graph, const Node& node, const std::string& construct) {
  for (const Node* at = &node; at != nullptr; at = graph.Find(at->in)) {
    if (at->in == construct) return true;
  }
  return false;
}

// Carries between nodes inside each loop, to inputs that have links of their own or not.
void AddCarries(Random& random, Example& example) {
  Graph& graph = example.graph;
  for (Node& loop : graph.nodes) {
    if (loop.kind != NodeKind::kLoop) continue;
    std::vector<const Node*> inside;
    for (const Node& node : graph.nodes) {
      const bool works = node.kind == NodeKind::kKernel || node.kind == NodeKind::kData;
      if (works && IsInside(graph, node, loop.id)) inside.push_back(&node);
    }
    for (int64_t i = random.Below(3); i > 0 && !inside.empty(); --i) {
      const auto any = [&] {
        return inside[static_cast<size_t>(random.Below(static_cast<int64_t>(inside.size())))];
      };
      const Node& to = *any();
      loop.loop.carry.emplace_back(any()->id, to.id + (to.kind == NodeKind::kData ? ":data" : ":p0"));
    }
  }
}

void AddKernel(Random& random, Example& example, const std::string& id) {
  Node node;
  node.id = id;
  node.in = AnyConstruct(random, example);
  node.kernel = "k";
  for (int64_t i = random.Below(3); i >= 0; --i) {
    Input input{absl::StrCat("p", i), {AnyProducer(random, example)}};
    if (random.Chance(20)) input.from.push_back(AnyProducer(random, example));
    node.inputs.push_back(std::move(input));
  }
  example.facts.ports[id] = {"first", "second"};
  example.graph.nodes.push_back(node);
}

Example Make(uint64_t seed) {
  Random random(seed);
  Example example;
  Node list;
  list.id = "list";
  list.kind = NodeKind::kSource;
  list.source.uri = "*";
  Node single = list;
  single.id = "single";
  single.source.single = true;
  example.graph.nodes = {list, single};
  example.facts.source_items["list"] = 1 + random.Below(5);
  const int64_t size = 3 + random.Below(10);
  for (int64_t i = 0; i < size; ++i) {
    const std::string id = absl::StrCat("n", i);
    if (random.Chance(35)) {
      AddConstruct(random, example, id);
    } else {
      random.Chance(20) ? AddData(random, example, id) : AddKernel(random, example, id);
    }
  }
  // Constructs without children come from the lottery of `in`; give each a last one.
  for (size_t n = 0, count = example.graph.nodes.size(); n < count; ++n) {
    const std::string id = example.graph.nodes[n].id;
    const bool used = std::any_of(example.graph.nodes.begin(), example.graph.nodes.end(),
                                  [&](const Node& node) { return node.in == id; });
    if (!IsConstruct(example.graph.nodes[n].kind) || used) continue;
    AddKernel(random, example, "last-" + id);
    example.graph.nodes.back().in = id;
  }
  AddCarries(random, example);
  return example;
}

void Compare(const Example& example, const PhysicalGraph& g, uint64_t seed) {
  Reference reference(example.graph, example.facts);
  std::vector<std::string> edges, back;
  std::set<std::string> drops;
  for (DropId d = 0; d < g.drops(); ++d) {
    drops.insert(g.ExternalId(d));
    for (DropId to : g.successors(d)) edges.push_back(absl::StrCat(g.ExternalId(d), " > ", g.ExternalId(to)));
    for (DropId from : g.predecessors(d))
      back.push_back(absl::StrCat(g.ExternalId(from), " > ", g.ExternalId(d)));
    ASSERT_TRUE(std::is_sorted(g.successors(d).begin(), g.successors(d).end())) << "seed " << seed;
  }
  std::sort(edges.begin(), edges.end());
  std::sort(back.begin(), back.end());
  ASSERT_EQ(drops.size(), g.drops()) << "seed " << seed;
  ASSERT_EQ(drops, reference.Drops()) << "seed " << seed;
  ASSERT_EQ(edges, reference.Edges()) << "seed " << seed;
  ASSERT_EQ(back, edges) << "seed " << seed;
}

TEST(UnrollPropertyTest, EqualsTheNaiveReferenceOnRandomGraphs) {
  int compared = 0, with_loops = 0;
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    Example example = Make(seed);
    if (!CheckStructure(example.graph).ok()) continue;
    example.facts.max_drops = 3000;
    const absl::StatusOr<PhysicalGraph> g = Unroll(example.graph, example.facts);
    if (!g.ok()) {
      // Only what counts alone can tell: unequal feeds, or too large.
      const std::string text(g.status().message());
      bool known = g.status().code() == absl::StatusCode::kResourceExhausted;
      for (const char* words : {"its children take", "run in step here", "takes m * k", "not adjacent",
                                "are taken here", "nothing to g"}) {
        known = known || text.find(words) != std::string::npos;
      }
      ASSERT_TRUE(known) << "seed " << seed << ": " << g.status();
      continue;
    }
    if (g->edges() > 20000) continue;
    Compare(example, *g, seed);
    if (HasFatalFailure()) return;
    ++compared;
    with_loops += example.loops ? 1 : 0;
  }
  EXPECT_GT(compared, 1500);
  EXPECT_GT(with_loops, 100);
}

}  // namespace
}  // namespace cubeloom::graph
