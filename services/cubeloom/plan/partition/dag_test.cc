#include "cubeloom/plan/partition/dag.h"

#include "cubeloom/plan/partition/random_dags_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DagTest, KeepsEdgesInBothDirections) {
  const Dag dag = Dag::Make(4, {{0, 2}, {1, 2}, {0, 1}, {0, 2}}).value();
  EXPECT_THAT(dag.view().successors(0), ElementsAre(2, 1, 2));
  EXPECT_THAT(dag.view().predecessors(2), ElementsAre(0, 1, 0));
  EXPECT_TRUE(dag.view().successors(3).empty());
  EXPECT_EQ(dag.view().edges(), 4u);
}

TEST(DagTest, RefusesVerticesOutOfRange) {
  EXPECT_EQ(Dag::Make(2, {{0, 2}}).status().message(), "edge 0 -> 2 of a graph of 2 vertices");
}

TEST(TopologicalOrderTest, PutsPredecessorsFirst) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Dag dag = Dag::Make(30, RandomEdges(30, 0.2, seed)).value();
    const std::vector<Vertex> order = TopologicalOrder(dag.view()).value();
    std::vector<size_t> place(30, 99);
    for (size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    for (Vertex v = 0; v < 30; ++v) {
      ASSERT_LT(place[v], 30u);
      for (const Vertex to : dag.view().successors(v)) EXPECT_LT(place[v], place[to]);
    }
  }
}

TEST(TopologicalOrderTest, NamesAVertexOfACycle) {
  const Dag dag = Dag::Make(5, {{0, 1}, {1, 2}, {2, 3}, {3, 1}, {3, 4}}).value();
  const absl::Status status = TopologicalOrder(dag.view()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              ::testing::AnyOf(HasSubstr("vertex 1 "), HasSubstr("vertex 2 "), HasSubstr("vertex 3 ")));
}

}  // namespace
}  // namespace cubeloom::plan
