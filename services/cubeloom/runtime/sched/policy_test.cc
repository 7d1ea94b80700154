#include "cubeloom/runtime/sched/policy.h"

#include <vector>

#include "cubeloom/runtime/testing/graph_builder.h"
#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

TEST(PolicyTest, AllowedMissingReadsThresholdsAsDecimals) {
  const struct {
    double threshold;
    int64_t count, allowed;
  } kCases[] = {{0, 10, 0}, {0.1, 10, 1},       {0.29, 100, 29}, {0.5, 5, 2},
                {1, 7, 7},  {0.999, 1000, 999}, {0.3, 3, 0}};
  for (const auto& c : kCases) EXPECT_EQ(AllowedMissing(c.threshold, c.count), c.allowed) << c.threshold;
}

// a -> b -> d, a -> c -> d
struct Diamond {
  Diamond() {
    a = builder.Source("a", 4), b = builder.App("b", 4), c = builder.App("c", 4), d = builder.App("d", 1);
    builder.Connect(a, b), builder.Connect(a, c), builder.Connect(b, d, "x"), builder.Connect(c, d, "y");
  }
  GraphBuilder builder;
  uint32_t a, b, c, d;
};

TEST(PolicyTest, TailsAreLongestPaths) {
  Diamond diamond;
  const Costs costs = {{1, 0, 1}, {1, 0, 10}, {1, 0, 200}, {1, 0, 3000}};
  const std::vector<int64_t> tails = Tails(diamond.builder.Build(), costs);
  EXPECT_EQ(tails, (std::vector<int64_t>{3201, 3010, 3200, 3000}));
  EXPECT_EQ(Ranks(tails), (std::vector<uint32_t>{0, 2, 1, 3}));
  EXPECT_EQ(Ranks({5, 7, 5}), (std::vector<uint32_t>{1, 0, 1}));
}

TEST(PolicyTest, DefaultsComeFromNodeThenGatherThenGraph) {
  Diamond diamond;
  diamond.builder.logical().retries = 3;
  diamond.builder.logical().error_threshold = 0.25;
  diamond.builder.node(diamond.b).retries = 0;
  diamond.builder.node(diamond.d).error_threshold = 0.5;
  const std::vector<BlockPolicy> policy = DefaultPolicy(diamond.builder.Build());
  EXPECT_EQ(policy[1].retries, 0);
  EXPECT_EQ(policy[2].retries, 3);
  EXPECT_EQ(policy[2].error_threshold, 0.25);
  EXPECT_FALSE(policy[2].own_threshold);
  EXPECT_EQ(policy[3].error_threshold, 0.5);
  EXPECT_TRUE(policy[3].own_threshold);
  EXPECT_TRUE(policy[3].links[0].variadic);
  EXPECT_FALSE(policy[1].links[0].variadic);
}

TEST(PolicyTest, FailuresAreAbsorbedWhereEveryWayEndsInAThreshold) {
  Diamond diamond;
  const graph::PhysicalGraph graph = diamond.builder.Build();
  std::vector<BlockPolicy> policy = DefaultPolicy(graph);
  EXPECT_EQ(Absorbed(graph, policy), (std::vector<bool>{false, false, false, false}));
  policy[3].own_threshold = true;
  EXPECT_EQ(Absorbed(graph, policy), (std::vector<bool>{true, true, true, false}));
  policy[3].own_threshold = false;
  policy[3].links[0].optional = true;
  EXPECT_EQ(Absorbed(graph, policy), (std::vector<bool>{false, true, false, false}));
}

}  // namespace
}  // namespace cubeloom::runtime
