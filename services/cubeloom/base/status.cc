#include "cubeloom/base/status.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

// Payload keys; the values are plain text, so that they survive any transport.
constexpr absl::string_view kBlameKey = "cubeloom.io/blame";
constexpr absl::string_view kRetryKey = "cubeloom.io/retry-after-ns";

bool IsTransientCode(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kAborted ||
         code == absl::StatusCode::kResourceExhausted || code == absl::StatusCode::kDeadlineExceeded;
}

std::optional<std::string> Payload(const absl::Status& status, absl::string_view key) {
  absl::optional<absl::Cord> cord = status.GetPayload(key);
  if (!cord.has_value()) return std::nullopt;
  return std::string(*cord);
}

// The delay that the status carries itself. A payload that does not parse counts as absent: it came from
// a peer, and the defaults are always safe.
std::optional<absl::Duration> OwnDelay(const absl::Status& status) {
  std::optional<std::string> text = Payload(status, kRetryKey);
  int64_t ns = 0;
  if (!text || !absl::SimpleAtoi(*text, &ns) || ns < 0) return std::nullopt;
  if (ns == std::numeric_limits<int64_t>::max()) return absl::InfiniteDuration();
  return absl::Nanoseconds(ns);
}

}  // namespace

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status result(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload(
      [&result](absl::string_view key, const absl::Cord& value) { result.SetPayload(key, value); });
  return result;
}

Blame BlameOf(const absl::Status& status) {
  std::optional<std::string> text = Payload(status, kBlameKey);
  if (text == "user") return Blame::kUser;
  if (text == "infrastructure") return Blame::kInfrastructure;
  return IsTransientCode(status.code()) ? Blame::kInfrastructure : Blame::kUser;
}

Repeat RepeatOf(const absl::Status& status) {
  if (status.ok()) return Repeat::kNever;
  std::optional<absl::Duration> delay = OwnDelay(status);
  if (!delay) return IsTransientCode(status.code()) ? Repeat::kAtOnce : Repeat::kNever;
  if (*delay == absl::InfiniteDuration()) return Repeat::kNever;
  return *delay > absl::ZeroDuration() ? Repeat::kAfterDelay : Repeat::kAtOnce;
}

absl::Duration RetryDelay(const absl::Status& status) {
  std::optional<absl::Duration> delay = OwnDelay(status);
  return delay ? *delay : absl::ZeroDuration();
}

absl::Status WithBlame(absl::Status status, Blame blame) {
  status.SetPayload(kBlameKey, absl::Cord(blame == Blame::kUser ? "user" : "infrastructure"));
  return status;
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration delay) {
  if (delay < absl::ZeroDuration()) delay = absl::ZeroDuration();
  // Saturates at the largest int64, which reads back as infinite.
  status.SetPayload(kRetryKey, absl::Cord(absl::StrCat(absl::ToInt64Nanoseconds(delay))));
  return status;
}

}  // namespace cubeloom
