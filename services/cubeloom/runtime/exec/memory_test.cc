#include "cubeloom/runtime/exec/memory.h"

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

using ::testing::HasSubstr;

TEST(MemoryBudgetTest, NeverGoesOverItsLimit) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.TryCharge(60));
  EXPECT_FALSE(budget.TryCharge(41));
  EXPECT_TRUE(budget.TryCharge(40));
  budget.Release(60);
  EXPECT_EQ(budget.used(), 40);
  EXPECT_EQ(budget.peak(), 100);
  EXPECT_FALSE(budget.TryCharge(INT64_MAX));
}

TEST(BudgetAllocatorTest, BuffersAreChargedForAsLongAsTheyLive) {
  auto budget = std::make_shared<MemoryBudget>(1 << 20);
  BudgetAllocator allocator(budget, nullptr);
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{1000}, size_t{300'000}, size_t{1} << 20}) {
    Buffer kept;
    {
      MutableBuffer buffer = allocator.Allocate(bytes).value();
      EXPECT_EQ(buffer.size(), bytes);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kBufferAlignment, 0u);
      EXPECT_GE(budget->used(), static_cast<int64_t>(bytes));
      if (bytes > 0) buffer.data()[bytes - 1] = std::byte{1};
      kept = std::move(buffer).Publish();
    }
    EXPECT_GE(budget->used(), static_cast<int64_t>(bytes));
    kept = Buffer();
    EXPECT_EQ(budget->used(), 0) << bytes;
  }
}

TEST(BudgetAllocatorTest, AbsurdSizesAreRefusedWithoutAllocating) {
  BudgetAllocator allocator(std::make_shared<MemoryBudget>(1 << 20), nullptr);
  for (size_t bytes : {size_t{1} << 21, size_t{1} << 62, SIZE_MAX, SIZE_MAX - 100}) {
    const absl::StatusOr<MutableBuffer> buffer = allocator.Allocate(bytes);
    ASSERT_FALSE(buffer.ok());
    EXPECT_TRUE(absl::IsResourceExhausted(buffer.status()));
    EXPECT_TRUE(IsMemoryShort(buffer.status()));
    EXPECT_THAT(buffer.status().message(), HasSubstr("memory budget of 1.0 MiB"));
  }
  EXPECT_FALSE(IsMemoryShort(absl::ResourceExhaustedError("disk full")));
}

TEST(BudgetAllocatorTest, AsksForMemoryBackBeforeItRefuses) {
  auto budget = std::make_shared<MemoryBudget>(1000);
  std::vector<Buffer> cache;
  int asked = 0;
  BudgetAllocator allocator(budget, [&](int64_t) {
    ++asked;
    if (cache.empty()) return false;
    cache.pop_back();
    return true;
  });
  for (int i = 0; i < 4; ++i) {
    MutableBuffer buffer = allocator.Allocate(200).value();
    cache.push_back(std::move(buffer).Publish());
  }
  EXPECT_TRUE(allocator.Allocate(700).ok());
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(asked, 3);
  EXPECT_FALSE(allocator.Allocate(2000).ok());  // over the whole budget: nothing is given up for it
  EXPECT_EQ(cache.size(), 1u);
}

TEST(DropAllocatorTest, MetersWhatTheDropHasAndWasRefused) {
  BudgetAllocator base(std::make_shared<MemoryBudget>(1000), nullptr);
  Buffer outlives;
  {
    DropAllocator drop(&base);
    MutableBuffer a = drop.Allocate(300).value();
    MutableBuffer b = drop.Allocate(400).value();
    EXPECT_EQ(drop.meter().used(), 700);
    EXPECT_EQ(drop.meter().wanted(), 0);
    EXPECT_FALSE(drop.Allocate(500).ok());
    EXPECT_EQ(drop.meter().wanted(), 1200);
    outlives = std::move(a).Publish();
  }
  EXPECT_EQ(base.budget().used(), 300);
}

}  // namespace
}  // namespace cubeloom::runtime
