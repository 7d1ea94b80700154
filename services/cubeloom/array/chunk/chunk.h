// Arrays and their chunks.
#ifndef CUBELOOM_ARRAY_CHUNK_CHUNK_H_
#define CUBELOOM_ARRAY_CHUNK_CHUNK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/buffer.h"
#include "cubeloom/array/shape/shape.h"
#include "cubeloom/base/cancel.h"
#include "cubeloom/base/ids.h"
#include "cubeloom/base/value.h"

namespace cubeloom {

// One entry of an array's header: a FITS card, an HDF5 attribute. Order and repetition are kept.
struct Attribute {
  std::string name;
  Value value;
  std::string comment;
};

// What is known of an array without its elements.
struct ArrayDesc {
  DType dtype = DType::kF32;
  Shape shape;
  // The chunking in which the array is cheapest to read (file tiles, HDF5 chunks); empty when any will do.
  Shape natural_chunk;
  std::string unit;                   // of the elements, e.g. "Jy/beam"; "" when unknown
  std::vector<Attribute> attributes;  // FITS header, WCS, affine, calendar

  const Attribute* Find(absl::string_view name) const;  // first of that name, or nullptr
};

// Raw: as stored, scaling not applied. Physical: scaling applied once, the form that kernels see.
enum class ScaleState : uint8_t { kPhysical, kRaw };

// A box of elements in memory. `data` points at the element of box.origin; strides are in elements and
// the fastest axis has stride 1, so that a chunk may be a view into a larger one. When `validity` is set,
// it holds one bit an element in row-major order of the box (bit i of byte i/8, 1 = valid), always packed.
// Not valid means: no value there (BLANK, _FillValue, a masked pixel); the element's bytes are then
// unspecified. For floats NaN is invalid too. Immutable once made; copies share memory.
struct Chunk {
  DType dtype = DType::kF32;
  Box box;
  Shape strides;
  Buffer data;
  Buffer validity;  // empty: all valid
  ScaleState scale = ScaleState::kPhysical;

  bool contiguous() const;  // row-major without gaps
  bool valid(int64_t row_major_index) const {
    return !validity ||
           ((static_cast<uint8_t>(validity.data()[row_major_index >> 3]) >> (row_major_index & 7)) & 1);
  }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(data.data());
  }
};

// Row-major strides of a box.
Shape ContiguousStrides(const Shape& extent);

// Calls f(row_pointer_offset_in_elements, row_index_first_element) for each run of the fastest axis:
// `offset` into chunk.data by its strides, `linear` the row-major index within the box. Rank >= 1.
template <typename F>
void ForEachRow(const Chunk& chunk, F&& f) {
  const int last = chunk.box.rank() - 1;
  const int64_t length = chunk.box.extent[last];
  if (chunk.box.empty()) return;
  Shape at = Shape::Filled(chunk.box.rank(), 0);
  int64_t offset = 0, linear = 0;
  while (true) {
    f(offset, linear);
    linear += length;
    int a = last - 1;
    for (; a >= 0; --a) {
      offset += chunk.strides[a];
      if (++at[a] < chunk.box.extent[a]) break;
      offset -= chunk.strides[a] * chunk.box.extent[a];
      at[a] = 0;
    }
    if (a < 0) return;
  }
}

// A contiguous copy (or the chunk itself when it is contiguous already).
absl::StatusOr<Chunk> MakeContiguous(const Chunk& chunk, Allocator& allocator);
// The part of a chunk inside `box` (must be contained), sharing its memory (validity is repacked).
absl::StatusOr<Chunk> SubChunk(const Chunk& chunk, const Box& box, Allocator& allocator);
// The elements as another dtype, contiguous (the chunk itself when nothing changes). To a float: rounds to
// nearest, invalid elements become NaN and the validity is dropped. Integer to integer: InvalidArgument names
// the first valid element out of range. Integer to bool: "not zero". Real to complex: imaginary part 0. Float
// or complex to integer or bool, and complex to real, are refused.
absl::StatusOr<Chunk> ConvertChunk(const Chunk& chunk, DType to, Allocator& allocator);

// Identity of a chunk wherever it travels; attempt and sequence belong to the transport.
struct ChunkId {
  RunId run;
  DropId drop = kNoId;
  uint16_t port = 0;
  uint32_t index = 0;
};

// What a read may use.
struct ReadContext {
  Allocator* allocator = &Allocator::Heap();
  CancelToken cancel;
};

// An array that can be read by boxes: a file's image, chunks in memory, a view of another array.
// Thread-safe; reads of the same box give the same bytes for the life of the object, or DataLoss
// ("changed while read").
class Array {
 public:
  virtual ~Array() = default;
  virtual const ArrayDesc& desc() const = 0;
  // The elements of `box`, which must be inside the shape (else OutOfRange). May share memory with the array;
  // may be strided.
  virtual absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const = 0;
};
using ArrayPtr = std::shared_ptr<const Array>;

// An array of one chunk in memory; chunk.box must be the whole shape.
absl::StatusOr<ArrayPtr> MakeMemoryArray(ArrayDesc desc, Chunk chunk);
// From a vector in row-major order: for tests and small results.
template <typename T>
ArrayPtr ArrayFromVector(const Shape& shape, const std::vector<T>& values);
// A view: the box of `array`, shifted so that it starts at 0. `drop_axes` removes axes of extent 1 at the
// slow end down to `min_rank` (a FITS image of shape {1, 1, ny, nx} becomes {ny, nx}).
absl::StatusOr<ArrayPtr> MakeCrop(ArrayPtr array, const Box& box);
absl::StatusOr<ArrayPtr> SqueezeLeading(ArrayPtr array, int min_rank);

template <typename T>
ArrayPtr ArrayFromVector(const Shape& shape, const std::vector<T>& values) {
  ArrayDesc desc;
  desc.dtype = DTypeOf<T>::value;
  desc.shape = shape;
  Chunk chunk{desc.dtype,
              Box::Whole(shape),
              ContiguousStrides(shape),
              Buffer::Copy(values.data(), values.size() * sizeof(T)),
              Buffer(),
              ScaleState::kPhysical};
  return MakeMemoryArray(std::move(desc), std::move(chunk)).value();
}

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CHUNK_CHUNK_H_
