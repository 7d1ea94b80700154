// Moments of a block, compiled for three instruction sets (see cl_simd_sources).
//
// Definitions. Lane j of kLanes takes the elements i = j (mod kLanes) in order; the lanes are added in a
// fixed tree: j and j + 8, then 4, 2, 1. So every level gives the same bits.
//
// Steps. 1. Plain pass: sums of x and x*x in double, minimum and maximum, no test of any element. When the
// sum is finite then so was every element. 2. Otherwise the same pass with each NaN and infinity replaced by
// what leaves the result alone. 3. m2 = sumsq - sum*sum/n; when that cancels more than 10 bits, another pass
// over the block sums d = x - mean and d*d, and m2 = sum(d*d) - sum(d)^2/n.
//
// Cost. Passes 1 and 3 each take about 4 to 8 cycles per 16 floats; the block is in the first-level cache
// after the first of them.
#include "cubeloom/kernel/stats/block_moments.h"

#include <limits>

#include "cubeloom/kernel/stats/simd.h"

namespace cubeloom {
namespace CL_SIMD_NS {
namespace {

constexpr int kLanes = 16;
constexpr double kCancellation = 1.0 / 1024;  // of sumsq, below which m2 is taken in a second pass

// What differs between float and double elements.
template <typename T>
struct Element;
template <>
struct Element<float> {
  using V = VF;
  using I = VI32;
  static constexpr int kPer = kF;
  static constexpr int32_t kExponent = 0x7f800000;
  static VD AddSquare(VD acc, VD x) { return AddExactSquare(acc, x); }
};
template <>
struct Element<double> {
  using V = VD;
  using I = VI64;
  static constexpr int kPer = kD;
  static constexpr int64_t kExponent = 0x7ff0000000000000;
  static VD AddSquare(VD acc, VD x) { return acc + x * x; }
};

template <typename T>
constexpr T kInf = std::numeric_limits<T>::infinity();

// All ones where finite.
template <typename T>
inline typename Element<T>::I Finite(typename Element<T>::V x) {
  using I = typename Element<T>::I;
  const I exponent = I{} + Element<T>::kExponent;
  return (reinterpret_cast<I>(x) & exponent) != exponent;
}

// x where `keep` is set, else `other`.
template <typename V, typename I>
inline V Select(I keep, V x, V other) {
  return reinterpret_cast<V>((reinterpret_cast<I>(x) & keep) | (reinterpret_cast<I>(other) & ~keep));
}

inline double AddLanes(const double* lane) {
  double t[kLanes / 2];
  for (int j = 0; j < 8; ++j) t[j] = lane[j] + lane[j + 8];
  for (int j = 0; j < 4; ++j) t[j] += t[j + 4];
  return (t[0] + t[2]) + (t[1] + t[3]);
}

// The lanes of one block.
template <typename T>
struct Lanes {
  double sum[kLanes] = {}, sumsq[kLanes] = {};
  T min[kLanes], max[kLanes];
  int64_t finite = 0, nan = 0;
};

// Whole groups of kLanes elements.
template <typename T, bool kMasked>
void SumGroups(const T* p, int64_t groups, Lanes<T>* out) {
  using V = typename Element<T>::V;
  using I = typename Element<T>::I;
  constexpr int kDs = kLanes / kD, kVs = kLanes / Element<T>::kPer;
  VD sum[kDs] = {}, sumsq[kDs] = {};
  V min[kVs], max[kVs];
  I finite = {}, nan = {};
  for (int k = 0; k < kVs; ++k) min[k] = V{} + kInf<T>, max[k] = V{} - kInf<T>;
  alignas(64) T clean[kLanes];
  for (int64_t g = 0; g < groups; ++g, p += kLanes) {
    const T* x = p;
    for (int k = 0; k < kVs; ++k) {
      const V v = Load<V>(p + k * Element<T>::kPer);
      if constexpr (kMasked) {
        const I keep = Finite<T>(v);
        finite -= keep;
        nan -= v != v;
        min[k] = Min(Select<V>(keep, v, V{} + kInf<T>), min[k]);
        max[k] = Max(Select<V>(keep, v, V{} - kInf<T>), max[k]);
        Store(clean + k * Element<T>::kPer, Select<V>(keep, v, V{}));
        x = clean;
      } else {
        min[k] = Min(v, min[k]);
        max[k] = Max(v, max[k]);
      }
    }
    for (int k = 0; k < kDs; ++k) {
      const VD d = LoadDouble(x + k * kD);
      sum[k] += d;
      sumsq[k] = Element<T>::AddSquare(sumsq[k], d);
    }
  }
  std::memcpy(out->sum, sum, sizeof(sum));
  std::memcpy(out->sumsq, sumsq, sizeof(sumsq));
  std::memcpy(out->min, min, sizeof(min));
  std::memcpy(out->max, max, sizeof(max));
  for (int k = 0; k < Element<T>::kPer; ++k) out->finite += finite[k], out->nan += nan[k];
  if (!kMasked) out->finite = groups * kLanes;
}

// As SumGroups, for fewer than kLanes elements behind the whole groups.
template <typename T>
void SumTail(const T* p, int64_t n, Lanes<T>* out) {
  for (int64_t j = 0; j < n; ++j) {
    const T v = p[j];
    if (v != v) ++out->nan;
    if (!(v - v == 0)) continue;
    ++out->finite;
    const double d = v;
    out->sum[j] += d;
    out->sumsq[j] += d * d;
    if (v < out->min[j]) out->min[j] = v;
    if (v > out->max[j]) out->max[j] = v;
  }
}

// Sums of x - shift and its square over the finite elements.
template <typename T, bool kMasked>
void SumDeviations(const T* p, int64_t n, double shift, double* sum, double* sumsq) {
  constexpr int kDs = kLanes / kD;
  VD s[kDs] = {}, q[kDs] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int k = 0; k < kDs; ++k) {
      VD d = LoadDouble(p + i + k * kD) - shift;
      if constexpr (kMasked) d = Select<VD>(Finite<double>(d), d, VD{});
      s[k] += d;
      q[k] += d * d;
    }
  }
  double lane_s[kLanes], lane_q[kLanes];
  std::memcpy(lane_s, s, sizeof(s));
  std::memcpy(lane_q, q, sizeof(q));
  for (int64_t j = 0; i + j < n; ++j) {
    const double d = static_cast<double>(p[i + j]) - shift;
    if (!(d - d == 0)) continue;
    lane_s[j] += d;
    lane_q[j] += d * d;
  }
  *sum = AddLanes(lane_s);
  *sumsq = AddLanes(lane_q);
}

template <typename T>
void Fill(const T* p, int64_t n, bool masked, BlockMoments* out) {
  const int64_t groups = n / kLanes;
  Lanes<T> lanes;
  if (masked) {
    SumGroups<T, true>(p, groups, &lanes);
  } else {
    SumGroups<T, false>(p, groups, &lanes);
  }
  SumTail(p + groups * kLanes, n - groups * kLanes, &lanes);
  out->finite = lanes.finite;
  out->nan = lanes.nan;
  out->infinite = n - lanes.finite - lanes.nan;
  out->sum = AddLanes(lanes.sum);
  out->sumsq = AddLanes(lanes.sumsq);
  T min = kInf<T>, max = -kInf<T>;
  for (int j = 0; j < kLanes; ++j) {
    if (lanes.min[j] < min) min = lanes.min[j];
    if (lanes.max[j] > max) max = lanes.max[j];
  }
  out->min = min;
  out->max = max;
}

template <typename T>
void Moments(const T* p, int64_t n, bool masked, BlockMoments* out) {
  Fill(p, n, masked, out);
  if (!masked && !(out->sum - out->sum == 0)) {
    masked = true;
    Fill(p, n, masked, out);
  }
  out->mean = out->mean_low = out->m2 = 0;
  if (out->finite == 0) return;
  const double count = static_cast<double>(out->finite);
  out->mean = out->sum / count;
  out->m2 = out->sumsq - out->sum * out->mean;
  if (out->m2 > kCancellation * out->sumsq) return;
  double d = 0, dd = 0;
  if (out->finite < n) {
    SumDeviations<T, true>(p, n, out->mean, &d, &dd);
  } else {
    SumDeviations<T, false>(p, n, out->mean, &d, &dd);
  }
  out->mean_low = d / count;
  out->m2 = dd - d * out->mean_low;
  if (out->m2 < 0) out->m2 = 0;
}

template <typename T>
int64_t Find(const T* p, int64_t n, T value) {
  using V = typename Element<T>::V;
  using I = typename Element<T>::I;
  constexpr int kPer = Element<T>::kPer, kStep = 4 * kPer;
  int64_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    I hit = {};
    for (int k = 0; k < 4; ++k) hit |= Load<V>(p + i + k * kPer) == value;
    int64_t any[CL_VECTOR_BYTES / 8], all = 0;
    std::memcpy(any, &hit, sizeof(hit));
    for (const int64_t a : any) all |= a;
    if (all != 0) break;
  }
  while (i < n && p[i] != value) ++i;
  return i;
}

}  // namespace

const BlockFunctions kBlockFunctions = {&Moments<float>, &Moments<double>, &Find<float>, &Find<double>};

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
