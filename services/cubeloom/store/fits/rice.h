// The Rice decoder of tile-compressed FITS images (standard 4.0, section 10.4.1; Rice, Yeh, Miller 1993).
//
// A stream is the first pixel (big-endian), then per block of pixels a code fs in a few bits: 0 = all equal
// the last pixel; the largest = differences as plain bits; else fs - 1 low bits of each zig-zag mapped
// difference to the pixel before, its high part as that many zero bits and a one.
#ifndef CUBELOOM_STORE_FITS_RICE_H_
#define CUBELOOM_STORE_FITS_RICE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

namespace cubeloom {

// Bytes that must be readable behind the compressed ones (any value): the bit buffer loads words.
inline constexpr size_t kRicePadding = 8;

struct RiceStream {
  const uint8_t* data = nullptr;  // size + kRicePadding readable bytes
  size_t size = 0;
  int pixel_bytes = 4;  // BYTEPIX: 1, 2 or 4
  int block = 32;       // BLOCKSIZE, pixels
};

// Decodes `count` pixels: BYTEPIX 1 as 0..255, 2 as signed 16-bit, 4 as signed 32-bit. DataLoss naming the
// byte when the stream ends early or holds an impossible code. Never reads outside data, whatever the bytes.
absl::Status DecodeRice(const RiceStream& stream, int64_t count, int32_t* out);

// The fewest bytes that a stream of `count` pixels can have; what claims to be shorter is refused before
// memory is taken for the pixels.
int64_t MinRiceBytes(int64_t count, int block, int pixel_bytes);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_RICE_H_
