// The three runners behind Execute(); inputs are bound, outputs inferred, the plan is theirs to prepare.
#ifndef CUBELOOM_KERNEL_API_EXECUTE_INTERNAL_H_
#define CUBELOOM_KERNEL_API_EXECUTE_INTERNAL_H_

#include <vector>

#include "cubeloom/kernel/api/execute.h"

namespace cubeloom {

absl::StatusOr<std::vector<Payload>> ExecuteMap(const MapKernel& kernel, const Invocation& invocation,
                                                const ExecuteOptions& options);
absl::StatusOr<std::vector<Payload>> ExecuteReduce(const ReduceKernel& kernel, const Invocation& invocation,
                                                   const ExecuteOptions& options);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_EXECUTE_INTERNAL_H_
