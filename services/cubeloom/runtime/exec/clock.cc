// The part of a run that looks at the clock: retries, deadlines, timeouts, progress.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/runtime/exec/driver.h"

namespace cubeloom::runtime {

namespace {
constexpr int64_t kLongestSleepNs = 20'000'000;  // so that a simulated clock is seen to move
constexpr int64_t kSlowBatchNs = 1'000'000;      // batches are meant to take a twentieth of it
}  // namespace

void Driver::KeepTime() {
  Lane& lane = *lanes_.back();
  mu_.Lock();
  while (lanes_left_ > 0) {
    if (!state_->finished()) Tick(lane);
    if (!lane.events.empty()) Advance(lane);
    if (!lane.releases.empty() || cancel_running_) {
      mu_.Unlock();
      Release(lane);
      mu_.Lock();
      continue;
    }
    mu_.Unlock();
    MaybeReport(false);
    mu_.Lock();
    if (lanes_left_ > 0) clock_cv_.WaitWithTimeout(&mu_, UntilNext());
  }
  if (!lane.events.empty()) Advance(lane);
  mu_.Unlock();
}

void Driver::Tick(Lane& lane) {
  const int64_t now = Now();
  while (!timers_.empty() && timers_.top().at <= now) {
    lane.events.push_back({EventKind::kRetryDue, timers_.top().drop, 0});
    timers_.pop();
  }
  if (options_.cancel.cancelled() && !cancel_told_) {
    cancel_told_ = true;
    lane.events.push_back({EventKind::kCancel, kNoId, 0});
  }
  if (now >= deadline_ns_ && !deadline_told_) {
    deadline_told_ = true;
    lane.events.push_back({EventKind::kDeadline, kNoId, 0});
  }
  const int64_t spillable = ports_.spill != nullptr ? store_->resident_bytes() : 0;
  const int64_t held = std::max<int64_t>(0, budget_->used() - spillable - InFlightBytes());
  if (std::abs(held - held_told_) > options_.memory / 64) {
    held_told_ = held;
    lane.events.push_back({EventKind::kMemoryHeld, kNoId, held});
  }
  RevokeSlowBatches(lane);
  std::vector<std::pair<std::shared_ptr<CancelSource>, int64_t>> over;
  for (auto& [drop, timeout] : timeouts_) {
    if (timeout.first <= now)
      over.emplace_back(timeout.second, program_.blocks[graph_.block_of[drop]].timeout_ns);
  }
  if (over.empty()) return;
  mu_.Unlock();
  for (const auto& [source, limit] : over) {
    source->Cancel(absl::DeadlineExceededError(
        absl::StrCat("it took longer than its timeout of ", absl::FormatDuration(absl::Nanoseconds(limit)))));
  }
  mu_.Lock();
}

void Driver::RevokeSlowBatches(Lane& teller) {
  if (idle_ == 0 || !queue_.empty()) return;
  const int64_t now = Now();
  for (const auto& lane : lanes_) {
    absl::MutexLock lock(&lane->mu);
    if (lane->next == lane->end || now - lane->batch_began < kSlowBatchNs) continue;
    for (size_t i = lane->next; i < lane->end; ++i)
      teller.events.push_back({EventKind::kReturned, lane->batch[i].drop, 0});
    lane->end = lane->next;
  }
}

int64_t Driver::InFlightBytes() {
  int64_t bytes = 0;
  for (const auto& lane : lanes_) {
    absl::MutexLock lock(&lane->mu);
    if (lane->meter != nullptr) bytes += lane->meter->used();
  }
  return bytes;
}

absl::Duration Driver::UntilNext() {
  const int64_t now = Now();
  int64_t next = std::min(deadline_ns_, now + kLongestSleepNs);
  if (!timers_.empty()) next = std::min(next, timers_.top().at);
  for (const auto& [drop, timeout] : timeouts_) next = std::min(next, timeout.first);
  return absl::Nanoseconds(std::max<int64_t>(next - now, 100'000));
}

void Driver::MaybeReport(bool last) {
  if (ports_.progress == nullptr) return;
  Progress progress;
  {
    absl::MutexLock lock(&mu_);
    if (reporting_) return;
    const int64_t now = Now();
    const int64_t since = now - reported_ns_;
    if (!last && since < absl::ToInt64Nanoseconds(options_.progress_interval)) return;
    progress = Snapshot();
    if (since > 0)
      rate_ = static_cast<double>(progress.done - reported_done_) * 1e9 / static_cast<double>(since);
    progress.drops_per_second = rate_;
    reported_ns_ = now;
    reported_done_ = progress.done;
    reporting_ = true;
  }
  ports_.progress->Update(progress);
  absl::MutexLock lock(&mu_);
  reporting_ = false;
}

Progress Driver::Snapshot() {
  Progress p;
  const std::vector<BlockCounts>& counts = state_->counts();
  p.nodes.resize(counts.size());
  for (size_t b = 0; b < counts.size(); ++b) {
    p.nodes[b] = {counts[b].total,   counts[b].done,    counts[b].failed,
                  counts[b].skipped, counts[b].running, absl::Nanoseconds(times_[b].total)};
    p.total += counts[b].total;
    p.done += counts[b].done;
    p.failed += counts[b].failed;
    p.skipped += counts[b].skipped;
    p.running += counts[b].running;
  }
  p.memory_used = budget_->used();
  p.spilled_bytes = store_->spilled_bytes();
  p.bytes_written = bytes_written_;
  double done = state_->total_work() - state_->work_left();
  for (const auto& lane : lanes_) done += lane->ns_done.load(std::memory_order_relaxed);
  p.fraction = state_->total_work() > 0 ? std::clamp(done / state_->total_work(), 0.0, 1.0) : 1.0;
  const int64_t end = finished_ns_ > 0 ? finished_ns_ : Now();
  p.elapsed = absl::Nanoseconds(end - started_ns_);
  if (p.fraction > 0) p.remaining = p.elapsed * ((1 - p.fraction) / p.fraction);
  p.drops_per_second = rate_;
  return p;
}

}  // namespace cubeloom::runtime
