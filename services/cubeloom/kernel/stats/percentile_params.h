// What the percentile kernels share.
#ifndef CUBELOOM_KERNEL_STATS_PERCENTILE_PARAMS_H_
#define CUBELOOM_KERNEL_STATS_PERCENTILE_PARAMS_H_

#include <vector>

#include "absl/status/status.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

ParamSpec PercentilesParam();  // "percentiles", default quartiles
ParamSpec MethodParam();       // "method"
ParamSpec PercentParam();      // "percent", of image.clip_limits and image.rank_limits

// 1 to kMostPercentiles of them (their range is the ParamSpec's business).
absl::Status CheckPercentiles(const std::vector<double>& percentiles);

// The passes that find `percentiles`, as steps "pass1" ... of a composite with the ports image and mask, each
// fed by the one before. The args `box` and `finite_only` are passed on.
std::vector<CompositeKernel::Step> PassSteps(const Args& args, std::vector<double> percentiles);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_PERCENTILE_PARAMS_H_
