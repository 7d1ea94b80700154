// image.row_profile and image.column_profile.
#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"

namespace cubeloom {
namespace {

KernelInfo LineInfo(bool row) {
  KernelInfo info;
  info.name = row ? "image.row_profile" : "image.column_profile";
  info.shape = KernelShape::kMap;
  info.summary = row ? "values along x at a row" : "values along y at a column";
  info.doc = absl::StrCat(
      "The pixel values along ", row ? "row `y`" : "column `x`",
      ", or with `width` > 1 the mean over the band of ", row ? "rows" : "columns", " from `",
      row ? "y" : "x", "` - (width - 1) / 2 (rounded down) on, cut to the image. ",
      "NaN and blank pixels are left out of the mean; where a band holds no other the result is NaN.");
  info.reference = "CARTA spatial profiles; numpy.nanmean of the band";
  info.tolerance = "width 1: exact; else one rounding of the double mean";
  info.inputs = {FloatPort("image", "ny x nx, or a cube nz x ny x nx of which `channel` is taken")};
  info.outputs = {ArrayPort(
      "profile", row ? "nx values, dtype and unit of the image" : "ny values, dtype and unit of the image")};
  ParamSpec at, width, channel;
  at.name = row ? "y" : "x";
  at.type = width.type = channel.type = ParamType::kInteger;
  at.unit = width.unit = "pixel";
  at.doc = row ? "row, 0-based; default ny / 2" : "column, 0-based; default nx / 2";
  at.min = 0;
  width.name = "width";
  width.default_value = Value(1);
  width.doc = row ? "rows in the band" : "columns in the band";
  width.min = 1;
  channel.name = "channel";
  channel.default_value = Value(0);
  channel.doc = "plane of a cube, 0-based";
  channel.min = 0;
  info.params = {at, width, channel};
  info.ns_per_element = 0.01;
  return info;
}

class LineProfile : public MapKernel {
 public:
  explicit LineProfile(bool row) : row_(row), info_(LineInfo(row)) {}
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* image, in.Array("image"));
    CL_RETURN_IF_ERROR(in.Rank("image", 2, 3));
    CL_RETURN_IF_ERROR(CheckNotEmpty(in, "image"));
    const char* at = row_ ? "y" : "x";
    const int64_t across = image->shape[AxisAcross(image->shape)];
    if (args.has(at) && args.integer(at) >= across) {
      return ParamError(
          at, absl::StrCat("is ", args.integer(at), ", the image has ", across, row_ ? " rows" : " columns"));
    }
    const int64_t planes = image->shape.rank() == 3 ? image->shape[0] : 1;
    if (args.integer("channel") >= planes) {
      return ParamError(
          "channel", absl::StrCat("is ", args.integer("channel"), ", the image has ", planes, " plane(s)"));
    }
    ArrayDesc profile;
    profile.dtype = image->dtype;
    profile.shape = Shape{image->shape[AxisAlong(image->shape)]};
    profile.unit = image->unit;
    return std::vector<OutputDesc>{ArrayOutput(std::move(profile))};
  }

  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    const Shape& shape = DescOf(invocation, 0).shape;
    const Args& args = *invocation.args;
    const int64_t n = shape[AxisAcross(shape)], width = std::min(args.integer("width"), 2 * n + 1);
    const int64_t at = args.has(row_ ? "y" : "x") ? args.integer(row_ ? "y" : "x") : n / 2;
    const int64_t begin = std::max<int64_t>(0, at - (width - 1) / 2);
    const int64_t end = std::min(n, at - (width - 1) / 2 + width);
    Box box{Shape::Filled(shape.rank(), args.integer("channel")), Shape::Filled(shape.rank(), 1)};
    box.origin[AxisAcross(shape)] = begin;
    box.extent[AxisAcross(shape)] = end - begin;
    box.origin[AxisAlong(shape)] = out.origin[0];
    box.extent[AxisAlong(shape)] = out.extent[0];
    return box;
  }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    const Chunk& image = (*call.in)[0][0];
    return ForFloat(image.dtype, [&](auto zero) { return RunAs<decltype(zero)>(call, image, context); });
  }

 private:
  int AxisAlong(const Shape& shape) const { return shape.rank() - (row_ ? 1 : 2); }
  int AxisAcross(const Shape& shape) const { return shape.rank() - (row_ ? 2 : 1); }

  template <typename T>
  absl::Status RunAs(const Call& call, const Chunk& image, const KernelContext& context) const {
    const int along = AxisAlong(image.strides), across = AxisAcross(image.strides);
    T* out = reinterpret_cast<T*>(call.data[0]);
    for (int64_t i = 0; i < call.out.extent[0]; ++i) {
      if (context.cancel.cancelled()) return context.cancel.status();
      const T* p = image.as<T>() + i * image.strides[along];
      double sum = 0, count = 0;
      for (int64_t k = 0; k < image.box.extent[across]; ++k) {
        const double v = p[k * image.strides[across]];
        if (v != v) continue;
        sum += v;
        ++count;
      }
      out[i] = count > 0 ? static_cast<T>(sum / count) : std::numeric_limits<T>::quiet_NaN();
    }
    return absl::OkStatus();
  }

  const bool row_;
  const KernelInfo info_;
};

}  // namespace

std::unique_ptr<const Kernel> MakeRowProfileKernel() { return std::make_unique<LineProfile>(true); }
std::unique_ptr<const Kernel> MakeColumnProfileKernel() { return std::make_unique<LineProfile>(false); }

}  // namespace cubeloom
