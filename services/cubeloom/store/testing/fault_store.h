// A store for tests that puts faults where I/O is.
#ifndef CUBELOOM_STORE_TESTING_FAULT_STORE_H_
#define CUBELOOM_STORE_TESTING_FAULT_STORE_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>

#include "cubeloom/store/blob/store.h"

namespace cubeloom {

// What goes wrong. Every limit counts bytes of one object; the default never strikes. Fields may be
// changed by the test between operations and are read by many threads.
struct Faults {
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> no_space_after{kNever};  // appending beyond this byte: ResourceExhausted (disk full)
  std::atomic<int64_t> read_error_at{kNever};   // a read that reaches this byte: DataLoss (I/O error)
  std::atomic<int64_t> truncated_at{kNever};    // the object now ends here: DataLoss "changed while read"
  std::atomic<bool> changed{false};             // CheckUnchanged() fails from now on
  std::atomic<bool> commit_fails{false};        // Commit() loses the staged bytes
  std::atomic<int64_t> bytes_read{0};           // counted, not a fault
  std::atomic<int64_t> reads{0};                // calls of ReadAt, counted
};

// Wraps `base`; both it and `faults` outlive the store. Readers hide their descriptor when `hide_fd`, as a
// remote store does.
std::unique_ptr<Store> MakeFaultStore(Store& base, Faults& faults, bool hide_fd = false);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_TESTING_FAULT_STORE_H_
