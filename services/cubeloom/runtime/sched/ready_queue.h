// Ready drops in buckets of equal priority, first in first out within a bucket.
#ifndef CUBELOOM_RUNTIME_SCHED_READY_QUEUE_H_
#define CUBELOOM_RUNTIME_SCHED_READY_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cubeloom/base/ids.h"

namespace cubeloom::runtime {

// Bucket 0 holds the highest priority. Each bucket is a list threaded through one array of 4 bytes a drop,
// and a bit set says which buckets are not empty: push and pop are O(1), finding a bucket is O(buckets / 64),
// and nothing is allocated after construction. A drop may be in the queue once. Not thread-safe.
class ReadyQueue {
 public:
  static constexpr uint32_t kNone = 0xffffffffu;

  ReadyQueue() = default;
  ReadyQueue(size_t drops, size_t buckets);

  void Push(uint32_t bucket, DropId drop);
  DropId Front(uint32_t bucket) const { return lists_[bucket].head; }  // kNoId when empty
  DropId Pop(uint32_t bucket);                                         // must not be empty
  // The drop behind `drop` in its bucket, kNoId at the end.
  DropId Next(DropId drop) const { return next_[drop]; }
  // First or last bucket with a drop, or kNone.
  uint32_t First() const { return size_ == 0 ? kNone : After(0); }
  uint32_t Last() const { return size_ == 0 ? kNone : Before(static_cast<uint32_t>(lists_.size())); }
  // First non-empty bucket >= `from`; last non-empty bucket < `end`.
  uint32_t After(uint32_t from) const;
  uint32_t Before(uint32_t end) const;
  size_t size() const { return size_; }

 private:
  struct List {
    DropId head = kNoId;
    DropId tail = kNoId;
  };
  std::vector<DropId> next_;
  std::vector<List> lists_;
  std::vector<uint64_t> filled_;
  size_t size_ = 0;
};

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_SCHED_READY_QUEUE_H_
