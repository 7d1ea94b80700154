// Binning of one block of contiguous elements: the hot loop of image.histogram_bins.
#ifndef CUBELOOM_KERNEL_STATS_BIN_COUNTS_H_
#define CUBELOOM_KERNEL_STATS_BIN_COUNTS_H_

#include <cstdint>

namespace cubeloom {

// Equal bins over [min, max], both ends included. An element v inside goes to bin
//   min(floor((v - min) / width), bins - 1),   all in double;
// anything else, NaN included, to the bin of index `bins`, which holds what was dropped. width > 0 and finite
// (any value when min == max); 1 <= bins < 2^31.
struct BinLayout {
  double min = 0, max = 0;
  double width = 1;
  int32_t bins = 1;
};

// Neighbouring elements are counted in different tables, so that a run of equal elements does not wait for
// one counter: element i of a call goes to counts[(i % kCountTables) * stride + bin], stride > bins.
inline constexpr int kCountTables = 4;

struct BinFunctions {
  // 0 <= n < 2^31; no counter may overflow.
  void (*count_f32)(const float* p, int64_t n, const BinLayout& layout, uint32_t* counts, int64_t stride);
  void (*count_f64)(const double* p, int64_t n, const BinLayout& layout, uint32_t* counts, int64_t stride);
};
// For the active level (base/cpu.h).
const BinFunctions& ActiveBinFunctions();

namespace v2 {
extern const BinFunctions kBinFunctions;
}
namespace v3 {
extern const BinFunctions kBinFunctions;
}
namespace v4 {
extern const BinFunctions kBinFunctions;
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_BIN_COUNTS_H_
