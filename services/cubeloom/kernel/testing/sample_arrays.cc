#include "cubeloom/kernel/testing/sample_arrays.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

// Calls f(T()) with the element type.
template <typename F>
auto WithType(DType dtype, F&& f) {
  switch (dtype) {
    // NOLINTNEXTLINE(bugprone-branch-clone): the branches differ in their type
    case DType::kBool:
      return f(bool());
    case DType::kU8:
      return f(uint8_t());
    case DType::kI8:
      return f(int8_t());
    case DType::kU16:
      return f(uint16_t());
    case DType::kI16:
      return f(int16_t());
    case DType::kU32:
      return f(uint32_t());
    case DType::kI32:
      return f(int32_t());
    case DType::kU64:
      return f(uint64_t());
    case DType::kI64:
      return f(int64_t());
    case DType::kF64:
      return f(double());
    default:
      return f(float());
  }
}

double Range(DType dtype, double value) {
  if (IsFloat(dtype)) return dtype == DType::kF32 ? double{static_cast<float>(value)} : value;
  return WithType(dtype, [&](auto t) {
    using T = decltype(t);
    // 2^63 and 2^64 - 1 are no doubles: stay well below.
    const double least = static_cast<double>(std::numeric_limits<T>::lowest());
    const double most = std::min(static_cast<double>(std::numeric_limits<T>::max()), 0x1p62);
    return std::floor(std::clamp(value, least, most)) + 0.0;
  });
}

template <typename T>
bool Exact(double value) {
  if (std::is_floating_point_v<T>)
    return std::isnan(value) || static_cast<double>(static_cast<T>(value)) == value;
  const double least = static_cast<double>(std::numeric_limits<T>::lowest());
  const double most = std::min(static_cast<double>(std::numeric_limits<T>::max()), 0x1p62);
  return value >= least && value <= most && std::floor(value) == value &&
         !(value == 0 && std::signbit(value));
}

ArrayPtr WithInvalid(const ArrayPtr& array, double fraction, Random& random) {
  Chunk chunk = array->Read(Box::Whole(array->desc().shape), ReadContext()).value();
  std::vector<uint8_t> bits(static_cast<size_t>((chunk.box.elements() + 7) / 8), 0xff);
  for (int64_t i = 0; i < chunk.box.elements(); ++i) {
    if (random.Unit() < fraction) bits[static_cast<size_t>(i / 8)] &= static_cast<uint8_t>(~(1u << (i % 8)));
  }
  chunk.validity = Buffer::Copy(bits.data(), bits.size());
  return MakeMemoryArray(array->desc(), std::move(chunk)).value();
}

}  // namespace

absl::StatusOr<ArrayPtr> ArrayOf(const ArrayDesc& desc, const std::vector<double>& values) {
  if (static_cast<int64_t>(values.size()) != desc.shape.elements()) {
    return absl::InvalidArgumentError(
        absl::StrCat(values.size(), " values for a shape of ", desc.shape.ToString()));
  }
  Chunk chunk;
  chunk.dtype = desc.dtype;
  chunk.box = Box::Whole(desc.shape);
  chunk.strides = ContiguousStrides(desc.shape);
  std::vector<uint8_t> bits((values.size() + 7) / 8, 0xff);
  bool all_valid = true;
  const absl::Status status = WithType(desc.dtype, [&](auto t) -> absl::Status {
    using T = decltype(t);
    std::vector<unsigned char> bytes(values.size() * sizeof(T));
    for (size_t i = 0; i < values.size(); ++i) {
      const bool blank = std::isnan(values[i]) && !IsFloat(desc.dtype);
      if (!blank && !Exact<T>(values[i])) {
        return absl::InvalidArgumentError(absl::StrCat(values[i], " is no ", DTypeName(desc.dtype)));
      }
      if (blank) bits[i / 8] &= static_cast<uint8_t>(~(1u << (i % 8)));
      all_valid = all_valid && !blank;
      const T element = blank ? T(1) : static_cast<T>(values[i]);
      std::memcpy(bytes.data() + i * sizeof(T), &element, sizeof(T));
    }
    chunk.data = Buffer::Copy(bytes.data(), bytes.size());
    return absl::OkStatus();
  });
  CL_RETURN_IF_ERROR(status);
  if (!all_valid) chunk.validity = Buffer::Copy(bits.data(), bits.size());
  return MakeMemoryArray(desc, std::move(chunk));
}

ArrayPtr SampleArray(const Shape& shape, const SampleOptions& options) {
  Random random(options.seed);
  const bool spread = options.spread && IsFloat(options.dtype) && options.min <= 0 && options.max >= 0;
  std::vector<double> values(static_cast<size_t>(shape.elements()));
  for (double& value : values) {
    value = options.min + (options.max - options.min) * random.Unit();
    if (spread && random.Next() % 4 == 0) value = std::ldexp(value, -static_cast<int>(random.Next() % 31));
    value = Range(options.dtype, value);
    if (IsFloat(options.dtype) && random.Unit() < options.nan_fraction) value = std::nan("");
  }
  ArrayDesc desc;
  desc.dtype = options.dtype;
  desc.shape = shape;
  const ArrayPtr array = ArrayOf(desc, values).value();
  return options.invalid_fraction > 0 ? WithInvalid(array, options.invalid_fraction, random) : array;
}

absl::StatusOr<std::vector<double>> ValuesOf(const Array& array) {
  std::vector<double> values;
  if (array.desc().shape.elements() == 0) return values;
  CL_ASSIGN_OR_RETURN(Chunk chunk, array.Read(Box::Whole(array.desc().shape), ReadContext()));
  CL_ASSIGN_OR_RETURN(chunk, ConvertChunk(chunk, DType::kF64, Allocator::Heap()));
  CL_ASSIGN_OR_RETURN(chunk, MakeContiguous(chunk, Allocator::Heap()));
  values.assign(chunk.as<double>(), chunk.as<double>() + chunk.box.elements());
  return values;
}

std::vector<PortPayloads> OnePerPort(std::vector<Payload> payloads) {
  std::vector<PortPayloads> inputs;
  for (Payload& payload : payloads) {
    inputs.emplace_back();
    if (payload.kind() != PayloadKind::kNone) inputs.back().push_back(std::move(payload));
  }
  return inputs;
}

}  // namespace cubeloom
