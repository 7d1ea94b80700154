#include "cubeloom/kernel/api/scratch_pool.h"

#include <cstring>
#include <optional>

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

// Counts bytes against a limit.
class Budget : public Allocator {
 public:
  explicit Budget(size_t limit) : limit_(limit) {}
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    ++calls_;
    if (used_ + bytes > limit_) return absl::ResourceExhaustedError("budget");
    absl::StatusOr<MutableBuffer> block = Allocator::Heap().Allocate(bytes);
    if (!block.ok()) return block;
    used_ += bytes;
    std::byte* const data = block->data();
    auto owner = std::shared_ptr<void>(
        data, [this, bytes, keep = std::make_shared<MutableBuffer>(*std::move(block))](void*) mutable {
          used_ -= bytes;
          keep.reset();
        });
    return MutableBuffer(std::move(owner), data, bytes, MemorySpace::kMemfd);
  }
  size_t used() const { return used_; }
  int calls() const { return calls_; }

 private:
  const size_t limit_;
  size_t used_ = 0;
  int calls_ = 0;
};

TEST(ScratchPoolTest, TheLastBlockComesBack) {
  Budget budget(size_t{1} << 30);
  ScratchPool pool(budget);
  const std::byte* first;
  {
    MutableBuffer block = pool.Allocate(256 << 10).value();
    first = block.data();
    EXPECT_EQ(block.size(), 256u << 10);
    EXPECT_EQ(block.space(), MemorySpace::kMemfd);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % kBufferAlignment, 0u);
    std::memset(block.data(), 1, block.size());
  }
  MutableBuffer slightly_smaller = pool.Allocate((256 << 10) - 1000).value();
  EXPECT_EQ(slightly_smaller.data(), first);
  MutableBuffer much_smaller = pool.Allocate(100).value();
  EXPECT_NE(much_smaller.data(), first);
  EXPECT_EQ(budget.calls(), 2);
}

TEST(ScratchPoolTest, BuffersOutliveThePoolAndGiveTheirMemoryBack) {
  Budget budget(size_t{1} << 30);
  Buffer kept;
  {
    ScratchPool pool(budget);
    MutableBuffer block = pool.Allocate(5000).value();
    std::memset(block.data(), 7, 5000);
    kept = std::move(block).Publish();
    { MutableBuffer idle = pool.Allocate(9000).value(); }
  }
  EXPECT_GE(budget.used(), 5000u);
  EXPECT_LT(budget.used(), 9000u);
  EXPECT_EQ(kept.data()[4999], std::byte{7});
  kept = Buffer();
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ScratchPoolTest, IdleBlocksGoBackWhenTheBudgetIsShort) {
  Budget budget(100 << 10);
  ScratchPool pool(budget);
  { MutableBuffer block = pool.Allocate(60 << 10).value(); }
  EXPECT_GT(budget.used(), 0u);
  EXPECT_TRUE(pool.Allocate(90 << 10).ok());
  EXPECT_EQ(pool.Allocate(200 << 10).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(pool.Allocate(~size_t{0}).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(ScratchPoolTest, KeepsNoMoreThanItsLimit) {
  Budget budget(size_t{1} << 30);
  ScratchPool pool(budget, /*keep_bytes=*/100 << 10);
  {
    MutableBuffer a = pool.Allocate(64 << 10).value();
    MutableBuffer b = pool.Allocate(64 << 10).value();
  }
  EXPECT_LE(budget.used(), 100u << 10);
  EXPECT_TRUE(pool.Allocate(0).ok());
}

}  // namespace
}  // namespace cubeloom
