// Running one kernel invocation over chunks: the data-parallel half of the engine, without any scheduling.
// The runtime calls it inside an admitted drop; tests and benchmarks call it directly.
#ifndef CUBELOOM_KERNEL_API_EXECUTE_H_
#define CUBELOOM_KERNEL_API_EXECUTE_H_

#include <functional>
#include <memory>
#include <vector>

#include "cubeloom/base/executor.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Where a Map's output chunks go. Thread-safe; Put() once per chunk, Finish() once at the end. The runtime's
// implementation keeps them within the memory budget and spills; MakeMemorySink() below keeps all.
class ArraySink {
 public:
  virtual ~ArraySink() = default;
  virtual absl::Status Put(Chunk chunk) = 0;
  // The place of `box` in the sink's own memory, where it has one in which the box is contiguous and aligned
  // to kBufferAlignment; else nullptr. The caller fills it, from one thread, and then calls Put() with a
  // chunk whose data lie there, which is no copy. Valid until Finish().
  virtual std::byte* Reserve(const Box& box) { return nullptr; }
  virtual absl::StatusOr<ArrayPtr> Finish() = 0;
};
using ArraySinkFactory =
    std::function<absl::StatusOr<std::unique_ptr<ArraySink>>(const ArrayDesc& desc, const ChunkGrid& grid)>;
// Assembles the chunks in one allocation of `allocator` (desc sizes are checked).
ArraySinkFactory MakeMemorySink(Allocator& allocator);

struct ExecuteOptions {
  Executor* executor = &InlineExecutor();
  KernelContext context;
  ArraySinkFactory sink = MakeMemorySink(Allocator::Heap());
  // Bytes of input, output and scratch that one Map chunk may take; the output chunk is derived from it.
  int64_t chunk_bytes = int64_t{4} << 20;
  Shape force_chunk;           // tests: this output chunk instead
  int force_batch_level = -1;  // tests: 2^this leaves a Reduce task; -1: the engine's choice
  bool recycle_memory = true;  // tests with guard pages: false takes every buffer from the allocator
  std::function<void(double)> progress;  // fraction done, from any thread
};

// Infers, prepares and runs the kernel on whole payloads. `inputs` by declared port. Map: every output chunk
// is computed on the executor. Reduce: leaves are read, converted and accumulated while hot in cache, several
// leaves a task, then merged by TreeMerger. Task: called once.
absl::StatusOr<std::vector<Payload>> Execute(const Kernel& kernel, const Args& args,
                                             absl::Span<const PortPayloads> inputs,
                                             const ExecuteOptions& options);

// The descriptions that Infer() takes, from payloads.
std::vector<InputDesc> Describe(absl::Span<const PortPayloads> inputs);

// A lazily computed array: each Read() of a box runs the Map kernel for just that box (a streaming edge
// within one process: the consumer pulls, nothing is stored). The inputs are kept alive.
absl::StatusOr<ArrayPtr> MakeComputedArray(const MapKernel& kernel, const Args& args,
                                           absl::Span<const PortPayloads> inputs, int output);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_EXECUTE_H_
