// Binning, compiled for three instruction sets (see cl_simd_sources).
//
// Steps. The bin numbers of the next kGroup elements are computed by vector division while the counters of
// the group before are raised: the divider and the load/store units work at the same time.
// Cost. About 2 cycles per element; the division and the counting alone would each take somewhat over 1.
#include "cubeloom/kernel/stats/bin_counts.h"

#include "cubeloom/kernel/stats/simd.h"

namespace cubeloom {
namespace CL_SIMD_NS {
namespace {

constexpr int kGroup = 32;
using VIndex = int32_t __attribute__((vector_size(CL_VECTOR_BYTES / 2)));

struct Layout {
  VD min, max, width, top, dropped;
};

template <typename T>
inline void Indices(const T* p, const Layout& b, int32_t* index) {
  for (int k = 0; k < kGroup; k += kD) {
    const VD x = LoadDouble(p + k);
    const VD q = Min((x - b.min) / b.width, b.top);
    const VI64 inside = (x >= b.min) & (x <= b.max);
    const VD bin = inside ? q : b.dropped;
    Store(index + k, __builtin_convertvector(bin, VIndex));
  }
}

inline void Raise(const int32_t* index, uint32_t* counts, int64_t stride) {
  for (int k = 0; k < kGroup; k += kCountTables) {
    for (int t = 0; t < kCountTables; ++t) ++counts[t * stride + index[k + t]];
  }
}

template <typename T>
void CountRest(const T* p, int64_t n, const BinLayout& layout, uint32_t* counts, int64_t stride) {
  for (int64_t i = 0; i < n; ++i) {
    const double x = p[i];
    double bin = layout.bins;
    if (x >= layout.min && x <= layout.max) {
      const double q = (x - layout.min) / layout.width;
      bin = q < layout.bins - 1 ? q : layout.bins - 1;
    }
    ++counts[(i % kCountTables) * stride + static_cast<int32_t>(bin)];
  }
}

template <typename T>
void Count(const T* p, int64_t n, const BinLayout& layout, uint32_t* counts, int64_t stride) {
  const Layout b = {VD{} + layout.min, VD{} + layout.max, VD{} + layout.width,
                    VD{} + static_cast<double>(layout.bins - 1), VD{} + static_cast<double>(layout.bins)};
  const int64_t groups = n / kGroup;
  alignas(64) int32_t index[2][kGroup];
  if (groups > 0) Indices(p, b, index[0]);
  for (int64_t g = 1; g < groups; ++g) {
    Indices(p + g * kGroup, b, index[g & 1]);
    Raise(index[(g - 1) & 1], counts, stride);
  }
  if (groups > 0) Raise(index[(groups - 1) & 1], counts, stride);
  CountRest(p + groups * kGroup, n - groups * kGroup, layout, counts, stride);
}

}  // namespace

const BinFunctions kBinFunctions = {&Count<float>, &Count<double>};

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
