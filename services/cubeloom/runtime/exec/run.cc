#include "cubeloom/runtime/exec/run.h"

#include "absl/strings/str_cat.h"
#include "cubeloom/runtime/exec/driver.h"

namespace cubeloom::runtime {

RunReport Run(const graph::PhysicalGraph& graph, const RunOptions& options, RunPorts& ports) {
  return Driver(graph, options, ports).Run();
}

const char* RunOutcomeName(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::kSucceeded:
      return "succeeded";
    case RunOutcome::kSucceededWithHoles:
      return "succeeded with holes";
    case RunOutcome::kFailed:
      return "failed";
    case RunOutcome::kCancelled:
      return "cancelled";
    case RunOutcome::kDeadlineExceeded:
      return "deadline exceeded";
  }
  return "invalid";
}

std::string FormatFailure(const Failure& failure) {
  std::string text = absl::StrCat("node     ", failure.node, "\ndrop     ", failure.external_id);
  if (failure.attempts > 1) absl::StrAppend(&text, " (", failure.attempts, " attempts)");
  for (const std::string& input : failure.inputs) absl::StrAppend(&text, "\ninput    ", input);
  absl::StrAppend(&text, "\ncause    ", failure.cause.message(), " [",
                  absl::StatusCodeToString(failure.cause.code()), "]");
  if (!failure.replay.empty()) absl::StrAppend(&text, "\nreplay   ", failure.replay);
  return text;
}

}  // namespace cubeloom::runtime
