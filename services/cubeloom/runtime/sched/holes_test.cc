#include <vector>

#include "cubeloom/runtime/sched/sched.h"
#include "cubeloom/runtime/testing/graph_builder.h"
#include "cubeloom/runtime/testing/sim.h"
#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

using graph::PhysicalGraph;

// frames(10) -> first(10) -> second(10) -> all(1) -> after(1); beside it side(10) takes frames.
struct Fixture {
  Fixture() {
    frames = b.Source("frames", 10), first = b.App("first", 10), second = b.App("second", 10);
    all = b.App("all", 1), after = b.App("after", 1);
    b.Connect(frames, first), b.Connect(first, second), b.Connect(second, all, "tables"),
        b.Connect(all, after);
  }
  // Fails instances [0, count) of `block`.
  SimResult Run(uint32_t block, int count, const std::vector<BlockPolicy>* policy = nullptr) {
    SimOptions options;
    options.sched.cores = 2;
    if (policy != nullptr) options.sched.policy = *policy;
    for (int i = 0; i < count; ++i)
      options.failing.push_back(graph.blocks[block].has_app() ? graph.blocks[block].app(i)
                                                              : graph.blocks[block].data(0, i));
    SimResult result = Simulate(graph, options);
    EXPECT_EQ(result.violation, "");
    return result;
  }
  GraphBuilder b;
  uint32_t frames, first, second, all, after;
  PhysicalGraph graph;
};

TEST(HolesTest, OneFailureStopsTheRunByDefault) {
  Fixture f;
  f.graph = f.b.Build();
  for (uint32_t block : {f.frames, f.first, f.second}) {
    const SimResult result = f.Run(block, 1);
    EXPECT_EQ(result.stop, StopReason::kFailure);
    EXPECT_EQ(result.states[result.stop_drop], DropState::kError);
    EXPECT_EQ(result.states[f.graph.blocks[f.all].app(0)], DropState::kCancelled);
    EXPECT_LT(result.started.size(), 30u);
  }
}

TEST(HolesTest, ThresholdOfTheConsumerAbsorbsFailuresAndSkipsSpread) {
  Fixture f;
  f.b.node(f.all).error_threshold = 0.2;
  f.graph = f.b.Build();
  for (uint32_t block : {f.frames, f.first, f.second}) {
    SimResult result = f.Run(block, 2);
    EXPECT_EQ(result.stop, StopReason::kNone);
    EXPECT_TRUE(IsSuccess(result.states[f.graph.blocks[f.after].app(0)]));
    EXPECT_EQ(result.counts[block].failed, 2);
    EXPECT_EQ(result.counts[f.second].done, 8);
    EXPECT_EQ(result.counts[f.second].skipped, block == f.second ? 0 : 2);
    result = f.Run(block, 3);
    EXPECT_EQ(result.stop, StopReason::kThreshold);
    EXPECT_EQ(result.stop_drop, f.graph.blocks[f.all].app(0));
  }
}

TEST(HolesTest, ThresholdOfTheGraphCoversEveryBlock) {
  Fixture f;
  f.b.logical().error_threshold = 0.2;
  f.graph = f.b.Build();
  EXPECT_EQ(f.Run(f.first, 2).stop, StopReason::kNone);
  EXPECT_EQ(f.Run(f.first, 3).stop, StopReason::kFailure);
  EXPECT_EQ(f.Run(f.all, 1).stop, StopReason::kFailure);  // floor(0.2 * 1) = 0
}

TEST(HolesTest, AllInputsMissingSkipsEvenWithinTheThreshold) {
  Fixture f;
  f.b.node(f.all).error_threshold = 1;
  f.graph = f.b.Build();
  const SimResult result = f.Run(f.first, 10);
  EXPECT_EQ(result.stop, StopReason::kNone);
  EXPECT_EQ(result.states[f.graph.blocks[f.all].app(0)], DropState::kSkipped);
  EXPECT_EQ(result.states[f.graph.blocks[f.after].app(0)], DropState::kSkipped);
}

TEST(HolesTest, OptionalInputMayBeMissing) {
  GraphBuilder b;
  const uint32_t a = b.Source("a", 1), mask = b.App("mask", 1), use = b.App("use", 1);
  b.Connect(a, mask), b.Connect(a, use, "image"), b.Connect(mask, use, "mask");
  const PhysicalGraph graph = b.Build();
  SimOptions options;
  options.sched.policy = DefaultPolicy(graph);
  options.sched.policy[use].links[1].optional = true;
  options.failing = {graph.blocks[mask].app(0)};
  SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.violation, "");
  EXPECT_EQ(result.stop, StopReason::kNone);
  EXPECT_TRUE(IsSuccess(result.states[graph.blocks[use].app(0)]));
  options.sched.policy[use].links[1].optional = false;
  EXPECT_EQ(Simulate(graph, options).stop, StopReason::kFailure);
}

TEST(HolesTest, SkippedConsumerLetsGoOfItsOtherInputs) {
  GraphBuilder b;
  const uint32_t a = b.Source("a", 2), x = b.App("x", 2), y = b.App("y", 2), z = b.App("z", 2),
                 all = b.App("all", 1);
  b.Connect(a, x), b.Connect(a, y), b.Connect(x, z, "p"), b.Connect(y, z, "q"), b.Connect(z, all);
  b.node(all).error_threshold = 0.5;
  const PhysicalGraph graph = b.Build();
  SimOptions options;
  options.failing = {graph.blocks[x].app(0)};
  const SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.violation, "");
  EXPECT_EQ(result.stop, StopReason::kNone);
  EXPECT_EQ(result.states[graph.blocks[z].app(0)], DropState::kSkipped);
  EXPECT_EQ(result.states[graph.blocks[y].data(0, 0)], DropState::kDeleted);  // its only consumer was skipped
}

}  // namespace
}  // namespace cubeloom::runtime
