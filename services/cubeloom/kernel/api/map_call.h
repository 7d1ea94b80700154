// One call of a Map kernel: read the input boxes, give memory for the outputs, run, tidy the validity.
#ifndef CUBELOOM_KERNEL_API_MAP_CALL_H_
#define CUBELOOM_KERNEL_API_MAP_CALL_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// What stays the same over the chunks of one invocation; all must outlive the calls.
struct MapInstance {
  const MapKernel* kernel = nullptr;
  const Invocation* invocation = nullptr;
  const MapKernel::Plan* plan = nullptr;  // may be nullptr
};

// Computes the box `out` of all outputs. `memory`: one place per output to write to, nullptr to take it from
// context.allocator; the chunks of given places do not own them. An output chunk has validity bits only when
// one of its elements is invalid, so that equal content has one form. Thread-safe.
absl::StatusOr<std::vector<Chunk>> CallMap(const MapInstance& instance, const Box& out,
                                           absl::Span<std::byte* const> memory, const KernelContext& context);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_MAP_CALL_H_
