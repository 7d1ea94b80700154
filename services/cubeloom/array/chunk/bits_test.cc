#include "cubeloom/array/chunk/bits.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace cubeloom {
namespace {

bool Bit(const std::vector<uint8_t>& bits, int64_t i) {
  return (bits[static_cast<size_t>(i >> 3)] >> (i & 7)) & 1;
}

std::vector<uint8_t> RandomBits(std::mt19937_64& engine, size_t bytes) {
  std::vector<uint8_t> bits(bytes);
  // Often whole bytes of 1s, as validity has.
  for (uint8_t& b : bits) b = engine() % 2 ? 0xFF : static_cast<uint8_t>(engine());
  return bits;
}

TEST(BitsTest, BytesOfBits) {
  EXPECT_EQ(BitBytes(0), 0u);
  EXPECT_EQ(BitBytes(1), 1u);
  EXPECT_EQ(BitBytes(8), 1u);
  EXPECT_EQ(BitBytes(9), 2u);
}

TEST(BitsTest, CopyEqualsBitByBitAndTouchesNothingElse) {
  std::mt19937_64 engine(1);
  for (int round = 0; round < 2000; ++round) {
    const int64_t in_bit = static_cast<int64_t>(engine() % 20), out_bit = static_cast<int64_t>(engine() % 20);
    const int64_t count = static_cast<int64_t>(engine() % 200);
    // Exactly as long as needed, so that a sanitizer sees any byte too many.
    const std::vector<uint8_t> in = RandomBits(engine, BitBytes(in_bit + count));
    std::vector<uint8_t> out = RandomBits(engine, BitBytes(out_bit + count) + 2);
    const std::vector<uint8_t> before = out;
    CopyBits(in.data(), in_bit, count, out.data(), out_bit);
    for (int64_t i = 0; i < static_cast<int64_t>(out.size()) * 8; ++i) {
      const bool inside = i >= out_bit && i < out_bit + count;
      ASSERT_EQ(Bit(out, i), inside ? Bit(in, in_bit + i - out_bit) : Bit(before, i))
          << round << " bit " << i;
    }
  }
}

TEST(BitsTest, CountAndZeroBitsEqualBitByBit) {
  std::mt19937_64 engine(2);
  for (int round = 0; round < 1000; ++round) {
    const int64_t first = static_cast<int64_t>(engine() % 20), count = static_cast<int64_t>(engine() % 300);
    const std::vector<uint8_t> bits = RandomBits(engine, BitBytes(first + count));
    std::vector<int64_t> expected, zeros;
    for (int64_t i = 0; i < count; ++i) {
      if (!Bit(bits, first + i)) expected.push_back(i);
    }
    ForEachZeroBit(bits.data(), first, count, [&](int64_t i) { zeros.push_back(i); });
    EXPECT_EQ(zeros, expected);
    EXPECT_EQ(CountBits(bits.data(), first, count), count - static_cast<int64_t>(expected.size()));
  }
}

}  // namespace
}  // namespace cubeloom
