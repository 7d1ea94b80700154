// The hot loops of image.gaussian and image.boxcar. Private to this module.
#ifndef CUBELOOM_KERNEL_IMAGE_FILTER_LOOPS_H_
#define CUBELOOM_KERNEL_IMAGE_FILTER_LOOPS_H_

#include <cstdint>

namespace cubeloom {

// Equal bits on all instruction sets.
struct FilterLoops {
  // out[i] = rows[0][i] * weights[0] + rows[1][i] * weights[1] + ..., added in this order, for i in [0, n).
  // `out` may not overlap a row. For a sum along a row let rows[k] = row + k.
  void (*weighted_sum)(const double* const* rows, const double* weights, int64_t taps, int64_t n,
                       double* out);
  // out[i] = in[i]; whether there is a NaN among them.
  bool (*widen_f32)(const float* in, int64_t n, double* out);
  bool (*widen_f64)(const double* in, int64_t n, double* out);
  // out[i] = sum[i] / weight[i], rounded; NaN where both are 0. Without weights (nullptr) out[i] = sum[i].
  void (*divide_f32)(const double* sum, const double* weight, int64_t n, float* out);
  void (*divide_f64)(const double* sum, const double* weight, int64_t n, double* out);
};
// For the active level (base/cpu.h).
const FilterLoops& ActiveFilter();

namespace v2 {
extern const FilterLoops kFilter;
}
namespace v3 {
extern const FilterLoops kFilter;
}
namespace v4 {
extern const FilterLoops kFilter;
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_FILTER_LOOPS_H_
