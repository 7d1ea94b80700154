#include "cubeloom/plan/partition/min_flow.h"

#include <numeric>
#include <random>

#include "cubeloom/plan/partition/random_dags_test.h"
#include "gtest/gtest.h"

namespace cubeloom::plan {
namespace {

// What every flow must keep, whether smallest or not: enough through each vertex, nothing lost at it.
void ExpectFeasible(const DagView& dag, const std::vector<int64_t>& weights, const MinFlow& flow) {
  std::vector<int64_t> in(dag.size(), 0), out(dag.size(), 0);
  for (Vertex v = 0; v < dag.size(); ++v) {
    for (size_t e = dag.out_offsets[v]; e < dag.out_offsets[v + 1]; ++e) {
      EXPECT_GE(flow.edge[e], 0);
      out[v] += flow.edge[e];
      in[dag.out[e]] += flow.edge[e];
    }
  }
  int64_t started = 0;
  for (Vertex v = 0; v < dag.size(); ++v) {
    EXPECT_GE(flow.through[v], weights[v]);
    EXPECT_LE(in[v], flow.through[v]);
    EXPECT_LE(out[v], flow.through[v]);
    started += flow.through[v] - in[v];
  }
  EXPECT_EQ(started, flow.value);
}

struct Sample {
  Sample(size_t vertices, double density, uint64_t seed)
      : dag(Dag::Make(vertices, RandomEdges(vertices, density, seed)).value()),
        order(TopologicalOrder(dag.view()).value()) {
    std::mt19937_64 random(seed);
    for (size_t v = 0; v < vertices; ++v) weights.push_back(static_cast<int64_t>(random() % 5));
  }
  Dag dag;
  std::vector<Vertex> order;
  std::vector<int64_t> weights;
};

TEST(MinFlowTest, EqualsTheWidthOfSmallGraphsFoundByTryingAll) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Sample s(2 + seed % 11, 0.05 + 0.1 * static_cast<double>(seed % 6), seed);
    const MinFlow flow = SolveMinFlow(s.dag.view(), s.order, s.weights);
    EXPECT_TRUE(flow.minimal);
    EXPECT_EQ(flow.value, NaiveWidth(s.dag.view(), s.weights)) << seed;
    ExpectFeasible(s.dag.view(), s.weights, flow);
  }
}

TEST(MinFlowTest, ItsAntichainProvesItsValue) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Sample s(60, 0.02 + 0.02 * static_cast<double>(seed % 5), seed);
    const MinFlow flow = SolveMinFlow(s.dag.view(), s.order, s.weights);
    ExpectFeasible(s.dag.view(), s.weights, flow);
    int64_t sum = 0;
    uint64_t members = 0;
    for (const Vertex v : flow.antichain) sum += s.weights[v], members |= uint64_t{1} << v;
    EXPECT_EQ(sum, flow.value) << seed;
    EXPECT_TRUE(IsAntichain(Reachable(s.dag.view()), members)) << seed;
  }
}

TEST(MinFlowTest, WithoutRoundsIsAnUpperBound) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Sample s(40, 0.08, seed);
    MinFlowOptions options;
    options.max_rounds = 0;
    const MinFlow greedy = SolveMinFlow(s.dag.view(), s.order, s.weights, options);
    ExpectFeasible(s.dag.view(), s.weights, greedy);
    EXPECT_FALSE(greedy.minimal);
    const int64_t least = SolveMinFlow(s.dag.view(), s.order, s.weights).value;
    EXPECT_GE(greedy.value, least);
    options.known = least;
    options.max_rounds = 1000;
    EXPECT_EQ(SolveMinFlow(s.dag.view(), s.order, s.weights, options).value, least);
  }
}

TEST(MinFlowTest, AnEmptyGraphHasNone) {
  const Dag dag = Dag::Make(0, {}).value();
  EXPECT_EQ(SolveMinFlow(dag.view(), {}, {}).value, 0);
}

}  // namespace
}  // namespace cubeloom::plan
