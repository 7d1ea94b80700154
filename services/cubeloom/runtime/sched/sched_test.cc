#include "cubeloom/runtime/sched/sched.h"

#include <algorithm>
#include <vector>

#include "cubeloom/runtime/testing/graph_builder.h"
#include "cubeloom/runtime/testing/sim.h"
#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

using graph::PhysicalGraph;

// source(n) -> work(n) -> all(1)
PhysicalGraph FanIn(int64_t n) {
  GraphBuilder builder;
  const uint32_t source = builder.Source("frames", n), work = builder.App("work", n),
                 all = builder.App("all", 1);
  builder.Connect(source, work), builder.Connect(work, all);
  return builder.Build();
}

std::vector<DropId> Starts(const ActionBuffer& actions) {
  std::vector<DropId> drops;
  for (const Action& a : actions) {
    if (a.kind == ActionKind::kStart) drops.push_back(a.drop);
  }
  return drops;
}

TEST(SchedTest, RefusesOptionsThatDoNotFitTheGraph) {
  const PhysicalGraph graph = FanIn(2);
  SchedOptions bad;
  bad.cores = 0;
  EXPECT_FALSE(State::Make(graph, bad).ok());
  bad = SchedOptions();
  bad.memory = -1;
  EXPECT_FALSE(State::Make(graph, bad).ok());
  bad = SchedOptions();
  bad.costs.resize(2);
  EXPECT_FALSE(State::Make(graph, bad).ok());
  bad = SchedOptions();
  bad.policy.resize(3);
  EXPECT_FALSE(State::Make(graph, bad).ok());
  bad = SchedOptions();
  bad.included.assign(graph.drops(), true);
  bad.included[0] = false;  // a source that others need
  EXPECT_FALSE(State::Make(graph, bad).ok());
}

TEST(SchedTest, EmptyGraphFinishesAtOnce) {
  const PhysicalGraph graph = GraphBuilder().Build();
  auto state = State::Make(graph, SchedOptions()).value();
  ActionBuffer actions;
  Step(*state, {}, actions);
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].kind, ActionKind::kRunFinished);
}

TEST(SchedTest, RunsAGraphToItsEnd) {
  const PhysicalGraph graph = FanIn(10);
  SimOptions options;
  options.sched.cores = 3;
  const SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.violation, "");
  EXPECT_EQ(result.stop, StopReason::kNone);
  EXPECT_EQ(result.started.size(), 21u);
  EXPECT_EQ(result.max_cores, 3);
  for (DropId d = 0; d < graph.drops(); ++d) EXPECT_TRUE(IsSuccess(result.states[d])) << d;
}

TEST(SchedTest, ReleasesDataWhenTheLastConsumerEndsUnlessPersisted) {
  GraphBuilder builder;
  const uint32_t a = builder.Source("a", 1), b = builder.App("b", 1), c = builder.App("c", 1);
  builder.Connect(a, b), builder.Connect(a, c), builder.node(b).persist = true;
  const PhysicalGraph graph = builder.Build();
  SimOptions options;
  const SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.violation, "");
  EXPECT_EQ(result.states[graph.blocks[a].data(0, 0)], DropState::kDeleted);
  EXPECT_EQ(result.states[graph.blocks[b].data(0, 0)], DropState::kCompleted);
  EXPECT_EQ(result.states[graph.blocks[c].data(0, 0)], DropState::kDeleted);  // nobody wants it
}

// One drop of 5 s and 20 of 1 s: on two cores the long one must begin while others are left to run beside it.
TEST(SchedTest, CriticalPathGoesFirstWhenItIsUrgent) {
  GraphBuilder builder;
  const uint32_t shorts = builder.App("shorts", 6), longer = builder.App("longer", 1);
  const PhysicalGraph graph = builder.Build();
  SchedOptions options;
  options.cores = 2;
  options.costs = {{1, 0, 1000}, {1, 0, 5000}};
  auto state = State::Make(graph, options).value();
  ActionBuffer actions;
  Step(*state, {}, actions);
  EXPECT_EQ(Starts(actions), (std::vector<DropId>{graph.blocks[longer].app(0), graph.blocks[shorts].app(0)}));
}

TEST(SchedTest, FinishesWhatWasBegunWhereNothingIsUrgent) {
  GraphBuilder builder;
  const uint32_t a = builder.Source("a", 200), b = builder.App("b", 200), c = builder.App("c", 200);
  builder.Connect(a, b), builder.Connect(b, c);
  const PhysicalGraph graph = builder.Build();
  SimOptions options;
  options.sched.cores = 2;
  options.sched.max_batch = 1;
  const SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.violation, "");
  EXPECT_LE(result.max_live_data, 8);
}

TEST(SchedTest, EqualPriorityIsFirstInFirstOut) {
  const PhysicalGraph graph = FanIn(5);
  SchedOptions options;
  options.cores = 8;
  auto state = State::Make(graph, options).value();
  ActionBuffer actions;
  Step(*state, {}, actions);
  EXPECT_EQ(Starts(actions), (std::vector<DropId>{0, 1, 2, 3, 4}));
}

TEST(SchedTest, MemoryLimitsWhatRunsAtOnce) {
  const PhysicalGraph graph = FanIn(20);
  SimOptions options;
  options.sched.cores = 8;
  options.sched.memory = 250;
  options.sched.costs = {{1, 0, 1}, {1, 100, 1000}, {1, 10, 1}};
  const SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.violation, "");
  EXPECT_LE(result.max_memory, 250);
  EXPECT_GT(result.max_memory, 100);
}

TEST(SchedTest, DropOverTheWholeBudgetRunsAlone) {
  const PhysicalGraph graph = FanIn(6);
  SimOptions options;
  options.sched.cores = 4;
  options.sched.memory = 100;
  options.sched.costs = {{1, 10, 1}, {1, 1000, 1000}, {9, 10, 1}};  // 9 cores are cut to 4
  const SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.violation, "");
  EXPECT_EQ(result.stop, StopReason::kNone);
}

TEST(SchedTest, HeldMemoryCountsButNeverBlocksForEver) {
  const PhysicalGraph graph = FanIn(3);
  SchedOptions options;
  options.cores = 4;
  options.memory = 100;
  options.costs = {{1, 40, 1}, {1, 40, 1}, {1, 40, 1}};
  auto state = State::Make(graph, options).value();
  ActionBuffer actions;
  Step(*state, {{EventKind::kMemoryHeld, kNoId, 90}}, actions);
  EXPECT_EQ(Starts(actions).size(), 1u);
  EXPECT_TRUE(state->alone());
  Step(*state, {{EventKind::kMemoryHeld, kNoId, 0}, {EventKind::kFinished, Starts(actions)[0], 5}}, actions);
  EXPECT_EQ(Starts(actions).size(), 3u);
}

TEST(SchedTest, MemoryShortRaisesTheEstimateThenRunsAloneThenFails) {
  const PhysicalGraph graph = FanIn(1);
  SchedOptions options;
  options.cores = 4;
  options.memory = 100;
  options.costs = {{1, 40, 1}, {1, 40, 1}, {1, 40, 1}};
  auto state = State::Make(graph, options).value();
  ActionBuffer actions;
  Step(*state, {}, actions);
  Step(*state, {{EventKind::kMemoryShort, 0, 70}}, actions);
  EXPECT_EQ(state->memory_used(), 70);
  Step(*state, {{EventKind::kMemoryShort, 0, 60}}, actions);
  EXPECT_TRUE(state->alone());
  Step(*state, {{EventKind::kMemoryShort, 0, 60}}, actions);
  EXPECT_EQ(state->state(0), DropState::kError);
  EXPECT_EQ(state->stop_reason(), StopReason::kFailure);
}

TEST(SchedTest, TransientErrorsAreRepeatedWithBackOff) {
  const PhysicalGraph graph = FanIn(1);
  SchedOptions options;
  options.policy = DefaultPolicy(graph);
  options.policy[0].retries = 2;
  auto state = State::Make(graph, options).value();
  ActionBuffer actions;
  Step(*state, {}, actions);
  std::vector<int64_t> delays;
  while (!state->finished()) {
    actions.clear();
    Step(*state, {{EventKind::kFailedRetry, 0, 0}}, actions);
    if (state->finished()) break;
    ASSERT_EQ(actions.back().kind, ActionKind::kRetryAt);
    delays.push_back(actions.back().value);
    Step(*state, {{EventKind::kRetryDue, 0, 0}}, actions);
  }
  EXPECT_EQ(delays, (std::vector<int64_t>{50'000'000, 100'000'000}));
  EXPECT_EQ(state->state(0), DropState::kError);
  EXPECT_EQ(state->attempt(0), 3);
  EXPECT_EQ(state->retries(), 2);
}

TEST(SchedTest, ShortDropsAreBatchedOnOneSlot) {
  const PhysicalGraph graph = FanIn(1000);
  SchedOptions options;
  options.cores = 2;
  auto state = State::Make(graph, options).value();
  ActionBuffer actions;
  Step(*state, {}, actions);
  int64_t most = 0;
  for (int i = 0; i < 20; ++i) {
    std::vector<Event> events;
    for (DropId d : Starts(actions)) events.push_back({EventKind::kFinished, d, 100});
    actions.clear();
    Step(*state, events, actions);
    most = std::max(most, state->running());
    EXPECT_LE(state->cores_used(), 2);
  }
  EXPECT_GT(most, 100);
  EXPECT_LE(most, 2 * options.max_batch);
}

TEST(SchedTest, IgnoresEventsThatCannotBe) {
  const PhysicalGraph graph = FanIn(2);
  auto state = State::Make(graph, SchedOptions()).value();
  ActionBuffer actions;
  const std::vector<Event> events = {{EventKind::kFinished, 5, 1},  {EventKind::kFinished, 4000, 1},
                                     {EventKind::kReleased, 0, 0},  {EventKind::kRetryDue, 0, 0},
                                     {EventKind::kDataReady, 0, 0}, {EventKind::kStopped, 2, 0}};
  Step(*state, events, actions);
  EXPECT_EQ(state->ignored_events(), 6);
  EXPECT_EQ(Starts(actions).size(), 1u);
}

TEST(SchedTest, CancelAndDeadlineStopTheRun) {
  const PhysicalGraph graph = FanIn(50);
  for (bool cancel : {true, false}) {
    SimOptions options;
    options.sched.cores = 4;
    (cancel ? options.cancel_at_ns : options.deadline_at_ns) = 2000;
    const SimResult result = Simulate(graph, options);
    EXPECT_EQ(result.violation, "");
    EXPECT_EQ(result.stop, cancel ? StopReason::kCancel : StopReason::kDeadline);
    EXPECT_EQ(result.states.back(), DropState::kCancelled);
  }
}

TEST(SchedTest, ExternalSourcesWaitForTheirData) {
  const PhysicalGraph graph = FanIn(4);
  SimOptions options;
  options.sched.policy = DefaultPolicy(graph);
  options.sched.policy[0].external = true;
  const SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.violation, "");
  EXPECT_EQ(result.started.size(), 5u);
}

TEST(SchedTest, ExcludedDropsAreSkippedAndNotWaitedFor) {
  const PhysicalGraph graph = FanIn(3);
  SimOptions options;
  options.sched.included.assign(graph.drops(), false);
  const DropId app = graph.blocks[1].app(1);
  options.sched.included[app] = options.sched.included[graph.blocks[1].data(0, 1)] = true;
  options.sched.included[graph.blocks[0].data(0, 1)] = true;
  const SimResult result = Simulate(graph, options);
  EXPECT_EQ(result.started, (std::vector<DropId>{1, app}));
  EXPECT_EQ(result.states[graph.blocks[2].app(0)], DropState::kSkipped);
  EXPECT_EQ(result.stop, StopReason::kNone);
}

}  // namespace
}  // namespace cubeloom::runtime
