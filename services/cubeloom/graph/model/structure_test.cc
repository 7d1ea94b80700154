#include "cubeloom/graph/model/structure.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Node Make(const std::string& id, const std::string& in, NodeKind kind) {
  Node node;
  node.id = id;
  node.in = in;
  node.kind = kind;
  return node;
}

// list; outer(over list) { a; inner(count) { b } }; g = gather { c }
Graph Nested() {
  Graph graph;
  graph.nodes = {Make("list", "", NodeKind::kSource),   Make("outer", "", NodeKind::kScatter),
                 Make("a", "outer", NodeKind::kKernel), Make("inner", "outer", NodeKind::kScatter),
                 Make("b", "inner", NodeKind::kKernel), Make("g", "", NodeKind::kGather),
                 Make("c", "g", NodeKind::kKernel),     Make("named", "outer", NodeKind::kData)};
  graph.nodes[1].scatter.over = "list";
  graph.nodes[3].scatter.count = 3;
  graph.nodes[2].inputs = {{"x", {{"list", ""}}}};
  graph.nodes[4].inputs = {{"x", {{"named", ""}}}, {"y", {{"list", ""}}}};
  graph.nodes[6].inputs = {{"x", {{"b", ""}}}};
  graph.nodes[7].inputs = {{"data", {{"a", "out"}}}};
  return graph;
}

TEST(StructureTest, KnowsChainsAndSeesThroughDataNodes) {
  const Graph graph = Nested();
  const Structure s = Structure::Make(graph).value();
  EXPECT_THAT(s.chain(4), ElementsAre(1, 3));
  EXPECT_THAT(s.chain(0), IsEmpty());
  ASSERT_EQ(s.sources(4).size(), 2u);
  EXPECT_EQ(s.sources(4)[0].producer, 2u);
  EXPECT_EQ(s.sources(4)[0].port, "out");
}

TEST(StructureTest, FindsSharedConstructsAndSelectors) {
  const Graph graph = Nested();
  const Structure s = Structure::Make(graph).value();
  struct Case {
    NodeId producer, consumer;
    size_t shared;
    bool extra;
    int selector;
  };
  for (const Case& test : std::vector<Case>{{0, 2, 0, true, 0},      // scatter over the list takes one item
                                            {0, 4, 0, true, 0},      // also from further in
                                            {2, 4, 1, false, -1},    // outer to inner: broadcast
                                            {4, 6, 0, true, 0},      // gather takes a block
                                            {4, 2, 1, true, -1}}) {  // inner to outer: fan-in
    const View view = s.Look({kNoInput, test.producer, ""}, s.chain(test.consumer));
    EXPECT_EQ(view.shared, test.shared) << test.producer << " " << test.consumer;
    EXPECT_EQ(view.extra(), test.extra) << test.producer << " " << test.consumer;
    EXPECT_EQ(view.selections.empty() ? -1 : view.selections[0].at, test.selector)
        << test.producer << " " << test.consumer;
  }
}

TEST(StructureTest, RefusesBadNamesAndEndlessNesting) {
  Graph graph = Nested();
  graph.nodes[2].in = "nowhere";
  EXPECT_FALSE(Structure::Make(graph).ok());
  graph = Nested();
  graph.nodes[1].in = "inner";  // outer in inner in outer
  EXPECT_FALSE(Structure::Make(graph).ok());
}

TEST(FindCycleTest, NamesOneCycleInOrderOfFlow) {
  EXPECT_THAT(FindCycle({{}, {0}, {1, 0}}), IsEmpty());
  EXPECT_THAT(FindCycle({{0}}), ElementsAre(0, 0));
  // 1 needs 3, 3 needs 2, 2 needs 1: data flows 1 -> 2 -> 3 -> 1. Node 4 only hangs behind.
  EXPECT_THAT(FindCycle({{}, {0, 3}, {1}, {2}, {3}}), ElementsAre(1, 2, 3, 1));
}

}  // namespace
}  // namespace cubeloom::graph
