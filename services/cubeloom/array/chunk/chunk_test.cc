#include "cubeloom/array/chunk/chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/array/chunk/coalesce.h"

namespace cubeloom {
namespace {

Allocator& Heap() { return Allocator::Heap(); }

// A packed chunk whose elements count up from 0.
Chunk Counting(const Box& box, bool with_validity, std::mt19937_64& engine) {
  std::vector<int32_t> values(static_cast<size_t>(box.elements()));
  std::iota(values.begin(), values.end(), 0);
  Chunk chunk{
      DType::kI32, box, ContiguousStrides(box.extent), Buffer::Copy(values.data(), values.size() * 4), {}};
  if (with_validity) {
    std::vector<uint8_t> bits(BitBytes(box.elements()));
    for (uint8_t& b : bits) b = static_cast<uint8_t>(engine());
    chunk.validity = Buffer::Copy(bits.data(), bits.size());
  }
  return chunk;
}

struct Element {
  int32_t value;
  bool valid;
  bool operator==(const Element& o) const { return value == o.value && valid == o.valid; }
};

// Element by element through the strides, with no help of the code under test.
std::vector<Element> Elements(const Chunk& chunk) {
  std::vector<Element> out;
  for (int64_t i = 0; i < chunk.box.elements(); ++i) {
    int64_t rest = i, offset = 0;
    for (int a = chunk.box.rank() - 1; a >= 0; --a) {
      offset += rest % chunk.box.extent[a] * chunk.strides[a];
      rest /= chunk.box.extent[a];
    }
    out.push_back({chunk.as<int32_t>()[offset], chunk.valid(i)});
  }
  return out;
}

// The elements of `part`, out of those of `whole`.
std::vector<Element> Pick(const Chunk& whole, const Box& part) {
  const std::vector<Element> all = Elements(whole);
  std::vector<Element> out;
  for (int64_t i = 0; i < part.elements(); ++i) {
    int64_t rest = i, from = 0, scale = 1;
    for (int a = part.rank() - 1; a >= 0; --a) {
      from += (rest % part.extent[a] + part.origin[a] - whole.box.origin[a]) * scale;
      rest /= part.extent[a];
      scale *= whole.box.extent[a];
    }
    out.push_back(all[static_cast<size_t>(from)]);
  }
  return out;
}

Box RandomBox(const Box& within, std::mt19937_64& engine, int64_t at_least) {
  Box box = within;
  for (int a = 0; a < box.rank(); ++a) {
    const int64_t length = static_cast<int64_t>(engine() % static_cast<uint64_t>(within.extent[a] + 1));
    box.extent[a] = std::max(at_least, length);
    const int64_t room = within.extent[a] - box.extent[a] + 1;
    box.origin[a] = within.origin[a] + static_cast<int64_t>(engine() % static_cast<uint64_t>(room));
  }
  return box;
}

TEST(ChunkTest, ContiguousStrides) {
  EXPECT_EQ(ContiguousStrides({4, 3, 2}), Shape({6, 2, 1}));
  EXPECT_EQ(ContiguousStrides({5}), Shape({1}));
  EXPECT_EQ(ContiguousStrides({}), Shape());
}

TEST(ChunkTest, ContiguousIgnoresStridesThatNobodySteps) {
  const struct {
    Shape extent, strides;
    bool contiguous;
  } kCases[] = {
      {{4, 3}, {3, 1}, true},        {{4, 3}, {5, 1}, false}, {{1, 3}, {99, 1}, true},
      {{4, 1, 3}, {3, 77, 1}, true}, {{4, 0}, {99, 1}, true}, {{}, {}, true},
      {{2, 2, 2}, {8, 2, 1}, false},
  };
  for (const auto& c : kCases) {
    Chunk chunk;
    chunk.box = Box::Whole(c.extent);
    chunk.strides = c.strides;
    EXPECT_EQ(chunk.contiguous(), c.contiguous) << c.extent.ToString();
  }
}

TEST(ChunkTest, CoalescedRunsAreAsLongAsCanBe) {
  const struct {
    Shape extent, strides, want_extent, want_strides;
  } kCases[] = {
      {{4, 3, 2}, {6, 2, 1}, {24}, {1}},
      {{4, 3, 2}, {12, 2, 1}, {4, 6}, {12, 1}},
      {{4, 3, 2}, {100, 10, 1}, {4, 3, 2}, {100, 10, 1}},
      {{4, 3, 2}, {30, 10, 1}, {12, 2}, {10, 1}},
      {{}, {}, {1}, {1}},
      {{1, 1}, {7, 1}, {1}, {1}},
      {{5, 1, 1}, {9, 3, 1}, {5, 1}, {9, 1}},
      {{3, 1}, {1, 1}, {3}, {1}},
  };
  for (const auto& c : kCases) {
    Chunk chunk;
    chunk.box = Box::Whole(c.extent);
    chunk.strides = c.strides;
    const Chunk flat = Coalesced(chunk);
    EXPECT_EQ(flat.box.extent, c.want_extent) << c.extent.ToString() << " " << flat.box.extent.ToString();
    EXPECT_EQ(flat.strides, c.want_strides) << c.extent.ToString() << " " << flat.strides.ToString();
  }
}

TEST(ChunkTest, SubChunksAndCopiesEqualTheNaiveReference) {
  for (unsigned seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 engine(seed);
    Box box;
    const int rank = static_cast<int>(engine() % 5);
    for (int a = 0; a < rank; ++a) {
      box.origin.push_back(static_cast<int64_t>(engine() % 100));
      box.extent.push_back(1 + static_cast<int64_t>(engine() % 7));
    }
    const Chunk whole = Counting(box, seed % 2 == 0, engine);
    const Box first = RandomBox(box, engine, 1);
    const Chunk part = SubChunk(whole, first, Heap()).value();
    EXPECT_EQ(part.box, first);
    ASSERT_EQ(Elements(part), Pick(whole, first));
    EXPECT_GE(part.data.data(), whole.data.data());  // shares the memory and stays inside
    EXPECT_LE(part.data.data() + part.data.size(), whole.data.data() + whole.data.size());

    const Box second = RandomBox(first, engine, 0);  // possibly empty
    const Chunk inner = SubChunk(part, second, Heap()).value();
    ASSERT_EQ(Elements(inner), Pick(whole, second));

    const Chunk packed = MakeContiguous(inner, Heap()).value();
    EXPECT_TRUE(packed.contiguous());
    EXPECT_EQ(packed.box, second);
    ASSERT_EQ(Elements(packed), Elements(inner));
    if (inner.contiguous()) {
      EXPECT_EQ(packed.data.data(), inner.data.data());
    }
  }
}

TEST(ChunkTest, ForEachRowVisitsEveryRowInOrder) {
  std::mt19937_64 engine(1);
  const Chunk whole = Counting({{0, 0, 0}, {4, 5, 6}}, false, engine);
  const Chunk part = SubChunk(whole, {{1, 2, 3}, {2, 3, 2}}, Heap()).value();
  std::vector<int32_t> seen;
  int64_t rows = 0;
  ForEachRow(part, [&](int64_t offset, int64_t linear) {
    EXPECT_EQ(linear, rows++ * 2);
    seen.push_back(part.as<int32_t>()[offset]);
  });
  EXPECT_EQ(seen, (std::vector<int32_t>{45, 51, 57, 75, 81, 87}));
  const Chunk empty = SubChunk(whole, {{1, 2, 3}, {2, 0, 2}}, Heap()).value();
  ForEachRow(empty, [&](int64_t, int64_t) { FAIL(); });
}

TEST(ChunkTest, BitsBehindTheLastValidityBitAreZero) {
  std::mt19937_64 engine(3);
  Chunk whole = Counting({{0, 0}, {8, 8}}, true, engine);
  const std::vector<uint8_t> ones(8, 0xFF);
  whole.validity = Buffer::Copy(ones.data(), ones.size());
  const Chunk part = SubChunk(whole, {{1, 1}, {3, 3}}, Heap()).value();
  ASSERT_EQ(part.validity.size(), 2u);
  EXPECT_EQ(static_cast<uint8_t>(part.validity.data()[1]), 1);
}

TEST(ChunkTest, BoxesOutsideAreRefused) {
  std::mt19937_64 engine(4);
  const Chunk whole = Counting({{10, 10}, {4, 4}}, false, engine);
  const Box kBad[] = {{{9, 10}, {1, 1}}, {{13, 13}, {2, 1}}, {{10}, {1}}, {{10, 10}, {INT64_MAX, 1}}};
  for (const Box& box : kBad) {
    const absl::Status status = SubChunk(whole, box, Heap()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("[10:14, 10:14]"));
  }
}

// Has room for `left` bytes.
class SmallAllocator : public Allocator {
 public:
  explicit SmallAllocator(size_t left) : left_(left) {}
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    if (bytes > left_) return absl::ResourceExhaustedError("budget");
    left_ -= bytes;
    return Heap().Allocate(bytes);
  }

 private:
  size_t left_;
};

TEST(ChunkTest, AllMemoryComesFromTheAllocator) {
  std::mt19937_64 engine(5);
  const Chunk whole = Counting({{0, 0}, {8, 8}}, true, engine);
  SmallAllocator none(0), bits(2);
  EXPECT_EQ(SubChunk(whole, {{0, 0}, {4, 4}}, none).status().code(), absl::StatusCode::kResourceExhausted);
  const Chunk part = SubChunk(whole, {{0, 0}, {4, 4}}, bits).value();
  EXPECT_EQ(MakeContiguous(part, bits).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ConvertChunk(part, DType::kF32, bits).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(ArrayDescTest, FindGivesTheFirstOfAName) {
  ArrayDesc desc;
  desc.attributes = {{"HISTORY", "a", ""}, {"BUNIT", "Jy", ""}, {"HISTORY", "b", ""}};
  ASSERT_NE(desc.Find("HISTORY"), nullptr);
  EXPECT_EQ(desc.Find("HISTORY")->value.string(), "a");
  EXPECT_EQ(desc.Find("history"), nullptr);
}

}  // namespace
}  // namespace cubeloom
