// The loops of combine_columns.h, compiled for three instruction sets.
//
// Sorting is Batcher's odd-even merge (Knuth, TAOCP 5.2.2, algorithm M; any n): about n log2(n)^2 / 4
// exchanges of whole rows, without a branch on the values. Cost for 12 images on v4: about 15 cycles per
// pixel for the sort and 10 per clipping pass.
#include <cstring>

#include "cubeloom/kernel/image/combine_columns.h"

namespace cubeloom {
namespace CL_SIMD_NS {
namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
constexpr int kD = kBytes / 8;
using V = double __attribute__((vector_size(kBytes)));
using I = int64_t __attribute__((vector_size(kBytes)));
static_assert(kBlockPixels % kD == 0);

inline V Load(const double* p) {
  V v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
inline void Store(double* p, V v) { std::memcpy(p, &v, sizeof(v)); }
inline V Where(I keep, V x) { return reinterpret_cast<V>(reinterpret_cast<I>(x) & keep); }
inline V Select(I keep, V x, V other) {
  return reinterpret_cast<V>((reinterpret_cast<I>(x) & keep) | (reinterpret_cast<I>(other) & ~keep));
}

// Puts the smaller of each pair into row a.
inline void Exchange(double* a, double* b) {
  for (int64_t i = 0; i < kBlockPixels; i += kD) {
    const V x = Load(a + i), y = Load(b + i);
    const I less = x < y;
    Store(a + i, Select(less, x, y));
    Store(b + i, Select(less, y, x));
  }
}

void SortRows(double* rows, int64_t n) {
  for (int64_t p = 1; p < n; p *= 2) {
    for (int64_t k = p; k >= 1; k /= 2) {
      for (int64_t j = k % p; j + k < n; j += 2 * k) {
        for (int64_t i = j; i < j + k && i + k < n; ++i) {
          if (i / (2 * p) == (i + k) / (2 * p))
            Exchange(rows + i * kBlockPixels, rows + (i + k) * kBlockPixels);
        }
      }
    }
  }
}

void Sort(const double* values, int64_t n, double* sorted, double* count) {
  for (int64_t i = 0; i < kBlockPixels; i += kD) {
    V there = {};
    for (int64_t k = 0; k < n; ++k) {
      const V x = Load(values + k * kBlockPixels + i);
      const I number = x == x;
      there += Where(number, V{} + 1.0);
      Store(sorted + k * kBlockPixels + i, Select(number, x, V{} + __builtin_inf()));
    }
    Store(count + i, there);
  }
  SortRows(sorted, n);
}

void Clip(const ClipPass& p) {
  for (int64_t i = 0; i < kBlockPixels; i += kD) {
    const V centre = Load(p.centre + i), half = Load(p.half + i);
    V count = {}, weight = {}, weight2 = {}, first = {}, second = {}, variance = {};
    for (int64_t k = 0; k < p.n; ++k) {
      const V d = Load(p.values + k * kBlockPixels + i) - centre;
      const I keep = (d <= half) & (-d <= half);
      const double w = p.weights[k];
      const V wd = w * d;
      count += Where(keep, V{} + 1.0);
      weight += Where(keep, V{} + w);
      weight2 += Where(keep, V{} + w * w);
      first += Where(keep, wd);
      second += Where(keep, wd * d);
      if (p.variances != nullptr) variance += Where(keep, (w * w) * Load(p.variances + k * kBlockPixels + i));
    }
    Store(p.count + i, count);
    Store(p.weight + i, weight);
    Store(p.weight2 + i, weight2);
    Store(p.first + i, first);
    Store(p.second + i, second);
    Store(p.variance + i, variance);
  }
}

}  // namespace

const CombineLoops kCombine = {&Sort, &Clip};

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
