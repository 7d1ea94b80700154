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
  Reference(const Graph& graph, const UnrollFacts& facts) : graph_(graph), facts_(facts) {}

  // All edges as "from > to", sorted; a repeated edge stands repeatedly.
  std::vector<std::string> Edges() {
    std::vector<std::string> edges;
    for (const Node& node : graph_.nodes) {
      if (IsConstruct(node.kind)) continue;
      for (const Tuple& at : Tuples(Counts(node))) AddEdges(node, at, edges);
    }
    std::sort(edges.begin(), edges.end());
    return edges;
  }

  std::set<std::string> Drops() {
    std::set<std::string> drops;
    for (const Node& node : graph_.nodes) {
      if (IsConstruct(node.kind)) continue;
      for (const Tuple& at : Tuples(Counts(node))) {
        if (node.kind != NodeKind::kSource) drops.insert(App(node, at));
        for (const std::string& port : Ports(node)) drops.insert(Data(node, port, at));
      }
    }
    return drops;
  }

 private:
  static std::string Path(const Tuple& at) { return at.empty() ? "" : "/" + absl::StrJoin(at, "/"); }
  static std::string App(const Node& node, const Tuple& at) { return node.id + Path(at); }
  static std::string Data(const Node& node, const std::string& port, const Tuple& at) {
    return node.id + ":" + port + Path(at);
  }
  std::vector<std::string> Ports(const Node& node) const {
    if (node.kind == NodeKind::kSource) return {"data"};
    auto it = facts_.ports.find(node.id);
    return it == facts_.ports.end() ? std::vector<std::string>() : it->second;
  }
  std::vector<const Node*> Chain(const Node& node) const {
    std::vector<const Node*> chain;
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

  Tuple Counts(const Node& node) {
    Tuple counts;
    for (const Node* construct : Chain(node)) counts.push_back(Count(*construct));
    if (IsList(node)) counts.push_back(facts_.source_items.at(node.id));
    return counts;
  }

  static bool Over(const Node& scatter, const Node& producer) {
    const std::vector<Endpoint> over = ParseEndpoints(scatter.scatter.over).value_or(std::vector<Endpoint>());
    return std::any_of(over.begin(), over.end(), [&](const Endpoint& e) { return e.node == producer.id; });
  }

  // How many of the producer's outermost axes the viewer shares.
  size_t Shared(const std::vector<const Node*>& viewer, const Node& producer) const {
    const std::vector<const Node*> own = Chain(producer);
    size_t shared = 0;
    while (shared < own.size() && shared < viewer.size() && own[shared] == viewer[shared]) ++shared;
    return shared;
  }

  int64_t ExtraCount(const std::vector<const Node*>& viewer, const Node& producer) {
    const Tuple counts = Counts(producer);
    int64_t product = 1;
    for (size_t a = Shared(viewer, producer); a < counts.size(); ++a) product *= counts[a];
    return product;
  }

  // Position in the consumer's chain of the construct that selects, or -1.
  int Selector(const std::vector<const Node*>& chain, const Node& producer) {
    const size_t shared = Shared(chain, producer);
    if (Chain(producer).size() + (IsList(producer) ? 1 : 0) == shared) return -1;
    for (size_t i = shared; i < chain.size(); ++i) {
      if (chain[i]->kind == NodeKind::kGather) return static_cast<int>(i);
      if (chain[i]->kind == NodeKind::kScatter && Over(*chain[i], producer)) return static_cast<int>(i);
    }
    return -1;
  }

  int64_t Count(const Node& construct) {
    if (construct.kind == NodeKind::kScatter) {
      if (construct.scatter.over.empty()) return construct.scatter.count;
      const Endpoint over = ParseEndpoints(construct.scatter.over).value()[0];
      return ExtraCount(Chain(construct), *graph_.Find(over.node));
    }
    for (const Node& node : graph_.nodes) {  // a gather: the first edge that it blocks tells
      const std::vector<const Node*> chain = Chain(node);
      for (const Input& input : node.inputs) {
        for (const Endpoint& from : input.from) {
          const int selector = Selector(chain, *graph_.Find(from.node));
          if (selector < 0 || chain[static_cast<size_t>(selector)] != &construct) continue;
          const int64_t count = ExtraCount(chain, *graph_.Find(from.node));
          const int64_t width = construct.gather.width == 0 ? count : construct.gather.width;
          return (count + width - 1) / width;
        }
      }
    }
    return 0;
  }

  void AddEdges(const Node& node, const Tuple& at, std::vector<std::string>& edges) {
    if (node.kind == NodeKind::kSource) return;
    for (const std::string& port : Ports(node)) {
      edges.push_back(absl::StrCat(App(node, at), " > ", Data(node, port, at)));
    }
    for (const Input& input : node.inputs) {
      for (const Endpoint& from : input.from) {
        const Node& producer = *graph_.Find(from.node);
        const std::string port = from.port.empty() ? Ports(producer)[0] : from.port;
        for (const Tuple& item : Taken(node, at, producer)) {
          edges.push_back(absl::StrCat(Data(producer, port, item), " > ", App(node, at)));
        }
      }
    }
  }

  // The producer's instances that one consumer instance takes: equal shared indices, then the selected piece.
  std::vector<Tuple> Taken(const Node& consumer, const Tuple& at, const Node& producer) {
    const std::vector<const Node*> chain = Chain(consumer);
    const size_t shared = Shared(chain, producer);
    std::vector<Tuple> same;
    for (const Tuple& item : Tuples(Counts(producer))) {
      if (std::equal(at.begin(), at.begin() + static_cast<std::ptrdiff_t>(shared), item.begin()))
        same.push_back(item);
    }
    const int selector = Selector(chain, producer);
    if (selector < 0) return same;
    const Node& construct = *chain[static_cast<size_t>(selector)];
    const size_t size = same.size();
    size_t width = 1;
    if (construct.kind == NodeKind::kGather) {
      width = construct.gather.width == 0 ? size : static_cast<size_t>(construct.gather.width);
    }
    const size_t first = static_cast<size_t>(at[static_cast<size_t>(selector)]) * width;
    return {same.begin() + static_cast<std::ptrdiff_t>(first),
            same.begin() + static_cast<std::ptrdiff_t>(std::min(first + width, size))};
  }

  const Graph& graph_;
  const UnrollFacts& facts_;
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
};

Endpoint AnyProducer(Random& random, const Example& example) {
  const Node& node = example.graph.nodes[static_cast<size_t>(random.Below(example.graph.nodes.size()))];
  if (node.kind == NodeKind::kKernel && random.Chance(30)) return {node.id, "second"};
  return {node.id, ""};
}

std::string AnyConstruct(Random& random, const Example& example) {
  std::vector<std::string> ids = {"", ""};
  for (const Node& node : example.graph.nodes) {
    if (IsConstruct(node.kind)) ids.push_back(node.id);
  }
  return ids[static_cast<size_t>(random.Below(static_cast<int64_t>(ids.size())))];
}

void AddConstruct(Random& random, Example& example, const std::string& id) {
  Node node;
  node.id = id;
  node.in = AnyConstruct(random, example);
  node.kind = random.Chance(65) ? NodeKind::kScatter : NodeKind::kGather;
  if (node.kind == NodeKind::kGather) {
    node.gather.width = random.Below(4);
  } else if (random.Chance(50)) {
    node.scatter.over = AnyProducer(random, example).node;
  } else {
    node.scatter.count = 1 + random.Below(3);
  }
  example.graph.nodes.push_back(node);
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
    random.Chance(35) ? AddConstruct(random, example, id) : AddKernel(random, example, id);
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
  int compared = 0;
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    Example example = Make(seed);
    if (!CheckStructure(example.graph).ok()) continue;
    example.facts.max_drops = 3000;
    const absl::StatusOr<PhysicalGraph> g = Unroll(example.graph, example.facts);
    if (!g.ok()) {
      // Only what counts alone can tell: unequal feeds of a gather, or too large.
      ASSERT_TRUE(g.status().code() == absl::StatusCode::kResourceExhausted ||
                  g.status().message().find("its children take") != absl::string_view::npos)
          << "seed " << seed << ": " << g.status();
      continue;
    }
    if (g->edges() > 20000) continue;
    Compare(example, *g, seed);
    if (HasFatalFailure()) return;
    ++compared;
  }
  EXPECT_GT(compared, 1500);
}

}  // namespace
}  // namespace cubeloom::graph
