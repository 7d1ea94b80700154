#include "cubeloom/kernel/image/image.h"

#include <utility>

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/kernels.h"

namespace cubeloom {

absl::Status RegisterImageKernels(KernelCatalogue& catalogue) {
  for (const auto make :
       {MakeRowProfileKernel, MakeColumnProfileKernel, MakeRadialProfileKernel, MakeSpectralProfileKernel,
        MakeMomentsKernel, MakeCollapseKernel, MakeGaussianKernel, MakeBoxcarKernel, MakeResampleKernel,
        MakeCropKernel, MakeArithmeticKernel, MakeMaskKernel, MakeCombineKernel, MakeAssembleKernel}) {
    CL_RETURN_IF_ERROR(catalogue.Add(make()));
  }
  return absl::OkStatus();
}

}  // namespace cubeloom
