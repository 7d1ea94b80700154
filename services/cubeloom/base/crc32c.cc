// Portable: "slicing by 8" (Kounavis and Berry, 2005), eight table look-ups per eight bytes.
//
// SSE4.2: the crc32 instruction has a latency of three cycles and a throughput of one, so three
// neighbouring blocks are summed side by side and joined by polynomial arithmetic (Gopal et al., Intel,
// 2011): appending n zero bytes to a message multiplies its remainder by x^(8n) mod P, a linear map
// that four tables of 256 entries apply to 32 bits at once.
//
// Remainders are bit reflected: bit 31 is the coefficient of x^0.
#include "cubeloom/base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace cubeloom {
namespace {

constexpr uint32_t kPoly = 0x82f63b78u;  // 0x1EDC6F41 reflected

constexpr uint32_t TimesX(uint32_t a) { return (a & 1) != 0 ? (a >> 1) ^ kPoly : a >> 1; }

using Slices = std::array<std::array<uint32_t, 256>, 8>;

// slices[k][b]: the remainder of byte b followed by k zero bytes.
constexpr Slices MakeSlices() {
  Slices slices{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = TimesX(crc);
    slices[0][b] = crc;
  }
  for (int k = 1; k < 8; ++k) {
    for (uint32_t b = 0; b < 256; ++b) {
      const uint32_t before = slices[k - 1][b];
      slices[k][b] = (before >> 8) ^ slices[0][before & 255];
    }
  }
  return slices;
}
constexpr Slices kSlices = MakeSlices();

inline uint32_t Byte(uint32_t crc, uint8_t byte) { return (crc >> 8) ^ kSlices[0][(crc ^ byte) & 255]; }

uint32_t Portable(uint32_t crc, const uint8_t* p, size_t size) {
  for (; size >= 8; p += 8, size -= 8) {
    const uint32_t low =
        crc ^ (uint32_t{p[0]} | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24);
    crc = kSlices[7][low & 255] ^ kSlices[6][low >> 8 & 255] ^ kSlices[5][low >> 16 & 255] ^
          kSlices[4][low >> 24] ^ kSlices[3][p[4]] ^ kSlices[2][p[5]] ^ kSlices[1][p[6]] ^ kSlices[0][p[7]];
  }
  for (; size > 0; ++p, --size) crc = Byte(crc, *p);
  return crc;
}

#if defined(__x86_64__)
using Shift = std::array<std::array<uint32_t, 256>, 4>;

// a * b mod P.
constexpr uint32_t Multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (; a != 0; a <<= 1, b = TimesX(b)) {
    if ((a & 0x80000000u) != 0) product ^= b;
  }
  return product;
}

// The map "append `bytes` zero bytes"; `bytes` is a power of two.
constexpr Shift MakeShift(size_t bytes) {
  uint32_t power = 0x00800000u;  // x^8
  for (; bytes > 1; bytes /= 2) power = Multiply(power, power);
  Shift shift{};
  for (int k = 0; k < 4; ++k) {
    for (int bit = 0; bit < 8; ++bit) shift[k][1u << bit] = Multiply(1u << (8 * k + bit), power);
    for (uint32_t b = 1; b < 256; ++b) shift[k][b] = shift[k][b & (b - 1)] ^ shift[k][b & (0u - b)];
  }
  return shift;
}

constexpr size_t kLong = 4096, kShort = 256;  // bytes of one of the three blocks
constexpr Shift kLongShift = MakeShift(kLong);
constexpr Shift kShortShift = MakeShift(kShort);

inline uint64_t Apply(const Shift& shift, uint64_t crc) {
  return shift[0][crc & 255] ^ shift[1][crc >> 8 & 255] ^ shift[2][crc >> 16 & 255] ^ shift[3][crc >> 24];
}

inline uint64_t Load(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

// Three blocks of `block` bytes, starting from `crc`.
__attribute__((target("sse4.2"))) inline uint64_t ThreeBlocks(uint64_t crc, const uint8_t* p, size_t block,
                                                              const Shift& shift) {
  uint64_t second = 0, third = 0;
  for (const uint8_t* end = p + block; p != end; p += 8) {
    crc = _mm_crc32_u64(crc, Load(p));
    second = _mm_crc32_u64(second, Load(p + block));
    third = _mm_crc32_u64(third, Load(p + 2 * block));
  }
  return Apply(shift, Apply(shift, crc) ^ second) ^ third;
}

__attribute__((target("sse4.2"))) uint32_t Hardware(uint32_t crc32, const uint8_t* p, size_t size) {
  uint64_t crc = crc32;
  for (; size >= 3 * kLong; p += 3 * kLong, size -= 3 * kLong) crc = ThreeBlocks(crc, p, kLong, kLongShift);
  for (; size >= 3 * kShort; p += 3 * kShort, size -= 3 * kShort) {
    crc = ThreeBlocks(crc, p, kShort, kShortShift);
  }
  for (; size >= 8; p += 8, size -= 8) crc = _mm_crc32_u64(crc, Load(p));
  for (; size > 0; ++p, --size) crc = _mm_crc32_u8(static_cast<uint32_t>(crc), *p);
  return static_cast<uint32_t>(crc);
}

bool HasCrcInstruction() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2");
}
#endif

}  // namespace

uint32_t ExtendCrc32cPortable(uint32_t crc, const void* data, size_t size) {
  return ~Portable(~crc, static_cast<const uint8_t*>(data), size);
}

uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size) {
#if defined(__x86_64__)
  static const bool hardware = HasCrcInstruction();
  if (hardware) return ~Hardware(~crc, static_cast<const uint8_t*>(data), size);
#endif
  return ExtendCrc32cPortable(crc, data, size);
}

}  // namespace cubeloom
