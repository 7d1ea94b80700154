#include "cubeloom/base/cpu.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

namespace v2 {
int Level() { return 2; }
}  // namespace v2
namespace v3 {
int Level() { return 3; }
}  // namespace v3
namespace v4 {
int Level() { return 4; }
}  // namespace v4

TEST(SimdLevelTest, NeverAboveTheMachine) {
  const SimdLevel start = ActiveSimdLevel();
  EXPECT_LE(start, DetectedSimdLevel());
  for (SimdLevel wish : {SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    SetSimdLevel(wish);
    EXPECT_EQ(ActiveSimdLevel(), std::min(wish, DetectedSimdLevel()));
  }
  SetSimdLevel(start);
}

TEST(SimdLevelTest, DispatchPicksTheActiveNamespace) {
  const SimdLevel start = ActiveSimdLevel();
  for (SimdLevel wish : {SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    SetSimdLevel(wish);
    EXPECT_EQ(CL_SIMD_DISPATCH(Level)(), static_cast<int>(ActiveSimdLevel()));
  }
  SetSimdLevel(start);
}

}  // namespace
}  // namespace cubeloom
