// Element types of arrays.
#ifndef CUBELOOM_ARRAY_SHAPE_DTYPE_H_
#define CUBELOOM_ARRAY_SHAPE_DTYPE_H_

#include <complex>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cubeloom {

// The numeric values are written into chunk frames and manifests: never renumber.
enum class DType : uint8_t {
  kBool = 1,
  kU8 = 2,
  kI8 = 3,
  kU16 = 4,
  kI16 = 5,
  kU32 = 6,
  kI32 = 7,
  kU64 = 8,
  kI64 = 9,
  kF32 = 10,
  kF64 = 11,
  kC64 = 12,
  kC128 = 13
};

size_t DTypeSize(DType t);       // bytes of one element
const char* DTypeName(DType t);  // "bool", "u8" ... "c128"
absl::StatusOr<DType> ParseDType(absl::string_view name);
bool IsFloat(DType t);    // f32 or f64
bool IsInteger(DType t);  // signed or unsigned, not bool
// True when every value of `from` is exactly representable in `to`.
bool IsLossless(DType from, DType to);

template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::kBool;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::kU8;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::kI8;
};
template <>
struct DTypeOf<uint16_t> {
  static constexpr DType value = DType::kU16;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::kI16;
};
template <>
struct DTypeOf<uint32_t> {
  static constexpr DType value = DType::kU32;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::kI32;
};
template <>
struct DTypeOf<uint64_t> {
  static constexpr DType value = DType::kU64;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::kI64;
};
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kF32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::kF64;
};
template <>
struct DTypeOf<std::complex<float>> {
  static constexpr DType value = DType::kC64;
};
template <>
struct DTypeOf<std::complex<double>> {
  static constexpr DType value = DType::kC128;
};

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_SHAPE_DTYPE_H_
