#include "cubeloom/base/executor.h"

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

absl::Status Failure(int64_t index) { return absl::InternalError(absl::StrCat("index ", index)); }

// Every ParallelFor test runs on each of these.
std::vector<std::unique_ptr<Executor>> Pools() {
  std::vector<std::unique_ptr<Executor>> pools;
  for (int threads : {1, 2, 5}) pools.push_back(MakeThreadPool(threads, "test"));
  return pools;
}

TEST(InlineExecutorTest, RunsInsideExecute) {
  int calls = 0;
  InlineExecutor().Execute([&calls] { ++calls; });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(InlineExecutor().concurrency(), 1);
}

TEST(ThreadPoolTest, DestructorRunsEverythingQueuedEvenByTasks) {
  std::atomic<int> calls{0};
  {
    auto pool = MakeThreadPool(2, "a rather long name for a thread");
    EXPECT_EQ(pool->concurrency(), 2);
    Executor* executor = pool.get();
    for (int i = 0; i < 100; ++i) {
      pool->Execute([executor, &calls] { executor->Execute([&calls] { ++calls; }); });
    }
  }
  EXPECT_EQ(calls, 100);
}

TEST(ThreadPoolTest, ReallyRunsThatManyAtOnce) {
  auto pool = MakeThreadPool(4, "test");
  absl::BlockingCounter all(4);
  absl::Notification go;
  for (int i = 0; i < 4; ++i) {
    pool->Execute([&] {
      all.DecrementCount();
      go.WaitForNotification();
    });
  }
  all.Wait();
  go.Notify();
}

TEST(ThreadPoolTest, ImpossibleThreadCountsAreCorrected) {
  EXPECT_EQ(MakeThreadPool(0, "test")->concurrency(), 1);
  EXPECT_EQ(MakeThreadPool(-7, "test")->concurrency(), 1);
}

TEST(ParallelForTest, EmptyRangesDoNothing) {
  auto body = [](int64_t) { return absl::InternalError("called"); };
  EXPECT_TRUE(ParallelFor(InlineExecutor(), 0, {}, body).ok());
  EXPECT_TRUE(ParallelFor(InlineExecutor(), -5, {}, body).ok());
}

TEST(ParallelForTest, CallsEveryIndexOnce) {
  for (const auto& pool : Pools()) {
    for (int64_t count : {1, 2, 3, 1000}) {
      std::vector<int> calls(count, 0);  // distinct elements: no lock needed
      EXPECT_TRUE(ParallelFor(*pool, count, {}, [&calls](int64_t i) {
                    ++calls[i];
                    return absl::OkStatus();
                  }).ok());
      EXPECT_EQ(calls, std::vector<int>(count, 1));
    }
  }
}

TEST(ParallelForTest, NeverMoreAtOnceThanTheExecutorAllows) {
  auto pool = MakeThreadPool(3, "test");
  std::atomic<int> now{0}, most{0};
  ASSERT_TRUE(ParallelFor(*pool, 200, {}, [&](int64_t) {
                const int n = ++now;
                int seen = most;
                while (n > seen && !most.compare_exchange_weak(seen, n)) {
                }
                absl::SleepFor(absl::Microseconds(20));
                --now;
                return absl::OkStatus();
              }).ok());
  EXPECT_LE(most, 3);
}

TEST(ParallelForTest, SmallestFailureIsReturnedWhateverTheTiming) {
  for (const auto& pool : Pools()) {
    for (int round = 0; round < 100; ++round) {
      absl::Status status = ParallelFor(*pool, 64, {}, [round](int64_t i) {
        if (i == 7 && round % 2 == 0) absl::SleepFor(absl::Microseconds(200));  // let the later ones win
        return i == 7 || i == 8 || i == 9 || i > 20 ? Failure(i) : absl::OkStatus();
      });
      ASSERT_EQ(status, Failure(7));
    }
  }
}

TEST(ParallelForTest, StopsSoonAfterAFailure) {
  for (const auto& pool : Pools()) {
    std::atomic<int64_t> calls{0};
    EXPECT_EQ(ParallelFor(*pool, 1000000000, {},
                          [&calls](int64_t i) {
                            ++calls;
                            return i == 10 ? Failure(i) : absl::OkStatus();
                          }),
              Failure(10));
    EXPECT_LT(calls, 1000000000);
  }
}

TEST(ParallelForTest, CancelStopsIt) {
  for (const auto& pool : Pools()) {
    CancelSource source;
    EXPECT_EQ(ParallelFor(*pool, 1000000000, source.token(),
                          [&source](int64_t i) {
                            if (i == 100) source.Cancel(absl::AbortedError("enough"));
                            return absl::OkStatus();
                          }),
              absl::AbortedError("enough"));
    EXPECT_EQ(ParallelFor(*pool, 5, source.token(), [](int64_t) { return Failure(0); }),
              absl::AbortedError("enough"));
  }
}

TEST(ParallelForTest, CancelAfterTheLastIndexIsTooLate) {
  CancelSource source;
  EXPECT_TRUE(ParallelFor(InlineExecutor(), 3, source.token(), [&source](int64_t i) {
                if (i == 2) source.Cancel();
                return absl::OkStatus();
              }).ok());
}

TEST(ParallelForTest, NestsOnABusyPool) {
  for (const auto& pool : Pools()) {
    std::atomic<int> leaves{0};
    ASSERT_TRUE(ParallelFor(*pool, 8, {}, [&](int64_t) {
                  return ParallelFor(*pool, 8, {}, [&](int64_t) {
                    return ParallelFor(*pool, 8, {}, [&](int64_t) {
                      ++leaves;
                      return absl::OkStatus();
                    });
                  });
                }).ok());
    EXPECT_EQ(leaves, 512);
  }
}

TEST(ParallelForTest, ReturnsWhileThePoolIsBlocked) {
  auto pool = MakeThreadPool(1, "test");
  absl::Notification go;
  pool->Execute([&go] { go.WaitForNotification(); });
  int calls = 0;  // the caller alone works
  EXPECT_TRUE(ParallelFor(*pool, 10, {}, [&calls](int64_t) {
                ++calls;
                return absl::OkStatus();
              }).ok());
  EXPECT_EQ(calls, 10);
  go.Notify();
}

// Keeps tasks until told to run them, so that late helpers can be produced at will.
class HoldingExecutor : public Executor {
 public:
  void Execute(std::function<void()> task) override { held.push_back(std::move(task)); }
  int concurrency() const override { return 64; }
  std::vector<std::function<void()>> held;
};

TEST(ParallelForTest, LateHelpersDoNothingAndFewAreQueued) {
  HoldingExecutor executor;
  {
    int calls = 0;
    EXPECT_TRUE(ParallelFor(executor, 10, {}, [&calls](int64_t) {
                  ++calls;
                  return absl::OkStatus();
                }).ok());
    EXPECT_EQ(calls, 10);
  }
  ASSERT_EQ(executor.held.size(), 1u);
  executor.held[0]();  // `calls` is gone: under ASan this shows any touch of it
  EXPECT_EQ(executor.held.size(), 1u);
}

TEST(ParallelForTest, AllThreadsOfAnIdlePoolTakePart) {
  auto pool = MakeThreadPool(3, "test");
  absl::Mutex mu;
  std::set<std::thread::id> threads;
  EXPECT_TRUE(ParallelFor(*pool, 3, {}, [&](int64_t) {
                absl::MutexLock lock(&mu);
                threads.insert(std::this_thread::get_id());
                auto all = [&threads] { return threads.size() == 3; };
                return mu.AwaitWithTimeout(absl::Condition(&all), absl::Seconds(30))
                           ? absl::OkStatus()
                           : absl::DeadlineExceededError("a thread did not come");
              }).ok());
}

}  // namespace
}  // namespace cubeloom
