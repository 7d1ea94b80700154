// Schedules, instruction sets and output chunks.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/cpu.h"
#include "cubeloom/kernel/testing/conformance_run.h"
#include "cubeloom/kernel/testing/shuffling_executor.h"

namespace cubeloom {
namespace {

bool IsMap(const Kernel& kernel) { return kernel.info().shape == KernelShape::kMap; }

const Shape& OutputShape(const CaseRun& run) { return (*run.expected())[0].array()->desc().shape; }

// Blocks of a fifth of each axis: many, ragged, few enough for a test.
Shape Fifths(const Shape& shape) {
  Shape chunk = shape;
  for (int a = 0; a < shape.rank(); ++a) chunk[a] = std::max<int64_t>(1, (shape[a] + 4) / 5);
  return chunk;
}

std::vector<Shape> ChunkShapes(const Shape& shape) {
  const int rank = shape.rank();
  std::vector<Shape> chunks = {shape, Fifths(shape)};
  if (rank == 0) return {};
  for (int a = 0; a < rank; ++a) {  // slabs of one axis: of 1, a prime and a power of two of elements
    for (const int64_t extent : {1, 7, 64}) {
      if (extent > shape[a] || (extent == 1 && shape[a] > 2048)) continue;
      chunks.push_back(shape);
      chunks.back()[a] = extent;
    }
  }
  const int64_t primes[] = {13, 31, 5, 3, 2, 7, 11, 17};
  if (shape.elements() < (int64_t{1} << 20)) {
    chunks.push_back(shape);
    for (int a = 0; a < rank; ++a)
      chunks.back()[a] = primes[rank - 1 - a] * (shape.elements() > 65536 ? 5 : 1);
  }
  if (shape.elements() <= 2048) chunks.push_back(Shape::Filled(rank, 1));
  return chunks;
}

}  // namespace

void CheckSchedules(CaseRun& run) {
  const Inputs jittery =
      ReplaceArrays(run.inputs(), [](const ArrayPtr& array) { return MakeJittery(array, 7); });
  ExecuteOptions options;
  if (IsMap(run.kernel())) options.force_chunk = Fifths(OutputShape(run));
  for (const int threads : {1, 2, 4}) {
    const auto pool = MakeThreadPool(threads, "conformance");
    options.executor = pool.get();
    run.ExpectSame(absl::StrCat(threads, " threads"), jittery, options);
    for (int level = 0; run.kernel().info().shape == KernelShape::kReduce && level < 4; ++level) {
      options.force_batch_level = level;
      run.ExpectSame(absl::StrCat(threads, " threads, tasks of 2^", level, " leaves"), jittery, options);
    }
    options.force_batch_level = -1;
  }
  for (const uint64_t seed : {1, 2, 3}) {
    const auto executor = MakeShufflingExecutor(3, seed);
    options.executor = executor.get();
    options.force_batch_level = 0;
    run.ExpectSame(absl::StrCat("shuffled tasks, seed ", seed), jittery, options);
  }
}

void CheckMachines(CaseRun& run) {
  const SimdLevel active = ActiveSimdLevel();
  for (const SimdLevel level : {SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level > DetectedSimdLevel()) continue;
    SetSimdLevel(level);
    run.ExpectSame(absl::StrCat("instruction set x86-64-v", static_cast<int>(level)), run.inputs(), {});
    // Rows of a strided chunk start at other places: the heads and tails of vector loops.
    run.ExpectSame(absl::StrCat("instruction set x86-64-v", static_cast<int>(level), ", strided"),
                   ReplaceArrays(run.inputs(), MakeStrided), {});
  }
  SetSimdLevel(active);
}

void CheckMapChunks(CaseRun& run, const ConformanceOptions& options) {
  if (!IsMap(run.kernel()) || OutputShape(run).elements() == 0) return;
  std::vector<Shape> chunks = ChunkShapes(OutputShape(run));
  chunks.insert(chunks.end(), options.chunks.begin(), options.chunks.end());
  ExecuteOptions execute;
  for (const Shape& chunk : chunks) {
    execute.force_chunk = chunk;
    run.ExpectSame(absl::StrCat("chunks of ", chunk.ToString()), run.inputs(), execute);
  }
  execute.force_chunk = Shape();
  for (const int64_t bytes : {int64_t{1}, int64_t{100000}}) {
    if (bytes == 1 && OutputShape(run).elements() > 2048) continue;
    execute.chunk_bytes = bytes;
    run.ExpectSame(absl::StrCat("chunks of ", bytes, " bytes"), run.inputs(), execute);
  }
  Results computed = std::vector<Payload>();
  for (size_t i = 0; i < run.expected()->size() && computed.ok(); ++i) {
    absl::StatusOr<ArrayPtr> array = MakeComputedArray(static_cast<const MapKernel&>(run.kernel()),
                                                       run.args(), run.inputs(), static_cast<int>(i));
    if (array.ok())
      computed->emplace_back(*std::move(array));
    else
      computed = array.status();
  }
  run.ExpectSame("computed as it is read", computed);
}

}  // namespace cubeloom
