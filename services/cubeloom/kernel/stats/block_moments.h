// Moments, extremes and census of one block of contiguous elements: the hot loop of image.statistics.
#ifndef CUBELOOM_KERNEL_STATS_BLOCK_MOMENTS_H_
#define CUBELOOM_KERNEL_STATS_BLOCK_MOMENTS_H_

#include <cstdint>

namespace cubeloom {

// Elements of a full block: 16 KiB of floats, so that a second pass finds them in the first-level cache.
inline constexpr int64_t kBlockElements = 4096;

// Of the finite elements of a block. `mean` + `mean_low` is their mean to about twice double precision when
// sigma is small against it; `m2` the sum of squared deviations from it. min and max are +-infinity when
// nothing is finite.
struct BlockMoments {
  int64_t finite = 0;
  int64_t nan = 0;
  int64_t infinite = 0;
  double sum = 0, sumsq = 0;
  double mean = 0, mean_low = 0, m2 = 0;
  double min = 0, max = 0;
};

// The functions below for one instruction set.
struct BlockFunctions {
  // Moments of p[0, n), 1 <= n <= kBlockElements. `masked` is a hint that changes no result: true when the
  // block is likely to hold NaN or infinities.
  void (*moments_f32)(const float* p, int64_t n, bool masked, BlockMoments* out);
  void (*moments_f64)(const double* p, int64_t n, bool masked, BlockMoments* out);
  // The first i with p[i] == value, or n.
  int64_t (*find_f32)(const float* p, int64_t n, float value);
  int64_t (*find_f64)(const double* p, int64_t n, double value);
};
// For the active level (base/cpu.h).
const BlockFunctions& ActiveBlockFunctions();

namespace v2 {
extern const BlockFunctions kBlockFunctions;
}
namespace v3 {
extern const BlockFunctions kBlockFunctions;
}
namespace v4 {
extern const BlockFunctions kBlockFunctions;
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_BLOCK_MOMENTS_H_
