// Runs a physical graph in this process: the thread driver around runtime/sched.
//
// Each admitted drop runs on one lane (a task on the given executor that lives as long as the run). Lanes
// without a drop help the chunk loops of running kernels, so that one big drop uses all cores and many small
// drops run side by side; together they never occupy more than `cores` threads. The calling thread keeps
// time: progress, retries, deadlines.
//
// Results are a pure function of graph, arguments and source data: neither thread count, nor chunking, nor
// the order of events changes an output byte or a digest. Times and counts of attempts may differ.
#ifndef CUBELOOM_RUNTIME_EXEC_RUN_H_
#define CUBELOOM_RUNTIME_EXEC_RUN_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cubeloom/base/cancel.h"
#include "cubeloom/base/clock.h"
#include "cubeloom/base/executor.h"
#include "cubeloom/base/ids.h"
#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/runtime/drop/drop.h"
#include "cubeloom/runtime/exec/ports.h"
#include "cubeloom/runtime/sched/costs.h"

namespace cubeloom::runtime {

struct RunOptions {
  const KernelCatalogue* kernels = nullptr;  // required
  // Where lanes run. Must have `cores` threads to itself for the time of the run; the inline executor runs
  // all drops one after another in the calling thread.
  Executor* executor = &InlineExecutor();
  Clock* clock = &Clock::Real();
  int32_t cores = 1;                  // capacity; more than executor->concurrency() is cut to that
  int64_t memory = int64_t{1} << 30;  // budget in bytes: arrays, scratch, file buffers, spill buffers
  Costs costs;                        // by block, see EstimateCosts() in costs.h; empty: defaults
  CancelToken cancel;                 // e.g. Ctrl-C: running drops stop, the report says cancelled
  absl::Duration deadline = absl::InfiniteDuration();  // of the run, from its start; the graph's counts too
  absl::Duration progress_interval = absl::Milliseconds(100);
  // Names for ${scatter.name} references, by scatter node; see graph::BindInstance.
  std::map<std::string, std::vector<std::string>> instance_names;
  // Put before a drop's external id in failure blocks, e.g. "cubeloom replay out/run-1".
  std::string replay_command;
  // Runs only these app drops and what they need (external ids); empty: everything. For replay.
  std::vector<std::string> only;
  int32_t max_failures = 100;  // failure blocks kept in the report; all are counted
};

// One failed drop: what a user needs to find and repeat it.
struct Failure {
  std::string node;  // logical node id
  DropId drop = kNoId;
  std::string external_id;
  std::vector<std::string> inputs;  // "image <- frames:data/3: array f32 1024x1024"
  int32_t attempts = 0;
  absl::Status cause;
  std::string replay;  // command line, "" when RunOptions has none
};
// The block that a person reads: node, drop, inputs, cause, how to replay. Several lines, no final newline.
std::string FormatFailure(const Failure& failure);

// A file that a sink wrote, or a persisted data drop.
struct OutputRecord {
  std::string node;
  DropId drop = kNoId;  // sink: its app drop; persisted: the data drop
  std::string external_id;
  std::string uri;
  int64_t bytes = 0;
  Digest digest{};  // of the file
};

// Manifest leaf of a data drop. `content`: the digest is ContentDigest (inputs of sinks and persisted drops);
// otherwise it covers payload kind, dtype and shape only.
struct DropDigest {
  DropId drop = kNoId;
  PayloadKind kind = PayloadKind::kNone;
  bool content = false;
  Digest digest{};
};

struct KernelTime {
  std::string kernel;             // identity, "source", "sink" or "command"
  int64_t drops = 0;              // attempts included
  absl::Duration total, longest;  // wall time of drops on their lane
};

enum class RunOutcome : uint8_t { kSucceeded, kSucceededWithHoles, kFailed, kCancelled, kDeadlineExceeded };
const char* RunOutcomeName(RunOutcome outcome);

struct RunReport {
  RunOutcome outcome = RunOutcome::kFailed;
  // OK for the two successes; otherwise the cause in one line (the first failure, why a threshold was
  // exceeded, what could not start).
  absl::Status status;
  std::array<int64_t, kDropStates> states{};  // drops by final state
  std::vector<DropState> drop_states;         // per drop
  int64_t failures_total = 0;
  std::vector<Failure> failures;      // the first max_failures in order of drop id
  std::vector<OutputRecord> outputs;  // in order of drop id
  std::vector<DropDigest> digests;    // every completed data drop, in order of drop id
  Digest root{};                      // Merkle root over `digests` (see base/sha256.h)
  std::vector<KernelTime> times;      // by kernel name
  Progress progress;                  // the last one
  int64_t peak_memory = 0;            // highest use of the budget
  int64_t retries = 0;
  absl::Duration wall;  // first ready to last completed
};

// Runs `graph` to its end and reports. Never throws, never leaves a thread or a lane task behind. Problems of
// the graph itself (unknown kernel, unbindable arguments, missing port) are reported before any drop runs.
// Several runs may go on at once with different executors.
RunReport Run(const graph::PhysicalGraph& graph, const RunOptions& options, RunPorts& ports);

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_EXEC_RUN_H_
