#include "cubeloom/kernel/image/planes.h"

#include <utility>

#include "cubeloom/base/status.h"

namespace cubeloom {

PortSpec FloatPort(std::string name, std::string doc) {
  PortSpec port = ArrayPort(std::move(name), std::move(doc));
  port.accepts = {DType::kF32, DType::kF64};
  return port;
}

PortSpec OptionalMaskPort(std::string name, std::string doc) {
  PortSpec port = ArrayPort(std::move(name), std::move(doc));
  port.optional = true;
  port.accepts = {DType::kBool, DType::kU8};
  return port;
}

PortSpec ArrayPort(std::string name, std::string doc) {
  PortSpec port;
  port.name = std::move(name);
  port.doc = std::move(doc);
  return port;
}

const ArrayDesc& DescOf(const Invocation& invocation, int port) {
  return invocation.inputs[port][0].array()->desc();
}

absl::Status CheckNotEmpty(const InferInputs& in, absl::string_view port) {
  const absl::StatusOr<const ArrayDesc*> array = in.Array(port);
  if (!array.ok()) return array.status();
  if ((*array)->shape.elements() > 0) return absl::OkStatus();
  return InputError(port, "has no elements: its shape is " + (*array)->shape.ToString());
}

absl::Status CheckCube(const InferInputs& in, absl::string_view port) {
  CL_RETURN_IF_ERROR(in.Rank(port, 3, kMaxRank));
  CL_RETURN_IF_ERROR(CheckNotEmpty(in, port));
  const Shape& shape = (*in.Array(port))->shape;
  for (int a = 0; a < shape.rank() - 3; ++a) {
    if (shape[a] != 1) {
      return InputError(
          port, "must be a cube (nz x ny x nx), its shape is " + shape.ToString() + ": crop it first");
    }
  }
  return absl::OkStatus();
}

int64_t PlaneCount(const Box& box) {
  int64_t count = 1;
  for (int a = 0; a < box.rank() - 2; ++a) count *= box.extent[a];
  return count;
}

Plane PlaneOf(const Chunk& chunk, int64_t index) {
  const int rank = chunk.box.rank();
  Plane plane{0, chunk.strides[rank - 2], chunk.box.extent[rank - 2], chunk.box.extent[rank - 1]};
  for (int a = rank - 3; a >= 0; --a) {
    plane.offset += index % chunk.box.extent[a] * chunk.strides[a];
    index /= chunk.box.extent[a];
  }
  return plane;
}

}  // namespace cubeloom
