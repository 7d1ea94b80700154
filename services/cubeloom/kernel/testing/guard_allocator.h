// Memory between guard pages: one byte read or written outside ends the process at the place of the fault.
#ifndef CUBELOOM_KERNEL_TESTING_GUARD_ALLOCATOR_H_
#define CUBELOOM_KERNEL_TESTING_GUARD_ALLOCATOR_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "cubeloom/array/chunk/buffer.h"

namespace cubeloom {

// `bytes` of memory that end exactly at an inaccessible page, whatever their alignment then is.
// For inputs: chunks are aligned to their elements only.
absl::StatusOr<MutableBuffer> AllocateBeforeGuard(size_t bytes);

// An allocator whose blocks are aligned as the contract says, filled with a given byte (a kernel that uses
// memory before it wrote to it then shows), and lie between guard pages; the up to 63 bytes between a block
// and the page behind it hold a pattern that is checked when the block is freed. Can refuse the n-th request.
// Thread-safe; blocks may outlive it.
class GuardAllocator : public Allocator {
 public:
  struct Options {
    uint8_t fill = 0xA5;
    int64_t fail_at = -1;  // this request (from 0 on), and all after it, give ResourceExhausted
  };
  explicit GuardAllocator(const Options& options);
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override;

  int64_t requests() const;
  // Freed blocks whose pattern was overwritten.
  int64_t damaged() const;

 private:
  struct Counters;
  const Options options_;
  const std::shared_ptr<Counters> counters_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TESTING_GUARD_ALLOCATOR_H_
