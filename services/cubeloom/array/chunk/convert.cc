// ConvertChunk: the elements of a chunk as another dtype.
#include <cstring>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/array/chunk/coalesce.h"
#include "cubeloom/array/chunk/convert_run.h"
#include "cubeloom/base/cpu.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

bool IsComplex(DType t) { return t == DType::kC64 || t == DType::kC128; }

const uint8_t* ValidityBits(const Chunk& chunk) {
  return reinterpret_cast<const uint8_t*>(chunk.validity.data());
}

// "[3, 5] = 70000": where in the array an element of the chunk is, and what it is.
std::string Describe(const Chunk& chunk, int64_t linear, const std::byte* element) {
  Shape at = chunk.box.origin;
  for (int a = at.rank() - 1; a >= 0; --a) {
    at[a] += linear % chunk.box.extent[a];
    linear /= chunk.box.extent[a];
  }
  std::string text = "[";
  for (int a = 0; a < at.rank(); ++a) absl::StrAppend(&text, a > 0 ? ", " : "", at[a]);
  absl::StrAppend(&text, "] = ");
  if (chunk.dtype == DType::kU64) {
    uint64_t v;
    std::memcpy(&v, element, sizeof v);
    return absl::StrCat(text, v);
  }
  int64_t v = 0;
  v2::ConvertRun(chunk.dtype, DType::kI64, element, 1, &v);
  return absl::StrCat(text, v);
}

template <typename T>
void SetNan(const uint8_t* validity, int64_t first, int64_t count, void* out) {
  T* values = static_cast<T*>(out);
  ForEachZeroBit(validity, first, count, [&](int64_t i) { values[i] = std::numeric_limits<T>::quiet_NaN(); });
}

// One run: range check, conversion, invalid elements to NaN.
class RunConverter {
 public:
  RunConverter(const Chunk& chunk, DType to)
      : chunk_(chunk),
        to_(to),
        size_(DTypeSize(chunk.dtype)),
        check_range_(IsInteger(chunk.dtype) && IsInteger(to) && !IsLossless(chunk.dtype, to)),
        convert_(CL_SIMD_DISPATCH(ConvertRun)),
        fits_(CL_SIMD_DISPATCH(FitsRange)) {}

  absl::Status Convert(int64_t offset, int64_t linear, int64_t count, void* out) const {
    const std::byte* in = chunk_.data.data() + offset * size_;
    if (check_range_ && !fits_(chunk_.dtype, to_, in, count)) {
      CL_RETURN_IF_ERROR(CheckValid(in, linear, count));
    }
    convert_(chunk_.dtype, to_, in, count, out);
    if (chunk_.validity && to_ == DType::kF32) SetNan<float>(ValidityBits(chunk_), linear, count, out);
    if (chunk_.validity && to_ == DType::kF64) SetNan<double>(ValidityBits(chunk_), linear, count, out);
    return absl::OkStatus();
  }

 private:
  // Some element does not fit; that matters only where it is valid.
  absl::Status CheckValid(const std::byte* in, int64_t linear, int64_t count) const {
    for (int64_t i = 0; i < count; ++i) {
      if (!chunk_.valid(linear + i) || v2::FitsRange(chunk_.dtype, to_, in + i * size_, 1)) continue;
      return absl::InvalidArgumentError(absl::StrCat("element ", Describe(chunk_, linear + i, in + i * size_),
                                                     " (", DTypeName(chunk_.dtype), ") does not fit ",
                                                     DTypeName(to_)));
    }
    return absl::OkStatus();
  }

  const Chunk& chunk_;
  const DType to_;
  const size_t size_;
  const bool check_range_;
  const ConvertRunFn convert_;
  const FitsRangeFn fits_;
};

}  // namespace

bool CanConvert(DType from, DType to) {
  if (from == to) return true;
  if (IsComplex(from)) return IsComplex(to);
  if (IsFloat(from)) return IsFloat(to) || IsComplex(to);
  return true;
}

absl::StatusOr<Chunk> ConvertChunk(const Chunk& chunk, DType to, Allocator& allocator) {
  if (!CanConvert(chunk.dtype, to)) {
    return absl::InvalidArgumentError(
        absl::StrCat("elements of type ", DTypeName(chunk.dtype), " do not convert to ", DTypeName(to)));
  }
  if (chunk.dtype == to && !(IsFloat(to) && chunk.validity)) return chunk;
  CL_ASSIGN_OR_RETURN(const int64_t elements, CheckedElements(chunk.box.extent, to));
  const size_t size = DTypeSize(to);
  CL_ASSIGN_OR_RETURN(MutableBuffer data, allocator.Allocate(static_cast<size_t>(elements) * size));
  const RunConverter converter(chunk, to);
  const Chunk flat = Coalesced(chunk);
  const int64_t length = flat.box.extent[flat.box.rank() - 1];
  absl::Status status;
  ForEachRow(flat, [&](int64_t offset, int64_t linear) {
    if (status.ok()) status = converter.Convert(offset, linear, length, data.data() + linear * size);
  });
  CL_RETURN_IF_ERROR(status);
  Chunk out = chunk;
  out.dtype = to;
  out.strides = ContiguousStrides(chunk.box.extent);
  out.data = std::move(data).Publish();
  if (IsFloat(to)) out.validity = Buffer();
  return out;
}

}  // namespace cubeloom
