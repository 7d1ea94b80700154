#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/cli/commands.h"
#include "cubeloom/cli/interrupt.h"
#include "cubeloom/cli/progress_view.h"
#include "cubeloom/cli/text_table.h"
#include "cubeloom/engine/catalogue.h"
#include "cubeloom/engine/records.h"
#include "cubeloom/engine/sink_plan.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom::cli {
namespace {

int ExitStatus(runtime::RunOutcome outcome) {
  switch (outcome) {
    case runtime::RunOutcome::kSucceeded:
    case runtime::RunOutcome::kSucceededWithHoles:
      return kOk;
    case runtime::RunOutcome::kCancelled:
      return kCancelled;
    default:
      return kFailed;
  }
}

std::string Time(absl::Duration d) {
  const double seconds = absl::ToDoubleSeconds(d);
  return seconds < 1 ? absl::StrFormat("%.1f ms", seconds * 1e3) : absl::StrFormat("%.2f s", seconds);
}

// One line a logical node.
std::string NodeTable(const engine::RunResult& result) {
  const graph::PhysicalGraph& physical = result.prepared.physical;
  std::vector<std::vector<std::string>> rows = {{"node", "does", "drops", "done", "failed", "time"}};
  for (size_t b = 0; b < physical.blocks.size(); ++b) {
    const graph::Node& node = physical.logical.nodes[physical.blocks[b].node];
    // A run that could not start has no progress.
    const std::vector<runtime::NodeProgress>& nodes = result.report.progress.nodes;
    const runtime::NodeProgress progress = b < nodes.size() ? nodes[b] : runtime::NodeProgress();
    const std::string does =
        node.kind == graph::NodeKind::kKernel ? node.kernel : graph::NodeKindName(node.kind);
    rows.push_back({node.id, does, absl::StrCat(progress.total), absl::StrCat(progress.done),
                    progress.failed == 0 ? "-" : absl::StrCat(progress.failed), Time(progress.busy)});
  }
  return TextTable(rows, {2, 3, 4, 5});
}

void PrintSummary(const engine::RunResult& result) {
  const runtime::RunReport& report = result.report;
  std::printf("%s\n", NodeTable(result).c_str());
  std::printf("%s: %d drops in %s on %d cores", runtime::RunOutcomeName(report.outcome),
              static_cast<int>(result.prepared.physical.drops()), Time(report.wall).c_str(), result.cores);
  if (report.progress.spilled_bytes > 0) {
    std::printf(", %s spilled", FormatBytes(static_cast<double>(report.progress.spilled_bytes)).c_str());
  }
  int64_t bytes = 0;
  for (const runtime::OutputRecord& output : report.outputs) bytes += output.bytes;
  std::printf("\n%d files, %s, in %s\n", static_cast<int>(report.outputs.size()),
              FormatBytes(static_cast<double>(bytes)).c_str(), result.folder.c_str());
}

void PrintFailures(const runtime::RunReport& report) {
  for (const runtime::Failure& failure : report.failures) {
    std::fprintf(stderr, "%s\n\n", runtime::FormatFailure(failure).c_str());
  }
  const auto shown = static_cast<int64_t>(report.failures.size());
  if (report.failures_total > shown) {
    std::fprintf(stderr, "... and %d more failures\n", static_cast<int>(report.failures_total - shown));
  }
  if (!report.status.ok() && report.failures.empty()) ReportError(report.status);
}

}  // namespace

int ReportError(const absl::Status& status) {
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    std::fprintf(stderr, "error: %s\n", std::string(line).c_str());
  }
  return status.code() == absl::StatusCode::kCancelled ? kCancelled : kUsage;
}

int RunCommand(const RunFlags& flags) {
  const absl::StatusOr<KernelCatalogue> catalogue = engine::MakeCatalogue();
  if (!catalogue.ok()) return ReportError(catalogue.status());
  InterruptWatcher interrupt;
  ProgressView view(ProgressView::OptionsFor(stderr));
  engine::RunRequest request = flags.request;
  request.cancel = interrupt.token();
  if (!flags.quiet) request.progress = &view;
  const absl::StatusOr<engine::RunResult> result = engine::RunGraph(request, *catalogue);
  view.Clear();
  if (!result.ok()) return ReportError(result.status());
  PrintFailures(result->report);
  if (!result->records.ok() && result->records != result->report.status) ReportError(result->records);
  if (flags.json) {
    std::printf("%s\n", engine::ReportToValue(*result).ToJson(2).c_str());
  } else if (!flags.quiet) {
    PrintSummary(*result);
  }
  return ExitStatus(result->report.outcome);
}

int ReplayCommand(const ReplayFlags& flags) {
  const absl::StatusOr<engine::RunRecord> record = engine::ReadRunRecord(flags.run);
  if (!record.ok()) return ReportError(record.status());
  RunFlags run;
  run.request.out = engine::AbsolutePath(flags.out.empty() ? flags.run + "/replay" : flags.out);
  // Relative sources were found from where the run was started.
  if (::chdir(record->started.c_str()) != 0) {
    return ReportError(ErrnoStatus(errno, "go to the folder where the run was started,", record->started));
  }
  run.request.file = record->file;
  run.request.set = record->set;
  run.request.allow_commands = record->allow_commands;
  run.request.only = {flags.drop};
  run.request.input_checksums = false;
  return RunCommand(run);
}

}  // namespace cubeloom::cli
