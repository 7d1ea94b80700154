// Blocks of pixel columns: the hot loops of image.combine. Private to this module.
//
// A block holds kBlockPixels pixels of n images: element (image k, pixel i) at [k * kBlockPixels + i], NaN
// where there is no value. Each pixel is a lane of its own, so all instruction sets give the same bits.
#ifndef CUBELOOM_KERNEL_IMAGE_COMBINE_COLUMNS_H_
#define CUBELOOM_KERNEL_IMAGE_COMBINE_COLUMNS_H_

#include <cstdint>

namespace cubeloom {

inline constexpr int64_t kBlockPixels = 64;

// One weighted pass over a block: value x of image k takes part where |x - centre| <= half, with weight
// weights[k].
struct ClipPass {
  const double* values;     // n rows
  const double* variances;  // n rows; nullptr: none
  const double* weights;    // n
  int64_t n;
  const double* centre;  // kBlockPixels of each from here on
  const double* half;
  // Out: number, sum w, sum w^2, sum w (x - centre), sum w (x - centre)^2, sum w^2 variance.
  double *count, *weight, *weight2, *first, *second, *variance;
};

struct CombineLoops {
  // sorted = each column in ascending order, its NaN as +infinity at the end; count = how many are not NaN.
  void (*sort)(const double* values, int64_t n, double* sorted, double* count);
  void (*clip)(const ClipPass& pass);
};
// For the active level (base/cpu.h).
const CombineLoops& ActiveCombine();

namespace v2 {
extern const CombineLoops kCombine;
}
namespace v3 {
extern const CombineLoops kCombine;
}
namespace v4 {
extern const CombineLoops kCombine;
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_COMBINE_COLUMNS_H_
