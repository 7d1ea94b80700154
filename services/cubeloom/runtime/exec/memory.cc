#include "cubeloom/runtime/exec/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"

namespace cubeloom::runtime {
namespace {

// Bytes; smaller blocks come from the heap. AddressSanitizer watches the ends of heap blocks only.
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kMapFrom = SIZE_MAX;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr size_t kMapFrom = SIZE_MAX;
#else
constexpr size_t kMapFrom = size_t{64} << 10;
#endif
#else
constexpr size_t kMapFrom = size_t{64} << 10;
#endif
constexpr size_t kPage = 4096;

constexpr char kShortUrl[] = "cubeloom/memory_short";

void RaiseTo(std::atomic<int64_t>& peak, int64_t value) {
  int64_t seen = peak.load(std::memory_order_relaxed);
  while (seen < value && !peak.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

// Owner of one charged block: gives the memory back and then the charge.
struct Block {
  std::shared_ptr<MemoryBudget> budget;
  std::shared_ptr<MemoryMeter> meter;
  int64_t charged = 0;
  void* mapped = nullptr;
  MutableBuffer heap;

  ~Block() {
    if (mapped != nullptr) munmap(mapped, static_cast<size_t>(charged));
    heap = MutableBuffer();
    budget->Release(charged);
    if (meter) meter->Remove(charged);
  }
};

}  // namespace

bool MemoryBudget::TryCharge(int64_t bytes) {
  int64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  RaiseTo(peak_, used + bytes);
  return true;
}

bool IsMemoryShort(const absl::Status& status) { return status.GetPayload(kShortUrl).has_value(); }

void MemoryMeter::Add(int64_t bytes) {
  RaiseTo(peak_, used_.fetch_add(bytes, std::memory_order_relaxed) + bytes);
}

void MemoryMeter::Refused(int64_t bytes) { RaiseTo(wanted_, std::max(peak(), used() + bytes)); }

absl::StatusOr<MutableBuffer> BudgetAllocator::Allocate(size_t bytes, std::shared_ptr<MemoryMeter> meter) {
  const bool map = bytes >= kMapFrom;
  const size_t rounded = map ? (bytes + kPage - 1) / kPage * kPage : std::max<size_t>(bytes, 1);
  const auto charge = static_cast<int64_t>(rounded);
  bool charged = rounded >= bytes && charge >= 0 && budget_->TryCharge(charge);
  while (!charged && charge >= 0 && charge <= budget_->limit() && reclaim_ && reclaim_(charge)) {
    charged = budget_->TryCharge(charge);
  }
  if (!charged) {
    if (meter) meter->Refused(std::max<int64_t>(charge, 0));
    absl::Status status = absl::ResourceExhaustedError(absl::StrCat(
        "a buffer of ", FormatBytes(static_cast<double>(bytes)), " does not fit the memory budget of ",
        FormatBytes(static_cast<double>(budget_->limit())), " (",
        FormatBytes(static_cast<double>(budget_->used())), " are in use)"));
    status.SetPayload(kShortUrl, absl::Cord());
    return status;
  }
  auto block = std::make_shared<Block>();
  block->budget = budget_;
  block->meter = std::move(meter);
  block->charged = charge;
  if (block->meter) block->meter->Add(charge);
  void* data = MAP_FAILED;
  if (map) data = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data != MAP_FAILED) {
    block->mapped = data;
  } else {  // small, or the kernel has no more mappings for this process
    CL_ASSIGN_OR_RETURN(block->heap, Allocator::Heap().Allocate(rounded));
    data = block->heap.data();
  }
  return MutableBuffer(std::shared_ptr<void>(std::move(block), data), data, bytes, MemorySpace::kHeap);
}

}  // namespace cubeloom::runtime
