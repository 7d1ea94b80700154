// The loops of collapse.h, compiled for three instruction sets. A vector holds kD pixels as doubles; channels
// are taken four at a time, in order, to spare loads and stores of the accumulators, which stay in the
// first-level cache. Cost: about a cycle per 4 values on v4, less than memory takes to deliver them.
#include "cubeloom/kernel/image/collapse.h"

#include <cstring>

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
using H = float __attribute__((vector_size(kBytes / 2)));
using I = int64_t __attribute__((vector_size(kBytes)));
static_assert(kColumnPixels % kD == 0);

inline V Load(const double* p) {
  V v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
inline V Load(const float* p) {
  H h;
  std::memcpy(&h, p, sizeof(h));
  return __builtin_convertvector(h, V);
}
inline void Store(double* p, V v) { std::memcpy(p, &v, sizeof(v)); }

inline V Where(I keep, V x) { return reinterpret_cast<V>(reinterpret_cast<I>(x) & keep); }
inline V Select(I keep, V x, V other) {
  return reinterpret_cast<V>((reinterpret_cast<I>(x) & keep) | (reinterpret_cast<I>(other) & ~keep));
}

template <typename T>
inline I Counts(const Columns<T>& c, V x) {
  return (x >= V{} + c.low) & (x <= V{} + c.high);
}

// Runs pass.Vector<N>(i, x, k) for each vector of pixels i and each group of N channels k, k + 1, ..., whose
// values are x[0, N). Behind the last pixel x is 0.
template <int kN, typename T, typename Pass>
inline void Channels(const Columns<T>& c, int64_t k, const Pass& pass) {
  const T* p = c.data + k * c.stride;
  V x[kN];
  int64_t i = 0;
  for (; i + kD <= c.pixels; i += kD) {
    for (int j = 0; j < kN; ++j) x[j] = Load(p + j * c.stride + i);
    pass.template Vector<kN>(i, x, k);
  }
  if (i == c.pixels) return;
  for (int j = 0; j < kN; ++j) {
    T some[kD] = {};
    std::memcpy(some, p + j * c.stride + i, static_cast<size_t>(c.pixels - i) * sizeof(T));
    x[j] = Load(some);
  }
  pass.template Vector<kN>(i, x, k);
}

template <typename T, typename Pass>
inline void AllChannels(const Columns<T>& c, const Pass& pass) {
  int64_t k = 0;
  for (; k + 4 <= c.depth; k += 4) Channels<4>(c, k, pass);
  for (; k < c.depth; ++k) Channels<1>(c, k, pass);
}

template <typename T>
struct SumPass {
  const Columns<T> c;
  double *count, *sum;

  template <int kN>
  void Vector(int64_t i, const V* x, int64_t) const {
    V s = Load(sum + i), m = Load(count + i);
    for (int j = 0; j < kN; ++j) {
      const I ok = Counts(c, x[j]);
      s += Where(ok, x[j]);
      m += Where(ok, V{} + 1.0);
    }
    Store(sum + i, s);
    Store(count + i, m);
  }
};

template <typename T>
void Sum(const Columns<T>& c, double* count, double* sum) {
  for (int64_t i = 0; i < kColumnPixels; ++i) count[i] = sum[i] = 0;
  AllChannels(c, SumPass<T>{c, count, sum});
}

// What is added up, of value x in channel k; `centre` is the pixel's.
struct FirstTerm {
  static V Of(V x, double k, V centre) { return x * (k - centre); }
};
struct SecondTerm {
  static V Of(V x, double k, V centre) { return x * ((k - centre) * (k - centre)); }
};
struct SpreadTerm {
  static V Of(V x, double, V centre) { return (x - centre) * (x - centre); }
};

template <typename Term, typename T>
struct TermPass {
  const Columns<T> c;
  const double* centre;
  double* out;

  template <int kN>
  void Vector(int64_t i, const V* x, int64_t k) const {
    const V at = Load(centre + i);
    V s = Load(out + i);
    for (int j = 0; j < kN; ++j) s += Where(Counts(c, x[j]), Term::Of(x[j], static_cast<double>(k + j), at));
    Store(out + i, s);
  }
};

template <typename Term, typename T>
void AddTerms(const Columns<T>& c, const double* centre, double* out) {
  for (int64_t i = 0; i < kColumnPixels; ++i) out[i] = 0;
  AllChannels(c, TermPass<Term, T>{c, centre, out});
}

template <typename T>
void First(const Columns<T>& c, double* out) {
  double centre[kColumnPixels];
  for (double& v : centre) v = static_cast<double>(c.depth - 1) / 2;
  AddTerms<FirstTerm>(c, centre, out);
}

template <typename T>
struct ExtremePass {
  const Columns<T> c;
  const double sign;
  double *best, *channel;

  template <int kN>
  void Vector(int64_t i, const V* x, int64_t k) const {
    V top = Load(best + i), at = Load(channel + i);
    for (int j = 0; j < kN; ++j) {
      const V v = sign * x[j];
      const I better = Counts(c, x[j]) & ((v > top) | (at < V{}));
      top = Select(better, v, top);
      at = Select(better, V{} + static_cast<double>(k + j), at);
    }
    Store(best + i, top);
    Store(channel + i, at);
  }
};

template <typename T>
void Extreme(const Columns<T>& c, double sign, double* best, double* channel) {
  for (int64_t i = 0; i < kColumnPixels; ++i) best[i] = -__builtin_inf(), channel[i] = -1;
  AllChannels(c, ExtremePass<T>{c, sign, best, channel});
}

template <typename T>
constexpr CollapseLoops<T> kLoops = {&Sum<T>, &First<T>, &AddTerms<SecondTerm, T>, &AddTerms<SpreadTerm, T>,
                                     &Extreme<T>};

}  // namespace

const CollapseLoops<float> kCollapseF32 = kLoops<float>;
const CollapseLoops<double> kCollapseF64 = kLoops<double>;

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
