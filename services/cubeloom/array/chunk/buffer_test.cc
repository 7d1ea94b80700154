#include "cubeloom/array/chunk/buffer.h"

#include <gtest/gtest.h>

#include <cstring>

namespace cubeloom {
namespace {

TEST(AllocatorTest, MemoryIsAligned) {
  const size_t huge = size_t{2} << 20;
  const struct {
    size_t bytes, alignment;
  } kCases[] = {{0, 64}, {1, 64}, {63, 64}, {4096, 64}, {huge - 1, 64}, {huge, huge}, {huge + 12345, huge}};
  for (const auto& c : kCases) {
    absl::StatusOr<MutableBuffer> buffer = Allocator::Heap().Allocate(c.bytes);
    ASSERT_TRUE(buffer.ok());
    EXPECT_EQ(buffer->size(), c.bytes);
    ASSERT_NE(buffer->data(), nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % c.alignment, 0u) << c.bytes;
    if (c.bytes > 0) std::memset(buffer->data(), 1, c.bytes);
  }
}

TEST(AllocatorTest, AbsurdSizesAreRefused) {
  for (size_t bytes : {SIZE_MAX, SIZE_MAX / 2, (size_t{1} << 46) + 1}) {
    const absl::Status status = Allocator::Heap().Allocate(bytes).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << bytes;
  }
}

TEST(BufferTest, CopySliceAndPublish) {
  EXPECT_FALSE(Buffer());
  const Buffer empty = Buffer::Copy(nullptr, 0);
  EXPECT_TRUE(empty);
  EXPECT_EQ(empty.size(), 0u);

  MutableBuffer made = Allocator::Heap().Allocate(10).value();
  std::memcpy(made.data(), "0123456789", 10);
  const Buffer whole = std::move(made).Publish(8);
  EXPECT_EQ(whole.size(), 8u);
  const Buffer part = whole.Slice(2, 3);
  EXPECT_EQ(std::memcmp(part.data(), "234", 3), 0);
  EXPECT_EQ(part.data(), whole.data() + 2);
  EXPECT_EQ(part.space(), MemorySpace::kHeap);
}

TEST(BufferTest, OwnerLivesAsLongAsTheLastPart) {
  bool freed = false;
  char memory[4] = {};
  {
    Buffer part;
    {
      std::shared_ptr<void> owner(memory, [&](void*) { freed = true; });
      const Buffer whole = MutableBuffer(std::move(owner), memory, 4, MemorySpace::kMemfd).Publish();
      part = whole.Slice(1, 2);
    }
    EXPECT_FALSE(freed);
    EXPECT_EQ(part.space(), MemorySpace::kMemfd);
  }
  EXPECT_TRUE(freed);
}

TEST(BufferTest, UnpublishedMemoryIsGivenBack) {
  bool freed = false;
  char memory[4] = {};
  {
    std::shared_ptr<void> owner(memory, [&](void*) { freed = true; });
    MutableBuffer buffer(std::move(owner), memory, 4, MemorySpace::kHeap);
  }
  EXPECT_TRUE(freed);
}

}  // namespace
}  // namespace cubeloom
