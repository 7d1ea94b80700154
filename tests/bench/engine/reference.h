// What the kernels must answer, computed naively in double, and the comparison.
#ifndef CUBELOOM_TESTS_BENCH_ENGINE_REFERENCE_H_
#define CUBELOOM_TESTS_BENCH_ENGINE_REFERENCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/engine/noise_file.h"
#include "cubeloom/array/chunk/payload.h"

namespace cubeloom::bench {

struct Statistics {
  int64_t count = 0;
  double sum = 0, min = 0, max = 0, mean = 0, sigma = 0;  // sigma: n - 1
};
absl::StatusOr<Statistics> NaiveStatistics(const NoiseSpec& spec, const std::string& path);
// Against the output of image.statistics: count, min and max exact, others 1e-9 of sigma.
absl::Status CheckStatistics(const Statistics& expected, const Value& statistics);

// Counts of `bins` equal bins over [min, max]: bin min(floor((v - min) / width), bins - 1).
struct Histogram {
  double min = 0, max = 0;
  std::vector<int64_t> counts;
};
absl::StatusOr<Histogram> NaiveHistogram(const NoiseSpec& spec, const std::string& path, int64_t bins);
// Against the table of image.histogram: counts exact.
absl::Status CheckHistogram(const Histogram& expected, const TablePtr& table);

// Of a cube: the mean of each plane, and the integral over the channels of each pixel.
absl::StatusOr<std::vector<double>> NaivePlaneMeans(const NoiseSpec& spec, const std::string& path);
absl::StatusOr<std::vector<double>> NaiveMoment0(const NoiseSpec& spec, const std::string& path);
// Every element within `tolerance` of the array's, absolute.
absl::Status CheckArray(const std::vector<double>& expected, const ArrayPtr& array, double tolerance);

}  // namespace cubeloom::bench

#endif  // CUBELOOM_TESTS_BENCH_ENGINE_REFERENCE_H_
