// Counting of order-preserving keys: the hot loop of exact percentiles.
//
// Definitions. The key of a float is its bits with the sign bit flipped, or all bits flipped when it is
// negative: x < y exactly when key(x) < key(y) as unsigned integers (-0 comes right before +0, NaNs lie
// outside [key(-inf), key(inf)]). A slot is a range of keys with a common prefix; the next `bits` bits behind
// the prefix choose one of its 2^bits counters.
#ifndef CUBELOOM_KERNEL_STATS_KEY_COUNTS_H_
#define CUBELOOM_KERNEL_STATS_KEY_COUNTS_H_

#include <cstdint>
#include <cstring>

#include "cubeloom/kernel/stats/bin_counts.h"

namespace cubeloom {

// Internal linkage: the files that are compiled for newer instruction sets must not share their copies.
static inline uint32_t KeyOf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits ^ (static_cast<uint32_t>(-static_cast<int32_t>(bits >> 31)) | 0x80000000u);
}
static inline uint64_t KeyOf(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits ^ (static_cast<uint64_t>(-static_cast<int64_t>(bits >> 63)) | (uint64_t{1} << 63));
}
static inline float FloatOfKey(uint32_t key) {
  const uint32_t bits = (key >> 31) ? key ^ 0x80000000u : ~key;
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}
static inline double DoubleOfKey(uint64_t key) {
  const uint64_t bits = (key >> 63) ? key ^ (uint64_t{1} << 63) : ~key;
  double x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

struct KeySlot {
  uint64_t low = 0, high = 0;  // the keys that count: low <= key <= high
  uint64_t base = 0;           // the first key of the prefix, <= low
};

// Slots are disjoint and ascend. Key k of slot s is counted at s * 2^bits + ((k - base) >> shift). A plain
// struct: the arrays belong to the caller.
struct KeyLayout {
  const KeySlot* slots = nullptr;
  int32_t slot_count = 0;
  int32_t shift = 0;
  int32_t bits = 0;
  // By the top 16 bits of a key: 1 + the first slot that holds such keys, or 0. nullptr: few slots, each
  // element is compared with all of them.
  const uint8_t* first_slot = nullptr;
};

// As BinFunctions: keys outside of all slots go to the counter of index slot_count * 2^bits, or nowhere.
struct KeyFunctions {
  void (*count_f32)(const float* p, int64_t n, const KeyLayout& layout, uint32_t* counts, int64_t stride);
  void (*count_f64)(const double* p, int64_t n, const KeyLayout& layout, uint32_t* counts, int64_t stride);
};
// For the active level (base/cpu.h).
const KeyFunctions& ActiveKeyFunctions();

namespace v2 {
extern const KeyFunctions kKeyFunctions;
}
namespace v3 {
extern const KeyFunctions kKeyFunctions;
}
namespace v4 {
extern const KeyFunctions kKeyFunctions;
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_KEY_COUNTS_H_
