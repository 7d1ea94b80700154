#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "cubeloom/array/chunk/chunk.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

ArrayPtr Counting(const Shape& shape) {
  std::vector<int32_t> values(static_cast<size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), 0);
  return ArrayFromVector(shape, values);
}

// The elements of a box, row-major.
std::vector<int32_t> Read(const Array& array, const Box& box) {
  const Chunk chunk = MakeContiguous(array.Read(box, ReadContext()).value(), Allocator::Heap()).value();
  EXPECT_EQ(chunk.box, box);
  return std::vector<int32_t>(chunk.as<int32_t>(), chunk.as<int32_t>() + box.elements());
}

TEST(MemoryArrayTest, ReadsBoxesWithoutCopying) {
  const ArrayPtr array = Counting({4, 5});
  EXPECT_EQ(array->desc().dtype, DType::kI32);
  EXPECT_EQ(Read(*array, {{1, 2}, {2, 3}}), (std::vector<int32_t>{7, 8, 9, 12, 13, 14}));
  const std::byte* whole = array->Read(Box::Whole({4, 5}), ReadContext())->data.data();
  EXPECT_EQ(array->Read({{1, 2}, {2, 3}}, ReadContext())->data.data(), whole + 7 * 4);
  EXPECT_EQ(Read(*Counting({}), Box::Whole({})), std::vector<int32_t>{0});
  EXPECT_TRUE(Read(*array, {{4, 0}, {0, 5}}).empty());
}

TEST(MemoryArrayTest, BoxesOutsideAreRefused) {
  const ArrayPtr array = Counting({4, 5});
  const Box kBad[] = {{{0, 0}, {5, 5}}, {{-1, 0}, {1, 1}}, {{0}, {1}},
                      {{4, 5}, {1, 1}}, {{0, 0}, {-1, 1}}, {{2, 2}, {INT64_MAX, INT64_MAX}},
                      {{0, 0}, {1}}};
  for (const Box& box : kBad) {
    const absl::Status status = array->Read(box, ReadContext()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("shape 4x5"));
  }
}

TEST(MemoryArrayTest, ChunksThatDoNotCoverTheirBoxAreRefused) {
  const ArrayDesc desc{DType::kF64, {4, 5}, {}, "", {}};
  const Chunk good{
      DType::kF64, Box::Whole({4, 5}), {5, 1}, Buffer::Copy(std::string(160, 0).data(), 160), {}};
  EXPECT_TRUE(MakeMemoryArray(desc, good).ok());
  Chunk dtype = good, box = good, origin = good, small = good, strides = good, negative = good, huge = good,
        rank = good, validity = good;
  dtype.dtype = DType::kI64;
  box.box.extent = {5, 4};
  origin.box.origin = {0, 1};
  small.data = good.data.Slice(0, 159);
  strides.strides = {6, 1};
  negative.strides = {-5, 1};
  huge.strides = {INT64_MAX, 1};
  rank.strides = {1};
  validity.validity = Buffer::Copy("12", 2);
  for (const Chunk& bad : {dtype, box, origin, small, strides, negative, huge, rank, validity}) {
    EXPECT_EQ(MakeMemoryArray(desc, bad).status().code(), absl::StatusCode::kInvalidArgument);
  }
  ArrayDesc absurd{DType::kF64, {int64_t{1} << 40, int64_t{1} << 40}, {}, "", {}};
  Chunk claims{DType::kF64, Box::Whole(absurd.shape), {1, 1}, Buffer::Copy("", 0), {}};
  EXPECT_FALSE(MakeMemoryArray(absurd, claims).ok());
}

TEST(CropTest, ShiftsToZero) {
  const ArrayPtr crop = MakeCrop(Counting({6, 7}), {{2, 3}, {3, 2}}).value();
  EXPECT_EQ(crop->desc().shape, Shape({3, 2}));
  EXPECT_EQ(Read(*crop, Box::Whole({3, 2})), (std::vector<int32_t>{17, 18, 24, 25, 31, 32}));
  EXPECT_EQ(Read(*crop, {{2, 1}, {1, 1}}), std::vector<int32_t>{32});
  const ArrayPtr twice = MakeCrop(crop, {{1, 1}, {2, 1}}).value();
  EXPECT_EQ(Read(*twice, Box::Whole({2, 1})), (std::vector<int32_t>{25, 32}));
  EXPECT_EQ(twice->Read({{0, 0}, {2, 2}}, ReadContext()).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(CropTest, BadBoxesAreRefused) {
  EXPECT_EQ(MakeCrop(Counting({6, 7}), {{0, 0}, {7, 7}}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(MakeCrop(nullptr, {{0, 0}, {7, 7}}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SqueezeTest, DropsLeadingAxesOfExtentOne) {
  const struct {
    Shape shape;
    int min_rank;
    Shape want;
  } kCases[] = {
      {{1, 1, 3, 4}, 2, {3, 4}}, {{1, 1, 1, 4}, 2, {1, 4}}, {{1, 2, 3}, 0, {2, 3}},
      {{2, 1, 3}, 1, {2, 1, 3}}, {{1, 1}, 0, {}},           {{5}, 3, {5}},
  };
  for (const auto& c : kCases) {
    const ArrayPtr array = Counting(c.shape);
    const ArrayPtr squeezed = SqueezeLeading(array, c.min_rank).value();
    EXPECT_EQ(squeezed->desc().shape, c.want) << c.shape.ToString();
    EXPECT_EQ(Read(*squeezed, Box::Whole(c.want)), Read(*array, Box::Whole(c.shape)));
    if (c.want == c.shape) {
      EXPECT_EQ(squeezed, array);
    }
  }
  const ArrayPtr image = SqueezeLeading(Counting({1, 1, 3, 4}), 2).value();
  EXPECT_EQ(Read(*image, {{1, 2}, {2, 2}}), (std::vector<int32_t>{6, 7, 10, 11}));
  EXPECT_FALSE(SqueezeLeading(nullptr, 2).ok());
  EXPECT_FALSE(SqueezeLeading(image, -1).ok());
}

TEST(ViewTest, NaturalChunkFollowsTheShape) {
  ArrayDesc desc{DType::kU8, {1, 8, 8}, {1, 4, 8}, "adu", {{"A", 1, ""}}};
  const Chunk chunk{
      DType::kU8, Box::Whole(desc.shape), {64, 8, 1}, Buffer::Copy(std::string(64, 'x').data(), 64), {}};
  const ArrayPtr array = MakeMemoryArray(desc, chunk).value();
  const ArrayPtr squeezed = SqueezeLeading(array, 2).value();
  EXPECT_EQ(squeezed->desc().natural_chunk, Shape({4, 8}));
  EXPECT_EQ(squeezed->desc().unit, "adu");
  EXPECT_EQ(squeezed->desc().attributes.size(), 1u);
  EXPECT_EQ(MakeCrop(squeezed, {{0, 0}, {6, 3}}).value()->desc().natural_chunk, Shape({4, 3}));
}

}  // namespace
}  // namespace cubeloom
