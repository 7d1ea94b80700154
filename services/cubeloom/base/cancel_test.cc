#include "cubeloom/base/cancel.h"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

TEST(CancelTest, DefaultTokenNeverFires) {
  CancelToken token;
  EXPECT_FALSE(token.cancelled());
  EXPECT_TRUE(token.status().ok());
  EXPECT_NE(token.OnCancel([] { ADD_FAILURE(); }), nullptr);
}

TEST(CancelTest, FirstStatusWins) {
  CancelSource source;
  CancelToken token = source.token();
  EXPECT_FALSE(token.cancelled());
  source.Cancel(absl::DeadlineExceededError("after 90s"));
  source.Cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_EQ(token.status(), absl::DeadlineExceededError("after 90s"));
}

TEST(CancelTest, OkIsNoReason) {
  CancelSource source;
  source.Cancel(absl::OkStatus());
  EXPECT_EQ(source.token().status().code(), absl::StatusCode::kCancelled);
}

TEST(CancelTest, TokensOutliveTheSource) {
  auto source = std::make_unique<CancelSource>();
  CancelToken fired = source->token();
  source->Cancel();
  source = std::make_unique<CancelSource>();
  CancelToken quiet = source->token();
  source.reset();
  EXPECT_TRUE(fired.cancelled());
  EXPECT_FALSE(quiet.cancelled());
}

TEST(CancelTest, CallbacksRunOnceInOrderOfRegistration) {
  CancelSource source;
  std::string calls;
  auto a = source.token().OnCancel([&] { calls += 'a'; });
  auto b = source.token().OnCancel([&] { calls += 'b'; });
  auto c = source.token().OnCancel([&] { calls += 'c'; });
  b.reset();
  source.Cancel();
  source.Cancel();
  EXPECT_EQ(calls, "ac");
  auto late = source.token().OnCancel([&] { calls += 'd'; });
  EXPECT_EQ(calls, "acd");
}

TEST(CancelTest, CallbackMayTouchItsOwnState) {
  CancelSource source;
  std::unique_ptr<CancelToken::Registration> self, other;
  int calls = 0;
  self = source.token().OnCancel([&] {
    ++calls;
    EXPECT_FALSE(source.token().status().ok());
    source.Cancel();
    self.reset();   // withdraws itself from inside
    other.reset();  // and one that has not run yet
    source.token().OnCancel([&] { ++calls; });
  });
  other = source.token().OnCancel([&] { calls += 100; });
  source.Cancel();
  EXPECT_EQ(calls, 2);
}

TEST(CancelTest, WithdrawingWaitsForACallInProgress) {
  CancelSource source;
  absl::Notification entered;
  bool ended = false;  // unguarded on purpose: the withdrawal must order the two threads
  auto registration = source.token().OnCancel([&] {
    entered.Notify();
    absl::SleepFor(absl::Milliseconds(5));
    ended = true;
  });
  std::thread firing([&] { source.Cancel(); });
  entered.WaitForNotification();
  registration.reset();
  EXPECT_TRUE(ended);
  firing.join();
}

TEST(CancelTest, ChildFiresWithItsParentButNotTheOtherWay) {
  CancelSource parent;
  CancelSource child(parent.token()), grandchild(child.token());
  CancelSource sibling(parent.token());
  sibling.Cancel(absl::AbortedError("only me"));
  EXPECT_FALSE(parent.token().cancelled());
  parent.Cancel(absl::UnavailableError("shutting down"));
  EXPECT_EQ(grandchild.token().status(), absl::UnavailableError("shutting down"));
  EXPECT_EQ(sibling.token().status(), absl::AbortedError("only me"));
  CancelSource born_late(parent.token());
  EXPECT_TRUE(born_late.token().cancelled());
  CancelSource orphan{CancelToken()};
  EXPECT_FALSE(orphan.token().cancelled());
}

TEST(CancelTest, RacingCancelsAndRegistrations) {
  for (int round = 0; round < 50; ++round) {
    auto source = std::make_unique<CancelSource>();
    CancelToken token = source->token();
    std::atomic<int> calls{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([token, &calls] {
        for (int i = 0; i < 20; ++i) {
          auto registration = token.OnCancel([&calls] { ++calls; });
          CancelSource child(token);
          EXPECT_TRUE(!token.cancelled() || !token.status().ok());
        }
      });
    }
    source->Cancel(absl::AbortedError("first"));
    source.reset();
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(token.status(), absl::AbortedError("first"));
    EXPECT_LE(calls, 40);
  }
}

}  // namespace
}  // namespace cubeloom
