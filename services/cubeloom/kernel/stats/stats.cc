#include "cubeloom/kernel/stats/stats.h"

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/stats/kernels.h"

namespace cubeloom {

absl::Status RegisterStatsKernels(KernelCatalogue& catalogue) {
  for (const auto make :
       {&MakeStatisticsKernel, &MakeHistogramBinsKernel, &MakeHistogramKernel, &MakeSelectRanksKernel,
        &MakeRankValuesKernel, &MakeRankLimitsKernel, &MakePercentilesKernel, &MakeClipLimitsKernel}) {
    CL_RETURN_IF_ERROR(catalogue.Add(make()));
  }
  return absl::OkStatus();
}

}  // namespace cubeloom
