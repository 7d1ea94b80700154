// One factory per kernel of this module; private. See stats.h.
#ifndef CUBELOOM_KERNEL_STATS_KERNELS_H_
#define CUBELOOM_KERNEL_STATS_KERNELS_H_

#include <memory>

#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

std::unique_ptr<const Kernel> MakeStatisticsKernel();
std::unique_ptr<const Kernel> MakeHistogramBinsKernel();
std::unique_ptr<const Kernel> MakeHistogramKernel();
std::unique_ptr<const Kernel> MakeSelectRanksKernel();
std::unique_ptr<const Kernel> MakeRankValuesKernel();
std::unique_ptr<const Kernel> MakeRankLimitsKernel();
std::unique_ptr<const Kernel> MakePercentilesKernel();
std::unique_ptr<const Kernel> MakeClipLimitsKernel();

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_KERNELS_H_
