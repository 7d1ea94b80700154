// What is known of some order statistics while passes over the data narrow them down.
//
// Definitions. Keys are those of key_counts.h, of key_bits bits. The wanted percentile p of n elements lies
// at f (n - 1) in the sorted order, f = p / 100; it needs the elements of the ranks floor and ceil of that.
// After a pass the top `resolved` bits of the key at each wanted rank are known: that prefix is its slot,
// shared with other ranks, and `offset` its rank among the elements of the slot.
//
// Steps of a pass. Count, for each slot, the elements by their next NextBits() bits; then Narrow() walks the
// counts and puts each rank into its new, smaller slot. Starting with one slot of no prefix, this ends when
// resolved == key_bits: 2 passes for floats and 4 for doubles where few slots are wanted, at most 5.
//
// Cost. No element is kept: 2^18 counters per state at most for up to 4 slots, 2^19 for 128.
#ifndef CUBELOOM_KERNEL_STATS_SELECTION_H_
#define CUBELOOM_KERNEL_STATS_SELECTION_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/base/value.h"
#include "cubeloom/kernel/stats/count_table.h"
#include "cubeloom/kernel/stats/key_counts.h"

namespace cubeloom {

inline constexpr int kMostPercentiles = 64;
inline constexpr int kMostPasses = 5;

struct Selection {
  struct Slot {
    uint64_t prefix = 0;  // the top `resolved` bits, as a number
    int64_t count = 0;    // elements with it
  };
  struct Rank {
    int32_t slot = 0;
    int64_t offset = 0;
  };

  int key_bits = 32;  // or 64
  int resolved = 0;
  bool finite_only = false;
  int64_t count = -1;  // elements; -1 before the first pass
  std::vector<double> percentiles;
  std::vector<Slot> slots;  // ascending; one of no prefix before the first pass
  std::vector<Rank>
      ranks;  // lower and upper of each percentile; empty before the first pass or without elements

  // Before the first pass.
  static Selection Start(int key_bits, bool finite_only, std::vector<double> percentiles);

  bool done() const { return count == 0 || resolved == key_bits; }
  int NextBits() const;
  // The layout of the next pass; its arrays live in `slots_out` and `table_out`, which must outlive it.
  KeyLayout Layout(std::vector<KeySlot>* slots_out, std::vector<uint8_t>* table_out) const;
  // The selection after a pass with these counts. DataLoss when they contradict the pass before: the image
  // changed between the two.
  absl::StatusOr<Selection> Narrow(const CountTable& counts) const;

  // The element at the lower or upper rank of percentile `index` (which: 0 or 1). Needs done() and count > 0.
  double ElementAt(size_t index, int which) const;

  // As the map that travels between passes. FromValue checks everything; InvalidArgument names the entry.
  Value ToValue() const;
  static absl::StatusOr<Selection> FromValue(const Value& value);
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_SELECTION_H_
