#include <algorithm>

#include "cubeloom/runtime/sched/stepper.h"

namespace cubeloom::runtime {

void Step(State& state, absl::Span<const Event> events, ActionBuffer& actions) {
  Stepper(state, actions).Run(events);
}

void Stepper::Run(absl::Span<const Event> events) {
  for (const Event& event : events) {
    Apply(event);
    DrainSkips();
  }
  if (s_.finished_) return;
  if (s_.stop_ == StopReason::kNone) Admit();
  const bool over = s_.stop_ == StopReason::kNone ? s_.open_ == 0 : s_.running_ == 0;
  if (over) Finish();
}

void Stepper::Apply(const Event& event) {
  switch (event.kind) {
    case EventKind::kMemoryHeld:
      s_.memory_held_ = std::max<int64_t>(0, event.value);
      return;
    case EventKind::kCancel:
      return Stop(StopReason::kCancel, kNoId);
    case EventKind::kDeadline:
      return Stop(StopReason::kDeadline, kNoId);
    default:
      break;
  }
  if (event.drop >= s_.state_.size()) {
    ++s_.ignored_;
    return;
  }
  ApplyToStarted(event);
}

void Stepper::ApplyToStarted(const Event& event) {
  const DropId d = event.drop;
  const DropState state = s_.state_[d];
  if (event.kind == EventKind::kReleased && state == DropState::kExpired) {
    s_.state_[d] = DropState::kDeleted;
    return;
  }
  if (event.kind == EventKind::kRetryDue && state == DropState::kInitialized &&
      (s_.flags_[d] & kFlagWaiting)) {
    s_.flags_[d] &= static_cast<uint8_t>(~kFlagWaiting);
    return Enqueue(d);
  }
  const bool external = (s_.flags_[d] & kFlagSource) && s_.options_.policy[BlockOf(d)].external;
  if (event.kind == EventKind::kDataReady && state == DropState::kInitialized && external) {
    ++s_.counts_[BlockOf(d)].done;
    Close(d);
    return CompleteData(d);
  }
  if (state != DropState::kWriting) {
    ++s_.ignored_;
    return;
  }
  switch (event.kind) {
    case EventKind::kFinished:
      return Finished(d, event.value);
    case EventKind::kFailed:
      EndStarted(d);
      return Fail(d);
    case EventKind::kFailedRetry:
      return FailedOrRetry(d, event.value);
    case EventKind::kMemoryShort:
      return MemoryShort(d, event.value);
    case EventKind::kStopped:
      return Stopped(d);
    case EventKind::kReturned:
      EndStarted(d);
      s_.state_[d] = DropState::kInitialized;
      return Enqueue(d);
    default:
      ++s_.ignored_;
  }
}

void Stepper::Finished(DropId d, int64_t ns) {
  State::BlockState& block = s_.blocks_[BlockOf(d)];
  ns = std::max<int64_t>(ns, 1);
  block.mean += block.measured == 0 ? ns : (ns - block.mean) / 8;
  ++block.measured;
  ++s_.counts_[BlockOf(d)].done;
  EndStarted(d);
  Close(d);
  if (s_.flags_[d] & kFlagSource) return CompleteData(d);
  s_.state_[d] = DropState::kCompleted;
  for (DropId data : graph_.successors(d)) CompleteData(data);
  ConsumersDone(d);
}

void Stepper::FailedOrRetry(DropId d, int64_t delay_ns) {
  const int32_t retries = std::min(s_.options_.policy[BlockOf(d)].retries, 60000);
  EndStarted(d);
  if (s_.attempt_[d] > retries) return Fail(d);
  const int shift = std::min<int>(s_.attempt_[d] - 1, 20);
  if (delay_ns <= 0) delay_ns = std::min<int64_t>(s_.options_.retry_ns << shift, int64_t{30'000'000'000});
  ++s_.attempt_[d];
  ++s_.retries_;
  s_.state_[d] = DropState::kInitialized;
  s_.flags_[d] |= kFlagWaiting;
  actions_.push_back({ActionKind::kRetryAt, 0, s_.attempt_[d], d, delay_ns});
}

// The estimate was too low: correct it for the block, and let this drop run alone when that is no help.
void Stepper::MemoryShort(DropId d, int64_t bytes) {
  const bool was_alone = s_.alone_ || (s_.flags_[d] & kFlagAlone);
  State::BlockState& block = s_.blocks_[BlockOf(d)];
  EndStarted(d);
  if (was_alone) return Fail(d);
  if (bytes > block.memory) {
    block.memory = bytes;
  } else {
    s_.flags_[d] |= kFlagAlone;
  }
  ++s_.retries_;
  s_.state_[d] = DropState::kInitialized;
  Enqueue(d);
}

void Stepper::Stopped(DropId d) {
  EndStarted(d);
  if (s_.stop_ == StopReason::kNone) return Fail(d);  // nobody asked for it
  s_.state_[d] = DropState::kCancelled;
  ++s_.counts_[BlockOf(d)].skipped;
  Close(d);
  OutputsMissing(d, DropState::kCancelled);
  ConsumersDone(d);
}

void Stepper::EndStarted(DropId d) {
  State::Slot& slot = s_.slots_[s_.slot_[d]];
  --s_.running_;
  --s_.counts_[BlockOf(d)].running;
  if (--slot.remaining > 0) return;
  s_.cores_used_ -= slot.cores;
  s_.memory_used_ -= slot.memory;
  s_.alone_ = false;
  slot = State::Slot();
  s_.free_slots_.push_back(s_.slot_[d]);
}

void Stepper::Close(DropId d) {
  --s_.open_;
  s_.work_left_ -= static_cast<double>(s_.blocks_[BlockOf(d)].time);
}

void Stepper::CompleteData(DropId d) {
  s_.state_[d] = DropState::kCompleted;
  for (DropId consumer : graph_.successors(d)) {
    if (IsFinal(s_.state_[consumer])) continue;  // skipped already
    if (--s_.left_[consumer] == 0) Decide(consumer);
  }
  ReleaseIfUnused(d);
}

void Stepper::ConsumersDone(DropId app) {
  for (DropId data : graph_.predecessors(app)) {
    --s_.left_[data];
    ReleaseIfUnused(data);
  }
}

void Stepper::ReleaseIfUnused(DropId data) {
  if (s_.left_[data] != 0 || s_.state_[data] != DropState::kCompleted) return;
  if (s_.options_.policy[BlockOf(data)].persist) return;
  s_.state_[data] = DropState::kExpired;
  actions_.push_back({ActionKind::kRelease, 0, 1, data, 0});
}

void Stepper::Enqueue(DropId d) { s_.ready_.Push(s_.blocks_[BlockOf(d)].bucket, d); }

void Stepper::Stop(StopReason reason, DropId drop) {
  if (s_.stop_ != StopReason::kNone || s_.finished_) return;
  s_.stop_ = reason;
  s_.stop_drop_ = drop;
  if (s_.running_ > 0) actions_.push_back({ActionKind::kCancelRunning, 0, 1, kNoId, 0});
}

void Stepper::Finish() {
  s_.finished_ = true;
  if (s_.stop_ != StopReason::kNone) {
    for (DropId d = 0; d < s_.state_.size(); ++d) {
      if (s_.state_[d] != DropState::kInitialized) continue;
      s_.state_[d] = DropState::kCancelled;
      if ((s_.flags_[d] & (kFlagApp | kFlagSource)) == 0) continue;
      ++s_.counts_[BlockOf(d)].skipped;
      Close(d);
    }
  }
  actions_.push_back({ActionKind::kRunFinished, 0, 1, kNoId, 0});
}

}  // namespace cubeloom::runtime
