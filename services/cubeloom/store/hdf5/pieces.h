// Internal: the elements of an array on their way into a file.
#ifndef CUBELOOM_STORE_HDF5_PIECES_H_
#define CUBELOOM_STORE_HDF5_PIECES_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/hdf5/file_writer.h"

namespace cubeloom {

// Reads boxes as dense elements in the form in which they are stored. Invalid elements become NaN in floats;
// in integers `_FillValue`: that attribute of the array, else the smallest value (the largest of an unsigned
// type).
class Hdf5PieceReader {
 public:
  Hdf5PieceReader(ArrayPtr array, const ReadContext& context);

  Allocator& allocator() const { return *context_.allocator; }
  // Errors: those of the array; InvalidArgument for an invalid bool, which HDF5 cannot say.
  absl::StatusOr<Buffer> Read(const Box& box);
  // What to write with the dataset, once all of it has been read: the array's attributes, with "units" and
  // _FillValue where they are not there but said otherwise. InvalidArgument when a valid element has the
  // value of _FillValue.
  absl::StatusOr<std::vector<Hdf5WriteAttribute>> Attributes() const;

 private:
  absl::StatusOr<Buffer> Marked(const Chunk& chunk);

  const ArrayPtr array_;
  const ReadContext& context_;
  std::string fill_;     // one element; of integers
  int64_t invalid_ = 0;  // elements that got the fill value
  int64_t filled_ = 0;   // elements that have it now
};

// Calls f(box) for boxes of at most `max_elements` (or one element) that cover the shape in row-major order,
// each of them contiguous in it. Stops at the first error.
template <typename F>
absl::Status ForEachHdf5Piece(const Shape& shape, int64_t max_elements, F&& f) {
  Box box = Box::Whole(shape);
  if (box.empty()) return absl::OkStatus();
  int64_t inner = 1;
  int axis = shape.rank() - 1;  // the axis that is cut; those after it are whole
  while (axis > 0 && inner * shape[axis] <= max_elements) inner *= shape[axis--];
  if (axis < 0) return f(box);
  const int64_t step = std::max<int64_t>(1, max_elements / inner);
  for (int a = 0; a < axis; ++a) box.extent[a] = 1;
  while (true) {
    box.extent[axis] = std::min(step, shape[axis] - box.origin[axis]);
    if (absl::Status status = f(box); !status.ok()) return status;
    box.origin[axis] += box.extent[axis];
    int a = axis;
    while (a > 0 && box.origin[a] == shape[a]) box.origin[a] = 0, ++box.origin[--a];
    if (box.origin[0] == shape[0]) return absl::OkStatus();
  }
}

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_PIECES_H_
