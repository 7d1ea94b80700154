// Kernels that make test data of known truth from real images, and check what became of it.
#ifndef CUBELOOM_KERNEL_SYNTH_SYNTH_H_
#define CUBELOOM_KERNEL_SYNTH_SYNTH_H_

#include <cstdint>

#include "absl/status/status.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Adds synth.noise, synth.cosmic_rays, synth.inject and synth.check_removal.
//
// Randomness is a pure function of (seed, position): each number comes from a counter hashed by SplitMix64,
// so a result does not depend on chunking, threads or machine.
absl::Status RegisterSynthKernels(KernelCatalogue& catalogue);

// The `n`-th random number of a stream, uniform in (0, 1), never 0 or 1.
double UniformAt(uint64_t seed, uint64_t stream, uint64_t n);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_SYNTH_SYNTH_H_
