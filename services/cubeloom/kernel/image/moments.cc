// image.moments: integrated value, mean coordinate and dispersion along the spectral axis, in one pass over
// the cube.
//
// Sums run over channels k in order, in double, with coordinates counted from the middle channel; the
// dispersion is a second pass over the same columns, still in cache, around the pixel's own mean: no digits
// cancel.
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/cube_columns.h"
#include "cubeloom/kernel/image/kernels.h"

namespace cubeloom {
namespace {

KernelInfo MomentsInfo() {
  KernelInfo info;
  info.name = "image.moments";
  info.shape = KernelShape::kMap;
  info.summary = "moments 0, 1 and 2 of a cube along its spectral axis";
  info.doc =
      "With coordinate c(k) = CRVAL3 + (k + 1 - CRPIX3) CDELT3 (or CD3_3; the index k where the header has "
      "neither), "
      "over the values that count: moment0 = |CDELT3| sum(v); moment1 = sum(v c) / sum(v); "
      "moment2 = sqrt(sum(v (c - moment1)^2) / sum(v)). NaN where no value counts; moment1 and moment2 also "
      "where "
      "sum(v) = 0, moment2 where its radicand is negative. Coordinates stay in the header's unit, CUNIT3.";
  info.reference = "numpy; CARTA's (casacore's) moments 0, 1, 2 up to its conversion to km/s";
  info.tolerance = "1e-12 relative before rounding to the cube's dtype";
  info.inputs = {CubePort()};
  info.outputs = {ArrayPort("moment0", "ny x nx, unit of the cube times that of its spectral axis"),
                  ArrayPort("moment1", "ny x nx, unit of the spectral axis"),
                  ArrayPort("moment2", "ny x nx, unit of the spectral axis")};
  info.params = ColumnParams();
  info.ns_per_element = 0.5;
  return info;
}

class Moments012 : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_ASSIGN_OR_RETURN(ArrayDesc map, InferMap(info_, args, inputs));
    const std::string axis_unit = ReadAxis(inputs[0].arrays[0], 3).unit;
    ArrayDesc coordinate = map;
    coordinate.unit = axis_unit;
    map.unit = UnitProduct(map.unit, axis_unit);
    return std::vector<OutputDesc>{ArrayOutput(std::move(map)), ArrayOutput(coordinate),
                                   ArrayOutput(coordinate)};
  }
  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    return ColumnBox(invocation, out);
  }
  absl::Status Run(const Call& call, const KernelContext& context) const override {
    return ForFloat((*call.in)[0][0].dtype, [&](auto zero) { return RunAs<decltype(zero)>(call, context); });
  }

 private:
  template <typename T>
  absl::Status RunAs(const Call& call, const KernelContext& context) const {
    const ColumnChoice choice = ChoiceOf(*call.invocation->args, DescOf(*call.invocation, 0));
    const CollapseLoops<T>& loops = ActiveCollapse(T{});
    T* out[3];
    for (int m = 0; m < 3; ++m) out[m] = reinterpret_cast<T*>(call.data[m]);
    const double middle = static_cast<double>(choice.end - choice.begin - 1) / 2;
    const double first_channel = static_cast<double>(choice.begin), step = std::abs(choice.axis.step);
    const auto columns_to_maps = [&](const Columns<T>& columns, int64_t first) {
      double count[kColumnPixels], sum[kColumnPixels], weighted[kColumnPixels], centre[kColumnPixels] = {};
      loops.sum(columns, count, sum);
      loops.first(columns, weighted);
      for (int64_t i = 0; i < columns.pixels; ++i) {
        centre[i] = sum[i] != 0 ? middle + weighted[i] / sum[i] : kNan;  // channels from choice.begin on
        out[0][first + i] = static_cast<T>(count[i] > 0 ? sum[i] * step : kNan);
        out[1][first + i] = static_cast<T>(choice.axis.At(first_channel + centre[i]));
      }
      loops.second(columns, centre, weighted);
      for (int64_t i = 0; i < columns.pixels; ++i) {
        const double square = weighted[i] / sum[i];
        out[2][first + i] = static_cast<T>(sum[i] != 0 && square >= 0 ? std::sqrt(square) * step : kNan);
      }
    };
    return ForEachColumns<T>((*call.in)[0][0], choice, context.cancel, columns_to_maps);
  }

  const KernelInfo info_ = MomentsInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeMomentsKernel() { return std::make_unique<Moments012>(); }

}  // namespace cubeloom
