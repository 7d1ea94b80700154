// Identifiers: dense integers inside one graph, UUIDs across runs.
#ifndef CUBELOOM_BASE_IDS_H_
#define CUBELOOM_BASE_IDS_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cubeloom {

using DropId = uint32_t;  // index of a drop in its physical graph
using NodeId = uint32_t;  // index of a node in its (expanded) logical graph
using Attempt = uint16_t;
using Epoch = uint64_t;

inline constexpr uint32_t kNoId = 0xffffffffu;

// A run's identity: UUID version 7 (RFC 9562), so that ids sort by creation time.
class RunId {
 public:
  RunId() = default;
  // `unix_ms` from the caller's clock, `random` from its source of randomness: this class has neither.
  static RunId Make(uint64_t unix_ms, const std::array<uint8_t, 10>& random);
  // Accepts the canonical 36-character form in either case, of any UUID version. InvalidArgument otherwise.
  static absl::StatusOr<RunId> Parse(absl::string_view text);

  std::string ToString() const;
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  friend bool operator==(const RunId& a, const RunId& b) { return a.bytes_ == b.bytes_; }
  friend bool operator<(const RunId& a, const RunId& b) { return a.bytes_ < b.bytes_; }

 private:
  std::array<uint8_t, 16> bytes_{};
};

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_IDS_H_
