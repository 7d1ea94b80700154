// One run in this process: `cubeloom run`, `cubeloom replay`, and tests.
#ifndef CUBELOOM_ENGINE_RUN_H_
#define CUBELOOM_ENGINE_RUN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/base/cancel.h"
#include "cubeloom/engine/manifest.h"
#include "cubeloom/engine/prepare.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/runtime/exec/run.h"

namespace cubeloom::engine {

struct RunRequest {
  std::string file;               // the graph
  std::vector<std::string> set;   // "name=value"
  std::string out;                // run folder; "" = cubeloom-out/<graph name>
  int32_t cores = 0;              // 0: what the machine gives (see capacity.h)
  int64_t memory = 0;             // bytes; 0: likewise
  bool input_checksums = true;    // SHA-256 of input files into the manifest
  bool allow_commands = false;    // run external commands
  bool write_records = true;      // manifest.json and run.json into the run folder
  std::vector<std::string> only;  // these app drops and what they need; empty: everything
  CancelToken cancel;
  runtime::ProgressPort* progress = nullptr;
  Store* store = nullptr;  // nullptr: local files
};

struct RunResult {
  std::string folder;
  Prepared prepared;
  runtime::RunReport report;
  Manifest manifest;
  absl::Status records;  // why manifest.json or run.json could not be written, or an input changed meanwhile
  int32_t cores = 0;
  int64_t memory = 0;
};

// Reads, checks, resolves, runs and records. An error means that nothing ran; a run that failed is a result
// whose report says so. The run folder is made when needed; manifest.json (no clocks, equal for equal runs)
// and run.json (times, attempts, what `replay` needs) are written last, by temporary name and rename.
absl::StatusOr<RunResult> RunGraph(const RunRequest& request, const KernelCatalogue& catalogue);

// What a run folder remembers for replay.
struct RunRecord {
  std::string file;     // absolute
  std::string started;  // the folder that relative source URIs are looked up from
  std::vector<std::string> set;
  bool allow_commands = false;
};
absl::StatusOr<RunRecord> ReadRunRecord(const std::string& folder);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_RUN_H_
