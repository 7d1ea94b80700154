// What image.histogram and image.histogram_bins share.
#ifndef CUBELOOM_KERNEL_STATS_HISTOGRAM_PARAMS_H_
#define CUBELOOM_KERNEL_STATS_HISTOGRAM_PARAMS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

inline constexpr int64_t kMostBins = int64_t{1} << 22;

std::vector<ParamSpec> HistogramParams();  // bins, min, max, box
std::vector<PortSpec> HistogramOutputs();  // histogram, summary

// Both bounds are known: from the arguments or a range. InvalidArgument otherwise, or when min > max.
absl::Status CheckHistogramArgs(const Args& args, bool has_range);

// The param `bins`, or the automatic number for a region; InvalidArgument above kMostBins.
absl::StatusOr<int64_t> BinNumber(const Args& args, const Box& region);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_HISTOGRAM_PARAMS_H_
