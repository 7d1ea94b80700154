// What image.moments and image.collapse share: maps {ny, nx} made from the columns of a cube. Private to this
// module.
#ifndef CUBELOOM_KERNEL_IMAGE_CUBE_COLUMNS_H_
#define CUBELOOM_KERNEL_IMAGE_CUBE_COLUMNS_H_

#include <algorithm>
#include <string>
#include <vector>

#include "cubeloom/kernel/image/axis_keywords.h"
#include "cubeloom/kernel/image/collapse.h"
#include "cubeloom/kernel/image/planes.h"

namespace cubeloom {

// Port `cube` and parameters `include` (the values that count) and `channels` (the channels that are used).
PortSpec CubePort();
std::vector<ParamSpec> ColumnParams();

// Checks the input and the parameters above; the description of a map: ny x nx, of the cube's dtype and
// spatial axes.
absl::StatusOr<ArrayDesc> InferMap(const KernelInfo& info, const Args& args,
                                   absl::Span<const InputDesc> inputs);

// Half-open range of channels, and the values that count.
struct ColumnChoice {
  int64_t begin = 0, end = 0;
  double low = 0, high = 0;
  LinearAxis axis;  // the channels' coordinates
};
ColumnChoice ChoiceOf(const Args& args, const ArrayDesc& cube);
// The used channels of the pixels `out` of a map.
Box ColumnBox(const Invocation& invocation, const Box& out);

// A cube's unit times another: "Jy/beam Hz"; empty when either is unknown.
std::string UnitProduct(const std::string& a, const std::string& b);

// Calls f(columns, first) for all pixels of the map's box in pieces of at most kColumnPixels; `first` is the
// row-major number in the box of the piece's first pixel. `chunk` is ColumnBox of it.
template <typename T, typename F>
absl::Status ForEachColumns(const Chunk& chunk, const ColumnChoice& choice, const CancelToken& cancel,
                            F&& f) {
  const int rank = chunk.box.rank();
  const Plane plane = PlaneOf(chunk, 0);
  const bool one_run = plane.row_stride == plane.width;
  const int64_t rows = one_run ? 1 : plane.height;
  const int64_t length = one_run ? plane.height * plane.width : plane.width;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t x = 0; x < length; x += kColumnPixels) {
      if (cancel.cancelled()) return cancel.status();
      const Columns<T> columns{chunk.as<T>() + row * plane.row_stride + x,
                               chunk.strides[rank - 3],
                               chunk.box.extent[rank - 3],
                               std::min(kColumnPixels, length - x),
                               choice.low,
                               choice.high};
      f(columns, row * length + x);
    }
  }
  return absl::OkStatus();
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_CUBE_COLUMNS_H_
