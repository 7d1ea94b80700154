// image.collapse: one map of a cube along its spectral axis.
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/cube_columns.h"
#include "cubeloom/kernel/image/kernels.h"

namespace cubeloom {
namespace {

enum class Kind { kIntegrated, kSum, kMean, kRms, kStd, kMin, kMax, kMinCoordinate, kMaxCoordinate, kCount };

const std::vector<std::string>& KindNames() {
  static const auto* const names = new std::vector<std::string>{
      "integrated",        "sum",  "mean", "rms", "std", "min", "max", "coordinate_of_min",
      "coordinate_of_max", "count"};
  return *names;
}

Kind KindOf(const Args& args) {
  const std::vector<std::string>& names = KindNames();
  return static_cast<Kind>(std::find(names.begin(), names.end(), args.string("kind")) - names.begin());
}

KernelInfo CollapseInfo() {
  KernelInfo info;
  info.name = "image.collapse";
  info.shape = KernelShape::kMap;
  info.summary = "one number of every spectrum of a cube";
  info.doc =
      "Over the n values of a pixel's spectrum that count: integrated = |CDELT3| sum(v) (moment 0); sum; "
      "mean; rms = "
      "sqrt(sum(v^2) / n); std = sqrt(sum((v - mean)^2) / (n - 1)), 0 for n = 1; min; max; the coordinate "
      "(see image.moments) of the "
      "first channel that has the minimum or maximum; count = n. NaN where n = 0, but count 0.";
  info.reference = "numpy; CARTA's moments mean 0, integrated 1, std 6, rms 7, max 9, 10, min 11, 12";
  info.tolerance = "min, max, count exact; others 1e-12 relative before rounding to the cube's dtype";
  info.inputs = {CubePort()};
  info.outputs = {ArrayPort("image", "ny x nx, dtype of the cube")};
  ParamSpec kind;
  kind.name = "kind";
  kind.type = ParamType::kString;
  kind.default_value = Value("integrated");
  kind.doc = "which number";
  kind.choices = KindNames();
  info.params = ColumnParams();
  info.params.insert(info.params.begin(), kind);
  info.ns_per_element = 0.4;
  return info;
}

std::string UnitOf(Kind kind, const std::string& unit, const std::string& axis_unit) {
  switch (kind) {
    case Kind::kIntegrated:
      return UnitProduct(unit, axis_unit);
    case Kind::kCount:
      return "";
    case Kind::kMinCoordinate:
    case Kind::kMaxCoordinate:
      return axis_unit;
    default:
      return unit;
  }
}

// The map's values for one piece of columns.
template <typename T>
void Collapse(Kind kind, const Columns<T>& columns, const ColumnChoice& choice, double* out) {
  const CollapseLoops<T>& loops = ActiveCollapse(T{});
  double count[kColumnPixels], sum[kColumnPixels];
  if (kind >= Kind::kMin && kind <= Kind::kMaxCoordinate) {
    const double sign = kind == Kind::kMax || kind == Kind::kMaxCoordinate ? 1 : -1;
    loops.extreme(columns, sign, sum, count);
    const bool value = kind == Kind::kMin || kind == Kind::kMax;
    for (int64_t i = 0; i < columns.pixels; ++i) {
      const double found =
          value ? sign * sum[i] : choice.axis.At(static_cast<double>(choice.begin) + count[i]);
      out[i] = count[i] < 0 ? kNan : found;
    }
    return;
  }
  loops.sum(columns, count, sum);
  const double step = kind == Kind::kIntegrated ? std::abs(choice.axis.step) : 1;
  for (int64_t i = 0; i < columns.pixels; ++i) {
    const double divisor = kind == Kind::kIntegrated || kind == Kind::kSum ? 1 : count[i];
    out[i] = kind == Kind::kCount ? count[i] : count[i] > 0 ? sum[i] * step / divisor : kNan;
  }
  if (kind != Kind::kRms && kind != Kind::kStd) return;
  for (int64_t i = 0; i < kColumnPixels; ++i) sum[i] = kind == Kind::kRms || i >= columns.pixels ? 0 : out[i];
  double squares[kColumnPixels];
  loops.spread(columns, sum, squares);
  for (int64_t i = 0; i < columns.pixels; ++i) {
    const double n = kind == Kind::kRms ? count[i] : std::max(1.0, count[i] - 1);
    out[i] = count[i] > 0 ? std::sqrt(squares[i] / n) : kNan;
  }
}

class CollapseKernel : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_ASSIGN_OR_RETURN(ArrayDesc map, InferMap(info_, args, inputs));
    map.unit = UnitOf(KindOf(args), map.unit, ReadAxis(inputs[0].arrays[0], 3).unit);
    return std::vector<OutputDesc>{ArrayOutput(std::move(map))};
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
    const Kind kind = KindOf(*call.invocation->args);
    T* out = reinterpret_cast<T*>(call.data[0]);
    return ForEachColumns<T>((*call.in)[0][0], choice, context.cancel,
                             [&](const Columns<T>& columns, int64_t first) {
                               double values[kColumnPixels];
                               Collapse(kind, columns, choice, values);
                               for (int64_t i = 0; i < columns.pixels; ++i)
                                 out[first + i] = static_cast<T>(values[i]);
                             });
  }

  const KernelInfo info_ = CollapseInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeCollapseKernel() { return std::make_unique<CollapseKernel>(); }

}  // namespace cubeloom
