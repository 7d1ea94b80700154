// Key counting, compiled for three instruction sets (see cl_simd_sources).
//
// Steps. Few slots: all elements of a group are compared with each slot (vector code), and the counters are
// raised only when the group has a hit: after the first pass hits are rare. Many slots: the top 16 bits of a
// key look up the first slot with that prefix.
#include "cubeloom/kernel/stats/key_counts.h"

#include "cubeloom/kernel/stats/simd.h"

namespace cubeloom {
namespace CL_SIMD_NS {
namespace {

constexpr int kGroup = 64;

template <typename T, typename Key>
void CountGroup(const T* p, const KeyLayout& layout, uint32_t* counts, int64_t stride) {
  const Key dropped = static_cast<Key>(layout.slot_count) << layout.bits;
  Key key[kGroup], index[kGroup];
  for (int j = 0; j < kGroup; ++j) key[j] = KeyOf(p[j]), index[j] = dropped;
  Key offset = 0;
  for (int s = 0; s < layout.slot_count; ++s) {
    const KeySlot& slot = layout.slots[s];
    const Key low = static_cast<Key>(slot.low), span = static_cast<Key>(slot.high - slot.low);
    const Key base = static_cast<Key>(slot.base);
    for (int j = 0; j < kGroup; ++j) {
      const Key at = offset + ((key[j] - base) >> layout.shift);
      index[j] = static_cast<Key>(key[j] - low) <= span ? at : index[j];
    }
    offset += Key{1} << layout.bits;
  }
  Key misses = 1;
  for (int j = 0; j < kGroup; ++j) misses &= static_cast<Key>(index[j] == dropped);
  if (misses != 0) return;
  for (int j = 0; j < kGroup; j += kCountTables) {
    for (int t = 0; t < kCountTables; ++t) ++counts[t * stride + index[j + t]];
  }
}

template <typename T, typename Key>
void CountOne(T x, const KeyLayout& layout, uint32_t* counts) {
  const Key key = KeyOf(x);
  int s = 0;
  if (layout.first_slot != nullptr) {
    const uint8_t first = layout.first_slot[key >> (sizeof(Key) * 8 - 16)];
    if (first == 0) return;
    s = first - 1;
  }
  for (; s < layout.slot_count && layout.slots[s].low <= key; ++s) {
    const KeySlot& slot = layout.slots[s];
    if (key > slot.high) continue;
    ++counts[(static_cast<int64_t>(s) << layout.bits) +
             static_cast<int64_t>((key - slot.base) >> layout.shift)];
    return;
  }
}

template <typename T, typename Key>
void Count(const T* p, int64_t n, const KeyLayout& layout, uint32_t* counts, int64_t stride) {
  int64_t i = 0;
  if (layout.first_slot == nullptr) {
    for (; i + kGroup <= n; i += kGroup) CountGroup<T, Key>(p + i, layout, counts, stride);
  }
  for (; i < n; ++i) CountOne<T, Key>(p[i], layout, counts);
}

}  // namespace

const KeyFunctions kKeyFunctions = {&Count<float, uint32_t>, &Count<double, uint64_t>};

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
