#include "cubeloom/kernel/api/kernel.h"

#include "cubeloom/kernel/api/ports.h"

namespace cubeloom {

absl::StatusOr<std::unique_ptr<MapKernel::Plan>> MapKernel::Prepare(const Invocation& invocation,
                                                                    const KernelContext& context) const {
  return nullptr;
}

Box MapKernel::InputBox(const Invocation& invocation, int port, int index, const Box& out) const {
  return BroadcastBox(invocation.inputs[port][index].array()->desc().shape, out);
}

absl::StatusOr<std::unique_ptr<ReduceKernel::Plan>> ReduceKernel::Prepare(
    const Invocation& invocation, const KernelContext& context) const {
  return nullptr;
}

Box ReduceKernel::Region(const Invocation& invocation, const Plan* plan) const {
  const ArrayPtr* first = FirstArray(invocation.inputs);
  return first == nullptr ? Box() : Box::Whole((*first)->desc().shape);
}

}  // namespace cubeloom
