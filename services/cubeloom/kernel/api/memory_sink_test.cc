#include <cstring>

#include "cubeloom/kernel/api/execute.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

ArrayDesc Desc(const Shape& shape, DType dtype) {
  ArrayDesc desc;
  desc.shape = shape;
  desc.dtype = dtype;
  return desc;
}

std::unique_ptr<ArraySink> Sink(const ArrayDesc& desc) {
  return MakeMemorySink(Allocator::Heap())(desc, ChunkGrid()).value();
}

// A chunk whose elements are their row-major numbers in the array.
Chunk Numbered(const Box& box, const Shape& shape) {
  Chunk chunk;
  chunk.dtype = DType::kI32;
  chunk.box = box;
  chunk.strides = ContiguousStrides(box.extent);
  std::vector<int32_t> values;
  for (int64_t y = 0; y < box.extent[0]; ++y) {
    for (int64_t x = 0; x < box.extent[1]; ++x) {
      values.push_back(static_cast<int32_t>((box.origin[0] + y) * shape[1] + box.origin[1] + x));
    }
  }
  chunk.data = Buffer::Copy(values.data(), values.size() * 4);
  return chunk;
}

TEST(MemorySinkTest, AssemblesChunksOfAnyShape) {
  const Shape shape{7, 11};
  for (const Shape& size : {Shape{7, 11}, Shape{2, 11}, Shape{3, 4}, Shape{1, 1}, Shape{7, 1}}) {
    auto sink = Sink(Desc(shape, DType::kI32));
    const ChunkGrid grid(shape, size);
    for (int64_t i = grid.size() - 1; i >= 0; --i) {
      Chunk chunk = Numbered(grid.BoxOf(i), shape);
      if (i == 0) {  // the first element of the array is not valid
        std::vector<uint8_t> bits(static_cast<size_t>((chunk.box.elements() + 7) / 8), 0xff);
        bits[0] = 0xfe;
        chunk.validity = Buffer::Copy(bits.data(), bits.size());
      }
      ASSERT_TRUE(sink->Put(chunk).ok());
    }
    const ArrayPtr array = sink->Finish().value();
    const Chunk all = array->Read(Box::Whole(shape), ReadContext()).value();
    for (int32_t i = 0; i < 77; ++i) {
      EXPECT_EQ(all.as<int32_t>()[i], i) << size.ToString();
      EXPECT_EQ(all.valid(i), i != 0);
    }
  }
}

TEST(MemorySinkTest, ReservesInPlaceOnlyWhatIsOneAlignedRun) {
  auto sink = Sink(Desc({8, 16}, DType::kF32));
  std::byte* const start = sink->Reserve({{0, 0}, {8, 16}});
  ASSERT_NE(start, nullptr);
  const struct {
    Box box;
    int64_t offset;  // -1: not in place
  } cases[] = {
      {{{2, 0}, {3, 16}}, 128},
      {{{2, 0}, {2, 15}}, -1},
      {{{2, 0}, {1, 15}}, 128},
      {{{2, 1}, {1, 15}}, -1},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(sink->Reserve(c.box), c.offset < 0 ? nullptr : start + c.offset) << c.box.ToString();
  }
}

TEST(MemorySinkTest, AReservedPlaceIsNotCopied) {
  const Shape shape{4, 16};
  auto sink = Sink(Desc(shape, DType::kI32));
  for (int64_t y = 0; y < 4; y += 2) {
    const Box box{{y, 0}, {2, 16}};
    std::byte* const place = sink->Reserve(box);
    ASSERT_NE(place, nullptr);
    Chunk chunk = Numbered(box, shape);
    std::memcpy(place, chunk.data.data(), 128);
    chunk.data = Buffer(nullptr, place, 128, MemorySpace::kHeap);
    ASSERT_TRUE(sink->Put(chunk).ok());
  }
  EXPECT_EQ(sink->Finish().value()->Read(Box::Whole(shape), ReadContext())->as<int32_t>()[63], 63);
}

TEST(MemorySinkTest, BadChunksAndMissingOnesAreErrors) {
  const Shape shape{4, 4};
  auto sink = Sink(Desc(shape, DType::kI32));
  EXPECT_EQ(sink->Put(Numbered({{3, 3}, {2, 1}}, shape)).code(), absl::StatusCode::kInternal);
  Chunk chunk = Numbered({{0, 0}, {2, 4}}, shape);
  ASSERT_TRUE(sink->Put(chunk).ok());
  chunk.dtype = DType::kF32;
  EXPECT_EQ(sink->Put(chunk).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(sink->Finish().status().message(), "memory sink of 4x4 got 8 of 16 elements");
  const ArrayDesc absurd = Desc({int64_t{1} << 40, int64_t{1} << 40}, DType::kF32);
  EXPECT_FALSE(MakeMemorySink(Allocator::Heap())(absurd, ChunkGrid()).ok());
}

TEST(MemorySinkTest, ScalarsAndEmptyArraysWork) {
  EXPECT_EQ(Sink(Desc({0, 5}, DType::kF32))->Finish().value()->desc().shape, (Shape{0, 5}));
  auto sink = Sink(Desc({}, DType::kF64));
  Chunk chunk;
  chunk.dtype = DType::kF64;
  const double value = 2.5;
  chunk.data = Buffer::Copy(&value, 8);
  ASSERT_TRUE(sink->Put(chunk).ok());
  EXPECT_EQ(*sink->Finish().value()->Read(Box(), ReadContext())->as<double>(), 2.5);
}

}  // namespace
}  // namespace cubeloom
