// The loops of convert.h, compiled for x86-64-v2, v3 and v4. No inline function of another header may be
// called here: the linker could keep its v4 copy for the whole program.
#include "cubeloom/store/fits/convert.h"

namespace cubeloom {
namespace CL_SIMD_NS {
namespace {

inline uint8_t Swap(uint8_t v) { return v; }
inline uint16_t Swap(uint16_t v) { return __builtin_bswap16(v); }
inline uint32_t Swap(uint32_t v) { return __builtin_bswap32(v); }
inline uint64_t Swap(uint64_t v) { return __builtin_bswap64(v); }

// Element i of memory of any type and alignment.
template <typename U>
inline U Get(const void* p, int64_t i) {
  U v;
  __builtin_memcpy(&v, static_cast<const char*>(p) + i * static_cast<int64_t>(sizeof(U)), sizeof(U));
  return v;
}
template <typename U>
inline void Put(void* p, int64_t i, U v) {
  __builtin_memcpy(static_cast<char*>(p) + i * static_cast<int64_t>(sizeof(U)), &v, sizeof(U));
}

template <typename T>
struct Bits;
template <>
struct Bits<uint8_t> {
  using type = uint8_t;
};
template <>
struct Bits<int16_t> {
  using type = uint16_t;
};
template <>
struct Bits<int32_t> {
  using type = uint32_t;
};
template <>
struct Bits<int64_t> {
  using type = uint64_t;
};
template <>
struct Bits<float> {
  using type = uint32_t;
};
template <>
struct Bits<double> {
  using type = uint64_t;
};

// Same width in and out: swap the bytes, toggle the sign bit.
template <typename U>
void SwapLoop(void* data, int64_t count, bool swap, bool flip) {
  const U mask = flip ? static_cast<U>(U(1) << (sizeof(U) * 8 - 1)) : U(0);
  if (swap) {
    for (int64_t i = 0; i < count; ++i) Put<U>(data, i, Swap(Get<U>(data, i)) ^ mask);
  } else if (flip) {
    for (int64_t i = 0; i < count; ++i) Put<U>(data, i, Get<U>(data, i) ^ mask);
  }
}

template <typename U>
void EncodeLoop(void* data, int64_t count, bool flip) {
  const U mask = flip ? Swap(static_cast<U>(U(1) << (sizeof(U) * 8 - 1))) : U(0);
  for (int64_t i = 0; i < count; ++i) Put<U>(data, i, Swap(Get<U>(data, i)) ^ mask);
}

// One block: `raw` never overlaps `out`.
template <typename T, typename Out, bool kSwap, bool kScale, bool kBlank>
void Block(const FitsConversion& c, const typename Bits<T>::type* __restrict raw, int count,
           Out* __restrict out) {
  const double scale = c.scale, zero = c.zero;
  const T blank = static_cast<T>(c.blank);
  for (int i = 0; i < count; ++i) {
    const typename Bits<T>::type bits = kSwap ? Swap(raw[i]) : raw[i];
    T v;
    __builtin_memcpy(&v, &bits, sizeof(v));
    double d = static_cast<double>(v);
    if (kScale) d = d * scale + zero;
    if (kBlank) d = v == blank ? __builtin_nan("") : d;
    out[i] = static_cast<Out>(d);
  }
}

// Forward over `data` with the stored elements at its end: a block is copied aside before it is overwritten,
// and written elements never reach stored ones that are still to come.
template <typename T, typename Out, bool kSwap, bool kScale, bool kBlank>
void Widen(const FitsConversion& c, void* data, int64_t count) {
  constexpr int kBlock = 512;
  typename Bits<T>::type raw[kBlock];
  Out converted[kBlock];
  char* out = static_cast<char*>(data);
  const char* in =
      out + (sizeof(Out) > sizeof(T) ? count * static_cast<int64_t>(sizeof(Out) - sizeof(T)) : 0);
  for (int64_t at = 0; at < count; at += kBlock) {
    const int n = static_cast<int>(count - at < kBlock ? count - at : kBlock);
    __builtin_memcpy(raw, in + at * static_cast<int64_t>(sizeof(T)), n * sizeof(T));
    Block<T, Out, kSwap, kScale, kBlank>(c, raw, n, converted);
    __builtin_memcpy(out + at * static_cast<int64_t>(sizeof(Out)), converted, n * sizeof(Out));
  }
}

template <typename T, typename Out, bool kScale, bool kBlank>
void WidenEndian(const FitsConversion& c, void* data, int64_t count) {
  if (c.big_endian) {
    Widen<T, Out, true, kScale, kBlank>(c, data, count);
  } else {
    Widen<T, Out, false, kScale, kBlank>(c, data, count);
  }
}

template <typename T, typename Out>
void FromInteger(const FitsConversion& c, void* data, int64_t count) {
  if (c.has_blank) {
    WidenEndian<T, Out, true, true>(c, data, count);
  } else {
    WidenEndian<T, Out, true, false>(c, data, count);
  }
}

template <typename T, typename Out>
void FromFloat(const FitsConversion& c, void* data, int64_t count) {
  if (c.scaled) {
    WidenEndian<T, Out, true, false>(c, data, count);
  } else {
    WidenEndian<T, Out, false, false>(c, data, count);
  }
}

template <typename Out>
void ToFloat(const FitsConversion& c, void* data, int64_t count) {
  switch (c.bitpix) {
    case 8:
      return FromInteger<uint8_t, Out>(c, data, count);
    case 16:
      return FromInteger<int16_t, Out>(c, data, count);
    case 32:
      return FromInteger<int32_t, Out>(c, data, count);
    case 64:
      return FromInteger<int64_t, Out>(c, data, count);
    case -32:
      return FromFloat<float, Out>(c, data, count);
    default:
      return FromFloat<double, Out>(c, data, count);
  }
}

template <typename Out, bool kDither>
void Unquantise(const FitsQuantisation& q, const int32_t* __restrict in, const float* __restrict dither,
                int64_t count, Out* __restrict out) {
  const double scale = q.scale, zero = q.zero;
  const bool has_blank = q.has_blank, zero_code = q.zero_code;
  const int32_t blank = q.blank;
  for (int64_t i = 0; i < count; ++i) {
    double v = static_cast<double>(in[i]);
    if (kDither) v = v - static_cast<double>(dither[i]) + 0.5;
    v = v * scale + zero;
    v = (zero_code && in[i] == -2147483646) ? 0.0 : v;
    v = (has_blank && in[i] == blank) ? __builtin_nan("") : v;
    out[i] = static_cast<Out>(v);
  }
}

template <typename Out>
void UnquantiseEither(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count,
                      Out* out) {
  if (dither != nullptr) {
    Unquantise<Out, true>(q, in, dither, count, out);
  } else {
    Unquantise<Out, false>(q, in, dither, count, out);
  }
}

template <typename U>
int64_t CountEqual(const void* data, int64_t count, U value) {
  int64_t n = 0;
  for (int64_t at = 0; at < count; at += 1 << 15) {
    const int64_t end = count - at < (1 << 15) ? count : at + (1 << 15);
    uint32_t part = 0;
    for (int64_t i = at; i < end; ++i) part += Get<U>(data, i) == value;
    n += part;
  }
  return n;
}

}  // namespace

void ConvertFitsRun(const FitsConversion& c, void* data, int64_t count) {
  if (c.out == DType::kF32 && !(c.bitpix == -32 && !c.scaled)) return ToFloat<float>(c, data, count);
  if (c.out == DType::kF64 && !(c.bitpix == -64 && !c.scaled)) return ToFloat<double>(c, data, count);
  switch (c.bitpix) {
    case 8:
      return SwapLoop<uint8_t>(data, count, false, c.flip);
    case 16:
      return SwapLoop<uint16_t>(data, count, c.big_endian, c.flip);
    case 32:
    case -32:
      return SwapLoop<uint32_t>(data, count, c.big_endian, c.flip);
    default:
      return SwapLoop<uint64_t>(data, count, c.big_endian, c.flip);
  }
}

int64_t CountFitsValue(const void* data, int64_t count, int bytes, uint64_t value) {
  switch (bytes) {
    case 1:
      return CountEqual<uint8_t>(data, count, static_cast<uint8_t>(value));
    case 2:
      return CountEqual<uint16_t>(data, count, static_cast<uint16_t>(value));
    case 4:
      return CountEqual<uint32_t>(data, count, static_cast<uint32_t>(value));
    default:
      return CountEqual<uint64_t>(data, count, value);
  }
}

void EncodeFitsRun(void* data, int64_t count, int bytes, bool flip) {
  switch (bytes) {
    case 1:
      return SwapLoop<uint8_t>(data, count, false, flip);
    case 2:
      return EncodeLoop<uint16_t>(data, count, flip);
    case 4:
      return EncodeLoop<uint32_t>(data, count, flip);
    default:
      return EncodeLoop<uint64_t>(data, count, flip);
  }
}

void UnquantiseF32(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count,
                   float* out) {
  UnquantiseEither(q, in, dither, count, out);
}
void UnquantiseF64(const FitsQuantisation& q, const int32_t* in, const float* dither, int64_t count,
                   double* out) {
  UnquantiseEither(q, in, dither, count, out);
}

uint64_t SumWordsRun(const void* data, int64_t words) {
  uint64_t sum = 0;
  for (int64_t i = 0; i < words; ++i) sum += Swap(Get<uint32_t>(data, i));
  return sum;
}

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
