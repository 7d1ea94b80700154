// Statistics, histograms and percentiles of images and cubes.
//
//   image.statistics      count, sum, mean, rms, sigma, extremes with positions, flux density
//   image.histogram       automatic or fixed range, as CARTA does it (= statistics, then histogram_bins)
//   image.histogram_bins  bins of a known range
//   image.percentiles     exact, by refinement over order-preserving keys (= select_ranks ..., rank_values)
//   image.clip_limits     the limits that leave a given percentage of the pixels inside
//   image.select_ranks, image.rank_values, image.rank_limits   the parts of the last two
//
// The definitions stand in each kernel's info (`cubeloom kernels NAME`) and in README.md.
#ifndef CUBELOOM_KERNEL_STATS_STATS_H_
#define CUBELOOM_KERNEL_STATS_STATS_H_

#include "absl/status/status.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Adds all kernels of this module; AlreadyExists (from the catalogue) when one of the names is taken.
absl::Status RegisterStatsKernels(KernelCatalogue& catalogue);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_STATS_H_
