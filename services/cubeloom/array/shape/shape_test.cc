#include "cubeloom/array/shape/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

TEST(ShapeTest, ElementsAndText) {
  const struct {
    Shape shape;
    int64_t elements;
    const char* text;
  } kCases[] = {
      {{}, 1, "scalar"},
      {{7}, 7, "7"},
      {{1024, 768}, 786432, "1024x768"},
      {{3, 0, 5}, 0, "3x0x5"},
      {{1, 1, 1, 1, 1, 1, 1, 2}, 2, "1x1x1x1x1x1x1x2"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(c.shape.elements(), c.elements);
    EXPECT_EQ(c.shape.ToString(), c.text);
    EXPECT_EQ(*CheckedElements(c.shape, DType::kF32), c.elements);
  }
}

TEST(ShapeTest, EqualityNeedsEqualRank) {
  EXPECT_EQ(Shape({2, 3}), Shape({2, 3}));
  EXPECT_NE(Shape({2, 3}), Shape({2, 3, 0}));
  EXPECT_NE(Shape({2, 3}), Shape({3, 2}));
  EXPECT_EQ(Shape::Filled(3, 4), Shape({4, 4, 4}));
}

TEST(ShapeTest, CheckedElementsRefusesWhatDoesNotFit) {
  const int64_t big = int64_t{1} << 40;
  const struct {
    Shape shape;
    const char* says;
  } kCases[] = {
      {{-1, 5}, "negative extent in shape -1x5"},
      {{0, -1}, "negative"},
      {{big, big}, "elements"},
      {{big, big, 0}, "elements"},
      {{int64_t{1} << 60}, "bytes"},
      {{INT64_MAX, INT64_MAX, INT64_MAX}, "elements"},
  };
  for (const auto& c : kCases) {
    const absl::Status status = CheckedElements(c.shape, DType::kF64).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says)) << c.shape.ToString();
  }
  EXPECT_EQ(*CheckedElements({int64_t{1} << 62}, DType::kU8), int64_t{1} << 62);
}

// How one and the same image is written down by those we talk to. Ours is numpy's.
TEST(ShapeTest, AxisOrderOfTheFormats) {
  const struct {
    std::vector<int64_t> fits_naxis;  // NAXIS1, NAXIS2, ...
    Shape numpy;                      // also HDF5 dataspaces, NetCDF dimensions
    int64_t x, y;                     // a 0-based CARTA point; DS9 image coordinates are x + 1, y + 1
    int64_t element;                  // its place in the data unit, at 0 of slower axes
  } kCases[] = {
      {{100, 50}, {50, 100}, 99, 0, 99},
      {{100, 50}, {50, 100}, 0, 1, 100},
      {{256, 128, 17}, {17, 128, 256}, 3, 2, 515},
      {{8}, {8}, 5, 0, 5},
  };
  for (const auto& c : kCases) {
    const Shape ours(std::vector<int64_t>(c.fits_naxis.rbegin(), c.fits_naxis.rend()));
    EXPECT_EQ(ours, c.numpy);
    Shape point = Shape::Filled(ours.rank(), 0);
    point[ours.rank() - 1] = c.x;
    if (ours.rank() > 1) point[ours.rank() - 2] = c.y;
    int64_t row_major = 0;
    for (int a = 0; a < ours.rank(); ++a) row_major = row_major * ours[a] + point[a];
    EXPECT_EQ(row_major, c.element);
    EXPECT_EQ(row_major, c.x + c.fits_naxis[0] * c.y);
  }
}

TEST(BoxTest, ContainsAndText) {
  const Box box{{2, 10}, {3, 5}};
  EXPECT_EQ(box.ToString(), "[2:5, 10:15]");
  EXPECT_TRUE(box.Contains(box));
  EXPECT_TRUE(box.Contains({{4, 14}, {1, 1}}));
  EXPECT_TRUE(box.Contains({{5, 10}, {0, 5}}));
  EXPECT_FALSE(box.Contains({{4, 14}, {2, 1}}));
  EXPECT_FALSE(box.Contains({{1, 10}, {1, 1}}));
  EXPECT_FALSE(box.Contains({{2}, {1}}));
  EXPECT_FALSE(box.Contains({{2, 10}, {-1, 1}}));
  EXPECT_FALSE(box.Contains({{INT64_MAX, INT64_MAX}, {1, 1}}));
  EXPECT_FALSE(box.Contains({{2, 10}, {INT64_MAX, INT64_MAX}}));
  EXPECT_TRUE(Box::Whole({}).Contains(Box::Whole({})));
}

TEST(BoxTest, IntersectAndGrow) {
  const Box a{{0, 0}, {10, 10}};
  EXPECT_EQ(Intersect(a, {{5, 8}, {10, 10}}), (Box{{5, 8}, {5, 2}}));
  EXPECT_TRUE(Intersect(a, {{20, 0}, {1, 1}}).empty());
  EXPECT_EQ(Intersect(a, {{20, 0}, {1, 1}}).extent[0], 0);
  const Shape shape{10, 10};
  EXPECT_EQ(Grow({{4, 4}, {2, 2}}, {1, 3}, shape), (Box{{3, 1}, {4, 8}}));
  EXPECT_EQ(Grow({{0, 8}, {2, 2}}, {1, 3}, shape), (Box{{0, 5}, {3, 5}}));
  EXPECT_EQ(Grow({{4, 4}, {2, 2}}, {INT64_MAX, INT64_MAX}, shape), (Box{{0, 0}, {10, 10}}));
}

TEST(ChunkGridTest, LastChunksAreShort) {
  const ChunkGrid grid({10, 7}, {4, 3});
  EXPECT_EQ(grid.counts(), Shape({3, 3}));
  EXPECT_EQ(grid.size(), 9);
  EXPECT_EQ(grid.BoxOf(0), (Box{{0, 0}, {4, 3}}));
  EXPECT_EQ(grid.BoxOf(2), (Box{{0, 6}, {4, 1}}));
  EXPECT_EQ(grid.BoxOf(8), (Box{{8, 6}, {2, 1}}));
}

TEST(ChunkGridTest, EdgeShapes) {
  EXPECT_EQ(ChunkGrid({0, 5}, {2, 2}).size(), 0);
  EXPECT_EQ(ChunkGrid({5}, {INT64_MAX}).size(), 1);
  EXPECT_EQ(ChunkGrid({INT64_MAX}, {INT64_MAX}).size(), 1);
  const ChunkGrid scalar({}, {});
  ASSERT_EQ(scalar.size(), 1);
  EXPECT_EQ(scalar.BoxOf(0), Box::Whole({}));
  int calls = 0;
  scalar.ForEachIn(Box::Whole({}),
                   [&](int64_t index, const Box& box) { calls += index == 0 && box.rank() == 0; });
  EXPECT_EQ(calls, 1);
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int64_t In(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(engine_() % static_cast<uint64_t>(hi - lo + 1));
  }

 private:
  std::mt19937_64 engine_;
};

TEST(ChunkGridTest, ForEachInCoversTheBoxOnce) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Random random(seed);
    const int rank = static_cast<int>(random.In(1, 4));
    Shape shape, chunk, origin, extent;
    for (int a = 0; a < rank; ++a) {
      shape.push_back(random.In(1, 9));
      chunk.push_back(random.In(1, 11));
      origin.push_back(random.In(0, shape[a] - 1));
      extent.push_back(random.In(0, shape[a] - origin[a]));
    }
    const Box box{origin, extent};
    const ChunkGrid grid(shape, chunk);
    std::vector<int> hits(static_cast<size_t>(shape.elements()), 0);
    int64_t previous = -1;
    grid.ForEachIn(box, [&](int64_t index, const Box& overlap) {
      ASSERT_GT(index, previous);
      previous = index;
      ASSERT_FALSE(overlap.empty());
      ASSERT_TRUE(box.Contains(overlap) && grid.BoxOf(index).Contains(overlap));
      const ChunkGrid points(overlap.extent, Shape::Filled(rank, 1));
      for (int64_t i = 0; i < points.size(); ++i) {
        int64_t linear = 0;
        for (int a = 0; a < rank; ++a)
          linear = linear * shape[a] + overlap.origin[a] + points.BoxOf(i).origin[a];
        ++hits[static_cast<size_t>(linear)];
      }
    });
    const ChunkGrid all(shape, Shape::Filled(rank, 1));
    for (int64_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(hits[static_cast<size_t>(i)], box.Contains(all.BoxOf(i)) ? 1 : 0) << "seed " << seed;
    }
  }
}

TEST(CanonicalLeavesTest, BlocksArePinned) {
  const struct {
    Shape shape;
    DType dtype;
    Shape leaf;
    int64_t count;
  } kCases[] = {
      {{10000, 10000}, DType::kF32, {6, 10000}, 1667},
      {{10000, 10000}, DType::kU8, {26, 10000}, 385},
      {{1024, 1024}, DType::kF32, {64, 1024}, 16},
      {{17, 256, 256}, DType::kF32, {1, 256, 256}, 17},
      {{17, 256, 256}, DType::kI16, {2, 256, 256}, 9},
      {{17, 256, 257}, DType::kF32, {1, 255, 257}, 34},
      {{3, 100000}, DType::kF32, {1, 65536}, 6},
      {{3, 65536}, DType::kF32, {1, 65536}, 3},
      {{100, 3}, DType::kF64, {100, 3}, 1},
      {{1, 1, 5}, DType::kF64, {1, 1, 5}, 1},
      {{}, DType::kF64, {}, 1},
      {{4, 0}, DType::kF64, {4, 1}, 0},
      {{0, 4}, DType::kF64, {1, 4}, 0},
      {{2, 40000, 1}, DType::kC128, {1, 16384, 1}, 6},
  };
  for (const auto& c : kCases) {
    const ChunkGrid leaves = CanonicalLeaves(c.shape, c.dtype);
    EXPECT_EQ(leaves.chunk(), c.leaf) << c.shape.ToString() << " " << leaves.chunk().ToString();
    EXPECT_EQ(leaves.size(), c.count) << c.shape.ToString();
  }
}

TEST(CanonicalLeavesTest, LeavesFollowTheElementOrder) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const int rank = static_cast<int>(random.In(1, 5));
    Shape shape;
    for (int a = 0; a < rank; ++a) shape.push_back(random.In(1, 60));
    if (random.In(0, 3) == 0) shape[static_cast<int>(random.In(0, rank - 1))] = random.In(1000, 90000);
    const DType dtype = static_cast<DType>(random.In(1, 13));
    if (shape.elements() > (int64_t{1} << 33)) continue;
    const ChunkGrid leaves = CanonicalLeaves(shape, dtype);
    EXPECT_LE(leaves.chunk().elements() * static_cast<int64_t>(DTypeSize(dtype)), 256 << 10);
    int64_t next = 0;
    for (int64_t i = 0; i < std::min<int64_t>(leaves.size(), 3000); ++i) {
      const Box box = leaves.BoxOf(i);
      int64_t first = 0, last = 0;
      for (int a = 0; a < rank; ++a) {
        first = first * shape[a] + box.origin[a];
        last = last * shape[a] + box.end(a) - 1;
      }
      ASSERT_EQ(first, next) << shape.ToString();
      ASSERT_EQ(last - first + 1, box.elements()) << shape.ToString();  // one run of the array
      next = last + 1;
    }
  }
}

}  // namespace
}  // namespace cubeloom
