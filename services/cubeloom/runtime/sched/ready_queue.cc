#include "cubeloom/runtime/sched/ready_queue.h"

namespace cubeloom::runtime {

ReadyQueue::ReadyQueue(size_t drops, size_t buckets)
    : next_(drops, kNoId), lists_(buckets), filled_((buckets + 63) / 64, 0) {}

void ReadyQueue::Push(uint32_t bucket, DropId drop) {
  List& list = lists_[bucket];
  next_[drop] = kNoId;
  if (list.head == kNoId) {
    list.head = drop;
    filled_[bucket >> 6] |= uint64_t{1} << (bucket & 63);
  } else {
    next_[list.tail] = drop;
  }
  list.tail = drop;
  ++size_;
}

DropId ReadyQueue::Pop(uint32_t bucket) {
  List& list = lists_[bucket];
  const DropId drop = list.head;
  list.head = next_[drop];
  if (list.head == kNoId) {
    list.tail = kNoId;
    filled_[bucket >> 6] &= ~(uint64_t{1} << (bucket & 63));
  }
  --size_;
  return drop;
}

uint32_t ReadyQueue::After(uint32_t from) const {
  if (from >= lists_.size()) return kNone;
  size_t word = from >> 6;
  uint64_t bits = filled_[word] & (~uint64_t{0} << (from & 63));
  while (bits == 0) {
    if (++word == filled_.size()) return kNone;
    bits = filled_[word];
  }
  return static_cast<uint32_t>(word * 64 + static_cast<size_t>(__builtin_ctzll(bits)));
}

uint32_t ReadyQueue::Before(uint32_t end) const {
  if (end == 0) return kNone;
  size_t word = (end - 1) >> 6;
  const uint32_t used = ((end - 1) & 63) + 1;
  uint64_t bits = filled_[word] & (used == 64 ? ~uint64_t{0} : (uint64_t{1} << used) - 1);
  while (bits == 0) {
    if (word-- == 0) return kNone;
    bits = filled_[word];
  }
  return static_cast<uint32_t>(word * 64 + 63 - static_cast<size_t>(__builtin_clzll(bits)));
}

}  // namespace cubeloom::runtime
