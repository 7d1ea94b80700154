// From the state of a finished run to its report.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/runtime/exec/driver.h"

namespace cubeloom::runtime {

RunReport Driver::Assemble() {
  RunReport report;
  absl::MutexLock lock(&mu_);
  report.drop_states = state_->states();
  for (DropState s : report.drop_states) ++report.states[static_cast<size_t>(s)];
  FillFailures(report);
  FillOutcome(report);
  report.outputs = std::move(outputs_);
  std::stable_sort(report.outputs.begin(), report.outputs.end(),
                   [](const OutputRecord& a, const OutputRecord& b) { return a.drop < b.drop; });
  FillDigests(report);
  FillTimes(report);
  report.progress = Snapshot();
  report.peak_memory = budget_->peak();
  report.retries = state_->retries();
  report.wall = absl::Nanoseconds(finished_ns_ - started_ns_);
  return report;
}

void Driver::FillFailures(RunReport& report) {
  for (const BlockCounts& counts : state_->counts()) report.failures_total += counts.failed;
  for (auto& [drop, attempt] : failed_) {
    if (report.drop_states[drop] != DropState::kError) continue;
    if (static_cast<int64_t>(report.failures.size()) >= options_.max_failures) break;
    Failure failure;
    failure.node = graph_.node(drop).id;
    failure.drop = drop;
    failure.external_id = graph_.ExternalId(drop);
    failure.inputs = std::move(attempt.inputs);
    failure.attempts = attempt.attempts;
    failure.cause = attempt.cause;
    if (!options_.replay_command.empty())
      failure.replay = absl::StrCat(options_.replay_command, " ", failure.external_id);
    report.failures.push_back(std::move(failure));
  }
}

void Driver::FillOutcome(RunReport& report) {
  const DropId drop = state_->stop_drop();
  switch (state_->stop_reason()) {
    case StopReason::kNone: {
      bool holes = report.failures_total > 0;
      report.outcome = holes ? RunOutcome::kSucceededWithHoles : RunOutcome::kSucceeded;
      return;
    }
    case StopReason::kCancel:
      report.outcome = RunOutcome::kCancelled;
      report.status =
          options_.cancel.cancelled() ? options_.cancel.status() : absl::CancelledError("cancelled");
      return;
    case StopReason::kDeadline:
      report.outcome = RunOutcome::kDeadlineExceeded;
      report.status = absl::DeadlineExceededError(absl::StrCat(
          "the run's deadline of ",
          absl::FormatDuration(std::min(options_.deadline, graph_.logical.deadline)), " has passed"));
      return;
    case StopReason::kThreshold:
      report.outcome = RunOutcome::kFailed;
      report.status = absl::FailedPreconditionError(absl::StrCat(
          "node '", graph_.node(drop).id, "', drop ", graph_.ExternalId(drop), ": ", state_->missing(drop),
          " of its inputs are missing, more than its error threshold allows"));
      if (!report.failures.empty()) {
        report.status =
            Annotate(report.failures[0].cause,
                     absl::StrCat(report.status.message(), "; first failure: node '", report.failures[0].node,
                                  "', drop ", report.failures[0].external_id));
      }
      return;
    case StopReason::kFailure:
      break;
  }
  report.outcome = RunOutcome::kFailed;
  auto cause = failed_.find(drop);
  report.status = Annotate(cause != failed_.end() ? cause->second.cause : absl::InternalError("failed"),
                           absl::StrCat("node '", graph_.node(drop).id, "', drop ", graph_.ExternalId(drop)));
}

void Driver::FillDigests(RunReport& report) {
  report.digests.reserve(data_.size());
  for (size_t b = 0; b < graph_.blocks.size(); ++b) {
    const graph::Block& block = graph_.blocks[b];
    const DropId end =
        block.first_data + static_cast<DropId>(block.instances * static_cast<int64_t>(block.ports.size()));
    for (DropId d = block.first_data; d < end; ++d) {
      if (data_.kind(d) == PayloadKind::kNone || !IsSuccess(report.drop_states[d])) continue;
      report.digests.push_back({d, data_.kind(d), program_.blocks[b].content_digest, data_.digest(d)});
    }
  }
  std::vector<Digest> leaves = data_.TakeDigests();
  leaves.resize(report.digests.size());
  for (size_t i = 0; i < leaves.size(); ++i) leaves[i] = report.digests[i].digest;
  report.root = MerkleRoot(std::move(leaves));
}

void Driver::FillTimes(RunReport& report) {
  std::map<std::string, KernelTime> times;
  for (size_t b = 0; b < times_.size(); ++b) {
    KernelTime& time = times[program_.blocks[b].what];
    time.kernel = program_.blocks[b].what;
    time.drops += times_[b].drops;
    time.total += absl::Nanoseconds(times_[b].total);
    time.longest = std::max(time.longest, absl::Nanoseconds(times_[b].longest));
  }
  for (auto& [name, time] : times) report.times.push_back(std::move(time));
}

}  // namespace cubeloom::runtime
