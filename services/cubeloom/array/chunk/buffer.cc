#include "cubeloom/array/chunk/buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kMaxBytes = size_t{1} << 46;  // more than any machine has; a larger size is a wrong size

class HeapAllocator : public Allocator {
 public:
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    const bool huge = bytes >= kHugePage;
    void* memory = nullptr;
    // A buffer of no bytes has an address too, so that it differs from no buffer.
    if (bytes > kMaxBytes ||
        posix_memalign(&memory, huge ? kHugePage : kBufferAlignment, bytes + !bytes) != 0) {
      return absl::ResourceExhaustedError(absl::StrCat("no memory for a buffer of ", bytes, " bytes"));
    }
    // Only a hint: where the kernel has no huge pages nothing is lost.
    if (huge) (void)madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
    return MutableBuffer(std::shared_ptr<void>(memory, std::free), memory, bytes, MemorySpace::kHeap);
  }
};

}  // namespace

Buffer Buffer::Copy(const void* data, size_t size) {
  MutableBuffer copy = Allocator::Heap().Allocate(size).value();
  if (size > 0) std::memcpy(copy.data(), data, size);
  return std::move(copy).Publish();
}

Allocator& Allocator::Heap() {
  static HeapAllocator* const heap = new HeapAllocator;
  return *heap;
}

}  // namespace cubeloom
