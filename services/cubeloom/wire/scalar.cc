#include "cubeloom/wire/scalar.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace cubeloom::wire {
namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53

bool AllDigits(absl::string_view text, int base) {
  if (text.empty()) return false;
  for (char c : text) {
    const int digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_isxdigit(c) ? 10 : 99;
    if (digit >= (base == 16 ? 11 : base)) return false;
  }
  return true;
}

Scalar Number(double number, bool integer) {
  const bool exact = std::isfinite(number) && (!integer || std::fabs(number) <= kExact);
  return {exact ? Scalar::Kind::kNumber : Scalar::Kind::kInexact, false, number};
}

// digits, or [digits] . [digits] [e [sign] digits]; at least one digit before the exponent.
bool IsReal(absl::string_view text) {
  size_t at = 0, digits = 0;
  while (at < text.size() && absl::ascii_isdigit(text[at])) ++at, ++digits;
  if (at < text.size() && text[at] == '.') ++at;
  while (at < text.size() && absl::ascii_isdigit(text[at])) ++at, ++digits;
  if (digits == 0) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  return AllDigits(text.substr(at), 10);
}

}  // namespace

Scalar ReadScalar(absl::string_view text) {
  using Kind = Scalar::Kind;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {Kind::kNull};
  if (text == "true" || text == "True" || text == "TRUE") return {Kind::kBool, true};
  if (text == "false" || text == "False" || text == "FALSE") return {Kind::kBool, false};
  absl::string_view body = text;
  const bool negative = body[0] == '-';
  if (body[0] == '-' || body[0] == '+') body.remove_prefix(1);
  const std::string lower = absl::AsciiStrToLower(body.substr(0, 5));
  if (lower == ".inf" || (body.size() == text.size() && lower == ".nan")) return {Kind::kInexact};
  if (AllDigits(body, 10) || IsReal(body)) {
    double number = 0;
    if (!absl::SimpleAtod(body, &number)) return {Kind::kInexact};
    // Beyond 2^53 neighbouring integers share a double, so the text decides.
    if (AllDigits(body, 10) && number == kExact && !absl::EndsWith(body, "9007199254740992"))
      return {Kind::kInexact};
    return Number(negative ? -number : number, AllDigits(body, 10));
  }
  if (body.size() == text.size() && body.size() > 2 && body[0] == '0') {
    const int base = body[1] == 'x' ? 16 : body[1] == 'o' ? 8 : 0;
    if (base != 0 && AllDigits(body.substr(2), base)) {
      return Number(static_cast<double>(std::strtoull(std::string(body.substr(2)).c_str(), nullptr, base)),
                    true);
    }
  }
  return {};
}

}  // namespace cubeloom::wire
