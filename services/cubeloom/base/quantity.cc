#include "cubeloom/base/quantity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cubeloom {
namespace {

constexpr size_t kMaxDigits = 19;       // of the whole or fractional part: what 2^63 - 1 has
constexpr size_t kMaxNameLength = 256;  // nobody mistypes longer names

absl::Status Bad(absl::string_view text, absl::string_view kind, absl::string_view why) {
  constexpr size_t kShown = 64;
  return absl::InvalidArgumentError(absl::StrCat("'", absl::CHexEscape(text.substr(0, kShown)),
                                                 text.size() > kShown ? "..." : "", "' is no ", kind, ": ",
                                                 why));
}

// "12.50Gi" -> whole "12", fraction "5" (no trailing zeros), suffix "Gi".
struct Decimal {
  absl::string_view whole, fraction, suffix;
};

absl::string_view TakeDigits(absl::string_view* text) {
  size_t n = 0;
  while (n < text->size() && absl::ascii_isdigit((*text)[n])) ++n;
  absl::string_view digits = text->substr(0, n);
  text->remove_prefix(n);
  return digits;
}

// False where no plain decimal number starts the text: signs, exponents, "nan", ".5" and "5." included.
bool SplitDecimal(absl::string_view text, Decimal* out) {
  out->whole = TakeDigits(&text);
  if (out->whole.empty()) return false;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    out->fraction = TakeDigits(&text);
    if (out->fraction.empty()) return false;
  }
  while (!out->fraction.empty() && out->fraction.back() == '0') out->fraction.remove_suffix(1);
  while (out->whole.size() > 1 && out->whole.front() == '0') out->whole.remove_prefix(1);
  out->suffix = text;
  return true;
}

__extension__ using Wide = __int128;

// At most kMaxDigits digits; times the largest unit the value stays far below 2^127.
Wide ToInt(absl::string_view digits) {
  Wide value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value;
}

// Bytes of one unit, or 0 for an unknown suffix.
int64_t BytesPerUnit(absl::string_view suffix) {
  if (!suffix.empty() && suffix.back() == 'B') suffix.remove_suffix(1);
  if (suffix.empty()) return 1;
  const bool binary = suffix.size() == 2 && suffix[1] == 'i';
  if (!binary && suffix.size() != 1) return 0;
  const absl::string_view letters = binary ? "KMGTP" : "kMGTP";
  const size_t step = letters.find(suffix[0]);
  if (step == absl::string_view::npos) return 0;
  int64_t unit = 1;
  for (size_t i = 0; i <= step; ++i) unit *= binary ? 1024 : 1000;
  return unit;
}

// Optimal string alignment distance (Damerau-Levenshtein without repeated edits of one substring), or
// `limit` + 1 as soon as it must exceed `limit`. O(|a| |b|) time, three rows of memory.
size_t EditDistance(absl::string_view a, absl::string_view b, size_t limit) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    size_t best = row[0];
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      best = std::min(best, row[j]);
    }
    // A swap may reach two rows back, so both must exceed the limit.
    if (best > limit && *std::min_element(last.begin(), last.end()) > limit) return limit + 1;
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

absl::StatusOr<int64_t> ParseBytes(absl::string_view text) {
  constexpr absl::string_view kKind = "size in bytes";
  Decimal d;
  if (!SplitDecimal(text, &d)) return Bad(text, kKind, "expected a number such as 1536, 2Gi, 256MiB or 1.5G");
  const int64_t unit = BytesPerUnit(d.suffix);
  if (unit == 0) return Bad(text, kKind, "the unit must be one of Ki Mi Gi Ti Pi, k M G T P, or none");
  if (d.whole.size() > kMaxDigits) return Bad(text, kKind, "larger than 2^63 - 1 bytes");
  if (d.fraction.size() > kMaxDigits) return Bad(text, kKind, "too many digits after the point");
  Wide scale = 1;
  for (size_t i = 0; i < d.fraction.size(); ++i) scale *= 10;
  const Wide part = ToInt(d.fraction) * unit;
  if (part % scale != 0) return Bad(text, kKind, "not a whole number of bytes");
  const Wide bytes = ToInt(d.whole) * unit + part / scale;
  if (bytes > std::numeric_limits<int64_t>::max()) return Bad(text, kKind, "larger than 2^63 - 1 bytes");
  return static_cast<int64_t>(bytes);
}

absl::StatusOr<double> ParseCores(absl::string_view text) {
  constexpr absl::string_view kKind = "number of cores";
  constexpr absl::string_view kExpected = "expected a number such as 2, 0.5 or 500m (thousandths)";
  Decimal d;
  if (!SplitDecimal(text, &d)) return Bad(text, kKind, kExpected);
  const bool milli = d.suffix == "m";
  if (!d.suffix.empty() && !milli) return Bad(text, kKind, kExpected);
  if (milli && !d.fraction.empty()) return Bad(text, kKind, "thousandths of a core are whole numbers");
  if (d.whole.size() > 9) return Bad(text, kKind, "too large");
  if (milli) return static_cast<double>(ToInt(d.whole)) / 1000;
  double cores = 0;
  if (!absl::SimpleAtod(text, &cores)) return Bad(text, kKind, kExpected);
  return cores;
}

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  constexpr absl::string_view kKind = "duration";
  constexpr absl::string_view kExpected = "expected numbers with units, such as 90s, 1.5h, 2m30s or 250ms";
  // Abseil's parser also takes signs and "inf".
  const bool plain = !text.empty() && text.find_first_not_of("0123456789.hmsun") == absl::string_view::npos &&
                     absl::ascii_isdigit(text[0]);
  absl::Duration duration;
  if (!plain || !absl::ParseDuration(text, &duration)) return Bad(text, kKind, kExpected);
  if (duration == absl::InfiniteDuration()) return Bad(text, kKind, "too long");
  return duration;
}

std::string FormatBytes(double bytes) {
  static constexpr std::array<const char*, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  // 1023.95 would print as 1024.0 with one digit.
  while (unit + 1 < kUnits.size() && std::abs(bytes) >= (unit == 0 ? 1023.5 : 1023.95)) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrFormat("%.0f B", bytes) : absl::StrFormat("%.1f %s", bytes, kUnits[unit]);
}

std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates) {
  if (name.size() > kMaxNameLength) return "";
  const std::string* nearest = nullptr;
  size_t nearest_distance = std::numeric_limits<size_t>::max();
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kMaxNameLength) continue;
    const size_t longer = std::max(name.size(), candidate.size());
    const size_t limit = std::min(longer / 3, nearest_distance - 1);
    if (longer - std::min(name.size(), candidate.size()) > limit) continue;
    const size_t distance = EditDistance(name, candidate, limit);
    if (distance > limit) continue;
    nearest = &candidate;
    nearest_distance = distance;
    if (distance == 0) break;
  }
  return nearest == nullptr ? "" : *nearest;
}

std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestName(name, candidates);
  return nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'?");
}

}  // namespace cubeloom
