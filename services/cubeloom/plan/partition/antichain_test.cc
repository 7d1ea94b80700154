#include "cubeloom/plan/partition/antichain.h"

#include <random>

#include "cubeloom/plan/partition/random_dags_test.h"
#include "gtest/gtest.h"

namespace cubeloom::plan {
namespace {

// `copies` of a random graph that share a source and a sink: much symmetry, but not only that.
Dag Repeated(size_t copies, uint64_t seed) {
  constexpr Vertex kSize = 4;
  const Edges inner = RandomEdges(kSize, 0.4, seed);
  Edges edges;
  const auto source = static_cast<Vertex>(copies * kSize), sink = source + 1;
  for (Vertex c = 0; c < copies; ++c) {
    for (const auto& [a, b] : inner) edges.emplace_back(c * kSize + a, c * kSize + b);
    edges.emplace_back(source, c * kSize);
    edges.emplace_back(c * kSize + 1, sink);
  }
  edges.emplace_back(1, kSize + 2);  // one irregular edge
  const Dag dag = Dag::Make(copies * kSize + 2, edges).value();
  return TopologicalOrder(dag.view()).ok() ? dag : Dag::Make(2, {{0, 1}}).value();
}

TEST(SymmetryTest, TheWidthOfTheQuotientIsThatOfTheGraph) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Dag dag = Repeated(2 + seed % 3, seed);
    std::vector<uint32_t> group;
    for (size_t v = 0; v < dag.view().size(); ++v) group.push_back(static_cast<uint32_t>(v % 4));
    const std::vector<int64_t> weight_of_group = {1, 0, 3, static_cast<int64_t>(seed % 7)};
    std::vector<int64_t> weights;
    for (const uint32_t g : group) weights.push_back(weight_of_group[g]);
    const Symmetry symmetry = Symmetry::Make(dag.view(), group).value();
    const Width width = symmetry.WidthOf(weight_of_group).value();
    EXPECT_TRUE(width.exact);
    EXPECT_EQ(width.value, NaiveWidth(dag.view(), weights)) << seed;
    uint64_t members = 0;
    int64_t sum = 0;
    for (size_t v = 0; v < weights.size(); ++v) {
      for (const uint32_t c : width.classes) {
        if (symmetry.classes().class_of[v] == c) members |= uint64_t{1} << v, sum += weights[v];
      }
    }
    EXPECT_TRUE(IsAntichain(Reachable(dag.view()), members)) << seed;
    EXPECT_EQ(sum, width.value) << seed;
  }
}

TEST(SymmetryTest, WideGraphsHaveSmallQuotients) {
  Edges edges;
  constexpr Vertex kWide = 100000;
  for (Vertex v = 0; v < kWide; ++v) edges.insert(edges.end(), {{2 * v, 2 * v + 1}, {2 * v + 1, 2 * kWide}});
  const Dag dag = Dag::Make(2 * kWide + 1, edges).value();
  const Symmetry symmetry = Symmetry::Make(dag.view(), std::vector<uint32_t>(2 * kWide + 1, 0)).value();
  EXPECT_EQ(symmetry.classes().count(), 3u);
  EXPECT_EQ(symmetry.WidthOf({int64_t{1} << 40})->value, int64_t{kWide} << 40);
}

TEST(SymmetryTest, BeyondTheLimitItIsABound) {
  const Dag dag = Dag::Make(60, RandomEdges(60, 0.05, 3)).value();
  const Symmetry symmetry = Symmetry::Make(dag.view(), std::vector<uint32_t>(60, 0)).value();
  const Width exact = symmetry.WidthOf({1}).value();
  const Width bound = symmetry.WidthOf({1}, 10).value();
  EXPECT_GE(bound.value, exact.value);
}

TEST(SymmetryTest, RefusesWeightsItCannotAdd) {
  const Dag dag = Dag::Make(3, {{0, 1}}).value();
  const Symmetry symmetry = Symmetry::Make(dag.view(), std::vector<uint32_t>{0, 1, 1}).value();
  EXPECT_EQ(symmetry.WidthOf({1}).status().message(), "group 1 has no weight");
  EXPECT_EQ(symmetry.WidthOf({1, -2}).status().message(), "group 1 has weight -2");
  EXPECT_FALSE(symmetry.WidthOf({1, kMaxWeight / 2}).ok());
  const Dag cycle = Dag::Make(2, {{0, 1}, {1, 0}}).value();
  EXPECT_FALSE(Symmetry::Make(cycle.view(), std::vector<uint32_t>{0, 0}).ok());
}

}  // namespace
}  // namespace cubeloom::plan
