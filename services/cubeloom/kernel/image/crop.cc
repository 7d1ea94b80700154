// image.crop: a box of an array.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/axis_keywords.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"
#include "cubeloom/kernel/image/tile_copy.h"

namespace cubeloom {
namespace {

KernelInfo CropInfo() {
  KernelInfo info;
  info.name = "image.crop";
  info.shape = KernelShape::kMap;
  info.summary = "a box of an array";
  info.doc =
      "The elements of `box`, which must lie inside the array; axes keep their order and number. CRPIX "
      "follows. With "
      "`squeeze`, slowest axes of extent 1 are dropped down to two axes.";
  info.reference = "numpy slices";
  info.tolerance = "exact";
  info.inputs = {ArrayPort("array", "any shape and dtype")};
  info.outputs = {ArrayPort("array", "the box's shape, dtype and unit of the input")};
  ParamSpec box, squeeze;
  box.name = "box";
  box.type = ParamType::kIntegerList;
  box.required = true;
  box.unit = "pixel";
  box.doc = "origin then extent, slowest axis first, e.g. [y, x, height, width]";
  box.min = 0;
  squeeze.name = "squeeze";
  squeeze.type = ParamType::kBool;
  squeeze.default_value = Value(false);
  squeeze.doc = "drop slowest axes of extent 1";
  info.params = {box, squeeze};
  info.ns_per_element = 0.3;
  return info;
}

// The parameter as a box of an array of that rank; it has 2 * rank numbers.
Box BoxOf(const Args& args, int rank) {
  const std::vector<int64_t> numbers = args.integers("box");
  return {Shape(absl::MakeSpan(numbers).subspan(0, rank)),
          Shape(absl::MakeSpan(numbers).subspan(rank, rank))};
}

// How many leading axes of the box the output leaves out.
int Dropped(const Args& args, const Box& box) {
  int dropped = 0;
  while (args.boolean("squeeze") && box.rank() - dropped > 2 && box.extent[dropped] == 1) ++dropped;
  return dropped;
}

class Crop : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* array, in.Array("array"));
    const Shape& shape = array->shape;
    const size_t want = 2 * static_cast<size_t>(shape.rank()), got = args.integers("box").size();
    if (got != want) {
      return ParamError(
          "box",
          absl::StrCat("needs ", want, " numbers (origin and extent of each axis) for an array of shape ",
                       shape.ToString(), ", got ", got));
    }
    const Box box = BoxOf(args, shape.rank());
    ArrayDesc out = LikeArray(*array, array->dtype);
    for (int a = 0; a < shape.rank(); ++a) {
      if (box.extent[a] < 1 || box.origin[a] > shape[a] || box.extent[a] > shape[a] - box.origin[a]) {
        return ParamError(
            "box", absl::StrCat("has origin ", box.origin[a], " and extent ", box.extent[a], " along axis ",
                                a, ", outside of or empty in an array of shape ", shape.ToString()));
      }
      RescaleAxis(&out.attributes, shape.rank() - a, static_cast<double>(box.origin[a]), 1);
    }
    const int dropped = Dropped(args, box);
    out.shape = Shape(
        absl::Span<const int64_t>(box.extent.begin() + dropped, static_cast<size_t>(box.rank() - dropped)));
    if (dropped > 0) KeepAxes(&out.attributes, out.shape.rank());
    return std::vector<OutputDesc>{ArrayOutput(std::move(out))};
  }

  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    Box box = BoxOf(*invocation.args, DescOf(invocation, 0).shape.rank());
    const int dropped = box.rank() - out.rank();
    for (int a = 0; a < out.rank(); ++a) {
      box.origin[dropped + a] += out.origin[a];
      box.extent[dropped + a] = out.extent[a];
    }
    return box;
  }

  absl::Status Run(const Call& call, const KernelContext&) const override {
    const Chunk& chunk = (*call.in)[0][0];
    CopyInto(chunk, chunk.box.origin, {chunk.box, call.data[0], call.validity[0]});
    return absl::OkStatus();
  }

 private:
  const KernelInfo info_ = CropInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeCropKernel() { return std::make_unique<Crop>(); }

}  // namespace cubeloom
