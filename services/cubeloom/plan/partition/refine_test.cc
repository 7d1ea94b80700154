#include "cubeloom/plan/partition/refine.h"

#include <map>
#include <set>

#include "cubeloom/plan/partition/random_dags_test.h"
#include "gtest/gtest.h"

namespace cubeloom::plan {
namespace {

Classes RefinePlain(const Dag& dag, const std::vector<uint32_t>& color) {
  return Refine(dag.view(), TopologicalOrder(dag.view()).value(), color);
}

// The coarsest equitable partition by its definition: split until nothing splits.
std::vector<uint32_t> NaiveRefine(const DagView& dag, std::vector<uint32_t> color) {
  size_t before = 0;
  for (size_t count = std::set<uint32_t>(color.begin(), color.end()).size(); count != before;) {
    before = count;
    std::map<std::tuple<uint32_t, std::multiset<uint32_t>, std::multiset<uint32_t>>, uint32_t> numbers;
    std::vector<uint32_t> next;
    for (Vertex v = 0; v < dag.size(); ++v) {
      std::multiset<uint32_t> in, out;
      for (const Vertex n : dag.predecessors(v)) in.insert(color[n]);
      for (const Vertex n : dag.successors(v)) out.insert(color[n]);
      next.push_back(numbers.emplace(std::make_tuple(color[v], in, out), numbers.size()).first->second);
    }
    color = next;
    count = numbers.size();
  }
  return color;
}

TEST(RefineTest, EqualsTheDefinition) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Dag dag = Dag::Make(14, RandomEdges(14, 0.12, seed)).value();
    std::vector<uint32_t> color;
    for (uint32_t v = 0; v < 14; ++v) color.push_back(seed % 3 == 0 ? v % 2 : 0);
    const Classes classes = RefinePlain(dag, color);
    const std::vector<uint32_t> expected = NaiveRefine(dag.view(), color);
    for (Vertex a = 0; a < 14; ++a) {
      for (Vertex b = 0; b < 14; ++b) {
        EXPECT_EQ(classes.class_of[a] == classes.class_of[b], expected[a] == expected[b]) << seed;
      }
    }
  }
}

TEST(RefineTest, AFanHasThreeClassesHoweverWide) {
  Edges edges;
  for (Vertex v = 1; v <= 1000; ++v) edges.insert(edges.end(), {{0, v}, {v, 1001}});
  const Dag dag = Dag::Make(1002, edges).value();
  const Classes classes = RefinePlain(dag, std::vector<uint32_t>(1002, 0));
  EXPECT_EQ(classes.count(), 3u);
  EXPECT_EQ(classes.size[classes.class_of[7]], 1000u);
  const Dag quotient = Quotient(dag.view(), classes);
  EXPECT_EQ(quotient.view().edges(), 2u);
}

TEST(RefineTest, ColoursAreNeverMixed) {
  const Dag dag = Dag::Make(4, {}).value();
  EXPECT_EQ(RefinePlain(dag, {5, 7, 5, 9}).count(), 3u);
}

}  // namespace
}  // namespace cubeloom::plan
