#include "cubeloom/store/hdf5/pieces.h"

#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/hdf5/element.h"

namespace cubeloom {
namespace {

template <typename T>
std::string ElementOf(T v) {
  std::string out(sizeof(T), '\0');
  std::memcpy(&out[0], &v, sizeof(T));
  return out;
}

template <typename T>
std::string FromValue(const Value& value) {
  if constexpr (std::is_floating_point_v<T>) {
    return value.is_number() ? ElementOf(static_cast<T>(value.real())) : "";
  } else {
    const absl::StatusOr<int64_t> v = value.AsInt();
    if (!v.ok() || (std::is_unsigned_v<T> && *v < 0)) return "";
    if constexpr (sizeof(T) < 8) {
      if (*v < int64_t{std::numeric_limits<T>::min()} || *v > int64_t{std::numeric_limits<T>::max()})
        return "";
    }
    return ElementOf(static_cast<T>(*v));
  }
}

// One element of `dtype`, or "" when the value is none.
std::string ElementOfValue(DType dtype, const Value& value) {
  switch (dtype) {
    case DType::kU8:
      return FromValue<uint8_t>(value);
    case DType::kI8:
      return FromValue<int8_t>(value);
    case DType::kU16:
      return FromValue<uint16_t>(value);
    case DType::kI16:
      return FromValue<int16_t>(value);
    case DType::kU32:
      return FromValue<uint32_t>(value);
    case DType::kI32:
      return FromValue<int32_t>(value);
    case DType::kU64:
      return FromValue<uint64_t>(value);
    case DType::kI64:
      return FromValue<int64_t>(value);
    case DType::kF32:
      return FromValue<float>(value);
    case DType::kF64:
      return FromValue<double>(value);
    default:
      return "";
  }
}

std::string DefaultFill(DType dtype) {
  switch (dtype) {
    case DType::kI8:
      return ElementOf(std::numeric_limits<int8_t>::min());
    case DType::kI16:
      return ElementOf(std::numeric_limits<int16_t>::min());
    case DType::kI32:
      return ElementOf(std::numeric_limits<int32_t>::min());
    case DType::kI64:
      return ElementOf(std::numeric_limits<int64_t>::min());
    default:
      return std::string(DTypeSize(dtype), '\xFF');
  }
}

// What an invalid element becomes.
std::string InvalidElement(DType dtype, const std::string& fill) {
  switch (dtype) {
    case DType::kF32:
      return ElementOf(std::numeric_limits<float>::quiet_NaN());
    case DType::kF64:
      return ElementOf(std::numeric_limits<double>::quiet_NaN());
    case DType::kC64:
      return ElementOf(std::numeric_limits<float>::quiet_NaN()) +
             ElementOf(std::numeric_limits<float>::quiet_NaN());
    case DType::kC128:
      return ElementOf(std::numeric_limits<double>::quiet_NaN()) +
             ElementOf(std::numeric_limits<double>::quiet_NaN());
    default:
      return fill;
  }
}

bool IsMissingName(absl::string_view name) { return name == "_FillValue" || name == "missing_value"; }

}  // namespace

Hdf5PieceReader::Hdf5PieceReader(ArrayPtr array, const ReadContext& context)
    : array_(std::move(array)), context_(context) {
  const DType dtype = array_->desc().dtype;
  if (!IsInteger(dtype)) return;
  if (const Attribute* a = array_->desc().Find("_FillValue")) fill_ = ElementOfValue(dtype, a->value);
  if (fill_.empty()) fill_ = DefaultFill(dtype);
}

absl::StatusOr<Buffer> Hdf5PieceReader::Read(const Box& box) {
  if (context_.cancel.cancelled()) return context_.cancel.status();
  CL_ASSIGN_OR_RETURN(const Chunk chunk, array_->Read(box, context_));
  CL_ASSIGN_OR_RETURN(const Chunk dense, MakeContiguous(chunk, *context_.allocator));
  const size_t element = DTypeSize(dense.dtype);
  const auto bytes = static_cast<size_t>(box.elements()) * element;
  Buffer data = dense.data.Slice(0, bytes);
  if (dense.validity || dense.dtype == DType::kBool) {
    CL_ASSIGN_OR_RETURN(data, Marked(dense));
  }
  if (IsInteger(dense.dtype)) {
    Hdf5Type type;
    type.dtype = dense.dtype;
    type.bytes = static_cast<int>(element);
    filled_ += Hdf5Elements(type, {fill_}).MarkMissing(data.data(), box.elements(), nullptr, 0);
  }
  return data;
}

// A copy with invalid elements replaced and bools as 0 or 1.
absl::StatusOr<Buffer> Hdf5PieceReader::Marked(const Chunk& chunk) {
  const size_t element = DTypeSize(chunk.dtype);
  const int64_t count = chunk.box.elements();
  CL_ASSIGN_OR_RETURN(MutableBuffer out, context_.allocator->Allocate(static_cast<size_t>(count) * element));
  if (out.size() > 0) std::memcpy(out.data(), chunk.data.data(), out.size());
  if (chunk.dtype == DType::kBool) {
    for (int64_t i = 0; i < count; ++i) out.data()[i] = static_cast<std::byte>(out.data()[i] != std::byte{0});
  }
  if (!chunk.validity) return std::move(out).Publish();
  const std::string invalid = InvalidElement(chunk.dtype, fill_);
  int64_t found = 0;
  ForEachZeroBit(reinterpret_cast<const uint8_t*>(chunk.validity.data()), 0, count, [&](int64_t i) {
    ++found;
    if (!invalid.empty()) std::memcpy(out.data() + i * element, invalid.data(), element);
  });
  if (chunk.dtype == DType::kBool && found > 0) {
    return absl::InvalidArgumentError("has invalid elements, which have no form in a dataset of bool");
  }
  invalid_ += found;
  return std::move(out).Publish();
}

absl::StatusOr<std::vector<Hdf5WriteAttribute>> Hdf5PieceReader::Attributes() const {
  const ArrayDesc& desc = array_->desc();
  std::vector<Hdf5WriteAttribute> out = Hdf5UniqueAttributes(desc.attributes);
  bool has_fill = false;
  for (Hdf5WriteAttribute& a : out) {
    if (!IsMissingName(a.name)) continue;
    a.element = ElementOfValue(desc.dtype, a.value);  // netCDF wants it in the dataset's own type
    a.dtype = desc.dtype;
    has_fill = has_fill || (a.name == "_FillValue" && a.element == fill_);
  }
  if (!desc.unit.empty() && desc.Find("units") == nullptr && desc.Find("BUNIT") == nullptr) {
    out.push_back({"units", Value(desc.unit), "", DType::kF64});
  }
  if (!IsInteger(desc.dtype) || (invalid_ == 0 && !has_fill)) return out;
  if (invalid_ > 0 && filled_ > invalid_) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", filled_ - invalid_,
                     " valid elements of the value that _FillValue gives to invalid ones; "
                     "set the attribute _FillValue to a value that does not occur"));
  }
  if (!has_fill) {
    out.erase(std::remove_if(out.begin(), out.end(), [](const auto& a) { return a.name == "_FillValue"; }),
              out.end());
    out.push_back({"_FillValue", Value(), fill_, desc.dtype});
  }
  return out;
}

}  // namespace cubeloom
