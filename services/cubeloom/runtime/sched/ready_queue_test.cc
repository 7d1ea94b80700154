#include "cubeloom/runtime/sched/ready_queue.h"

#include <deque>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

TEST(ReadyQueueTest, IsEmptyAtFirst) {
  ReadyQueue queue(10, 3);
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.First(), ReadyQueue::kNone);
  EXPECT_EQ(queue.Last(), ReadyQueue::kNone);
  ReadyQueue nothing(0, 0);
  EXPECT_EQ(nothing.First(), ReadyQueue::kNone);
}

TEST(ReadyQueueTest, BucketIsFirstInFirstOut) {
  ReadyQueue queue(10, 2);
  for (DropId d : {7u, 1u, 4u}) queue.Push(1, d);
  EXPECT_EQ(queue.Front(0), kNoId);
  EXPECT_EQ(queue.Next(7), 1u);
  EXPECT_EQ(queue.Pop(1), 7u);
  queue.Push(1, 7);
  EXPECT_EQ(queue.Pop(1), 1u);
  EXPECT_EQ(queue.Pop(1), 4u);
  EXPECT_EQ(queue.Pop(1), 7u);
  EXPECT_EQ(queue.size(), 0u);
}

TEST(ReadyQueueTest, AgreesWithDequesUnderRandomUse) {
  constexpr uint32_t kBuckets = 200, kDrops = 500;
  ReadyQueue queue(kDrops, kBuckets);
  std::vector<std::deque<DropId>> model(kBuckets);
  std::vector<bool> inside(kDrops, false);
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const uint32_t bucket = random() % kBuckets;
    const DropId drop = random() % kDrops;
    if (!inside[drop]) {
      queue.Push(bucket, drop);
      model[bucket].push_back(drop);
      inside[drop] = true;
    } else if (!model[bucket].empty()) {
      const DropId got = queue.Pop(bucket);
      ASSERT_EQ(got, model[bucket].front());
      model[bucket].pop_front();
      inside[got] = false;
    }
    uint32_t after = ReadyQueue::kNone, before = ReadyQueue::kNone;
    for (uint32_t b = kBuckets; b-- > bucket;) after = model[b].empty() ? after : b;
    for (uint32_t b = 0; b < bucket; ++b) before = model[b].empty() ? before : b;
    ASSERT_EQ(queue.After(bucket), after);
    ASSERT_EQ(queue.Before(bucket), before);
  }
}

}  // namespace
}  // namespace cubeloom::runtime
