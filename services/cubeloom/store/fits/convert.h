// Stored FITS elements (big-endian, scaled) to array elements, in place.
#ifndef CUBELOOM_STORE_FITS_CONVERT_H_
#define CUBELOOM_STORE_FITS_CONVERT_H_

#include <cstddef>
#include <cstdint>

#include "cubeloom/array/shape/dtype.h"

namespace cubeloom {

// One conversion, fixed per image. Two families:
//   integer output   same width as stored; `flip` toggles the sign bit, which is what BZERO = 2^(n-1) means
//   for
//                    i16, i32, i64 (to unsigned) and BZERO = -128 for u8 (to signed)
//   float output     value * scale + zero, computed in double and rounded once; BLANK gives NaN
// Float input with scale 1 and zero 0 keeps its bits, NaN payloads and -0 included.
struct FitsConversion {
  int bitpix = 8;
  DType out = DType::kU8;
  bool flip = false;
  bool scaled = false;  // of float input: whether scale and zero say anything
  double scale = 1, zero = 0;
  bool has_blank = false;  // only where the stored type can hold `blank`
  int64_t blank = 0;       // stored value that means "none"
  bool big_endian = true;  // false: the input is in machine order (decoded tiles)
};

inline size_t FitsElementBytes(int bitpix) { return static_cast<size_t>(bitpix < 0 ? -bitpix : bitpix) / 8; }

// True when a stored integer of this BITPIX can have the value; always false for floats.
bool FitsHolds(int bitpix, int64_t value);

// Converts `count` elements. `data` has room for `count` output elements; the stored ones lie at its end,
// that is from byte count * (output size - stored size) on. An output narrower than stored (f64 to f32, i64
// to f32) works the same with the stored elements from byte 0 on and room for `count` of them.
void ConvertFits(const FitsConversion& conversion, void* data, int64_t count);

// Integer output with BLANK: clears the validity bits of blank elements. Returns how many there were, so that
// a bitmap need not exist while there is none: call with `bits` null to count only. `first` is the bit of
// data[0].
int64_t MarkFitsBlanks(const FitsConversion& conversion, const void* data, int64_t count, uint8_t* bits,
                       int64_t first);

// The reverse of integer and float elements of the same width: machine order to big-endian, the sign bit
// toggled before when `flip`. `bytes` is 1, 2, 4 or 8.
void EncodeFits(void* data, int64_t count, int bytes, bool flip);

// Quantised floats: out[i] = (in[i] - dither[i] + 0.5) * scale + zero in double, rounded to `out`'s type;
// without `dither` in[i] * scale + zero. `blank` gives NaN where has_blank; -2147483646 gives 0 where
// zero_code.
struct FitsQuantisation {
  double scale = 1, zero = 0;
  bool has_blank = false;
  int32_t blank = 0;
  bool zero_code = false;  // SUBTRACTIVE_DITHER_2
};
void UnquantiseFits(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count,
                    float* out);
void UnquantiseFits(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count,
                    double* out);

// The sum of `words` big-endian 32-bit words; exact up to 2^32 words.
uint64_t SumBigEndianWords(const void* data, int64_t words);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_CONVERT_H_
