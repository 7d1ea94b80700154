// Stored HDF5 elements to array elements.
#ifndef CUBELOOM_STORE_HDF5_ELEMENT_H_
#define CUBELOOM_STORE_HDF5_ELEMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cubeloom/store/hdf5/structure.h"

namespace cubeloom {

// Reads elements of one stored type: byte order, halves to f32, bools to 0 or 1, and floats that mean "no
// value" to NaN. Immutable; thread-safe.
class Hdf5Elements {
 public:
  Hdf5Elements(const Hdf5Type& type, const std::vector<std::string>& missing);

  int stored_bytes() const { return type_.bytes; }
  int bytes() const { return bytes_; }
  // Whether `missing` says anything that can only be told by a bitmap: integers and bools with such a value.
  bool needs_validity() const { return !integer_missing_.empty(); }
  // Whether Convert() changes nothing, so that stored elements may be used where they are.
  bool identity() const {
    return !type_.big_endian && !type_.half && type_.dtype != DType::kBool && float_missing_.empty();
  }

  // Converts `count` elements. The stored ones lie at the end of the room for the converted: from byte
  // count * (bytes() - stored_bytes()) on.
  void Convert(void* data, int64_t count) const;
  // Of converted elements: how many mean "no value"; where `bits` is given, clears their bits from bit
  // `first` on.
  int64_t MarkMissing(const void* data, int64_t count, uint8_t* bits, int64_t first) const;
  // One converted element; `stored` has stored_bytes() bytes, or is empty for zero.
  std::string One(const std::string& stored) const;

 private:
  const Hdf5Type type_;
  const int bytes_;
  std::vector<double> float_missing_;
  std::vector<std::string> integer_missing_;  // converted
};

// In place: the bytes of each of `count` words of 1, 2, 4 or 8 bytes in the other order.
void SwapHdf5Bytes(void* data, int64_t count, int bytes);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_ELEMENT_H_
