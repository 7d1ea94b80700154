// See element_run.h.
#include "cubeloom/store/hdf5/element_run.h"

#include <cstring>
#include <limits>

namespace cubeloom::CL_SIMD_NS {
namespace {

inline uint16_t Swap(uint16_t v) { return __builtin_bswap16(v); }
inline uint32_t Swap(uint32_t v) { return __builtin_bswap32(v); }
inline uint64_t Swap(uint64_t v) { return __builtin_bswap64(v); }

template <typename T>
void SwapAll(void* data, int64_t count) {
  auto* p = static_cast<char*>(data);
  for (int64_t i = 0; i < count; ++i) {
    T v;
    std::memcpy(&v, p + i * sizeof(T), sizeof(T));
    v = Swap(v);
    std::memcpy(p + i * sizeof(T), &v, sizeof(T));
  }
}

template <typename T>
int64_t CountAll(const void* data, int64_t count, const void* value) {
  T wanted;
  std::memcpy(&wanted, value, sizeof(T));
  const T* p = static_cast<const T*>(data);
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i) found += p[i] == wanted;
  return found;
}

template <typename T>
void MarkAll(T* data, int64_t count, T value) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (int64_t i = 0; i < count; ++i) data[i] = data[i] == value ? nan : data[i];
}

// Normal numbers by shifting the exponent; the rest (subnormal, infinite, NaN) by multiplying or widening it.
inline float FromHalf(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t rest = uint32_t{half & 0x7FFFu} << 13;
  float magnitude;
  if (rest >= 0x0F800000u) {  // infinity, NaN
    const uint32_t bits = rest | 0x7F800000u;
    std::memcpy(&magnitude, &bits, sizeof(magnitude));
  } else {
    std::memcpy(&magnitude, &rest, sizeof(magnitude));
    magnitude *= 0x1p112f;
  }
  uint32_t bits;
  std::memcpy(&bits, &magnitude, sizeof(bits));
  bits |= sign;
  float out;
  std::memcpy(&out, &bits, sizeof(out));
  return out;
}

}  // namespace

void SwapRun(void* data, int64_t count, int bytes) {
  if (bytes == 2) SwapAll<uint16_t>(data, count);
  if (bytes == 4) SwapAll<uint32_t>(data, count);
  if (bytes == 8) SwapAll<uint64_t>(data, count);
}

void HalfRun(const uint16_t* in, int64_t count, float* out) {
  // In blocks through a copy, as the output overtakes nothing but may lie over the input's end.
  constexpr int64_t kBlock = 256;
  uint16_t block[kBlock];
  for (int64_t at = 0; at < count; at += kBlock) {
    const int64_t n = count - at < kBlock ? count - at : kBlock;
    std::memcpy(block, in + at, static_cast<size_t>(n) * sizeof(uint16_t));
    for (int64_t i = 0; i < n; ++i) out[at + i] = FromHalf(block[i]);
  }
}

void MissingFloats(float* data, int64_t count, float value) { MarkAll(data, count, value); }
void MissingDoubles(double* data, int64_t count, double value) { MarkAll(data, count, value); }

int64_t CountRun(const void* data, int64_t count, int bytes, const void* value) {
  switch (bytes) {
    case 1:
      return CountAll<uint8_t>(data, count, value);
    case 2:
      return CountAll<uint16_t>(data, count, value);
    case 4:
      return CountAll<uint32_t>(data, count, value);
    default:
      return CountAll<uint64_t>(data, count, value);
  }
}

}  // namespace cubeloom::CL_SIMD_NS
