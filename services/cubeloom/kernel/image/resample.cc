// image.resample: mean of blocks of pixels (one level of a mip-map).
#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/axis_keywords.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"

namespace cubeloom {
namespace {

constexpr int64_t kMostFactor = 1 << 20;

KernelInfo ResampleInfo() {
  KernelInfo info;
  info.name = "image.resample";
  info.shape = KernelShape::kMap;
  info.summary = "mean of blocks of pixels: a smaller image";
  info.doc =
      "Output pixel (x, y) is the mean of the finite pixels in block [x fx, (x + 1) fx) x [y fy, (y + 1) fy) "
      "of the same "
      "plane, cut to the image; NaN where there is none. The output has ceil(nx / fx) x ceil(ny / fy) "
      "pixels; CRPIX, CDELT, CD and PC "
      "follow.";
  info.reference = "CARTA tiles (Tile.h: mean of finite pixels in mip x mip blocks); numpy.nanmean of blocks";
  info.tolerance = "1e-15 relative before rounding to the image's dtype";
  info.inputs = {FloatPort("image", "ny x nx, or a cube of such planes")};
  info.outputs = {ArrayPort("image", "ceil(ny / fy) x ceil(nx / fx), dtype and unit of the image")};
  ParamSpec factor;
  factor.name = "factor";
  factor.type = ParamType::kIntegerList;
  factor.required = true;
  factor.unit = "pixel";
  factor.doc = "[f] for both axes, or [fy, fx]: sides of a block";
  factor.min = 1;
  factor.max = kMostFactor;
  info.params = {factor};
  info.ns_per_element = 1;
  return info;
}

struct Factors {
  int64_t y = 1, x = 1;
};
Factors FactorsOf(const Args& args) {
  const std::vector<int64_t> list = args.integers("factor");
  return {list[0], list.back()};
}

class Resample : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* image, in.Array("image"));
    CL_RETURN_IF_ERROR(in.Rank("image", 2, kMaxRank));
    const size_t count = args.integers("factor").size();
    if (count != 1 && count != 2)
      return ParamError("factor", absl::StrCat("needs 1 or 2 numbers, got ", count));
    const Factors f = FactorsOf(args);
    ArrayDesc out = LikeArray(*image, image->dtype);
    const int rank = out.shape.rank();
    out.shape[rank - 2] = (out.shape[rank - 2] + f.y - 1) / f.y;
    out.shape[rank - 1] = (out.shape[rank - 1] + f.x - 1) / f.x;
    RescaleAxis(&out.attributes, 1, 0, static_cast<double>(f.x));
    RescaleAxis(&out.attributes, 2, 0, static_cast<double>(f.y));
    return std::vector<OutputDesc>{ArrayOutput(std::move(out))};
  }

  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    const Factors f = FactorsOf(*invocation.args);
    Box box = out;
    const int rank = out.rank();
    box.origin[rank - 2] *= f.y;
    box.origin[rank - 1] *= f.x;
    box.extent[rank - 2] *= f.y;
    box.extent[rank - 1] *= f.x;
    return Intersect(box, Box::Whole(DescOf(invocation, 0).shape));
  }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    return ForFloat((*call.in)[0][0].dtype, [&](auto zero) { return RunAs<decltype(zero)>(call, context); });
  }

 private:
  template <typename T>
  absl::Status RunAs(const Call& call, const KernelContext& context) const {
    const Chunk& image = (*call.in)[0][0];
    const Factors f = FactorsOf(*call.invocation->args);
    const int rank = call.out.rank();
    const int64_t height = call.out.extent[rank - 2], width = call.out.extent[rank - 1];
    T* out = reinterpret_cast<T*>(call.data[0]);
    for (int64_t p = 0; p < PlaneCount(call.out); ++p) {
      const Plane plane = PlaneOf(image, p);
      for (int64_t y = 0; y < height; ++y) {
        const int64_t rows = std::min(f.y, plane.height - y * f.y);
        const T* band = image.as<T>() + plane.offset + y * f.y * plane.row_stride;
        for (int64_t x = 0; x < width; ++x) {
          if (x % 256 == 0 && context.cancel.cancelled()) return context.cancel.status();
          const Plane block{0, plane.row_stride, rows, std::min(f.x, plane.width - x * f.x)};
          CL_RETURN_IF_ERROR(Mean(band + x * f.x, block, context.cancel, out++));
        }
      }
    }
    return absl::OkStatus();
  }

  template <typename T>
  static absl::Status Mean(const T* p, const Plane& block, const CancelToken& cancel, T* out) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t y = 0; y < block.height; ++y, p += block.row_stride) {
      if (block.width > 4096 && cancel.cancelled()) return cancel.status();
      for (int64_t x = 0; x < block.width; ++x) {
        const double v = p[x];
        const bool finite = v - v == 0;
        sum += finite ? v : 0;
        count += finite;
      }
    }
    *out = count > 0 ? static_cast<T>(sum / static_cast<double>(count)) : std::numeric_limits<T>::quiet_NaN();
    return absl::OkStatus();
  }

  const KernelInfo info_ = ResampleInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeResampleKernel() { return std::make_unique<Resample>(); }

}  // namespace cubeloom
