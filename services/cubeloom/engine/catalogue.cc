#include "cubeloom/engine/catalogue.h"

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/flow/flow.h"
#include "cubeloom/kernel/image/image.h"
#include "cubeloom/kernel/plot/plot.h"
#include "cubeloom/kernel/region/region.h"
#include "cubeloom/kernel/stats/stats.h"
#include "cubeloom/kernel/synth/synth.h"
#include "cubeloom/kernel/table/table_kernels.h"

namespace cubeloom::engine {

absl::StatusOr<KernelCatalogue> MakeCatalogue() {
  KernelCatalogue catalogue;
  CL_RETURN_IF_ERROR(RegisterFlowKernels(catalogue));
  CL_RETURN_IF_ERROR(RegisterImageKernels(catalogue));
  CL_RETURN_IF_ERROR(RegisterPlotKernels(catalogue));
  CL_RETURN_IF_ERROR(RegisterRegionKernels(catalogue));
  CL_RETURN_IF_ERROR(RegisterStatsKernels(catalogue));
  CL_RETURN_IF_ERROR(RegisterSynthKernels(catalogue));
  CL_RETURN_IF_ERROR(RegisterTableKernels(catalogue));
  return catalogue;
}

}  // namespace cubeloom::engine
