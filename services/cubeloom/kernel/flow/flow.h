// Kernels that exercise the engine rather than compute: no-op, sleep, fail.
#ifndef CUBELOOM_KERNEL_FLOW_FLOW_H_
#define CUBELOOM_KERNEL_FLOW_FLOW_H_

#include "absl/status/status.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Adds flow.noop, flow.sleep and flow.fail.
//
// Each takes any number of values on the optional port "after" and gives a null value on "done", so that
// graphs of any form can be dry-run. flow.sleep waits `seconds` (cancellable). flow.fail fails with
// `message`, always or for the first `times` instances by their `index` argument.
absl::Status RegisterFlowKernels(KernelCatalogue& catalogue);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_FLOW_FLOW_H_
