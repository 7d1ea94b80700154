// What a run leaves in its folder beside its outputs: manifest.json and run.json.
#ifndef CUBELOOM_ENGINE_RECORDS_H_
#define CUBELOOM_ENGINE_RECORDS_H_

#include "absl/status/status.h"
#include "cubeloom/engine/run.h"

namespace cubeloom::engine {

inline constexpr char kRunRecordName[] = "run.json";

// Everything of the manifest but the inputs, from the report.
void FillManifest(const KernelCatalogue& catalogue, RunResult& result);

// Writes both files.
absl::Status WriteRecords(const RunRequest& request, Store& store, const RunResult& result);

// The run as JSON for programs: outcome, counts, times, outputs, failures.
Value ReportToValue(const RunResult& result);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_RECORDS_H_
