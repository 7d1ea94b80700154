// The kernels of this module, one factory each; RegisterSynthKernels() adds them all.
#ifndef CUBELOOM_KERNEL_SYNTH_KERNELS_H_
#define CUBELOOM_KERNEL_SYNTH_KERNELS_H_

#include <memory>

#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

std::unique_ptr<const Kernel> MakeNoiseKernel();         // synth.noise
std::unique_ptr<const Kernel> MakeInjectKernel();        // synth.inject
std::unique_ptr<const Kernel> MakeCosmicRaysKernel();    // synth.cosmic_rays
std::unique_ptr<const Kernel> MakeCheckRemovalKernel();  // synth.check_removal

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_SYNTH_KERNELS_H_
