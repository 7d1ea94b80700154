#include "cubeloom/base/clock.h"

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

TEST(RealClockTest, MonotonicDoesNotGoBackAndSleepTakesTime) {
  Clock& clock = Clock::Real();
  absl::Duration last = clock.Monotonic();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration now = clock.Monotonic();
    ASSERT_GE(now, last);
    last = now;
  }
  clock.SleepFor(absl::Milliseconds(2));
  EXPECT_GE(clock.Monotonic() - last, absl::Milliseconds(2));
  EXPECT_GT(clock.Wall(), absl::FromUnixSeconds(1600000000));
}

TEST(SimulatedClockTest, StandsStillUntilMoved) {
  SimulatedClock clock(absl::FromUnixSeconds(100));
  EXPECT_EQ(clock.Monotonic(), absl::ZeroDuration());
  EXPECT_EQ(clock.Wall(), absl::FromUnixSeconds(100));
  clock.SleepFor(absl::Hours(1));
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Monotonic(), absl::Seconds(3605));
  EXPECT_EQ(clock.Wall(), absl::FromUnixSeconds(3705));
}

TEST(SimulatedClockTest, WallMayJumpButMonotonicMayNot) {
  SimulatedClock clock;
  clock.Advance(absl::Seconds(10));
  clock.JumpWall(-absl::Seconds(4));
  EXPECT_EQ(clock.Wall(), absl::FromUnixSeconds(6));
  EXPECT_EQ(clock.Monotonic(), absl::Seconds(10));
  clock.Advance(-absl::Seconds(1));
  EXPECT_EQ(clock.Monotonic(), absl::Seconds(10));
}

}  // namespace
}  // namespace cubeloom
