#include "cubeloom/kernel/stats/image_inputs.h"

#include "absl/strings/str_cat.h"

namespace cubeloom {

PortSpec ImagePort() {
  PortSpec port;
  port.name = "image";
  port.doc = "image or cube of any rank; NaN and invalid pixels are skipped";
  port.accepts = {DType::kF32, DType::kF64};
  return port;
}

PortSpec MaskPort() {
  PortSpec port;
  port.name = "mask";
  port.doc = "same shape as the image; pixels where it is not 0 are used";
  port.optional = true;
  port.accepts = {DType::kBool, DType::kU8};
  return port;
}

ParamSpec BoxParam() {
  ParamSpec param;
  param.name = "box";
  param.type = ParamType::kIntegerList;
  param.unit = "pixel";
  param.doc = "part of the image to use: origin then extent, slowest axis first, e.g. [y, x, height, width]";
  param.min = 0;
  return param;
}

ParamSpec FiniteOnlyParam(bool default_value) {
  ParamSpec param;
  param.name = "finite_only";
  param.type = ParamType::kBool;
  param.default_value = Value(default_value);
  param.doc = "skip infinities as NaN is skipped";
  return param;
}

namespace {

absl::Status CheckBox(const std::vector<int64_t>& box, const Shape& shape) {
  const size_t rank = static_cast<size_t>(shape.rank());
  if (box.size() != 2 * rank) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameter 'box': expected ", 2 * rank, " numbers (origin and ",
                     "extent of each axis) for an image of shape ", shape.ToString(), ", got ", box.size()));
  }
  for (size_t a = 0; a < rank; ++a) {
    const int64_t origin = box[a], extent = box[rank + a], size = shape[static_cast<int>(a)];
    if (extent < 1) {
      return absl::InvalidArgumentError(absl::StrCat("parameter 'box': extent ", extent, " along axis ", a,
                                                     "; a box holds at least one pixel"));
    }
    if (origin < 0 || origin > size || extent > size - origin) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter 'box': origin ", origin, " and extent ", extent, " along axis ", a,
                       " reach outside of the image of shape ", shape.ToString()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckImageInputs(const Args& args, absl::Span<const InputDesc> inputs) {
  if (inputs.size() <= kMaskPort || inputs[kImagePort].arrays.empty()) {
    return absl::InvalidArgumentError("input 'image' is missing");
  }
  const Shape& shape = inputs[kImagePort].arrays[0].shape;
  if (!inputs[kMaskPort].arrays.empty() && inputs[kMaskPort].arrays[0].shape != shape) {
    return absl::InvalidArgumentError(absl::StrCat("input 'mask' has shape ",
                                                   inputs[kMaskPort].arrays[0].shape.ToString(),
                                                   ", expected that of the image, ", shape.ToString()));
  }
  if (!args.has("box")) return absl::OkStatus();
  return CheckBox(args.integers("box"), shape);
}

Box ImageRegion(const Args& args, const Shape& shape) {
  Box box = Box::Whole(shape);
  if (!args.has("box")) return box;
  const std::vector<int64_t> numbers = args.integers("box");
  for (int a = 0; a < shape.rank(); ++a) {
    box.origin[a] = numbers[a];
    box.extent[a] = numbers[shape.rank() + a];
  }
  return box;
}

Box ImageRegion(const Invocation& invocation) {
  return ImageRegion(*invocation.args, ImageDesc(invocation).shape);
}

const ArrayDesc& ImageDesc(const Invocation& invocation) {
  return invocation.inputs[kImagePort][0].array()->desc();
}

const Chunk& ImageChunk(const ReduceKernel::Call& call) { return (*call.in)[kImagePort][0]; }

const Chunk* MaskChunk(const ReduceKernel::Call& call) {
  const std::vector<Chunk>& chunks = (*call.in)[kMaskPort];
  return chunks.empty() ? nullptr : &chunks[0];
}

}  // namespace cubeloom
