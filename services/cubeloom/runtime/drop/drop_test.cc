#include "cubeloom/runtime/drop/drop.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

TEST(DropStateTest, EveryStateHasItsOwnName) {
  std::set<std::string> names;
  for (size_t s = 0; s < kDropStates; ++s) names.insert(DropStateName(static_cast<DropState>(s)));
  EXPECT_EQ(names.size(), kDropStates);
  EXPECT_STREQ(DropStateName(static_cast<DropState>(200)), "invalid");
}

TEST(DropStateTest, FinalStatesAreNeverLeftButForExpiry) {
  for (size_t from = 0; from < kDropStates; ++from) {
    for (size_t to = 0; to < kDropStates; ++to) {
      const auto a = static_cast<DropState>(from), b = static_cast<DropState>(to);
      EXPECT_FALSE(from == to && CanMove(a, b));
      EXPECT_TRUE(!IsFinal(a) || !CanMove(a, b) || (IsSuccess(a) && IsSuccess(b))) << DropStateName(a);
    }
  }
  EXPECT_TRUE(CanMove(DropState::kInitialized, DropState::kWriting));
  EXPECT_TRUE(CanMove(DropState::kWriting, DropState::kInitialized));
  EXPECT_FALSE(CanMove(DropState::kInitialized, DropState::kCompleted));
}

}  // namespace
}  // namespace cubeloom::runtime
