// Kernels on images and cubes: profiles, moments, smoothing, resampling, arithmetic, combination.
#ifndef CUBELOOM_KERNEL_IMAGE_IMAGE_H_
#define CUBELOOM_KERNEL_IMAGE_IMAGE_H_

#include "absl/status/status.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Adds
//   image.row_profile, image.column_profile   values along one row or column, or the mean of a band
//   image.radial_profile                      mean and sigma in rings around a point
//   image.spectral_profile                    a statistic of a region, channel by channel
//   image.moments, image.collapse             maps along the spectral axis of a cube
//   image.gaussian, image.boxcar              smoothing
//   image.resample, image.crop                mean mip-map, part of an array
//   image.arithmetic, image.mask              a op b; pixels that a mask leaves out become NaN
//   image.combine                             clipped mean or median of many images
//   array.assemble                            tiles of a chunk grid back into one array
// AlreadyExists when one of these names is taken.
//
// Conventions of all of them. Axes are slowest first; points are (x, y), 0-based pixel centres. Float
// arithmetic is done in double and rounded once at the end. NaN and blank pixels are skipped unless a kernel
// says otherwise. Results do not depend on chunking, threads or instruction set.
absl::Status RegisterImageKernels(KernelCatalogue& catalogue);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_IMAGE_H_
