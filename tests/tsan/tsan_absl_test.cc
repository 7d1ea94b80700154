// Correct programs over every kind of Abseil lock: ThreadSanitizer must not report any of them (a report ends
// the program). Without tsan_absl.cc it reports nearly all.
#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

template <typename Function>
void InTwoThreads(Function function) {
  std::thread other([&] { function(1); });
  function(0);
  other.join();
}

TEST(TsanAbslTest, MutexOrdersWriters) {
  absl::Mutex mutex;
  int count = 0;
  InTwoThreads([&](int) {
    for (int i = 0; i < 2000; ++i) {
      absl::MutexLock lock(&mutex);
      ++count;
    }
  });
  EXPECT_EQ(count, 4000);
}

TEST(TsanAbslTest, ReadersSeeWhatWritersWrote) {
  absl::Mutex mutex;
  int count = 0;
  InTwoThreads([&](int me) {
    for (int i = 0; i < 2000; ++i) {
      if (me == 0) {
        absl::WriterMutexLock lock(&mutex);
        ++count;
      } else {
        absl::ReaderMutexLock lock(&mutex);
        EXPECT_LE(count, 2000);
      }
    }
  });
}

TEST(TsanAbslTest, TryLockOrdersWhenItSucceeds) {
  absl::Mutex mutex;
  int count = 0;
  InTwoThreads([&](int) {
    for (int done = 0; done < 1000;) {
      if (!mutex.TryLock()) continue;
      ++count;
      ++done;
      mutex.Unlock();
    }
  });
  EXPECT_EQ(count, 2000);
}

TEST(TsanAbslTest, ConditionsAreEvaluatedUnderTheLock) {
  absl::Mutex mutex;
  int turn = 0;
  InTwoThreads([&](int me) {
    const auto mine = [&] { return turn % 2 == me; };
    for (int i = 0; i < 500; ++i) {
      mutex.LockWhen(absl::Condition(&mine));
      ++turn;
      mutex.Unlock();
      absl::MutexLock lock(&mutex);
      mutex.AwaitWithTimeout(absl::Condition(&mine), absl::Milliseconds(1));
    }
  });
  EXPECT_EQ(turn, 1000);
}

TEST(TsanAbslTest, CondVarPassesOwnership) {
  absl::Mutex mutex;
  absl::CondVar changed;
  int turn = 0;
  InTwoThreads([&](int me) {
    for (int i = 0; i < 500; ++i) {
      absl::MutexLock lock(&mutex);
      while (turn % 2 != me) changed.WaitWithTimeout(&mutex, absl::Seconds(1));
      ++turn;
      changed.SignalAll();
    }
  });
  EXPECT_EQ(turn, 1000);
}

TEST(TsanAbslTest, NotificationPublishes) {
  int value = 0;
  absl::Notification written, polled;
  std::thread waiter([&] {
    written.WaitForNotification();
    EXPECT_EQ(value, 5);
  });
  std::thread poller([&] {
    while (!written.HasBeenNotified()) std::this_thread::yield();
    EXPECT_EQ(value, 5);
  });
  value = 5;
  written.Notify();
  waiter.join();
  poller.join();
}

TEST(TsanAbslTest, BlockingCounterPublishes) {
  std::vector<int> values(3, 0);
  absl::BlockingCounter left(3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      values[i] = i + 1;
      left.DecrementCount();
    });
  }
  left.Wait();
  EXPECT_EQ(values, (std::vector<int>{1, 2, 3}));
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cubeloom
