#include "cubeloom/array/shape/shape.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

constexpr int64_t kLeafBytes = int64_t{256} << 10;

}  // namespace

Shape::Shape(std::initializer_list<int64_t> values)
    : Shape(absl::Span<const int64_t>(values.begin(), values.size())) {}

Shape::Shape(absl::Span<const int64_t> values) {
  assert(values.size() <= static_cast<size_t>(kMaxRank));
  for (int64_t value : values.subspan(0, kMaxRank)) push_back(value);
}

Shape Shape::Filled(int rank, int64_t value) {
  assert(rank >= 0 && rank <= kMaxRank);
  Shape shape;
  for (int a = 0; a < std::min(rank, kMaxRank); ++a) shape.push_back(value);
  return shape;
}

int64_t Shape::elements() const {
  int64_t product = 1;
  for (int64_t extent : *this) {
    if (extent == 0) return 0;
    product *= extent;
  }
  return product;
}

std::string Shape::ToString() const {
  if (rank_ == 0) return "scalar";
  std::string text;
  for (int a = 0; a < rank_; ++a) absl::StrAppend(&text, a > 0 ? "x" : "", d_[a]);
  return text;
}

bool operator==(const Shape& a, const Shape& b) {
  return a.rank_ == b.rank_ && std::equal(a.begin(), a.end(), b.begin());
}

absl::StatusOr<int64_t> CheckedElements(const Shape& shape, DType dtype) {
  int64_t product = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0) {
      return absl::InvalidArgumentError(absl::StrCat("negative extent in shape ", shape.ToString()));
    }
    // An extent of 0 does not excuse the others: strides are products of them too.
    if (extent == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(product, extent, &product)) {
      return absl::InvalidArgumentError(absl::StrCat("shape ", shape.ToString(), " has over 2^63 elements"));
    }
  }
  int64_t bytes;
  if (__builtin_mul_overflow(product, static_cast<int64_t>(DTypeSize(dtype)), &bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("shape ", shape.ToString(), " of ", DTypeName(dtype), " has over 2^63 bytes"));
  }
  return empty ? 0 : product;
}

bool Box::Contains(const Box& other) const {
  if (rank() != other.rank()) return false;
  for (int a = 0; a < rank(); ++a) {
    if (other.extent[a] < 0 || other.extent[a] > extent[a]) return false;
    // No sum of two numbers of the other box, which may come from outside.
    if (other.origin[a] < origin[a] || other.origin[a] > end(a) - other.extent[a]) return false;
  }
  return true;
}

std::string Box::ToString() const {
  std::string text = "[";
  for (int a = 0; a < rank(); ++a) {
    int64_t last;  // boxes from outside are printed too, before they are refused
    if (__builtin_add_overflow(origin[a], extent[a], &last)) last = std::numeric_limits<int64_t>::max();
    absl::StrAppend(&text, a > 0 ? ", " : "", origin[a], ":", last);
  }
  return text + "]";
}

Box Intersect(const Box& a, const Box& b) {
  assert(a.rank() == b.rank());
  Box out{Shape::Filled(a.rank(), 0), Shape::Filled(a.rank(), 0)};
  for (int i = 0; i < a.rank(); ++i) {
    out.origin[i] = std::max(a.origin[i], b.origin[i]);
    out.extent[i] = std::max<int64_t>(0, std::min(a.end(i), b.end(i)) - out.origin[i]);
  }
  return out;
}

Box Grow(const Box& box, const Shape& halo, const Shape& shape) {
  assert(box.rank() == halo.rank() && box.rank() == shape.rank());
  Box out = box;
  for (int i = 0; i < box.rank(); ++i) {
    // A halo beyond the whole axis is as good as the axis, and cannot overflow.
    const int64_t h = std::min(halo[i], shape[i]);
    const int64_t begin = std::clamp<int64_t>(box.origin[i] - h, 0, shape[i]);
    const int64_t end = std::clamp<int64_t>(box.end(i) + h, begin, shape[i]);
    out.origin[i] = begin;
    out.extent[i] = end - begin;
  }
  return out;
}

ChunkGrid::ChunkGrid(const Shape& array, const Shape& chunk) : array_(array), chunk_(chunk) {
  assert(array.rank() == chunk.rank());
  for (int a = 0; a < array.rank(); ++a) {
    assert(array[a] >= 0 && chunk[a] >= 1);
    chunk_[a] = std::max<int64_t>(1, chunk[a]);
    counts_.push_back(array[a] / chunk_[a] + (array[a] % chunk_[a] != 0 ? 1 : 0));
  }
}

Box ChunkGrid::BoxOf(int64_t index) const {
  Box box{Shape::Filled(array_.rank(), 0), Shape::Filled(array_.rank(), 0)};
  for (int a = array_.rank() - 1; a >= 0; --a) {
    box.origin[a] = index % counts_[a] * chunk_[a];
    box.extent[a] = std::min(chunk_[a], array_[a] - box.origin[a]);
    index /= counts_[a];
  }
  return box;
}

ChunkGrid CanonicalLeaves(const Shape& shape, DType dtype) {
  const int64_t limit = kLeafBytes / static_cast<int64_t>(std::max<size_t>(1, DTypeSize(dtype)));
  Shape leaf = Shape::Filled(shape.rank(), 1);
  int64_t room = limit;  // elements that the axes still to come may multiply the leaf by
  for (int a = shape.rank() - 1; a >= 0 && room > 1; --a) {
    leaf[a] = std::clamp<int64_t>(shape[a], 1, room);
    if (shape[a] > room) break;
    room /= leaf[a];
  }
  return ChunkGrid(shape, leaf);
}

}  // namespace cubeloom
