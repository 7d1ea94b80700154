// Runs one drop, without any scheduling: gathers its inputs, calls the kernel or port, digests what came out.
#ifndef CUBELOOM_RUNTIME_EXEC_INVOKE_H_
#define CUBELOOM_RUNTIME_EXEC_INVOKE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/runtime/exec/chunk_store.h"
#include "cubeloom/runtime/exec/program.h"

namespace cubeloom::runtime {

// What a run keeps of each data drop. A payload is written by the producer's thread before the scheduler is
// told, and read and dropped by others after it told them, so there is no lock here.
class DataDrops {
 public:
  DataDrops() = default;
  explicit DataDrops(const graph::PhysicalGraph& graph);
  Payload& payload(DropId data) { return payloads_[Index(data)]; }
  const Payload& payload(DropId data) const { return payloads_[Index(data)]; }
  PayloadKind& kind(DropId data) { return kinds_[Index(data)]; }  // kNone until it was completed
  Digest& digest(DropId data) { return digests_[Index(data)]; }
  size_t size() const { return kinds_.size(); }
  // All digests, leaving none behind.
  std::vector<Digest> TakeDigests() { return std::move(digests_); }

 private:
  size_t Index(DropId data) const { return data - apps_before_[graph_->block_of[data]]; }

  const graph::PhysicalGraph* graph_ = nullptr;
  std::vector<DropId> apps_before_;  // by block: app drops with smaller ids than its data
  std::vector<Payload> payloads_;
  std::vector<PayloadKind> kinds_;
  std::vector<Digest> digests_;
};

// What is the same for all drops of a run.
struct InvokeShared {
  const graph::PhysicalGraph* graph = nullptr;
  const RunOptions* options = nullptr;
  const RunPorts* ports = nullptr;
  const Program* program = nullptr;
  const Costs* costs = nullptr;  // may be empty
  ChunkStore* store = nullptr;
  DataDrops* data = nullptr;
  Executor* helpers = nullptr;  // for the chunk loops of kernels
  int64_t chunk_bytes = int64_t{4} << 20;
};

struct InvokeCall {
  DropId drop = kNoId;  // an app drop, or a data drop of a source
  Attempt attempt = 1;
  Allocator* allocator = nullptr;
  CancelToken cancel;
  std::function<void(double)> progress;  // may be empty
};

struct InvokeResult {
  std::vector<Payload> outputs;       // one per output port of the block; a source: its one payload
  std::vector<Digest> digests;        // of the outputs
  std::vector<OutputRecord> written;  // by a sink or `persist`
};

absl::StatusOr<InvokeResult> Invoke(const InvokeShared& shared, const InvokeCall& call);

// Payloads of an app drop by input of its node; missing ones (holes) are left out, grids are cut.
absl::StatusOr<std::vector<PortPayloads>> GatherInputs(const InvokeShared& shared, DropId app);

// "image <- frames:data/3: array f32 1024x1024", one line an input, the first `most` of each port.
std::vector<std::string> DescribeInputs(const InvokeShared& shared, DropId app, int most = 3);

// Manifest leaf of a payload whose content is not hashed: kind, dtype and shape.
Digest ShapeDigest(const Payload& payload);

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_EXEC_INVOKE_H_
