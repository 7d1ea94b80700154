// What the kernels of this module have in common: an image, an optional mask, an optional box.
#ifndef CUBELOOM_KERNEL_STATS_IMAGE_INPUTS_H_
#define CUBELOOM_KERNEL_STATS_IMAGE_INPUTS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/kernel/stats/block_reader.h"

namespace cubeloom {

inline constexpr int kImagePort = 0;  // of every Reduce here
inline constexpr int kMaskPort = 1;

PortSpec ImagePort();
PortSpec MaskPort();
ParamSpec BoxParam();
ParamSpec FiniteOnlyParam(bool default_value);

// The mask has the image's shape, and the box lies inside it: an element at least, 2 * rank numbers.
// InvalidArgument says which of them is wrong and how.
absl::Status CheckImageInputs(const Args& args, absl::Span<const InputDesc> inputs);
// The param `box` as a box, or the whole image. After CheckImageInputs.
Box ImageRegion(const Args& args, const Shape& shape);
// The same for a bound invocation.
Box ImageRegion(const Invocation& invocation);

const ArrayDesc& ImageDesc(const Invocation& invocation);

// Calls f(block) for each block of the leaf, as floats or doubles after the image's dtype; f returns nothing.
template <typename F>
absl::Status ForEachBlock(const ReduceKernel::Call& call, const KernelContext& context, F&& f);

// Implementation.

const Chunk& ImageChunk(const ReduceKernel::Call& call);
const Chunk* MaskChunk(const ReduceKernel::Call& call);  // nullptr when absent

template <typename T, typename F>
absl::Status ForEachBlockOf(const ReduceKernel::Call& call, const KernelContext& context, F&& f) {
  auto reader = BlockReader<T>::Make(ImageChunk(call), MaskChunk(call), *context.allocator);
  if (!reader.ok()) return reader.status();
  for (int64_t b = 0; b < reader->blocks(); ++b) f(reader->Get(b));
  return absl::OkStatus();
}

template <typename F>
absl::Status ForEachBlock(const ReduceKernel::Call& call, const KernelContext& context, F&& f) {
  if (context.cancel.cancelled()) return context.cancel.status();
  if (ImageChunk(call).dtype == DType::kF32) return ForEachBlockOf<float>(call, context, f);
  return ForEachBlockOf<double>(call, context, f);
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_IMAGE_INPUTS_H_
