// The mergeable result of image.statistics.
#ifndef CUBELOOM_KERNEL_STATS_MOMENTS_H_
#define CUBELOOM_KERNEL_STATS_MOMENTS_H_

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/kernel/stats/block_moments.h"

namespace cubeloom {

// A sum of two doubles, |low| <= half an ulp of high: about 106 significant bits.
struct TwoDouble {
  double high = 0, low = 0;
  void Add(double x);
  void Add(const TwoDouble& x);
};

// Moments of a set of elements; the finite ones carry the sums, infinities are counted beside them, so that
// both answers (with and without them) come out of one pass. Positions are row-major element numbers in the
// whole array, -1 when there is none; of equal elements the first counts.
//
// Merging is Chan's: M2 = M2a + M2b + d^2 na nb / n with d = mean_b - mean_a. Means are two doubles, so that
// d keeps its digits when the mean is many orders above sigma. The result depends on the order of merging in
// its last bits: merge in a fixed tree.
struct Moments {
  int64_t finite = 0, nan = 0;
  TwoDouble sum, mean;
  double sumsq = 0, m2 = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  int64_t min_at = -1, max_at = -1;
  int64_t positive_infinities = 0, negative_infinities = 0;
  int64_t positive_infinity_at = -1, negative_infinity_at = -1;  // the first ones

  // Adds a block's sums; the caller looks after extremes and infinities.
  void AddSums(const BlockMoments& block);
  // `other` covers elements behind all of this.
  void Merge(const Moments& other);

  // Version byte, then all fields in order, little-endian.
  std::string Encode() const;
  static absl::StatusOr<Moments> Decode(absl::string_view bytes);
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_MOMENTS_H_
