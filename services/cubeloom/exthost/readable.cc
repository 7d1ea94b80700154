#include "cubeloom/exthost/readable.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cubeloom::exthost {
namespace {

constexpr size_t kMostBytes = 2000;
constexpr int kMostLines = 20;

// Bytes of the UTF-8 character that `text` starts with; 0 when it starts with none, or with a control
// character.
size_t ShownCharacter(absl::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return first == '\t' || (first >= 0x20 && first != 0x7f) ? 1 : 0;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  uint32_t code = first & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return 0;
    code = code << 6 | (next & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0xa0, 0x800, 0x10000};  // below 0xa0: control characters
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < kLeast[length] || code > 0x10ffff || surrogate ? 0 : length;
}

void AppendLine(absl::string_view line, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  while (!line.empty()) {
    const size_t shown = ShownCharacter(line);
    if (shown > 0) {
      absl::StrAppend(out, line.substr(0, shown));
    } else {
      const auto byte = static_cast<uint8_t>(line[0]);
      out->append({'\\', 'x', kHex[byte >> 4], kHex[byte & 15]});
    }
    line.remove_prefix(shown > 0 ? shown : 1);
  }
}

}  // namespace

std::string Readable(absl::string_view output) {
  output = absl::StripAsciiWhitespace(output);
  if (output.size() > kMostBytes) output.remove_prefix(output.size() - kMostBytes);
  size_t begin = output.size();
  for (int lines = 0; begin > 0; --begin) {
    lines += output[begin - 1] == '\n';
    if (lines == kMostLines) break;
  }
  std::string shown;
  bool first = true;
  for (absl::string_view line : absl::StrSplit(output.substr(begin), '\n')) {
    if (!first) shown += '\n';
    first = false;
    absl::ConsumeSuffix(&line, "\r");
    AppendLine(line, &shown);
  }
  return shown;
}

}  // namespace cubeloom::exthost
