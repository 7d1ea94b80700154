#include "cubeloom/array/shape/dtype.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

enum class Family : uint8_t { kBool, kUnsigned, kSigned, kFloat, kComplex };

struct Info {
  const char* name;
  uint8_t size;
  Family family;
  uint8_t bits;  // integers below 2^bits in magnitude are exact
};

// By the value of DType; entry 0 is no dtype.
constexpr Info kInfo[] = {
    {"?", 0, Family::kBool, 0},        {"bool", 1, Family::kBool, 1},      {"u8", 1, Family::kUnsigned, 8},
    {"i8", 1, Family::kSigned, 7},     {"u16", 2, Family::kUnsigned, 16},  {"i16", 2, Family::kSigned, 15},
    {"u32", 4, Family::kUnsigned, 32}, {"i32", 4, Family::kSigned, 31},    {"u64", 8, Family::kUnsigned, 64},
    {"i64", 8, Family::kSigned, 63},   {"f32", 4, Family::kFloat, 24},     {"f64", 8, Family::kFloat, 53},
    {"c64", 8, Family::kComplex, 24},  {"c128", 16, Family::kComplex, 53},
};
constexpr int kCount = sizeof(kInfo) / sizeof(kInfo[0]);

// A value from outside the enumeration (a frame's byte) reads as entry 0.
const Info& InfoOf(DType t) {
  const int i = static_cast<int>(t);
  return kInfo[i < kCount ? i : 0];
}

}  // namespace

size_t DTypeSize(DType t) { return InfoOf(t).size; }

const char* DTypeName(DType t) { return InfoOf(t).name; }

absl::StatusOr<DType> ParseDType(absl::string_view name) {
  std::string known;
  for (int i = 1; i < kCount; ++i) {
    if (name == kInfo[i].name) return static_cast<DType>(i);
    absl::StrAppend(&known, i > 1 ? ", " : "", kInfo[i].name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown dtype '", name.substr(0, 40), "', known are ", known));
}

bool IsFloat(DType t) { return InfoOf(t).family == Family::kFloat; }

bool IsInteger(DType t) {
  return InfoOf(t).family == Family::kUnsigned || InfoOf(t).family == Family::kSigned;
}

bool IsLossless(DType from, DType to) {
  if (from == to) return true;
  const Info& a = InfoOf(from);
  const Info& b = InfoOf(to);
  if (b.family == Family::kBool) return false;
  if (a.family == Family::kComplex && b.family != Family::kComplex) return false;
  if (a.family == Family::kFloat && b.family < Family::kFloat) return false;
  if (a.family == Family::kSigned && b.family == Family::kUnsigned) return false;
  return a.bits <= b.bits;
}

}  // namespace cubeloom
