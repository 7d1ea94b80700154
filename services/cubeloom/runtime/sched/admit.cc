#include <algorithm>

#include "cubeloom/runtime/sched/stepper.h"

namespace cubeloom::runtime {

void Stepper::Admit() {
  while (s_.ready_.size() > 0 && !s_.free_slots_.empty() && s_.cores_used_ < s_.options_.cores &&
         !s_.alone_) {
    if (!StartNext()) return;
  }
}

bool Stepper::StartNext() {
  const uint32_t longest = s_.ready_.First();
  const double urgent_at = s_.work_left_ / (2.0 * s_.options_.cores);
  const bool urgent = static_cast<double>(s_.tails_[longest]) >= urgent_at;
  uint32_t bucket = urgent ? longest : s_.ready_.Last();
  if (TryStart(bucket)) {
    s_.bypassed_ = 0;
    return true;
  }
  if (s_.running_ == 0) {
    s_.alone_ = true;
    s_.bypassed_ = 0;
    StartBatch(bucket, 1);
    return true;
  }
  if (s_.bypassed_ >= kMaxBypass) return false;
  while (true) {
    bucket = urgent ? s_.ready_.After(bucket + 1) : s_.ready_.Before(bucket);
    if (bucket == ReadyQueue::kNone) return false;
    if (!TryStart(bucket)) continue;
    ++s_.bypassed_;
    return true;
  }
}

bool Stepper::Fits(DropId d) const {
  const State::BlockState& block = s_.blocks_[BlockOf(d)];
  if (s_.flags_[d] & kFlagAlone) return false;
  if (s_.cores_used_ + block.cores > s_.options_.cores) return false;
  return block.memory <= s_.options_.memory - s_.memory_used_ - s_.memory_held_;
}

bool Stepper::TryStart(uint32_t bucket) {
  const DropId first = s_.ready_.Front(bucket);
  if (!Fits(first)) return false;
  const uint32_t b = BlockOf(first);
  int64_t count = BatchSize(b);
  const int64_t memory = s_.blocks_[b].memory;
  if (memory > 0) count = std::min(count, (s_.options_.memory - s_.memory_used_ - s_.memory_held_) / memory);
  StartBatch(bucket, count);
  return true;
}

int64_t Stepper::BatchSize(uint32_t block) const {
  const State::BlockState& info = s_.blocks_[block];
  if (info.cores > 1 || info.measured < 4) return 1;
  const int64_t by_time = s_.options_.batch_ns / std::max<int64_t>(info.mean, 1);
  // Leave something for the other lanes.
  const auto share = static_cast<int64_t>(s_.ready_.size()) / s_.options_.cores;
  return std::clamp<int64_t>(std::min(by_time, share), 1, s_.options_.max_batch);
}

// Starts up to `count` drops from the front of the bucket, as long as they are of one block.
void Stepper::StartBatch(uint32_t bucket, int64_t count) {
  const uint16_t slot = s_.free_slots_.back();
  s_.free_slots_.pop_back();
  const uint32_t b = BlockOf(s_.ready_.Front(bucket));
  const State::BlockState& block = s_.blocks_[b];
  int32_t started = 0;
  do {
    const DropId d = s_.ready_.Front(bucket);
    if (started > 0 && (d == kNoId || BlockOf(d) != b || (s_.flags_[d] & kFlagAlone))) break;
    s_.ready_.Pop(bucket);
    s_.state_[d] = DropState::kWriting;
    s_.slot_[d] = slot;
    actions_.push_back({ActionKind::kStart, slot, s_.attempt_[d], d, 0});
    ++started;
  } while (started < count);
  s_.slots_[slot] = {started, block.cores, block.memory * started};
  s_.cores_used_ += block.cores;
  s_.memory_used_ += block.memory * started;
  s_.running_ += started;
  s_.counts_[b].running += started;
}

}  // namespace cubeloom::runtime
