// image.radial_profile. See radial_bins.h for the definitions.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"
#include "cubeloom/kernel/image/radial_bins.h"

namespace cubeloom {
namespace {

KernelInfo RadialProfileInfo() {
  KernelInfo info;
  info.name = "image.radial_profile";
  info.shape = KernelShape::kReduce;
  info.summary = "mean and sigma in rings around a point";
  info.doc =
      "A pixel whose centre is at distance r from `centre` belongs to ring floor(r / bin); rings that begin "
      "at or "
      "beyond `radius` are left out. Of the finite pixels that the mask uses: count, sum, mean and sigma = "
      "sqrt(sum((v - mean)^2) / (count - 1)), NaN for less than two pixels. `radius` in the table is the "
      "middle of "
      "the ring. Mean is NaN for a ring without pixels.";
  info.reference = "numpy: bincount of floor(hypot(x - cx, y - cy) / bin)";
  info.tolerance = "count exact; sum, mean, sigma 1e-12 relative";
  info.inputs = {FloatPort("image", "ny x nx"),
                 OptionalMaskPort("mask", "same shape; pixels where it is not 0 are used")};
  PortSpec table;
  table.name = "profile";
  table.kind = PayloadKind::kTable;
  table.doc = "columns radius [pixel], mean, sigma, count, sum: one row a ring";
  info.outputs = {table};
  ParamSpec centre, bin, radius;
  centre.name = "centre";
  centre.type = ParamType::kRealList;
  centre.unit = bin.unit = radius.unit = "pixel";
  centre.doc = "x, y, 0-based; default the image's middle ((nx - 1) / 2, (ny - 1) / 2)";
  centre.min = -1e9;
  centre.max = 1e9;
  bin.name = "bin";
  bin.default_value = Value(1.0);
  bin.doc = "width of a ring";
  bin.min = 1e-6;
  bin.max = 1e9;
  radius.name = "radius";
  radius.doc = "largest radius; default: the farthest pixel";
  radius.min = 1e-6;
  radius.max = 1e9;
  info.params = {centre, bin, radius};
  info.ns_per_element = 15;
  return info;
}

struct Geometry {
  double cx = 0, cy = 0, bin = 1;
  int64_t rings = 1;
};

// The number of rings that the farthest pixel or the radius asks for is taken as a double: it may be absurd.
absl::StatusOr<Geometry> GeometryOf(const Args& args, const Shape& shape) {
  Geometry g;
  const double nx = static_cast<double>(shape[1]), ny = static_cast<double>(shape[0]);
  g.cx = (nx - 1) / 2;
  g.cy = (ny - 1) / 2;
  if (args.has("centre")) {
    const std::vector<double> centre = args.reals("centre");
    if (centre.size() != 2)
      return ParamError("centre", absl::StrCat("needs 2 numbers (x, y), got ", centre.size()));
    g.cx = centre[0];
    g.cy = centre[1];
  }
  g.bin = args.real("bin");
  const double dx = std::max(std::abs(g.cx), std::abs(nx - 1 - g.cx));
  const double dy = std::max(std::abs(g.cy), std::abs(ny - 1 - g.cy));
  double rings = std::floor(std::sqrt(dx * dx + dy * dy) / g.bin) + 1;
  if (args.has("radius")) rings = std::min(rings, std::ceil(args.real("radius") / g.bin));
  if (rings > static_cast<double>(kMostRings)) {
    return ParamError(
        "bin", absl::StrCat("of ", g.bin, " makes ", rings, " rings, at most ", kMostRings, " are possible"));
  }
  g.rings = static_cast<int64_t>(rings);
  return g;
}

struct RadialState : ReduceKernel::State {
  Rings rings;
};
struct RadialPlan : ReduceKernel::Plan {
  Geometry geometry;
};

// The rings of one leaf: called twice for each of its rows.
template <typename T>
class LeafRings {
 public:
  LeafRings(const ReduceKernel::Call& call, const Geometry& geometry) : call_(call), g_(geometry) {}

  absl::Status Run(const CancelToken& cancel, Rings* out) {
    CL_RETURN_IF_ERROR(ForEachPixel(cancel, [&](int64_t ring, double v) {
      if (ring >= static_cast<int64_t>(out->rings.size())) out->rings.resize(static_cast<size_t>(ring) + 1);
      ++out->rings[ring].count;
      out->rings[ring].sum += v;
    }));
    for (Ring& ring : out->rings) {
      if (ring.count > 0) ring.mean = ring.sum / static_cast<double>(ring.count);
    }
    return ForEachPixel(cancel, [&](int64_t ring, double v) {
      const double d = v - out->rings[ring].mean;
      out->rings[ring].m2 += d * d;
    });
  }

 private:
  template <typename F>
  absl::Status ForEachPixel(const CancelToken& cancel, F&& f) {
    const Chunk& image = (*call_.in)[0][0];
    const Chunk* mask = (*call_.in)[1].empty() ? nullptr : &(*call_.in)[1][0];
    const Box& box = image.box;
    for (int64_t row = 0; row < box.extent[0]; ++row) {
      if (cancel.cancelled()) return cancel.status();
      const double dy = static_cast<double>(box.origin[0] + row) - g_.cy;
      const T* p = image.as<T>() + row * image.strides[0];
      for (int64_t i = 0; i < box.extent[1]; ++i) {
        const double v = p[i];
        if (!(v - v == 0)) continue;
        if (mask != nullptr && !Used(*mask, row, i)) continue;
        const double dx = static_cast<double>(box.origin[1] + i) - g_.cx;
        const double ring = std::sqrt(dx * dx + dy * dy) / g_.bin;
        if (ring < static_cast<double>(g_.rings)) f(static_cast<int64_t>(ring), v);
      }
    }
    return absl::OkStatus();
  }
  static bool Used(const Chunk& mask, int64_t row, int64_t i) {
    return mask.as<uint8_t>()[row * mask.strides[0] + i] != 0 && mask.valid(row * mask.box.extent[1] + i);
  }

  const ReduceKernel::Call& call_;
  const Geometry& g_;
};

TablePtr ProfileTable(const Geometry& g, const std::vector<Ring>& rings, const std::string& unit) {
  std::vector<double> radius, mean, sigma, sum;
  std::vector<int64_t> count;
  for (int64_t i = 0; i < g.rings; ++i) {
    const Ring ring = i < static_cast<int64_t>(rings.size()) ? rings[i] : Ring();
    const double n = static_cast<double>(ring.count);
    radius.push_back((static_cast<double>(i) + 0.5) * g.bin);
    mean.push_back(ring.count > 0 ? ring.mean : std::nan(""));
    sigma.push_back(ring.count > 1 ? std::sqrt(ring.m2 / (n - 1)) : std::nan(""));
    count.push_back(ring.count);
    sum.push_back(ring.sum);
  }
  auto table = std::make_shared<Table>();
  table->columns = {{"radius", "pixel", "middle of the ring", std::move(radius), {}},
                    {"mean", unit, "", std::move(mean), {}},
                    {"sigma", unit, "standard deviation with count - 1", std::move(sigma), {}},
                    {"count", "", "finite pixels", std::move(count), {}},
                    {"sum", unit, "", std::move(sum), {}}};
  return table;
}

class RadialProfile : public ReduceKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* image, in.Array("image"));
    CL_RETURN_IF_ERROR(in.Rank("image", 2, 2));
    CL_RETURN_IF_ERROR(CheckNotEmpty(in, "image"));
    CL_RETURN_IF_ERROR(in.SameShape("mask", "image"));
    CL_RETURN_IF_ERROR(GeometryOf(args, image->shape).status());
    return std::vector<OutputDesc>{KindOutput(PayloadKind::kTable)};
  }
  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext&) const override {
    auto plan = std::make_unique<RadialPlan>();
    CL_ASSIGN_OR_RETURN(plan->geometry, GeometryOf(*invocation.args, DescOf(invocation, 0).shape));
    return plan;
  }
  std::unique_ptr<State> NewState(const Invocation&, const Plan*) const override {
    return std::make_unique<RadialState>();
  }
  absl::Status Accumulate(const Call& call, State& state, const KernelContext& context) const override {
    const Geometry& g = static_cast<const RadialPlan*>(call.plan)->geometry;
    Rings leaf;
    const auto run = [&](auto zero) { return LeafRings<decltype(zero)>(call, g).Run(context.cancel, &leaf); };
    CL_RETURN_IF_ERROR(ForFloat((*call.in)[0][0].dtype, run));
    static_cast<RadialState&>(state).rings.Merge(leaf);
    return absl::OkStatus();
  }
  absl::Status Merge(State& left, const State& right) const override {
    static_cast<RadialState&>(left).rings.Merge(static_cast<const RadialState&>(right).rings);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Payload>> Finish(const Invocation& invocation, const Plan* plan, State& state,
                                              const KernelContext&) const override {
    return std::vector<Payload>{ProfileTable(static_cast<const RadialPlan*>(plan)->geometry,
                                             static_cast<RadialState&>(state).rings.rings,
                                             DescOf(invocation, 0).unit)};
  }
  absl::StatusOr<std::string> Encode(const State& state) const override {
    return static_cast<const RadialState&>(state).rings.Encode();
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const override {
    auto state = std::make_unique<RadialState>();
    CL_ASSIGN_OR_RETURN(state->rings, Rings::Decode(bytes));
    return state;
  }

 private:
  const KernelInfo info_ = RadialProfileInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeRadialProfileKernel() { return std::make_unique<RadialProfile>(); }

}  // namespace cubeloom
