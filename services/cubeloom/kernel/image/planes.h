// What the kernels of this module have in common: ports of float images, and chunks seen as planes.
//
// A *plane* is the two fastest axes of an array; all slower axes only count planes. Private to this module.
#ifndef CUBELOOM_KERNEL_IMAGE_PLANES_H_
#define CUBELOOM_KERNEL_IMAGE_PLANES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// A required array port that takes f32 and f64 (integers come as the one that holds them exactly).
PortSpec FloatPort(std::string name, std::string doc);
// An optional 0/1 port.
PortSpec OptionalMaskPort(std::string name, std::string doc);
PortSpec ArrayPort(std::string name, std::string doc);

// The description of the first payload of an input at run time. The port must have one.
const ArrayDesc& DescOf(const Invocation& invocation, int port);

// InvalidArgument unless every extent of the port's first array is >= 1: there is nothing to compute from.
absl::Status CheckNotEmpty(const InferInputs& in, absl::string_view port);

// InvalidArgument unless the port's first array is a cube: rank >= 3, not empty, and of extent 1 along all
// axes but the three fastest.
absl::Status CheckCube(const InferInputs& in, absl::string_view port);

// The rows of one plane of a chunk, in elements: row r starts at as<T>() + offset + r * row_stride.
struct Plane {
  int64_t offset = 0, row_stride = 0;
  int64_t height = 0, width = 0;
};
// Planes of a chunk of rank >= 2, row-major by their slow axes. 0 <= index < PlaneCount().
int64_t PlaneCount(const Box& box);
Plane PlaneOf(const Chunk& chunk, int64_t index);

// f(float{}) or f(double{}) by the dtype, which is one of the two.
template <typename F>
auto ForFloat(DType dtype, F&& f) {
  return dtype == DType::kF64 ? f(double{}) : f(float{});
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_PLANES_H_
