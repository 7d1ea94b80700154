// Internal: statistics and histograms as the IDIA schema keeps them.
#ifndef CUBELOOM_STORE_HDF5_IDIA_STATS_H_
#define CUBELOOM_STORE_HDF5_IDIA_STATS_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace cubeloom {

// Over the finite pixels of a plane or cube; the others are counted. Sums are of double, in the order of the
// calls.
struct IdiaStats {
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
  double sum = 0, sum_sq = 0;
  int64_t not_finite = 0;

  void Add(const float* values, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const float v = values[i];
      if (!std::isfinite(v)) {
        ++not_finite;
        continue;
      }
      min = v < min ? v : min;
      max = v > max ? v : max;
      sum += v;
      sum_sq += static_cast<double>(v) * v;
    }
  }
  void Merge(const IdiaStats& other) {
    min = other.min < min ? other.min : min;
    max = other.max > max ? other.max : max;
    sum += other.sum;
    sum_sq += other.sum_sq;
    not_finite += other.not_finite;
  }
  // Whether there was a finite pixel.
  bool any() const { return min <= max; }
};

// Bins of equal width from stats.min to stats.max; a value at the upper edge of the last one belongs to it.
// Stays all zero when the values are all equal, or none is finite (as fits2idia leaves it).
class IdiaHistogram {
 public:
  IdiaHistogram(int64_t bins, const IdiaStats& stats) : counts_(static_cast<size_t>(bins)) {
    if (!stats.any()) return;
    min_ = stats.min;
    range_ = static_cast<double>(stats.max) - min_;
  }
  void Add(const float* values, int64_t count) {
    if (!(range_ > 0)) return;
    const auto bins = static_cast<double>(counts_.size());
    const size_t last = counts_.size() - 1;
    for (int64_t i = 0; i < count; ++i) {
      if (!std::isfinite(values[i])) continue;
      const auto bin = static_cast<size_t>(bins * (values[i] - min_) / range_);
      ++counts_[bin < last ? bin : last];
    }
  }
  const std::vector<int64_t>& counts() const { return counts_; }

 private:
  std::vector<int64_t> counts_;
  double min_ = 0, range_ = 0;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_IDIA_STATS_H_
