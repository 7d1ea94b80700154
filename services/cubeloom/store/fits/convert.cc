#include "cubeloom/store/fits/convert.h"

#include <cstring>

#include "cubeloom/base/cpu.h"

namespace cubeloom {

#define CL_DECLARE_FITS_RUN(ns)                                                                        \
  namespace ns {                                                                                       \
  void ConvertFitsRun(const FitsConversion& c, void* data, int64_t count);                             \
  int64_t CountFitsValue(const void* data, int64_t count, int bytes, uint64_t value);                  \
  void EncodeFitsRun(void* data, int64_t count, int bytes, bool flip);                                 \
  uint64_t SumWordsRun(const void* data, int64_t words);                                               \
  void UnquantiseF32(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count, \
                     float* out);                                                                      \
  void UnquantiseF64(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count, \
                     double* out);                                                                     \
  }
CL_DECLARE_FITS_RUN(v2)
CL_DECLARE_FITS_RUN(v3)
CL_DECLARE_FITS_RUN(v4)
#undef CL_DECLARE_FITS_RUN

bool FitsHolds(int bitpix, int64_t value) {
  switch (bitpix) {
    case 8:
      return value >= 0 && value <= UINT8_MAX;
    case 16:
      return value >= INT16_MIN && value <= INT16_MAX;
    case 32:
      return value >= INT32_MIN && value <= INT32_MAX;
    default:
      return bitpix == 64;
  }
}

void ConvertFits(const FitsConversion& conversion, void* data, int64_t count) {
  CL_SIMD_DISPATCH(ConvertFitsRun)(conversion, data, count);
}

int64_t MarkFitsBlanks(const FitsConversion& conversion, const void* data, int64_t count, uint8_t* bits,
                       int64_t first) {
  if (!conversion.has_blank) return 0;
  const int bytes = static_cast<int>(FitsElementBytes(conversion.bitpix));
  const uint64_t mask = bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << (bytes * 8)) - 1;
  uint64_t value = static_cast<uint64_t>(conversion.blank) & mask;
  if (conversion.flip) value ^= uint64_t{1} << (bytes * 8 - 1);
  const int64_t found = CL_SIMD_DISPATCH(CountFitsValue)(data, count, bytes, value);
  if (found == 0 || bits == nullptr) return found;
  for (int64_t i = 0; i < count; ++i) {
    uint64_t v = 0;  // little-endian machine: the low bytes
    std::memcpy(&v, static_cast<const char*>(data) + i * bytes, bytes);
    if (v == value) bits[(first + i) >> 3] &= static_cast<uint8_t>(~(1u << ((first + i) & 7)));
  }
  return found;
}

void EncodeFits(void* data, int64_t count, int bytes, bool flip) {
  CL_SIMD_DISPATCH(EncodeFitsRun)(data, count, bytes, flip);
}

void UnquantiseFits(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count,
                    float* out) {
  CL_SIMD_DISPATCH(UnquantiseF32)(q, in, dither, count, out);
}

void UnquantiseFits(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count,
                    double* out) {
  CL_SIMD_DISPATCH(UnquantiseF64)(q, in, dither, count, out);
}

uint64_t SumBigEndianWords(const void* data, int64_t words) {
  return CL_SIMD_DISPATCH(SumWordsRun)(data, words);
}

}  // namespace cubeloom
