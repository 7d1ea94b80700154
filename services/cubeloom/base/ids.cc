#include "cubeloom/base/ids.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

constexpr size_t kTextLength = 36;

bool IsDashPosition(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

// 0..15, or -1.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::Status BadRunId(absl::string_view text) {
  constexpr size_t kShown = 64;
  return absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(text.substr(0, kShown)), text.size() > kShown ? "..." : "",
                   "' is no run id: expected 36 characters like 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
}

}  // namespace

RunId RunId::Make(uint64_t unix_ms, const std::array<uint8_t, 10>& random) {
  RunId id;
  for (int i = 0; i < 6; ++i) id.bytes_[i] = static_cast<uint8_t>(unix_ms >> (40 - 8 * i));
  for (int i = 0; i < 10; ++i) id.bytes_[6 + i] = random[i];
  id.bytes_[6] = static_cast<uint8_t>(0x70 | (id.bytes_[6] & 0x0f));  // version 7
  id.bytes_[8] = static_cast<uint8_t>(0x80 | (id.bytes_[8] & 0x3f));  // RFC 9562 variant
  return id;
}

absl::StatusOr<RunId> RunId::Parse(absl::string_view text) {
  if (text.size() != kTextLength) return BadRunId(text);
  RunId id;
  size_t nibble = 0;
  for (size_t i = 0; i < kTextLength; ++i) {
    if (IsDashPosition(i)) {
      if (text[i] != '-') return BadRunId(text);
      continue;
    }
    int value = HexValue(text[i]);
    if (value < 0) return BadRunId(text);
    uint8_t& byte = id.bytes_[nibble / 2];
    byte = static_cast<uint8_t>(byte << 4 | value);
    ++nibble;
  }
  return id;
}

std::string RunId::ToString() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(kTextLength, '-');
  size_t nibble = 0;
  for (size_t i = 0; i < kTextLength; ++i) {
    if (IsDashPosition(i)) continue;
    uint8_t byte = bytes_[nibble / 2];
    text[i] = kHex[nibble % 2 == 0 ? byte >> 4 : byte & 15];
    ++nibble;
  }
  return text;
}

}  // namespace cubeloom
