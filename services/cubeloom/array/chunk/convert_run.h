// The loops below ConvertChunk and ContentDigest: one contiguous run of elements at a time. Compiled for
// x86-64-v2, v3 and v4 with equal results (conversions round to nearest; nothing is accumulated).
#ifndef CUBELOOM_ARRAY_CHUNK_CONVERT_RUN_H_
#define CUBELOOM_ARRAY_CHUNK_CONVERT_RUN_H_

#include <cstdint>

#include "cubeloom/array/shape/dtype.h"

namespace cubeloom {

// out[i] = in[i] as `to`, for `count` elements that follow each other on both sides. Integers outside the
// range of an integer `to` wrap (see FitsRange); to bool is "not zero"; real to complex has imaginary part 0.
// The pair must be one of CanConvert().
using ConvertRunFn = void (*)(DType from, DType to, const void* in, int64_t count, void* out);
// True when all of in[0, count) are in the range of the integer type `to`. Both are integers (or `from`
// bool).
using FitsRangeFn = bool (*)(DType from, DType to, const void* in, int64_t count);
// True when the elements are canonical as they are: no NaN but the one quiet NaN, no bool but 0 and 1.
using IsCanonicalFn = bool (*)(DType dtype, const void* in, int64_t count);
// The canonical form of the elements; in and out may be the same.
using MakeCanonicalFn = void (*)(DType dtype, const void* in, int64_t count, void* out);

#define CL_DECLARE_CONVERT_RUN(ns)                                                 \
  namespace ns {                                                                   \
  void ConvertRun(DType from, DType to, const void* in, int64_t count, void* out); \
  bool FitsRange(DType from, DType to, const void* in, int64_t count);             \
  bool IsCanonical(DType dtype, const void* in, int64_t count);                    \
  void MakeCanonical(DType dtype, const void* in, int64_t count, void* out);       \
  }
CL_DECLARE_CONVERT_RUN(v2)
CL_DECLARE_CONVERT_RUN(v3)
CL_DECLARE_CONVERT_RUN(v4)
#undef CL_DECLARE_CONVERT_RUN

// Numbers to numbers, except float or complex to integer or bool, and complex to real.
bool CanConvert(DType from, DType to);

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CHUNK_CONVERT_RUN_H_
