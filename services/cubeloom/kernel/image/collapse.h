// Sums along the spectral axis: the hot loops of image.moments and image.collapse. Private to this module.
//
// Every pixel is a lane of its own that takes its channels in order, so the bits do not depend on the
// instruction set, nor on which pixels are computed together. A value counts when low <= value <= high, which
// NaN never does.
#ifndef CUBELOOM_KERNEL_IMAGE_COLLAPSE_H_
#define CUBELOOM_KERNEL_IMAGE_COLLAPSE_H_

#include <cstdint>

namespace cubeloom {

// Pixels taken at once: the three accumulators of so many doubles stay in the first-level cache.
inline constexpr int64_t kColumnPixels = 512;

// `pixels` <= kColumnPixels neighbouring pixels of `depth` channels; channel k starts at data + k * stride.
template <typename T>
struct Columns {
  const T* data;
  int64_t stride, depth, pixels;
  double low, high;  // the values that count, both ends included
};

// Inputs by pixel and outputs hold kColumnPixels doubles (the ones behind `pixels` are scratch); outputs are
// written, not added to. Channels are numbered k = 0 .. depth - 1.
template <typename T>
struct CollapseLoops {
  // Number and sum of the values.
  void (*sum)(const Columns<T>&, double* count, double* sum);
  // Sum of value * (k - middle), middle = (depth - 1) / 2.
  void (*first)(const Columns<T>&, double* out);
  // Sum of value * (k - centre)^2.
  void (*second)(const Columns<T>&, const double* centre, double* out);
  // Sum of (value - centre)^2.
  void (*spread)(const Columns<T>&, const double* centre, double* out);
  // The largest sign * value, sign being 1 or -1, and the first channel that has it: -infinity and -1 without
  // any.
  void (*extreme)(const Columns<T>&, double sign, double* best, double* channel);
};
// For the active level (base/cpu.h).
const CollapseLoops<float>& ActiveCollapse(float);
const CollapseLoops<double>& ActiveCollapse(double);

#define CL_DECLARE_COLLAPSE(ns)                    \
  namespace ns {                                   \
  extern const CollapseLoops<float> kCollapseF32;  \
  extern const CollapseLoops<double> kCollapseF64; \
  }
CL_DECLARE_COLLAPSE(v2)
CL_DECLARE_COLLAPSE(v3)
CL_DECLARE_COLLAPSE(v4)
#undef CL_DECLARE_COLLAPSE

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_COLLAPSE_H_
