// The kernels of this module, one factory each; RegisterImageKernels() adds them all.
#ifndef CUBELOOM_KERNEL_IMAGE_KERNELS_H_
#define CUBELOOM_KERNEL_IMAGE_KERNELS_H_

#include <limits>
#include <memory>

#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInf = std::numeric_limits<double>::infinity();

std::unique_ptr<const Kernel> MakeRowProfileKernel();       // image.row_profile
std::unique_ptr<const Kernel> MakeColumnProfileKernel();    // image.column_profile
std::unique_ptr<const Kernel> MakeRadialProfileKernel();    // image.radial_profile
std::unique_ptr<const Kernel> MakeSpectralProfileKernel();  // image.spectral_profile
std::unique_ptr<const Kernel> MakeMomentsKernel();          // image.moments
std::unique_ptr<const Kernel> MakeCollapseKernel();         // image.collapse
std::unique_ptr<const Kernel> MakeGaussianKernel();         // image.gaussian
std::unique_ptr<const Kernel> MakeBoxcarKernel();           // image.boxcar
std::unique_ptr<const Kernel> MakeResampleKernel();         // image.resample
std::unique_ptr<const Kernel> MakeCropKernel();             // image.crop
std::unique_ptr<const Kernel> MakeArithmeticKernel();       // image.arithmetic
std::unique_ptr<const Kernel> MakeMaskKernel();             // image.mask
std::unique_ptr<const Kernel> MakeCombineKernel();          // image.combine
std::unique_ptr<const Kernel> MakeAssembleKernel();         // array.assemble

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_KERNELS_H_
