// Text forms of amounts in user files and flags.
#ifndef CUBELOOM_BASE_QUANTITY_H_
#define CUBELOOM_BASE_QUANTITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cubeloom {

// "1536", "2Gi", "256MiB", "1.5G" -> bytes. Binary suffixes Ki Mi Gi Ti Pi (B optional), decimal k M G T P
// (B optional). Refuses negative, fractional-byte, NaN and overflowing values, naming the text.
absl::StatusOr<int64_t> ParseBytes(absl::string_view text);
// "2", "0.5", "500m" (thousandths) -> cores.
absl::StatusOr<double> ParseCores(absl::string_view text);
// "90s", "1.5h", "2m30s", "250ms" -> duration >= 0.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);
// 1536 -> "1.5 KiB"; for people only.
std::string FormatBytes(double bytes);

// The candidate nearest to `name` by edit distance (Damerau-Levenshtein), or "" when none is near
// (distance over a third of the longer length).
std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates);
// "; did you mean 'x'?" or "".
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_QUANTITY_H_
