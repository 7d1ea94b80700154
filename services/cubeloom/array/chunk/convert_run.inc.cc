// See convert_run.h. No inline function of another header may be called here: the linker could keep its v4
// copy for the whole program.
#include "cubeloom/array/chunk/convert_run.h"

namespace cubeloom {
namespace CL_SIMD_NS {
namespace {

struct Bool {  // one byte, any value but 0 is true
  uint8_t v;
};
template <typename T>
struct Complex {
  T re, im;
};

template <typename T>
struct Tag {
  using type = T;
};

// Calls f(Tag<element type>) for the real dtypes, Bool included; false for others.
template <typename F>
bool WithReal(DType t, F f) {
  switch (t) {
    case DType::kBool:
      return f(Tag<Bool>()), true;
    case DType::kU8:
      return f(Tag<uint8_t>()), true;
    case DType::kI8:
      return f(Tag<int8_t>()), true;
    case DType::kU16:
      return f(Tag<uint16_t>()), true;
    case DType::kI16:
      return f(Tag<int16_t>()), true;
    case DType::kU32:
      return f(Tag<uint32_t>()), true;
    case DType::kI32:
      return f(Tag<int32_t>()), true;
    case DType::kU64:
      return f(Tag<uint64_t>()), true;
    case DType::kI64:
      return f(Tag<int64_t>()), true;
    case DType::kF32:
      return f(Tag<float>()), true;
    case DType::kF64:
      return f(Tag<double>()), true;
    default:
      return false;
  }
}

template <typename T>
T Number(T v) {
  return v;
}
uint8_t Number(Bool v) { return v.v != 0; }

template <typename From, typename To>
void Loop(const From* __restrict in, int64_t count, To* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<To>(Number(in[i]));
}
template <typename From>
void Loop(const From* __restrict in, int64_t count, Bool* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i].v = Number(in[i]) != 0;
}
template <typename From, typename To>
void Loop(const From* __restrict in, int64_t count, Complex<To>* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i] = {static_cast<To>(Number(in[i])), To(0)};
}

// A complex array is a real one of twice the length.
template <typename From>
void FromComplex(const void* in, DType to, int64_t count, void* out) {
  const From* from = static_cast<const From*>(in);
  if (to == DType::kC64) Loop(from, 2 * count, static_cast<float*>(out));
  if (to == DType::kC128) Loop(from, 2 * count, static_cast<double*>(out));
}

template <typename From>
void FromReal(const From* in, DType to, int64_t count, void* out) {
  const bool done =
      WithReal(to, [&](auto tag) { Loop(in, count, static_cast<typename decltype(tag)::type*>(out)); });
  if (done) return;
  if (to == DType::kC64) Loop(in, count, static_cast<Complex<float>*>(out));
  if (to == DType::kC128) Loop(in, count, static_cast<Complex<double>*>(out));
}

template <typename T>
struct Is {
  static constexpr bool kBool = false, kFloat = false, kSigned = T(-1) < T(0);
};
template <>
struct Is<Bool> {
  static constexpr bool kBool = true, kFloat = false, kSigned = false;
};
template <>
struct Is<float> {
  static constexpr bool kBool = false, kFloat = true, kSigned = true;
};
template <>
struct Is<double> : Is<float> {};

// ORs together what the way through To loses; no early exit, so that the loop is straight vector code. A
// change of sign alone loses no bits where To is as wide as From: there the top bit itself tells.
template <typename To, typename From>
bool AllFit(const From* in, int64_t count) {
  using V = decltype(Number(in[0]));
  constexpr bool kSignMatters =
      Is<From>::kSigned ? !Is<To>::kSigned : Is<To>::kSigned && sizeof(To) == sizeof(From);
  constexpr V kTop = kSignMatters ? static_cast<V>(V(1) << (sizeof(V) * 8 - 1)) : V(0);
  V lost = 0;
  for (int64_t i = 0; i < count; ++i) {
    const V v = Number(in[i]);
    lost = static_cast<V>(lost | (v ^ static_cast<V>(static_cast<To>(v))) | (v & kTop));
  }
  return lost == 0;
}

// Bits of a float type: magnitudes above kInf are NaNs, kNan is the quiet one that we write.
struct Bits32 {
  typedef uint32_t Word __attribute__((may_alias));
  static constexpr Word kMagnitude = 0x7fffffffu, kInf = 0x7f800000u, kNan = 0x7fc00000u;
};
struct Bits64 {
  typedef uint64_t Word __attribute__((may_alias));
  static constexpr Word kMagnitude = 0x7fffffffffffffffu, kInf = 0x7ff0000000000000u,
                        kNan = 0x7ff8000000000000u;
};

template <typename B>
bool NansCanonical(const void* in, int64_t count) {
  const typename B::Word* w = static_cast<const typename B::Word*>(in);
  bool bad = false;
  for (int64_t i = 0; i < count; ++i) bad |= ((w[i] & B::kMagnitude) > B::kInf) & (w[i] != B::kNan);
  return !bad;
}
template <typename B>
void CanonicalNans(const void* in, int64_t count, void* out) {
  const typename B::Word* w = static_cast<const typename B::Word*>(in);
  typename B::Word* o = static_cast<typename B::Word*>(out);
  for (int64_t i = 0; i < count; ++i) o[i] = (w[i] & B::kMagnitude) > B::kInf ? B::kNan : w[i];
}

}  // namespace

void ConvertRun(DType from, DType to, const void* in, int64_t count, void* out) {
  if (from == DType::kC64) return FromComplex<float>(in, to, count, out);
  if (from == DType::kC128) return FromComplex<double>(in, to, count, out);
  WithReal(from,
           [&](auto tag) { FromReal(static_cast<const typename decltype(tag)::type*>(in), to, count, out); });
}

bool FitsRange(DType from, DType to, const void* in, int64_t count) {
  bool fits = true;
  WithReal(to, [&](auto to_tag) {
    using To = typename decltype(to_tag)::type;
    WithReal(from, [&](auto from_tag) {
      using From = typename decltype(from_tag)::type;
      if constexpr (!Is<From>::kFloat && !Is<To>::kFloat && !Is<To>::kBool) {
        fits = AllFit<To>(static_cast<const From*>(in), count);
      }
    });
  });
  return fits;
}

bool IsCanonical(DType dtype, const void* in, int64_t count) {
  switch (dtype) {
    case DType::kBool: {
      const uint8_t* bytes = static_cast<const uint8_t*>(in);
      bool bad = false;
      for (int64_t i = 0; i < count; ++i) bad |= bytes[i] > 1;
      return !bad;
    }
    case DType::kF32:
      return NansCanonical<Bits32>(in, count);
    case DType::kF64:
      return NansCanonical<Bits64>(in, count);
    case DType::kC64:
      return NansCanonical<Bits32>(in, 2 * count);
    case DType::kC128:
      return NansCanonical<Bits64>(in, 2 * count);
    default:
      return true;
  }
}

void MakeCanonical(DType dtype, const void* in, int64_t count, void* out) {
  switch (dtype) {
    case DType::kF32:
      return CanonicalNans<Bits32>(in, count, out);
    case DType::kF64:
      return CanonicalNans<Bits64>(in, count, out);
    case DType::kC64:
      return CanonicalNans<Bits32>(in, 2 * count, out);
    case DType::kC128:
      return CanonicalNans<Bits64>(in, 2 * count, out);
    case DType::kBool: {
      const uint8_t* bytes = static_cast<const uint8_t*>(in);
      for (int64_t i = 0; i < count; ++i) static_cast<uint8_t*>(out)[i] = bytes[i] != 0;
      return;
    }
    default:
      if (in != out) ConvertRun(dtype, dtype, in, count, out);
  }
}

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
