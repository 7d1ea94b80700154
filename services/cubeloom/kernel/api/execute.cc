#include "cubeloom/kernel/api/execute.h"

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute_internal.h"
#include "cubeloom/kernel/api/ports.h"

namespace cubeloom {
namespace {

absl::StatusOr<std::vector<Payload>> Dispatch(const Kernel& kernel, const Invocation& invocation,
                                              const ExecuteOptions& options) {
  if (const auto* map = dynamic_cast<const MapKernel*>(&kernel)) return ExecuteMap(*map, invocation, options);
  if (const auto* reduce = dynamic_cast<const ReduceKernel*>(&kernel)) {
    return ExecuteReduce(*reduce, invocation, options);
  }
  if (const auto* task = dynamic_cast<const TaskKernel*>(&kernel)) {
    absl::StatusOr<std::vector<Payload>> results = task->Run(invocation, options.context);
    if (!results.ok()) return Annotate(results.status(), KernelText(kernel.info()));
    return results;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      KernelText(kernel.info()), " is a composite: it is expanded in the graph and never run itself"));
}

}  // namespace

std::vector<InputDesc> Describe(absl::Span<const PortPayloads> inputs) {
  std::vector<InputDesc> descs(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (const Payload& payload : inputs[i]) {
      if (payload.kind() == PayloadKind::kArray) descs[i].arrays.push_back(payload.array()->desc());
      ++descs[i].count;
    }
  }
  return descs;
}

absl::StatusOr<std::vector<Payload>> Execute(const Kernel& kernel, const Args& args,
                                             absl::Span<const PortPayloads> inputs,
                                             const ExecuteOptions& options) {
  CL_ASSIGN_OR_RETURN(const std::vector<PortPayloads> bound, BindInputs(kernel.info(), inputs));
  CL_ASSIGN_OR_RETURN(const std::vector<OutputDesc> outputs, InferOutputs(kernel, args, Describe(bound)));
  const Invocation invocation{&args, bound, outputs};
  const CancelToken& cancel = options.context.cancel;
  if (cancel.cancelled()) return cancel.status();
  absl::StatusOr<std::vector<Payload>> results = Dispatch(kernel, invocation, options);
  if (cancel.cancelled()) return cancel.status();
  if (results.ok()) CL_RETURN_IF_ERROR(CheckResults(kernel.info(), *results));
  return results;
}

}  // namespace cubeloom
