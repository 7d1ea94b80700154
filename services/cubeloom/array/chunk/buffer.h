// Memory that payloads live in.
//
// A Buffer is immutable and shared: many chunks may point into one. A MutableBuffer has one owner, who
// fills it and then publishes it. Kernels never assume that memory is heap memory: the allocator, which
// the runtime hands in, decides and counts it against the memory budget.
#ifndef CUBELOOM_ARRAY_CHUNK_BUFFER_H_
#define CUBELOOM_ARRAY_CHUNK_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"

namespace cubeloom {

enum class MemorySpace : uint8_t { kHeap, kMemfd, kPinned, kDevice, kMapped };

inline constexpr size_t kBufferAlignment = 64;

// Thread-safe to copy and read.
class Buffer {
 public:
  Buffer() = default;
  // `owner` keeps [data, data + size) alive.
  Buffer(std::shared_ptr<const void> owner, const void* data, size_t size, MemorySpace space)
      : owner_(std::move(owner)), data_(static_cast<const std::byte*>(data)), size_(size), space_(space) {}
  // A heap copy of the bytes, outside every budget: for small things and tests.
  static Buffer Copy(const void* data, size_t size);

  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  MemorySpace space() const { return space_; }
  explicit operator bool() const { return data_ != nullptr; }
  // The part [offset, offset + size) with the same owner.
  Buffer Slice(size_t offset, size_t size) const { return Buffer(owner_, data_ + offset, size, space_); }

 private:
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  MemorySpace space_ = MemorySpace::kHeap;
};

// Move-only; freed (and its budget given back) when destroyed unpublished.
class MutableBuffer {
 public:
  MutableBuffer() = default;
  MutableBuffer(std::shared_ptr<void> owner, void* data, size_t size, MemorySpace space)
      : owner_(std::move(owner)), data_(static_cast<std::byte*>(data)), size_(size), space_(space) {}
  MutableBuffer(MutableBuffer&&) = default;
  MutableBuffer& operator=(MutableBuffer&&) = default;

  std::byte* data() { return data_; }
  size_t size() const { return size_; }
  MemorySpace space() const { return space_; }
  // Gives the memory up as an immutable buffer of its first `size` bytes (default: all).
  Buffer Publish() && { return Buffer(std::move(owner_), data_, size_, space_); }
  Buffer Publish(size_t size) && { return Buffer(std::move(owner_), data_, size, space_); }

 private:
  std::shared_ptr<void> owner_;
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  MemorySpace space_ = MemorySpace::kHeap;
};

// Thread-safe. Allocate() gives uninitialised memory aligned to kBufferAlignment, or ResourceExhausted
// when the budget does not have it; it never blocks.
class Allocator {
 public:
  virtual ~Allocator() = default;
  virtual absl::StatusOr<MutableBuffer> Allocate(size_t bytes) = 0;
  // Plain heap without a budget; lives for the whole program.
  static Allocator& Heap();
};

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CHUNK_BUFFER_H_
