// Reduce: leaves are read into recycled memory, accumulated while hot in cache, and merged in the fixed tree.
//
// A task is a node of the tree: 2^level neighbouring leaves, read one after the other and merged by its own
// worker exactly as TreeMerger would. So the merger sees few nodes, files are read in long runs, and the
// result does not depend on the level. Order-free kernels keep one state per worker and need no tree.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute_internal.h"
#include "cubeloom/kernel/api/fan_out.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/api/read_input.h"
#include "cubeloom/kernel/api/scratch_pool.h"
#include "cubeloom/kernel/api/tree_merger.h"

namespace cubeloom {
namespace {

using StatePtr = std::unique_ptr<ReduceKernel::State>;

constexpr int kBatchLevel = 4;  // 16 leaves, up to 4 MiB: long enough to read, short enough to balance
constexpr int64_t kBatchesPerWorker = 4;

class ReduceRun {
 public:
  ReduceRun(const ReduceKernel& kernel, const Invocation& invocation, const ExecuteOptions& options)
      : kernel_(kernel), invocation_(invocation), options_(options) {}

  absl::StatusOr<std::vector<Payload>> Run() {
    CL_ASSIGN_OR_RETURN_IN(plan_, kernel_.Prepare(invocation_, options_.context), Name());
    CL_RETURN_IF_ERROR(FindLeaves());
    StatePtr state;
    if (count_ > 0) {
      CL_ASSIGN_OR_RETURN(state, kernel_.order_free() ? RunOrderFree() : RunTree());
    }
    if (state == nullptr) state = NewState();
    absl::StatusOr<std::vector<Payload>> results =
        kernel_.Finish(invocation_, plan_.get(), *state, options_.context);
    if (!results.ok()) return Annotate(results.status(), Name());
    return results;
  }

 private:
  // What one worker keeps between leaves.
  struct Worker {
    Worker(Allocator& base, bool recycle) : scratch(base, recycle ? ScratchPool::kKeepBytes : 0) {}
    ScratchPool scratch;
    InputChunks in;
    StatePtr state;  // order-free kernels: of all leaves so far
  };

  std::string Name() const { return KernelText(kernel_.info()); }
  StatePtr NewState() const { return kernel_.NewState(invocation_, plan_.get()); }
  bool cancelled() const { return options_.context.cancel.cancelled(); }

  absl::Status FindLeaves();
  absl::StatusOr<StatePtr> RunTree();
  absl::StatusOr<StatePtr> RunOrderFree();
  absl::Status FanOutBatches(const std::function<absl::Status(Worker&, int64_t)>& body);
  absl::StatusOr<StatePtr> Node(Worker& worker, int level, int64_t index);
  absl::Status Leaf(Worker& worker, int64_t leaf, StatePtr& state);

  const ReduceKernel& kernel_;
  const Invocation& invocation_;
  const ExecuteOptions& options_;
  std::unique_ptr<ReduceKernel::Plan> plan_;
  ChunkGrid leaves_;
  Box region_;
  int64_t count_ = 0;              // leaves of the array
  int64_t first_ = 0, last_ = -1;  // those that can meet the region
  int level_ = 0;                  // of a task
  std::vector<InputRef> read_;     // the arrays of the first one's shape
  std::vector<std::unique_ptr<Worker>> workers_;
};

absl::Status ReduceRun::FindLeaves() {
  const ArrayPtr* first = FirstArray(invocation_.inputs);
  if (first == nullptr) return absl::InvalidArgumentError(absl::StrCat(Name(), " has no array to run over"));
  const Shape& shape = (*first)->desc().shape;
  for (size_t p = 0; p < invocation_.inputs.size(); ++p) {
    for (size_t i = 0; i < invocation_.inputs[p].size(); ++i) {
      const Payload& payload = invocation_.inputs[p][i];
      if (payload.kind() != PayloadKind::kArray || payload.array()->desc().shape != shape) continue;
      read_.push_back({&kernel_.info(), static_cast<int>(p), static_cast<int>(i)});
    }
  }
  if (shape.elements() == 0) return absl::OkStatus();
  leaves_ = CanonicalLeaves(shape, (*first)->desc().dtype);
  count_ = leaves_.size();
  region_ = kernel_.Region(invocation_, plan_.get());
  if (region_.rank() != shape.rank()) {
    return absl::InternalError(
        absl::StrCat(Name(), ": region ", region_.ToString(), " of an array of ", shape.ToString()));
  }
  region_ = Intersect(region_, Box::Whole(shape));
  if (!region_.empty()) {
    first_ = last_ = 0;
    for (int a = 0; a < shape.rank(); ++a) {
      first_ = first_ * leaves_.counts()[a] + region_.origin[a] / leaves_.chunk()[a];
      last_ = last_ * leaves_.counts()[a] + (region_.end(a) - 1) / leaves_.chunk()[a];
    }
  }
  level_ = options_.force_batch_level >= 0 ? std::min(options_.force_batch_level, 40) : kBatchLevel;
  const int64_t busy = kBatchesPerWorker * std::max(1, options_.executor->concurrency());
  while (options_.force_batch_level < 0 && level_ > 0 && (last_ - first_ + 1) >> level_ < busy) --level_;
  return absl::OkStatus();
}

absl::Status ReduceRun::FanOutBatches(const std::function<absl::Status(Worker&, int64_t)>& body) {
  // Only tasks that can meet the region; the others are empty nodes.
  const int64_t begin = first_ >> level_, end = last_ < first_ ? begin : (last_ >> level_) + 1;
  workers_.resize(FanOutWorkers(*options_.executor, end - begin));
  return FanOut(end - begin, {options_.executor, options_.context.cancel, options_.progress},
                [&](int index, int64_t task) {
                  std::unique_ptr<Worker>& worker = workers_[index];
                  if (!worker) {
                    worker = std::make_unique<Worker>(*options_.context.allocator, options_.recycle_memory);
                  }
                  return body(*worker, begin + task);
                });
}

absl::StatusOr<StatePtr> ReduceRun::RunTree() {
  TreeMerger merger(&kernel_, count_);
  int top = 0;
  while ((count_ - 1) >> top > 0) ++top;
  level_ = std::min(level_, top);
  const int64_t nodes = ((count_ - 1) >> level_) + 1;
  for (int64_t node = 0; node < nodes; ++node) {
    if (last_ >= first_ && node == first_ >> level_) node = (last_ >> level_) + 1;
    if (node < nodes) CL_RETURN_IF_ERROR(merger.AddNode(level_, node, nullptr));
  }
  CL_RETURN_IF_ERROR(FanOutBatches([&](Worker& worker, int64_t node) -> absl::Status {
    CL_ASSIGN_OR_RETURN(StatePtr state, Node(worker, level_, node));
    CL_RETURN_IF_ERROR_IN(merger.AddNode(level_, node, std::move(state)), Name());
    return absl::OkStatus();
  }));
  return merger.Take();
}

absl::StatusOr<StatePtr> ReduceRun::RunOrderFree() {
  CL_RETURN_IF_ERROR(FanOutBatches([&](Worker& worker, int64_t node) -> absl::Status {
    const int64_t end = std::min(last_ + 1, (node + 1) << level_);
    for (int64_t leaf = std::max(first_, node << level_); leaf < end; ++leaf) {
      CL_RETURN_IF_ERROR(Leaf(worker, leaf, worker.state));
    }
    return absl::OkStatus();
  }));
  StatePtr all;
  for (const auto& worker : workers_) {
    if (!worker) continue;
    CL_ASSIGN_OR_RETURN_IN(all, MergeSiblings(kernel_, std::move(all), std::move(worker->state)), Name());
  }
  return all;
}

// The state of a tree node, nullptr where no leaf of it meets the region.
absl::StatusOr<StatePtr> ReduceRun::Node(Worker& worker, int level, int64_t index) {
  StatePtr state;
  const int64_t begin = index << level, end = (index + 1) << level;
  if (begin > last_ || end <= first_) return state;
  if (level == 0) {
    CL_RETURN_IF_ERROR(Leaf(worker, index, state));
    return state;
  }
  CL_ASSIGN_OR_RETURN(StatePtr left, Node(worker, level - 1, 2 * index));
  CL_ASSIGN_OR_RETURN(StatePtr right, Node(worker, level - 1, 2 * index + 1));
  CL_ASSIGN_OR_RETURN_IN(state, MergeSiblings(kernel_, std::move(left), std::move(right)), Name());
  return state;
}

absl::Status ReduceRun::Leaf(Worker& worker, int64_t leaf, StatePtr& state) {
  const Box box = Intersect(leaves_.BoxOf(leaf), region_);
  if (box.empty()) return absl::OkStatus();
  if (cancelled()) return options_.context.cancel.status();
  const KernelContext context{&worker.scratch, options_.context.cancel};
  if (worker.in.empty()) {
    for (const PortPayloads& port : invocation_.inputs) worker.in.emplace_back(port.size());
  }
  for (const InputRef& ref : read_) worker.in[ref.port][ref.index] = Chunk();  // gives its memory back first
  for (const InputRef& ref : read_) {
    const Array& array = *invocation_.inputs[ref.port][ref.index].array();
    CL_ASSIGN_OR_RETURN(worker.in[ref.port][ref.index], ReadInput(array, ref, box, context.read()));
  }
  if (state == nullptr) state = NewState();
  const ReduceKernel::Call call{&invocation_, plan_.get(), box, &worker.in};
  CL_RETURN_IF_ERROR_IN(kernel_.Accumulate(call, *state, context),
                        absl::StrCat(Name(), ": leaf ", box.ToString()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Payload>> ExecuteReduce(const ReduceKernel& kernel, const Invocation& invocation,
                                                   const ExecuteOptions& options) {
  return ReduceRun(kernel, invocation, options).Run();
}

}  // namespace cubeloom
