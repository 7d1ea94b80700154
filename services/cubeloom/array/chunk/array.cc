// Arrays in memory and views of other arrays.
#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

absl::Status CheckInside(const Box& box, const Shape& shape) {
  if (box.origin.rank() == box.extent.rank() && Box::Whole(shape).Contains(box)) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("box ", box.ToString(), " is not inside the array of shape ", shape.ToString()));
}

// The chunk's memory covers its box.
absl::Status CheckMemory(const Chunk& chunk) {
  CL_ASSIGN_OR_RETURN(const int64_t elements, CheckedElements(chunk.box.extent, chunk.dtype));
  if (DTypeSize(chunk.dtype) == 0) return absl::InvalidArgumentError("chunk of no known dtype");
  if (chunk.strides.rank() != chunk.box.rank() || chunk.box.origin.rank() != chunk.box.rank()) {
    return absl::InvalidArgumentError("origin, extent and strides of a chunk differ in rank");
  }
  int64_t reach = elements > 0 ? 1 : 0;
  for (int a = 0; a < chunk.box.rank() && elements > 0; ++a) {
    int64_t step;
    if (chunk.strides[a] < 0 || __builtin_mul_overflow(chunk.box.extent[a] - 1, chunk.strides[a], &step) ||
        __builtin_add_overflow(reach, step, &reach)) {
      return absl::InvalidArgumentError(
          absl::StrCat("bad strides ", chunk.strides.ToString(), " of a chunk"));
    }
  }
  if (static_cast<uint64_t>(reach) > chunk.data.size() / DTypeSize(chunk.dtype)) {
    return absl::InvalidArgumentError(
        absl::StrCat("chunk ", chunk.box.ToString(), " of ", DTypeName(chunk.dtype), " needs ", reach,
                     " elements, its buffer has ", chunk.data.size(), " bytes"));
  }
  if (chunk.validity && chunk.validity.size() < BitBytes(elements)) {
    return absl::InvalidArgumentError(
        absl::StrCat("validity of ", elements, " elements in ", chunk.validity.size(), " bytes"));
  }
  return absl::OkStatus();
}

class MemoryArray : public Array {
 public:
  MemoryArray(ArrayDesc desc, Chunk chunk) : desc_(std::move(desc)), chunk_(std::move(chunk)) {}
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_RETURN_IF_ERROR(CheckInside(box, desc_.shape));
    return SubChunk(chunk_, box, *context.allocator);
  }

 private:
  const ArrayDesc desc_;
  const Chunk chunk_;
};

class CropArray : public Array {
 public:
  CropArray(ArrayPtr base, const Box& crop) : base_(std::move(base)), crop_(crop), desc_(base_->desc()) {
    desc_.shape = crop.extent;
    for (int a = 0; a < desc_.natural_chunk.rank(); ++a) {
      desc_.natural_chunk[a] = std::max<int64_t>(1, std::min(desc_.natural_chunk[a], crop.extent[a]));
    }
  }
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_RETURN_IF_ERROR(CheckInside(box, desc_.shape));
    Box there = box;
    for (int a = 0; a < box.rank(); ++a) there.origin[a] += crop_.origin[a];
    CL_ASSIGN_OR_RETURN(Chunk chunk, base_->Read(there, context));
    chunk.box = box;
    return chunk;
  }

 private:
  const ArrayPtr base_;
  const Box crop_;
  ArrayDesc desc_;
};

// `shape` without its first `drop` axes.
Shape Tail(const Shape& shape, int drop) {
  return Shape(absl::Span<const int64_t>(shape.begin() + drop, static_cast<size_t>(shape.rank() - drop)));
}

class SqueezedArray : public Array {
 public:
  SqueezedArray(ArrayPtr base, int drop) : base_(std::move(base)), drop_(drop), desc_(base_->desc()) {
    desc_.shape = Tail(desc_.shape, drop);
    if (desc_.natural_chunk.rank() > drop) desc_.natural_chunk = Tail(desc_.natural_chunk, drop);
  }
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_RETURN_IF_ERROR(CheckInside(box, desc_.shape));
    Box there{Shape::Filled(drop_, 0), Shape::Filled(drop_, 1)};
    for (int a = 0; a < box.rank(); ++a) {
      there.origin.push_back(box.origin[a]);
      there.extent.push_back(box.extent[a]);
    }
    CL_ASSIGN_OR_RETURN(Chunk chunk, base_->Read(there, context));
    chunk.box = box;
    chunk.strides = Tail(chunk.strides, drop_);
    return chunk;
  }

 private:
  const ArrayPtr base_;
  const int drop_;
  ArrayDesc desc_;
};

}  // namespace

absl::StatusOr<ArrayPtr> MakeMemoryArray(ArrayDesc desc, Chunk chunk) {
  if (chunk.dtype != desc.dtype || chunk.box != Box::Whole(desc.shape)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "chunk ", chunk.box.ToString(), " of ", DTypeName(chunk.dtype), " is not the whole array of shape ",
        desc.shape.ToString(), " of ", DTypeName(desc.dtype)));
  }
  CL_RETURN_IF_ERROR(CheckMemory(chunk));
  return ArrayPtr(std::make_shared<MemoryArray>(std::move(desc), std::move(chunk)));
}

absl::StatusOr<ArrayPtr> MakeCrop(ArrayPtr array, const Box& box) {
  if (array == nullptr) return absl::InvalidArgumentError("crop of no array");
  CL_RETURN_IF_ERROR_IN(CheckInside(box, array->desc().shape), "crop");
  return ArrayPtr(std::make_shared<CropArray>(std::move(array), box));
}

absl::StatusOr<ArrayPtr> SqueezeLeading(ArrayPtr array, int min_rank) {
  if (array == nullptr) return absl::InvalidArgumentError("squeeze of no array");
  if (min_rank < 0) return absl::InvalidArgumentError(absl::StrCat("squeeze to rank ", min_rank));
  const Shape& shape = array->desc().shape;
  int drop = 0;
  while (shape.rank() - drop > min_rank && shape[drop] == 1) ++drop;
  if (drop == 0) return array;
  return ArrayPtr(std::make_shared<SqueezedArray>(std::move(array), drop));
}

}  // namespace cubeloom
