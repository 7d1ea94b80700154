#include "cubeloom/array/chunk/bits.h"

#include <algorithm>
#include <cstring>

namespace cubeloom {
namespace {

void CopyOneBit(const uint8_t* in, int64_t in_bit, uint8_t* out, int64_t out_bit) {
  const int value = (in[in_bit >> 3] >> (in_bit & 7)) & 1;
  uint8_t& byte = out[out_bit >> 3];
  byte = static_cast<uint8_t>((byte & ~(1 << (out_bit & 7))) | (value << (out_bit & 7)));
}

}  // namespace

void CopyBits(const uint8_t* in, int64_t in_bit, int64_t count, uint8_t* out, int64_t out_bit) {
  while (count > 0 && (out_bit & 7) != 0) {
    CopyOneBit(in, in_bit++, out, out_bit++);
    --count;
  }
  // The target is at a byte's start now; a source byte beyond the last bit is never touched.
  const int shift = static_cast<int>(in_bit & 7);
  const int64_t bytes = count / 8;
  const uint8_t* from = in + (in_bit >> 3);
  uint8_t* to = out + (out_bit >> 3);
  if (shift == 0) {
    if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
  } else {
    for (int64_t i = 0; i < bytes; ++i) {
      to[i] = static_cast<uint8_t>((from[i] >> shift) | (from[i + 1] << (8 - shift)));
    }
  }
  for (int64_t i = bytes * 8; i < count; ++i) CopyOneBit(in, in_bit + i, out, out_bit + i);
}

int64_t CountBits(const uint8_t* bits, int64_t first, int64_t count) {
  int64_t total = 0;
  int64_t i = first;
  const int64_t end = first + count;
  for (; i < end && (i & 7) != 0; ++i) total += (bits[i >> 3] >> (i & 7)) & 1;
  for (; end - i >= 64; i += 64) {
    uint64_t word;
    std::memcpy(&word, bits + (i >> 3), sizeof word);
    total += __builtin_popcountll(word);
  }
  for (; i < end; ++i) total += (bits[i >> 3] >> (i & 7)) & 1;
  return total;
}

}  // namespace cubeloom
