// Arrays that are computed as they are read: a Map kernel behind the Array interface.
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/api/map_call.h"
#include "cubeloom/kernel/api/ports.h"

namespace cubeloom {
namespace {

class ComputedArray : public Array {
 public:
  struct Parts {
    const MapKernel* kernel;
    Args args;
    std::vector<PortPayloads> inputs;
    std::vector<OutputDesc> outputs;
    int output;
  };
  explicit ComputedArray(Parts parts)
      : parts_(std::move(parts)), invocation_{&parts_.args, parts_.inputs, parts_.outputs} {}

  const ArrayDesc& desc() const override { return parts_.outputs[parts_.output].array; }

  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    if (box.rank() != desc().shape.rank() || !Box::Whole(desc().shape).Contains(box)) {
      return absl::OutOfRangeError(absl::StrCat(KernelText(parts_.kernel->info()), ": box ", box.ToString(),
                                                " is outside the output of ", desc().shape.ToString()));
    }
    if (context.cancel.cancelled()) return context.cancel.status();
    const KernelContext kernel_context{context.allocator, context.cancel};
    CL_RETURN_IF_ERROR(EnsurePlan(kernel_context));
    const MapInstance instance{parts_.kernel, &invocation_, plan_.get()};
    CL_ASSIGN_OR_RETURN(std::vector<Chunk> chunks, CallMap(instance, box, {}, kernel_context));
    return std::move(chunks[parts_.output]);
  }

 private:
  // The first reader prepares the plan, with its own cancel token; a failure is not kept, so that a later
  // reader is not cancelled by an earlier one.
  absl::Status EnsurePlan(const KernelContext& context) const {
    absl::MutexLock lock(&mu_);
    if (prepared_) return absl::OkStatus();
    // The plan outlives the reader and so its allocator.
    CL_ASSIGN_OR_RETURN_IN(plan_, parts_.kernel->Prepare(invocation_, {&Allocator::Heap(), context.cancel}),
                           KernelText(parts_.kernel->info()));
    prepared_ = true;
    return absl::OkStatus();
  }

  const Parts parts_;
  const Invocation invocation_;
  mutable absl::Mutex mu_;
  mutable bool prepared_ ABSL_GUARDED_BY(mu_) = false;
  mutable std::unique_ptr<MapKernel::Plan> plan_;  // written once under mu_, before prepared_
};

}  // namespace

absl::StatusOr<ArrayPtr> MakeComputedArray(const MapKernel& kernel, const Args& args,
                                           absl::Span<const PortPayloads> inputs, int output) {
  CL_ASSIGN_OR_RETURN(std::vector<PortPayloads> bound, BindInputs(kernel.info(), inputs));
  CL_ASSIGN_OR_RETURN(std::vector<OutputDesc> outputs, InferOutputs(kernel, args, Describe(bound)));
  if (output < 0 || output >= static_cast<int>(outputs.size())) {
    return absl::InvalidArgumentError(absl::StrCat(KernelText(kernel.info()), " has no output ", output));
  }
  return std::make_shared<const ComputedArray>(
      ComputedArray::Parts{&kernel, args, std::move(bound), std::move(outputs), output});
}

}  // namespace cubeloom
