// A first-in first-out queue bounded in bytes, for handing payloads between threads.
#ifndef CUBELOOM_BASE_BYTE_QUEUE_H_
#define CUBELOOM_BASE_BYTE_QUEUE_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace cubeloom {

// Thread-safe, any number of producers and consumers. An item larger than the limit is admitted alone,
// so that no item can wait for ever. Close() ends it: pushes fail, pops drain what is left.
template <typename T>
class ByteQueue {
 public:
  explicit ByteQueue(size_t limit_bytes) : limit_(limit_bytes) {}

  // Blocks until `item` fits. False (and the item is dropped) when the queue was closed.
  bool Push(T item, size_t bytes) {
    absl::MutexLock lock(&mu_);
    auto fits = [this, bytes]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return closed_ || Fits(bytes); };
    mu_.Await(absl::Condition(&fits));
    return PushLocked(std::move(item), bytes);
  }
  // As Push, but false at once where it would block.
  bool TryPush(T item, size_t bytes) {
    absl::MutexLock lock(&mu_);
    if (!Fits(bytes)) return false;
    return PushLocked(std::move(item), bytes);
  }
  // Blocks until an item is there; nullopt once the queue is closed and empty.
  std::optional<T> Pop() {
    absl::MutexLock lock(&mu_);
    auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return closed_ || !items_.empty(); };
    mu_.Await(absl::Condition(&ready));
    return PopLocked();
  }
  std::optional<T> TryPop() {
    absl::MutexLock lock(&mu_);
    return PopLocked();
  }
  void Close() {
    absl::MutexLock lock(&mu_);
    closed_ = true;
  }
  size_t bytes() const {
    absl::MutexLock lock(&mu_);
    return bytes_;
  }

 private:
  bool Fits(size_t bytes) const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return items_.empty() || (bytes <= limit_ && bytes_ <= limit_ - bytes);
  }
  bool PushLocked(T item, size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (closed_) return false;
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    return true;
  }
  std::optional<T> PopLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (items_.empty()) return std::nullopt;
    std::pair<T, size_t> front = std::move(items_.front());
    items_.pop_front();
    bytes_ -= front.second;
    return std::move(front.first);
  }

  const size_t limit_;
  mutable absl::Mutex mu_;
  std::deque<std::pair<T, size_t>> items_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_BYTE_QUEUE_H_
