#include "cubeloom/store/hdf5/element.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cubeloom/base/cpu.h"
#include "cubeloom/store/hdf5/element_run.h"

namespace cubeloom {
namespace {

bool IsComplex(DType t) { return t == DType::kC64 || t == DType::kC128; }

double AsDouble(DType dtype, const std::string& element) {
  if (dtype == DType::kF64) {
    double v;
    std::memcpy(&v, element.data(), sizeof(v));
    return v;
  }
  float v;
  std::memcpy(&v, element.data(), sizeof(v));
  return v;
}

}  // namespace

Hdf5Elements::Hdf5Elements(const Hdf5Type& type, const std::vector<std::string>& missing)
    : type_(type), bytes_(static_cast<int>(DTypeSize(type.dtype))) {
  std::vector<double> values;
  for (const std::string& stored : missing) {
    const std::string element = One(stored);
    if (IsFloat(type_.dtype)) {
      const double v = AsDouble(type_.dtype, element);
      if (!std::isnan(v)) values.push_back(v);
    } else if (!IsComplex(type_.dtype)) {
      integer_missing_.push_back(element);
    }
  }
  float_missing_ = std::move(values);  // only now: One() shall convert as if nothing were missing
}

void Hdf5Elements::Convert(void* data, int64_t count) const {
  const int words = IsComplex(type_.dtype) ? 2 : 1;
  auto* stored = static_cast<char*>(data) + count * (bytes_ - type_.bytes);
  if (type_.big_endian) SwapHdf5Bytes(stored, count * words, type_.bytes / words);
  if (type_.half) {
    CL_SIMD_DISPATCH(HalfRun)(reinterpret_cast<const uint16_t*>(stored), count, static_cast<float*>(data));
  }
  if (type_.dtype == DType::kBool) {
    for (int64_t i = 0; i < count; ++i) stored[i] = static_cast<char>(stored[i] != 0);
  }
  for (const double v : float_missing_) {
    if (type_.dtype == DType::kF32) {
      CL_SIMD_DISPATCH(MissingFloats)(static_cast<float*>(data), count, static_cast<float>(v));
    } else {
      CL_SIMD_DISPATCH(MissingDoubles)(static_cast<double*>(data), count, v);
    }
  }
}

int64_t Hdf5Elements::MarkMissing(const void* data, int64_t count, uint8_t* bits, int64_t first) const {
  int64_t found = 0;
  for (const std::string& value : integer_missing_) {
    const int64_t here = CL_SIMD_DISPATCH(CountRun)(data, count, bytes_, value.data());
    found += here;
    if (here == 0 || bits == nullptr) continue;
    const auto* p = static_cast<const char*>(data);
    for (int64_t i = 0; i < count; ++i) {
      if (std::memcmp(p + i * bytes_, value.data(), static_cast<size_t>(bytes_)) != 0) continue;
      const int64_t bit = first + i;
      bits[bit >> 3] = static_cast<uint8_t>(bits[bit >> 3] & ~(1u << (bit & 7)));
    }
  }
  return found;
}

std::string Hdf5Elements::One(const std::string& stored) const {
  alignas(16) char room[16] = {};
  if (!stored.empty()) {
    std::memcpy(room + (bytes_ - type_.bytes), stored.data(), static_cast<size_t>(type_.bytes));
    Convert(room, 1);
  }
  return std::string(room, static_cast<size_t>(bytes_));
}

void SwapHdf5Bytes(void* data, int64_t count, int bytes) {
  if (bytes > 1) CL_SIMD_DISPATCH(SwapRun)(data, count, bytes);
}

}  // namespace cubeloom
