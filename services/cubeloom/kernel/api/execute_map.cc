// Map: every output chunk is computed on the executor, where the sink has the memory for it in place.
#include <memory>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute_internal.h"
#include "cubeloom/kernel/api/fan_out.h"
#include "cubeloom/kernel/api/map_call.h"
#include "cubeloom/kernel/api/map_chunking.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/api/scratch_pool.h"

namespace cubeloom {
namespace {

absl::StatusOr<ChunkGrid> ChooseGrid(const MapKernel& kernel, const Invocation& invocation,
                                     const ExecuteOptions& options) {
  const Shape& shape = invocation.outputs[0].array.shape;
  Shape chunk = options.force_chunk;
  if (chunk.rank() == 0) {
    CL_ASSIGN_OR_RETURN(chunk, ChooseMapChunk(kernel, invocation, options.chunk_bytes));
  }
  if (chunk.rank() != shape.rank()) {
    return absl::InvalidArgumentError(absl::StrCat(KernelText(kernel.info()), ": chunks of ",
                                                   chunk.ToString(), " do not fit an output of ",
                                                   shape.ToString()));
  }
  for (int a = 0; a < chunk.rank(); ++a) chunk[a] = std::max<int64_t>(1, std::min(chunk[a], shape[a]));
  return ChunkGrid(shape, chunk);
}

using Sinks = std::vector<std::unique_ptr<ArraySink>>;

absl::Status ComputeChunk(const MapInstance& instance, const Box& out, const Sinks& sinks,
                          const KernelContext& context) {
  std::vector<std::byte*> places;
  for (const auto& sink : sinks) places.push_back(sink->Reserve(out));
  CL_ASSIGN_OR_RETURN(std::vector<Chunk> chunks, CallMap(instance, out, places, context));
  for (size_t i = 0; i < sinks.size(); ++i) {
    CL_RETURN_IF_ERROR_IN(
        sinks[i]->Put(std::move(chunks[i])),
        absl::StrCat(KernelText(instance.kernel->info()), ": storing output ", out.ToString()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Payload>> ExecuteMap(const MapKernel& kernel, const Invocation& invocation,
                                                const ExecuteOptions& options) {
  CL_ASSIGN_OR_RETURN_IN(const std::unique_ptr<MapKernel::Plan> plan,
                         kernel.Prepare(invocation, options.context), KernelText(kernel.info()));
  CL_ASSIGN_OR_RETURN(const ChunkGrid grid, ChooseGrid(kernel, invocation, options));
  Sinks sinks;
  for (const OutputDesc& output : invocation.outputs) {
    CL_ASSIGN_OR_RETURN_IN(std::unique_ptr<ArraySink> sink, options.sink(output.array, grid),
                           KernelText(kernel.info()));
    sinks.push_back(std::move(sink));
  }
  std::vector<std::unique_ptr<ScratchPool>> pools(FanOutWorkers(*options.executor, grid.size()));
  const size_t keep = options.recycle_memory ? ScratchPool::kKeepBytes : 0;
  const MapInstance instance{&kernel, &invocation, plan.get()};
  CL_RETURN_IF_ERROR(FanOut(grid.size(), {options.executor, options.context.cancel, options.progress},
                            [&](int worker, int64_t index) {
                              if (!pools[worker])
                                pools[worker] =
                                    std::make_unique<ScratchPool>(*options.context.allocator, keep);
                              const KernelContext context{pools[worker].get(), options.context.cancel};
                              return ComputeChunk(instance, grid.BoxOf(index), sinks, context);
                            }));
  std::vector<Payload> results;
  for (const auto& sink : sinks) {
    CL_ASSIGN_OR_RETURN_IN(ArrayPtr array, sink->Finish(), KernelText(kernel.info()));
    results.emplace_back(std::move(array));
  }
  return results;
}

}  // namespace cubeloom
