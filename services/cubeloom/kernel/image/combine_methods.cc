#include "cubeloom/kernel/image/combine_methods.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cubeloom/kernel/image/kernels.h"

namespace cubeloom {
namespace {

constexpr double kIqrToSigma = 0.741301109252802;
constexpr double kHalfPi = 1.57079632679489661923;

// One pixel's values in ascending order: every kBlockPixels-th of a sorted block.
class Column {
 public:
  Column(const double* first, int64_t n) : first_(first), end_(n) {}
  double operator[](int64_t k) const { return first_[k * kBlockPixels]; }
  int64_t begin() const { return begin_; }
  int64_t end() const { return end_; }
  int64_t size() const { return end_ - begin_; }

  double Quantile(double f) const {
    const double at = f * static_cast<double>(size() - 1);
    const auto below = static_cast<int64_t>(at);
    const double a = (*this)[begin_ + below];
    if (below + 1 >= size()) return a;
    const double b = (*this)[begin_ + below + 1];
    return a == b ? a : a + (b - a) * (at - static_cast<double>(below));
  }
  double Median() const {
    const double a = (*this)[begin_ + (size() - 1) / 2], b = (*this)[begin_ + size() / 2];
    return a == b ? a : (a + b) / 2;
  }
  double Mean() const {
    double sum = 0;
    for (int64_t k = begin_; k < end_; ++k) sum += (*this)[k];
    return sum / static_cast<double>(size());
  }
  // sum((x - mean)^2)
  double Squares(double mean) const {
    double sum = 0;
    for (int64_t k = begin_; k < end_; ++k) sum += ((*this)[k] - mean) * ((*this)[k] - mean);
    return sum;
  }
  // Drops values below `low` and above `high`; whether there were any. A NaN limit drops nothing.
  bool Keep(double low, double high) {
    const int64_t before = size();
    while (begin_ < end_ && (*this)[begin_] < low) ++begin_;
    while (begin_ < end_ && (*this)[end_ - 1] > high) --end_;
    return size() < before;
  }

 private:
  const double* first_;
  int64_t begin_ = 0, end_;
};

// Sums of one clipping pass.
struct Sums {
  double count[kBlockPixels], weight[kBlockPixels], weight2[kBlockPixels];
  double first[kBlockPixels], second[kBlockPixels], variance[kBlockPixels];

  // Debiased weighted variance of the kept values.
  double Spread(int64_t i) const {
    const double m1 = first[i] / weight[i], w = weight[i] * weight[i];
    return count[i] > 1 ? std::max(0.0, second[i] / weight[i] - m1 * m1) * (w / (w - weight2[i])) : kNan;
  }
};

void Clip(const CombineOptions& options, const CombineBlock& b, const double* centre, const double* half,
          Sums* s) {
  ActiveCombine().clip({b.values, b.variances, options.weights.data(),
                        static_cast<int64_t>(options.weights.size()), centre, half, s->count, s->weight,
                        s->weight2, s->first, s->second, s->variance});
}

void WriteWeighted(const CombineBlock& b, const double* centre, const Sums& s) {
  for (int64_t i = 0; i < kBlockPixels; ++i) {
    const double w = s.weight[i];
    b.image[i] = w > 0 ? centre[i] + s.first[i] / w : kNan;
    const double sum = b.variances != nullptr ? s.variance[i] : s.Spread(i) * s.weight2[i];
    b.variance[i] = w > 0 ? sum / (w * w) : kNan;
    b.count[i] = s.count[i];
  }
}

void Mean(const CombineOptions& options, const CombineBlock& b) {
  double centre[kBlockPixels], half[kBlockPixels];
  const auto n = static_cast<int64_t>(options.weights.size());
  for (int64_t i = 0; i < kBlockPixels; ++i) {
    centre[i] = 0;  // any value near the others, so that the variance keeps its digits
    for (int64_t k = n - 1; k >= 0; --k) {
      const double x = b.values[k * kBlockPixels + i];
      if (x - x == 0) centre[i] = x;
    }
    half[i] = kInf;
  }
  Sums sums;
  Clip(options, b, centre, half, &sums);
  WriteWeighted(b, centre, sums);
}

void Meanclip(const CombineOptions& options, const CombineBlock& b) {
  double centre[kBlockPixels], half[kBlockPixels], count[kBlockPixels];
  ActiveCombine().sort(b.values, static_cast<int64_t>(options.weights.size()), b.sorted, count);
  for (int64_t i = 0; i < kBlockPixels; ++i) {
    const Column column(b.sorted + i, static_cast<int64_t>(count[i]));
    const bool any = column.size() > 0;
    centre[i] = any ? column.Quantile(0.5) : 0;
    half[i] = any ? options.kappa * kIqrToSigma * (column.Quantile(0.75) - column.Quantile(0.25)) : 0;
  }
  Sums sums;
  for (int64_t round = 0; round < options.iterations; ++round) {
    if (round > 0) {
      for (int64_t i = 0; i < kBlockPixels; ++i) {
        const double spread = sums.Spread(i);
        if (!(sums.weight[i] > 0)) continue;
        centre[i] += sums.first[i] / sums.weight[i];
        if (spread == spread) half[i] = options.kappa * std::sqrt(spread);
      }
    }
    Clip(options, b, centre, half, &sums);
  }
  WriteWeighted(b, centre, sums);
}

// The values that survive one of the methods on sorted columns.
void Survive(const CombineOptions& options, Column* column) {
  for (int64_t round = 0; round < options.iterations && column->size() > 0; ++round) {
    const bool median = options.method == CombineMethod::kClipMedian;
    const double mean = column->Mean(), n = static_cast<double>(column->size());
    const double centre = median ? column->Median() : mean;
    const double limit = options.kappa * std::sqrt(column->Squares(mean) / (median ? n : n - 1));
    if (!column->Keep(centre - limit, centre + limit)) break;
  }
}

double VarianceOfMean(const CombineBlock& b, int64_t images, int64_t i, const Column& kept) {
  const double n = static_cast<double>(kept.size());
  if (b.variances == nullptr) return kept.size() > 1 ? kept.Squares(kept.Mean()) / (n - 1) / n : kNan;
  const double low = kept[kept.begin()], high = kept[kept.end() - 1];
  double sum = 0;
  for (int64_t k = 0; k < images; ++k) {
    const double x = b.values[k * kBlockPixels + i];
    if (x >= low && x <= high) sum += b.variances[k * kBlockPixels + i];
  }
  return sum / (n * n);
}

void BySorting(const CombineOptions& options, const CombineBlock& b) {
  double count[kBlockPixels];
  const auto images = static_cast<int64_t>(options.weights.size());
  ActiveCombine().sort(b.values, images, b.sorted, count);
  const bool median = options.method == CombineMethod::kMedian;
  for (int64_t i = 0; i < kBlockPixels; ++i) {
    Column column(b.sorted + i, static_cast<int64_t>(count[i]));
    if (!median) Survive(options, &column);
    b.count[i] = static_cast<double>(column.size());
    b.image[i] = b.variance[i] = kNan;
    if (column.size() == 0) continue;
    b.image[i] = median ? column.Median() : column.Mean();
    b.variance[i] = VarianceOfMean(b, images, i, column) * (median ? kHalfPi : 1);
  }
}

}  // namespace

void CombinePixels(const CombineOptions& options, const CombineBlock& block) {
  switch (options.method) {
    case CombineMethod::kMean:
      return Mean(options, block);
    case CombineMethod::kMeanclip:
      return Meanclip(options, block);
    default:
      return BySorting(options, block);
  }
}

}  // namespace cubeloom
