// Runs of bits, as validity bitmaps use them: bit i is bit (i & 7) of byte (i >> 3).
#ifndef CUBELOOM_ARRAY_CHUNK_BITS_H_
#define CUBELOOM_ARRAY_CHUNK_BITS_H_

#include <cstddef>
#include <cstdint>

namespace cubeloom {

// Bytes that hold `bits` bits.
inline size_t BitBytes(int64_t bits) { return static_cast<size_t>((bits + 7) / 8); }

// Copies `count` bits; the two ranges do not overlap. Other bits of the target's bytes stay as they are.
void CopyBits(const uint8_t* in, int64_t in_bit, int64_t count, uint8_t* out, int64_t out_bit);

// The number of 1 bits in [first, first + count).
int64_t CountBits(const uint8_t* bits, int64_t first, int64_t count);

// Calls f(i) for every 0 bit i - first of [first, first + count), in order; a byte of 1s costs one test.
template <typename F>
void ForEachZeroBit(const uint8_t* bits, int64_t first, int64_t count, F&& f) {
  for (int64_t i = 0; i < count;) {
    const int64_t bit = first + i;
    if ((bit & 7) == 0 && count - i >= 8 && bits[bit >> 3] == 0xFF) {
      i += 8;
      continue;
    }
    if (((bits[bit >> 3] >> (bit & 7)) & 1) == 0) f(i);
    ++i;
  }
}

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CHUNK_BITS_H_
