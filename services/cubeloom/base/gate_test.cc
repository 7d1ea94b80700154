#include "cubeloom/base/gate.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

TEST(GateTest, CountsPasses) {
  Gate gate;
  Gate::Pass a = gate.Enter();
  EXPECT_TRUE(a);
  EXPECT_EQ(gate.in_flight(), 1);
  Gate::Pass b = std::move(a);
  EXPECT_EQ(gate.in_flight(), 1);
  b = gate.Enter();  // the old pass is given back
  EXPECT_EQ(gate.in_flight(), 1);
  Gate::Pass& same = b;
  b = std::move(same);
  EXPECT_EQ(gate.in_flight(), 1);
  b.Release();
  b.Release();
  EXPECT_EQ(gate.in_flight(), 0);
}

TEST(GateTest, ClosedGateRefusesAndStaysClosed) {
  Gate gate;
  EXPECT_TRUE(gate.Close());
  EXPECT_FALSE(gate.Enter());
  EXPECT_TRUE(gate.Close());
  EXPECT_FALSE(gate.Enter());
}

TEST(GateTest, CloseGivesUpAtItsTimeout) {
  Gate gate;
  Gate::Pass pass = gate.Enter();
  EXPECT_FALSE(gate.Close(absl::Milliseconds(2)));
  EXPECT_FALSE(gate.Close(absl::ZeroDuration()));
  pass.Release();
  EXPECT_TRUE(gate.Close(absl::ZeroDuration()));
}

TEST(GateTest, CloseWaitsForWorkInFlight) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> working{0};
    std::vector<std::thread> threads;
    {
      Gate gate;
      for (int t = 0; t < 3; ++t) {
        Gate::Pass pass = gate.Enter();
        threads.emplace_back([&working, pass = std::move(pass)]() mutable {
          ++working;
          absl::SleepFor(absl::Microseconds(100));
          --working;
          pass.Release();
        });
      }
      EXPECT_TRUE(gate.Close());
      EXPECT_EQ(working, 0);
    }  // destroying the gate right after Close() is safe
    for (std::thread& t : threads) t.join();
  }
}

}  // namespace
}  // namespace cubeloom
