// Arrays to test kernels on: made from a seed, the same on every machine.
#ifndef CUBELOOM_KERNEL_TESTING_SAMPLE_ARRAYS_H_
#define CUBELOOM_KERNEL_TESTING_SAMPLE_ARRAYS_H_

#include <cstdint>
#include <vector>

#include "cubeloom/array/chunk/payload.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

struct SampleOptions {
  DType dtype = DType::kF32;  // any but complex
  uint64_t seed = 1;
  double min = -1000, max = 1000;  // uniform; cut to the range of an integer dtype
  // A quarter of the elements of a float array is scaled down by up to 2^-30 (where 0 is in the range):
  // without small numbers a sum of f32 in double is exact, and no test of the order of summing would mean
  // anything.
  bool spread = true;
  double nan_fraction = 0;      // of the elements of a float array
  double invalid_fraction = 0;  // get a 0 validity bit
};
ArrayPtr SampleArray(const Shape& shape, const SampleOptions& options = {});

// An array from any list of values, as `dtype`; NaN becomes an invalid element of an integer array.
// InvalidArgument when a value is not exactly that of an element (also -0.0 in an integer array).
absl::StatusOr<ArrayPtr> ArrayOf(const ArrayDesc& desc, const std::vector<double>& values);
// All elements in row-major order as reals; invalid ones are NaN.
absl::StatusOr<std::vector<double>> ValuesOf(const Array& array);

// Arguments for Execute: one payload a port.
std::vector<PortPayloads> OnePerPort(std::vector<Payload> payloads);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TESTING_SAMPLE_ARRAYS_H_
