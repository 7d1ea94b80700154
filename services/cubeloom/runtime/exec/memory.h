// The memory budget of a run and the allocators that charge it.
#ifndef CUBELOOM_RUNTIME_EXEC_MEMORY_H_
#define CUBELOOM_RUNTIME_EXEC_MEMORY_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "cubeloom/array/chunk/buffer.h"

namespace cubeloom::runtime {

// Counts bytes against a limit. Thread-safe and lock-free. Buffers keep it alive, so it may be destroyed
// after the run that made it.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit) : limit_(limit) {}
  // False, and nothing charged, when it does not fit.
  bool TryCharge(int64_t bytes);
  void Release(int64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  int64_t limit() const { return limit_; }
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t peak() const { return peak_.load(std::memory_order_relaxed); }

 private:
  const int64_t limit_;
  std::atomic<int64_t> used_{0};
  std::atomic<int64_t> peak_{0};
};

// What one drop takes at a time, and what it was refused. Thread-safe.
class MemoryMeter {
 public:
  void Add(int64_t bytes);
  void Remove(int64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  void Refused(int64_t bytes);
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t peak() const { return peak_.load(std::memory_order_relaxed); }
  // Bytes that it would have needed in all; 0 when nothing was refused.
  int64_t wanted() const { return wanted_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> used_{0}, peak_{0}, wanted_{0};
};

// Whether a status comes from a budget that was short (and not, say, from a full disk).
bool IsMemoryShort(const absl::Status& status);

// Charges every buffer to the budget for as long as it lives. When the budget is short, `reclaim` is asked to
// spill; it says whether it gave anything back. Never blocks on other drops: after that, ResourceExhausted.
// Small blocks come from the heap, large ones from the kernel and go back to it at once, so that what is
// resident is what is charged. Thread-safe.
class BudgetAllocator : public Allocator {
 public:
  using Reclaim = std::function<bool(int64_t bytes)>;
  BudgetAllocator(std::shared_ptr<MemoryBudget> budget, Reclaim reclaim)
      : budget_(std::move(budget)), reclaim_(std::move(reclaim)) {}
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override { return Allocate(bytes, nullptr); }
  // `meter` (may be null) is charged too.
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes, std::shared_ptr<MemoryMeter> meter);
  const MemoryBudget& budget() const { return *budget_; }

 private:
  const std::shared_ptr<MemoryBudget> budget_;
  const Reclaim reclaim_;
};

// The allocator that one drop gets: as `base`, and counts what the drop has. Its buffers may outlive it.
class DropAllocator : public Allocator {
 public:
  explicit DropAllocator(BudgetAllocator* base) : base_(base), meter_(std::make_shared<MemoryMeter>()) {}
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override { return base_->Allocate(bytes, meter_); }
  const MemoryMeter& meter() const { return *meter_; }

 private:
  BudgetAllocator* const base_;
  const std::shared_ptr<MemoryMeter> meter_;
};

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_EXEC_MEMORY_H_
