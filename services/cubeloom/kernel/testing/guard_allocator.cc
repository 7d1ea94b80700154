#include "cubeloom/kernel/testing/guard_allocator.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr uint8_t kPattern = 0xC5;

// [guard page | usable pages | guard page].
class Mapping {
 public:
  static absl::StatusOr<std::shared_ptr<Mapping>> Make(size_t bytes) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    if (bytes > std::numeric_limits<size_t>::max() / 4)
      return absl::ResourceExhaustedError("guarded memory: too large");
    const size_t usable = (bytes + page - 1) / page * page;
    void* const base = mmap(nullptr, usable + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
      return absl::ResourceExhaustedError(absl::StrCat("guarded memory of ", bytes, " bytes"));
    auto mapping = std::make_shared<Mapping>(static_cast<std::byte*>(base), page, usable);
    if (usable > 0 && mprotect(mapping->begin(), usable, PROT_READ | PROT_WRITE) != 0) {
      return absl::ResourceExhaustedError(absl::StrCat("guarded memory of ", bytes, " bytes"));
    }
    return mapping;
  }
  Mapping(std::byte* base, size_t page, size_t usable) : base_(base), page_(page), usable_(usable) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { munmap(base_, usable_ + 2 * page_); }
  std::byte* begin() const { return base_ + page_; }
  std::byte* end() const { return base_ + page_ + usable_; }

 private:
  std::byte* const base_;
  const size_t page_, usable_;
};

bool HoldsPattern(const std::byte* from, const std::byte* to) {
  for (; from < to; ++from) {
    if (*from != std::byte{kPattern}) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<MutableBuffer> AllocateBeforeGuard(size_t bytes) {
  CL_ASSIGN_OR_RETURN(std::shared_ptr<Mapping> mapping, Mapping::Make(bytes));
  std::byte* const data = mapping->end() - bytes;
  return MutableBuffer(std::move(mapping), data, bytes, MemorySpace::kHeap);
}

struct GuardAllocator::Counters {
  std::atomic<int64_t> requests{0};
  std::atomic<int64_t> damaged{0};
};

GuardAllocator::GuardAllocator(const Options& options)
    : options_(options), counters_(std::make_shared<Counters>()) {}

int64_t GuardAllocator::requests() const { return counters_->requests; }
int64_t GuardAllocator::damaged() const { return counters_->damaged; }

absl::StatusOr<MutableBuffer> GuardAllocator::Allocate(size_t bytes) {
  const int64_t request = counters_->requests.fetch_add(1);
  if (options_.fail_at >= 0 && request >= options_.fail_at) {
    return absl::ResourceExhaustedError("guard allocator: refused for the test");
  }
  CL_ASSIGN_OR_RETURN(std::shared_ptr<Mapping> mapping, Mapping::Make(bytes + kBufferAlignment));
  const size_t room = (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
  std::byte* const data = mapping->end() - room;
  std::memset(mapping->begin(), kPattern, static_cast<size_t>(mapping->end() - mapping->begin()));
  std::memset(data, options_.fill, bytes);
  auto check = [mapping, bytes, counters = counters_](std::byte* block) {
    if (!HoldsPattern(mapping->begin(), block) || !HoldsPattern(block + bytes, mapping->end()))
      ++counters->damaged;
  };
  return MutableBuffer(std::shared_ptr<std::byte>(data, std::move(check)), data, bytes, MemorySpace::kHeap);
}

}  // namespace cubeloom
