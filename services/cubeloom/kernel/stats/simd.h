// The widest vectors of the instruction set that a cl_simd_sources file is compiled for, and the few
// operations that the loops of this module need. Private to this module.
//
// Definitions. A VD holds kD doubles, a VF 2 * kD floats, a VH kD floats (half a VF). Each operation acts on
// every element alone and has one IEEE result, so a loop that keeps kLanes sums gives the same bits for each
// kD that divides kLanes. Comparisons give integer vectors of all ones (true) or zero.
#ifndef CUBELOOM_KERNEL_STATS_SIMD_H_
#define CUBELOOM_KERNEL_STATS_SIMD_H_

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#ifndef CL_SIMD_NS
#define CL_SIMD_NS v2  // the header alone, as the compile check sees it
#endif

namespace cubeloom {
namespace CL_SIMD_NS {

#if defined(__AVX512F__)
#define CL_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define CL_VECTOR_BYTES 32
#else
#define CL_VECTOR_BYTES 16
#endif

inline constexpr int kD = CL_VECTOR_BYTES / 8;  // doubles in a vector
inline constexpr int kF = CL_VECTOR_BYTES / 4;  // floats in a vector

using VD = double __attribute__((vector_size(CL_VECTOR_BYTES)));
using VF = float __attribute__((vector_size(CL_VECTOR_BYTES)));
using VH = float __attribute__((vector_size(CL_VECTOR_BYTES / 2)));
using VI64 = int64_t __attribute__((vector_size(CL_VECTOR_BYTES)));
using VI32 = int32_t __attribute__((vector_size(CL_VECTOR_BYTES)));

template <typename V, typename T>
inline V Load(const T* p) {
  V v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
template <typename V, typename T>
inline void Store(T* p, V v) {
  std::memcpy(p, &v, sizeof(v));
}

// kD elements as doubles (exact).
inline VD LoadDouble(const float* p) { return __builtin_convertvector(Load<VH>(p), VD); }
inline VD LoadDouble(const double* p) { return Load<VD>(p); }

// a < b ? a : b and a > b ? a : b, element by element (b when either is NaN).
#if defined(__AVX512F__)
inline VF Min(VF a, VF b) { return _mm512_min_ps(a, b); }
inline VF Max(VF a, VF b) { return _mm512_max_ps(a, b); }
inline VD Min(VD a, VD b) { return _mm512_min_pd(a, b); }
inline VD Max(VD a, VD b) { return _mm512_max_pd(a, b); }
#elif defined(__AVX2__)
inline VF Min(VF a, VF b) { return _mm256_min_ps(a, b); }
inline VF Max(VF a, VF b) { return _mm256_max_ps(a, b); }
inline VD Min(VD a, VD b) { return _mm256_min_pd(a, b); }
inline VD Max(VD a, VD b) { return _mm256_max_pd(a, b); }
#else
inline VF Min(VF a, VF b) { return _mm_min_ps(a, b); }
inline VF Max(VF a, VF b) { return _mm_max_ps(a, b); }
inline VD Min(VD a, VD b) { return _mm_min_pd(a, b); }
inline VD Max(VD a, VD b) { return _mm_max_pd(a, b); }
#endif

// acc + x * x where x holds a float's value: the product is exact in double, so a fused operation gives the
// same bits as two.
#if defined(__AVX512F__)
inline VD AddExactSquare(VD acc, VD x) { return _mm512_fmadd_pd(x, x, acc); }
#elif defined(__FMA__)
inline VD AddExactSquare(VD acc, VD x) { return _mm256_fmadd_pd(x, x, acc); }
#else
inline VD AddExactSquare(VD acc, VD x) { return acc + x * x; }
#endif

}  // namespace CL_SIMD_NS
}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_SIMD_H_
