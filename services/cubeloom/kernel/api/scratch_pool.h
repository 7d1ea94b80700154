// Recycled memory for the chunks of one worker.
//
// A leaf is read, converted, used and dropped; then the next one of the same size comes. Taking the memory
// that was given back last keeps it in the core's L2 cache, without page faults, and without a call of the
// budgeted allocator for each leaf.
#ifndef CUBELOOM_KERNEL_API_SCRATCH_POOL_H_
#define CUBELOOM_KERNEL_API_SCRATCH_POOL_H_

#include <cstddef>
#include <memory>

#include "cubeloom/array/chunk/buffer.h"

namespace cubeloom {

// An allocator over `base` that keeps up to `keep_bytes` of returned blocks and hands out the last returned
// one that fits and is at most a quarter larger. Thread-safe, meant for one thread. Buffers may outlive the
// pool; `base` must outlive both. What lies idle counts as taken from `base`; it goes back with the pool, and
// also when `base` refuses a request for want of budget. Under AddressSanitizer the bytes behind a request
// and all idle blocks are poisoned.
class ScratchPool : public Allocator {
 public:
  static constexpr size_t kKeepBytes = size_t{16} << 20;
  // With keep_bytes 0 nothing is kept or rounded up: every request goes to `base` as it is.
  explicit ScratchPool(Allocator& base, size_t keep_bytes = kKeepBytes);
  ~ScratchPool() override;
  ScratchPool(const ScratchPool&) = delete;
  ScratchPool& operator=(const ScratchPool&) = delete;

  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_SCRATCH_POOL_H_
