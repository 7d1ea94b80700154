// Shapes, boxes and grids of N-d arrays.
//
// Axes run slowest first (numpy order): shape {ny, nx} of an image, {nz, ny, nx} of a cube. Boxes are half
// open. Ranks go to kMaxRank; rank 0 is a scalar of one element. All arithmetic is checked where a size
// comes from outside (CheckedElements), so that no overflow can reach an allocation.
#ifndef CUBELOOM_ARRAY_SHAPE_SHAPE_H_
#define CUBELOOM_ARRAY_SHAPE_SHAPE_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/array/shape/dtype.h"

namespace cubeloom {

inline constexpr int kMaxRank = 8;

// Up to kMaxRank non-negative extents (or any integers, when used as a position).
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> values);
  explicit Shape(absl::Span<const int64_t> values);  // values.size() <= kMaxRank
  static Shape Filled(int rank, int64_t value);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return d_[axis]; }
  int64_t& operator[](int axis) { return d_[axis]; }
  const int64_t* begin() const { return d_.data(); }
  const int64_t* end() const { return d_.data() + rank_; }
  void push_back(int64_t value) { d_[rank_++] = value; }

  // Product of all extents; the caller knows that it fits (see CheckedElements).
  int64_t elements() const;
  std::string ToString() const;  // "1024x1024", slowest first; "scalar" for rank 0
  friend bool operator==(const Shape& a, const Shape& b);
  friend bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

 private:
  std::array<int64_t, kMaxRank> d_{};
  int rank_ = 0;
};

// elements() with overflow and sign checks; bytes = elements * DTypeSize must fit int64 too.
absl::StatusOr<int64_t> CheckedElements(const Shape& shape, DType dtype);

// The half-open box [origin, origin + extent).
struct Box {
  Shape origin;
  Shape extent;

  static Box Whole(const Shape& shape) { return {Shape::Filled(shape.rank(), 0), shape}; }
  int rank() const { return extent.rank(); }
  int64_t elements() const { return extent.elements(); }
  bool empty() const { return elements() == 0; }
  int64_t end(int axis) const { return origin[axis] + extent[axis]; }
  bool Contains(const Box& other) const;
  std::string ToString() const;  // "[0:10, 5:20]"
  friend bool operator==(const Box& a, const Box& b) { return a.origin == b.origin && a.extent == b.extent; }
};

// Overlap of two boxes of equal rank; extents are 0 where they do not meet.
Box Intersect(const Box& a, const Box& b);
// `box` with `halo[i]` elements more on both sides of axis i, cut to `shape`.
Box Grow(const Box& box, const Shape& halo, const Shape& shape);

// A regular grid of chunks over an array; the last chunk of an axis may be short. Chunk indices are
// row-major over the grid. Every extent of `chunk` is >= 1.
class ChunkGrid {
 public:
  ChunkGrid() = default;
  ChunkGrid(const Shape& array, const Shape& chunk);
  const Shape& array() const { return array_; }
  const Shape& chunk() const { return chunk_; }
  const Shape& counts() const { return counts_; }  // chunks along each axis
  int64_t size() const { return counts_.elements(); }
  Box BoxOf(int64_t index) const;
  // Calls f(index, overlap) for the chunks that meet `box`, in index order.
  template <typename F>
  void ForEachIn(const Box& box, F&& f) const {
    if (box.empty()) return;
    Shape lo = Shape::Filled(array_.rank(), 0), hi = lo, at = lo;
    for (int a = 0; a < array_.rank(); ++a) {
      lo[a] = box.origin[a] / chunk_[a];
      hi[a] = (box.end(a) - 1) / chunk_[a];
    }
    at = lo;
    while (true) {
      int64_t index = 0;
      for (int a = 0; a < array_.rank(); ++a) index = index * counts_[a] + at[a];
      f(index, Intersect(BoxOf(index), box));
      int a = array_.rank() - 1;
      while (a >= 0 && ++at[a] > hi[a]) at[a] = lo[a], --a;
      if (a < 0) return;
    }
  }

 private:
  Shape array_, chunk_, counts_;
};

// The canonical leaves of an array: the blocks over which reductions run, a function of shape and dtype
// alone, whatever the chunking, threads or machine. A leaf takes whole axes from the fastest on while it
// stays within 256 KiB, then as many steps of the next axis as fit (at least one element of a too long
// fastest axis: then pieces of it); slower axes have extent 1. Leaves are numbered in row-major order and so
// follow the array's own element order.
ChunkGrid CanonicalLeaves(const Shape& shape, DType dtype);

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_SHAPE_SHAPE_H_
