// How image.combine makes one pixel of many. Private to this module.
//
// Of the n values of a pixel that are not NaN (in ascending order x[0..n-1], quantile f linear at f (n - 1)):
//   mean         all of them.
//   median       the middle one, or the mean of the two.
//   meanclip     LSST's MEANCLIP: round 1 keeps |x - median| <= kappa 0.741301109252802 (Q3 - Q1); each
//   further round
//                keeps |x - m| <= kappa s, m and s^2 being the weighted mean and the debiased weighted
//                variance (sum w (x - m)^2 / W) W^2 / (W^2 - sum w^2) of those kept before. Every round tests
//                all n values. While fewer than two are kept the last limit stays.
//   clip_mean    each round drops survivors with |x - mean| > kappa s, s with n - 1; the result is their
//   mean. clip_median  astropy sigma_clip: each round drops survivors with x < median - kappa s or x > median
//   + kappa s, s
//                with n, until none is dropped; the result is the mean of the survivors.
// Variance of the result: with input variances sum w^2 var / W^2 over the kept ones; else from their scatter,
// s^2 sum w^2 / W^2, NaN for a single value. For the median it is pi / 2 times that (large n, normal noise).
#ifndef CUBELOOM_KERNEL_IMAGE_COMBINE_METHODS_H_
#define CUBELOOM_KERNEL_IMAGE_COMBINE_METHODS_H_

#include <cstdint>
#include <vector>

#include "cubeloom/kernel/image/combine_columns.h"

namespace cubeloom {

enum class CombineMethod { kMean, kMedian, kMeanclip, kClipMean, kClipMedian };

struct CombineOptions {
  CombineMethod method = CombineMethod::kMeanclip;
  double kappa = 3;
  int64_t iterations = 2;
  std::vector<double> weights;  // one per image; used by mean and meanclip
};

// One block in (see combine_columns.h), kBlockPixels results out.
struct CombineBlock {
  const double* values;
  const double* variances;  // nullptr: none
  double* sorted;           // scratch of the size of `values`
  double *image, *variance, *count;
};
void CombinePixels(const CombineOptions& options, const CombineBlock& block);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_COMBINE_METHODS_H_
