#include "cubeloom/base/byte_queue.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

TEST(ByteQueueTest, FirstInFirstOutAndBytesAreCounted) {
  ByteQueue<std::string> queue(100);
  EXPECT_TRUE(queue.Push("a", 10));
  EXPECT_TRUE(queue.Push("b", 20));
  EXPECT_EQ(queue.bytes(), 30u);
  EXPECT_EQ(queue.Pop(), "a");
  EXPECT_EQ(queue.bytes(), 20u);
  EXPECT_EQ(queue.TryPop(), "b");
  EXPECT_EQ(queue.TryPop(), std::nullopt);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(ByteQueueTest, FullQueueRefusesUntilRoomIsMade) {
  ByteQueue<int> queue(10);
  EXPECT_TRUE(queue.TryPush(1, 6));
  EXPECT_FALSE(queue.TryPush(2, 5));
  EXPECT_TRUE(queue.TryPush(3, 4));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_TRUE(queue.TryPush(2, 5));
}

TEST(ByteQueueTest, OversizedItemIsAdmittedAlone) {
  ByteQueue<int> queue(10);
  EXPECT_TRUE(queue.Push(1, 1000));
  EXPECT_FALSE(queue.TryPush(2, 0));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_TRUE(queue.TryPush(2, 1));
  EXPECT_FALSE(queue.TryPush(3, 1000));
}

TEST(ByteQueueTest, HugeSizesDoNotWrapAround) {
  ByteQueue<int> queue(SIZE_MAX);
  EXPECT_TRUE(queue.TryPush(1, 10));
  EXPECT_FALSE(queue.TryPush(2, SIZE_MAX));
}

TEST(ByteQueueTest, CloseRefusesPushesAndDrainsPops) {
  ByteQueue<std::unique_ptr<int>> queue(10);
  EXPECT_TRUE(queue.Push(std::make_unique<int>(7), 1));
  queue.Close();
  EXPECT_FALSE(queue.Push(nullptr, 1));
  EXPECT_FALSE(queue.TryPush(nullptr, 1));
  EXPECT_EQ(**queue.Pop(), 7);
  EXPECT_FALSE(queue.Pop().has_value());
}

TEST(ByteQueueTest, CloseWakesBlockedThreads) {
  ByteQueue<int> full(1), empty(1);
  ASSERT_TRUE(full.Push(1, 1));
  std::thread producer([&] { EXPECT_FALSE(full.Push(2, 1)); });
  std::thread consumer([&] { EXPECT_EQ(empty.Pop(), std::nullopt); });
  absl::SleepFor(absl::Milliseconds(5));
  full.Close();
  empty.Close();
  producer.join();
  consumer.join();
}

TEST(ByteQueueTest, ManyThreadsLoseNothingAndKeepTheLimit) {
  static constexpr int kThreads = 3, kItems = 2000;
  static constexpr size_t kLimit = 64;
  ByteQueue<int> queue(kLimit);
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> producers, consumers;
  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&queue] {
      for (int i = 1; i <= kItems; ++i) ASSERT_TRUE(queue.Push(i, 1 + i % 32));
    });
    consumers.emplace_back([&] {
      while (std::optional<int> item = queue.Pop()) {
        sum += *item;
        EXPECT_LE(queue.bytes(), kLimit);
      }
    });
  }
  for (std::thread& t : producers) t.join();
  queue.Close();
  for (std::thread& t : consumers) t.join();
  EXPECT_EQ(sum, int64_t{kThreads} * kItems * (kItems + 1) / 2);
}

}  // namespace
}  // namespace cubeloom
