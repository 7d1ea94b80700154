// What the runtime needs from the outside. It opens no file and no socket itself: the engine implements these
// over store/, tests implement them in memory.
//
// Contract for all: thread-safe, called from the lanes of the run at the same time for different drops;
// blocking is allowed; `cancel` must be polled at least every 10 ms. A status says by base/status.h whether
// repeating may help.
#ifndef CUBELOOM_RUNTIME_EXEC_PORTS_H_
#define CUBELOOM_RUNTIME_EXEC_PORTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cubeloom/array/chunk/payload.h"
#include "cubeloom/base/sha256.h"
#include "cubeloom/graph/unroll/physical_graph.h"

namespace cubeloom::runtime {

// Gives the data drops of source nodes. Open() reads headers only; pixels are read by Array::Read() later.
// May be called again for the same instance (a retry, a replay) and must then give the same data.
class SourcePort {
 public:
  virtual ~SourcePort() = default;
  virtual absl::StatusOr<Payload> Open(const graph::Node& node, int64_t instance,
                                       const ReadContext& context) = 0;
};

// One sink drop. `inputs` are by the node's input ports (Node::inputs), each in index order; holes were taken
// out.
struct SinkRequest {
  const graph::PhysicalGraph* graph = nullptr;
  const graph::Node* node = nullptr;
  graph::SinkSpec sink;  // node->sink with instance references bound
  DropId drop = kNoId;
  Attempt attempt = 1;
  absl::Span<const std::vector<Payload>> inputs;
  ReadContext context;  // for reading the inputs: charged to the memory budget
};

struct SinkResult {
  std::string uri;
  int64_t bytes = 0;
  Digest digest{};  // SHA-256 of the file as written
};

// Writes results. Each call stages under a temporary name and commits (flush, rename) last, and only when the
// cancel token has not fired; on any error nothing stays under the final name. Idempotent by drop: a retry
// replaces what an earlier attempt staged or committed.
class SinkPort {
 public:
  virtual ~SinkPort() = default;
  virtual absl::StatusOr<SinkResult> Write(const SinkRequest& request) = 0;
  // Keeps one data drop of a node with `persist: true` in the run folder.
  struct PersistRequest {
    const graph::PhysicalGraph* graph = nullptr;
    const graph::Node* node = nullptr;
    DropId drop = kNoId;  // the data drop
    const Payload* payload = nullptr;
    ReadContext context;
  };
  virtual absl::StatusOr<SinkResult> Persist(const PersistRequest& request) = 0;
};

// Room on disk for chunks that do not fit the memory budget. The bytes need not outlive the run.
class SpillPort {
 public:
  virtual ~SpillPort() = default;
  // Stores `bytes`; the handle is never reused while it is alive.
  virtual absl::StatusOr<uint64_t> Append(absl::Span<const std::byte> bytes) = 0;
  // Reads all bytes of a handle back; `out` has exactly their size. DataLoss when they are not what was
  // written.
  virtual absl::Status Read(uint64_t handle, absl::Span<std::byte> out) = 0;
  virtual void Delete(uint64_t handle) = 0;
};

// External commands (node kind kCommand); exthost implements it. Returns one payload per declared output, in
// order.
struct CommandRequest {
  const graph::Node* node = nullptr;
  graph::CommandSpec command;  // instance references are bound
  std::string drop;            // external id, for messages and folder names
  Attempt attempt = 1;
  int32_t cores = 1;
  int64_t memory = 0;                             // bytes; 0: no limit of its own
  absl::Span<const std::vector<Payload>> inputs;  // by Node::inputs
  ReadContext context;
};
class CommandPort {
 public:
  virtual ~CommandPort() = default;
  virtual absl::StatusOr<std::vector<Payload>> Run(const CommandRequest& request) = 0;
};

struct NodeProgress {
  int64_t total = 0;  // app drops; data drops for a source
  int64_t done = 0;
  int64_t failed = 0;
  int64_t skipped = 0;  // skipped or cancelled
  int64_t running = 0;
  absl::Duration busy;  // summed over finished drops
};

struct Progress {
  std::vector<NodeProgress> nodes;  // by block, in the order of PhysicalGraph::blocks
  int64_t total = 0, done = 0, failed = 0, skipped = 0, running = 0;  // sums over the nodes
  int64_t memory_used = 0;                                            // bytes of the budget in use now
  int64_t spilled_bytes = 0;                                          // written to the SpillPort so far
  int64_t bytes_written = 0;                                          // by sinks
  double fraction = 0;          // of the estimated work, 0..1; counts the inside of big drops too
  double drops_per_second = 0;  // over the last interval
  absl::Duration elapsed;
  absl::Duration remaining = absl::InfiniteDuration();  // estimate; infinite while unknown
};

// Told about progress at most every RunOptions::progress_interval and once at the end; never from two threads
// at once. Should return quickly: it runs on a thread of the run.
class ProgressPort {
 public:
  virtual ~ProgressPort() = default;
  virtual void Update(const Progress& progress) = 0;
};

// All optional but where the graph needs them; a missing one is an error before anything runs.
struct RunPorts {
  SourcePort* source = nullptr;    // graphs with sources
  SinkPort* sink = nullptr;        // graphs with sinks or `persist`
  SpillPort* spill = nullptr;      // without: arrays must fit the budget
  CommandPort* command = nullptr;  // graphs with commands
  ProgressPort* progress = nullptr;
};

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_EXEC_PORTS_H_
