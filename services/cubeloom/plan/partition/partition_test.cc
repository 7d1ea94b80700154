#include "cubeloom/plan/partition/partition.h"

#include <cmath>
#include <random>
#include <set>
#include <string>

#include "cubeloom/plan/partition/random_dags_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::plan {
namespace {

using ::testing::HasSubstr;

// A random graph of app and data drops with costs by group.
struct Costed {
  Costed(size_t vertices, double density, uint64_t seed, bool equal)
      : dag(Dag::Make(vertices, RandomEdges(vertices, density, seed)).value()) {
    std::mt19937_64 random(seed * 7 + 1);
    constexpr size_t kGroups = 5;
    for (size_t g = 0; g < kGroups; ++g) {
      GroupCost c;
      c.data = g >= 3;
      c.bytes = c.data ? static_cast<int64_t>(100 * (g + 1)) : 0;
      c.seconds = c.data ? 0 : static_cast<double>(g + 1);
      if (!c.data && equal) c.needs = {1000, 0, 0};
      if (!c.data && !equal)
        c.needs = {static_cast<int64_t>(500 * (1 + random() % 6)), static_cast<int64_t>(random() % 400),
                   static_cast<int64_t>(random() % 2)};
      cost.push_back(c);
    }
    for (size_t v = 0; v < vertices; ++v) group.push_back(static_cast<uint32_t>(random() % kGroups));
  }
  CostedDag graph() const { return {dag.view(), group, cost}; }

  Dag dag;
  std::vector<uint32_t> group;
  std::vector<GroupCost> cost;
};

// Judges a partition by the definition: reachability in the whole graph, every set of drops tried.
void ExpectValid(const CostedDag& graph, const Partition& partition, const Amounts& limits,
                 const std::string& what) {
  SCOPED_TRACE(what);
  ASSERT_EQ(partition.part_of.size(), graph.dag.size());
  std::set<uint32_t> used;
  for (const uint32_t part : partition.part_of) {
    ASSERT_LT(part, partition.parts);
    used.insert(part);
  }
  EXPECT_EQ(used.size(), partition.parts) << "an empty part";
  for (uint32_t part = 0; part < partition.parts; ++part) {
    for (size_t r = 0; r < kResources; ++r) {
      std::vector<int64_t> weights;
      for (Vertex v = 0; v < graph.dag.size(); ++v) {
        weights.push_back(partition.part_of[v] == part ? graph.of(v).needs[r] : 0);
      }
      EXPECT_LE(NaiveWidth(graph.dag, weights), limits[r]) << "part " << part << ", " << kResourceNames[r];
    }
  }
}

TEST(PartitionByChainsTest, EqualNeedsGiveTheBoundExactly) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    const Costed s(6 + seed % 8, 0.05 + 0.06 * static_cast<double>(seed % 5), seed, true);
    const Symmetry symmetry = Symmetry::Make(s.dag.view(), s.group).value();
    const Amounts limits = {static_cast<int64_t>(1000 * (1 + seed % 3)), 1, 1};
    const Bound bound = LowerBound(s.graph(), symmetry, limits).value();
    const Partition partition = PartitionByChains(s.graph(), bound, limits).value();
    EXPECT_EQ(partition.parts, bound.parts) << seed;
    ExpectValid(s.graph(), partition, limits, std::to_string(seed));
  }
}

TEST(PartitionByChainsTest, UnequalNeedsOfAllResourcesStayWithinTheLimits) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    const Costed s(6 + seed % 8, 0.05 + 0.06 * static_cast<double>(seed % 5), seed, false);
    const Symmetry symmetry = Symmetry::Make(s.dag.view(), s.group).value();
    const Amounts limits = {4000, 700, 2};
    const Bound bound = LowerBound(s.graph(), symmetry, limits).value();
    const Partition partition = PartitionByChains(s.graph(), bound, limits).value();
    EXPECT_GE(partition.parts, bound.parts) << seed;
    ExpectValid(s.graph(), partition, limits, std::to_string(seed));
  }
}

TEST(PartitionByChainsTest, ABranchStaysTogether) {
  // 8 branches of 5 drops between a source and a sink, 2 cores a worker: nothing but the ends is cut.
  Edges edges;
  std::vector<uint32_t> group = {0};
  for (Vertex b = 0; b < 8; ++b) {
    for (Vertex k = 0; k < 5; ++k) {
      const Vertex v = 1 + 5 * b + k;
      edges.emplace_back(k == 0 ? 0 : v - 1, v);
      group.push_back(k % 2 == 0 ? 1 : 2);
    }
    edges.emplace_back(5 * b + 5, 41);
  }
  group.push_back(0);
  const Dag dag = Dag::Make(42, edges).value();
  const std::vector<GroupCost> cost = {
      {1, {1000, 0, 0}, 0, false}, {1, {1000, 0, 0}, 0, false}, {0, {}, 10, true}};
  const CostedDag graph{dag.view(), group, cost};
  const Symmetry symmetry = Symmetry::Make(dag.view(), group).value();
  const Amounts limits = {2000, 1, 1};
  const Bound bound = LowerBound(graph, symmetry, limits).value();
  EXPECT_EQ(bound.parts, 4u);
  const Partition partition = PartitionByChains(graph, bound, limits).value();
  EXPECT_EQ(partition.parts, 4u);
  const Outcome outcome = Evaluate(graph, partition, 1).value();
  EXPECT_EQ(outcome.moved_bytes, 0);
  EXPECT_EQ(outcome.moved_edges, 12);  // 6 branches away from the source, and 6 from the sink
  EXPECT_EQ(outcome.seconds, 5);
}

TEST(LowerBoundTest, NamesTheDropThatNoWorkerHolds) {
  const Costed s(10, 0.2, 1, true);
  const Symmetry symmetry = Symmetry::Make(s.dag.view(), s.group).value();
  const absl::Status status = LowerBound(s.graph(), symmetry, {999, 1, 1}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("one drop needs 1000 of cores, a worker has 999"));
}

TEST(EvaluateTest, CutEdgesTakeTime) {
  // app 0 (2 s) -> data 1 (100 bytes) -> app 2 (3 s)
  const Dag dag = Dag::Make(3, {{0, 1}, {1, 2}}).value();
  const std::vector<uint32_t> group = {0, 1, 2};
  const std::vector<GroupCost> cost = {{2, {}, 0, false}, {0, {}, 100, true}, {3, {}, 0, false}};
  const CostedDag graph{dag.view(), group, cost};
  const Outcome together = Evaluate(graph, {{0, 0, 0}, 1}, 10).value();
  EXPECT_EQ(together.seconds, 5);
  EXPECT_EQ(together.moved_bytes, 0);
  const Outcome apart = Evaluate(graph, {{0, 0, 1}, 2}, 10).value();
  EXPECT_EQ(apart.seconds, 15);
  EXPECT_EQ(apart.least_seconds, 5);
  EXPECT_EQ(apart.moved_bytes, 100);
  EXPECT_EQ(apart.moved_edges, 1);
}

}  // namespace
}  // namespace cubeloom::plan
