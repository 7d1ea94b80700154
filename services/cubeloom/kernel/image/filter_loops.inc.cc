// The loops of filter_loops.h, compiled for three instruction sets. WeightedSum keeps kVectors vectors of
// sums in registers while it runs through the taps: a load, a multiplication and an addition each; the others
// are left to the compiler.
#include "cubeloom/kernel/image/filter_loops.h"

#include <cstring>

namespace cubeloom {
namespace CL_SIMD_NS {
namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64, kVectors = 8;
#elif defined(__AVX2__)
constexpr int kBytes = 32, kVectors = 8;
#else
constexpr int kBytes = 16, kVectors = 8;
#endif
using V = double __attribute__((vector_size(kBytes)));
constexpr int64_t kWidth = kBytes / 8 * kVectors;

void WeightedSum(const double* const* rows, const double* weights, int64_t taps, int64_t n, double* out) {
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    V sum[kVectors] = {};
    for (int64_t k = 0; k < taps; ++k) {
      const double* row = rows[k] + i;
      const V weight = V{} + weights[k];
      for (int j = 0; j < kVectors; ++j) {
        V x;
        std::memcpy(&x, row + j * (kBytes / 8), kBytes);
        sum[j] += x * weight;
      }
    }
    std::memcpy(out + i, sum, sizeof(sum));
  }
  for (; i < n; ++i) {
    double sum = 0;
    for (int64_t k = 0; k < taps; ++k) sum += rows[k][i] * weights[k];
    out[i] = sum;
  }
}

template <typename T>
bool Widen(const T* __restrict in, int64_t n, double* __restrict out) {
  int64_t nans = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double x = in[i];
    out[i] = x;
    nans += x != x;
  }
  return nans > 0;
}

template <typename T>
void Divide(const double* __restrict sum, const double* __restrict weight, int64_t n, T* __restrict out) {
  if (weight == nullptr) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(sum[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(sum[i] / weight[i]);
  }
}

}  // namespace

const FilterLoops kFilter = {&WeightedSum, &Widen<float>, &Widen<double>, &Divide<float>, &Divide<double>};

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
