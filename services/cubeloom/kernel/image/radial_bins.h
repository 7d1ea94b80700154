// Rings around a point: the mergeable state of image.radial_profile. Private to this module.
//
// Definitions. Pixel (x, y) has r = sqrt((x - cx)^2 + (y - cy)^2) and lies in ring floor(r / bin). Of each
// ring: count, sum, mean and m2 = sum((v - mean)^2), from two passes over a leaf (sum, then deviations), and
// Chan's update when leaves merge. Results depend on the order of merging in their last bits: merge in a
// fixed tree.
#ifndef CUBELOOM_KERNEL_IMAGE_RADIAL_BINS_H_
#define CUBELOOM_KERNEL_IMAGE_RADIAL_BINS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cubeloom {

inline constexpr int64_t kMostRings = int64_t{1} << 20;

struct Ring {
  int64_t count = 0;
  double sum = 0, mean = 0, m2 = 0;

  void Merge(const Ring& other);
};

// Rings by index, only up to the last one that holds a pixel: leaves far from each other stay small.
struct Rings {
  std::vector<Ring> rings;

  void Merge(const Rings& other);
  // Version byte, both numbers, then the rings that hold pixels; DataLoss when the bytes are not such.
  std::string Encode() const;
  static absl::StatusOr<Rings> Decode(absl::string_view bytes);
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_RADIAL_BINS_H_
