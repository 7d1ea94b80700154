// Counters that hot loops raise and states merge.
#ifndef CUBELOOM_KERNEL_STATS_COUNT_TABLE_H_
#define CUBELOOM_KERNEL_STATS_COUNT_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/buffer.h"
#include "cubeloom/kernel/stats/bin_counts.h"

namespace cubeloom {

// `bins` counts, kept as kCountTables tables of 32-bit counters (see bin_counts.h) and, from about 4e9
// counted elements on, 64-bit totals. Each table has one counter more, of index `bins`, that is never read:
// the dropped elements. Empty (no memory) until Init(). Merging is exact in any order. Not thread-safe.
class CountTable {
 public:
  // Memory comes from `allocator`, which must outlive the table.
  explicit CountTable(Allocator* allocator) : allocator_(allocator) {}
  // Makes `bins` counts of zero; nothing when they exist already. Internal when there are others.
  absl::Status Init(int64_t bins);
  bool empty() const { return bins_ == 0; }
  int64_t bins() const { return bins_; }

  // Tables for a loop that counts at most `elements` (< 2^31), and their stride.
  absl::StatusOr<uint32_t*> Tables(int64_t elements);
  int64_t stride() const { return bins_ + 1; }

  uint64_t Count(int64_t bin) const;
  absl::Status Merge(const CountTable& other);

  // Version byte, number of bins and counts as LEB128. Decode() allocates no more than the bytes warrant.
  std::string Encode() const;
  static absl::StatusOr<CountTable> Decode(absl::string_view bytes, Allocator* allocator);

 private:
  uint64_t Pending(int64_t bin) const;
  // Moves the 32-bit counts into the totals.
  absl::Status Flush();

  Allocator* allocator_;
  int64_t bins_ = 0;
  int64_t pending_ = 0;  // elements in the 32-bit counters, at most 2^32 - 1
  MutableBuffer counter_memory_, total_memory_;
  uint32_t* counters_ = nullptr;
  uint64_t* totals_ = nullptr;  // nullptr: all zero
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_COUNT_TABLE_H_
