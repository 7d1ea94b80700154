// synth.cosmic_rays draws hits at known places; synth.check_removal says what became of them.
#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/synth/kernels.h"
#include "cubeloom/kernel/synth/synth.h"

namespace cubeloom {
namespace {

constexpr uint64_t kHitStream = 2;
constexpr int kNumbersPerHit = 5;  // y, x, direction, length, amplitude

// The whole array as doubles in row-major order.
absl::StatusOr<std::vector<double>> ReadAll(const ArrayPtr& array, const KernelContext& context) {
  CL_ASSIGN_OR_RETURN(const Chunk chunk, array->Read(Box::Whole(array->desc().shape), context.read()));
  CL_ASSIGN_OR_RETURN(const Chunk real, ConvertChunk(chunk, DType::kF64, *context.allocator));
  std::vector<double> values(static_cast<size_t>(real.box.elements()));
  const int64_t length = real.box.extent[real.box.rank() - 1];
  ForEachRow(real, [&](int64_t offset, int64_t linear) {
    std::copy_n(real.as<double>() + offset, length, values.begin() + linear);
  });
  return values;
}

KernelInfo CosmicRaysInfo() {
  KernelInfo info;
  info.name = "synth.cosmic_rays";
  info.summary = "draws cosmic-ray hits at known places";
  info.doc =
      "Each hit is a straight track of 1 to `length` pixels along one of 4 directions, with an amplitude "
      "between "
      "`min_sigma` and `max_sigma` times the sigma plane there (uniform in its inverse, so that weak hits "
      "are the most). One "
      "row a pixel; no pixel twice; tracks are cut at the border. Pixels with sigma NaN or <= 0 are left "
      "out.";
  info.reference = "none: made input";
  info.tolerance = "exact";
  info.inputs = {{"sigma", PayloadKind::kArray, "shape ny x nx, unit of the image", false, false, {}}};
  info.outputs = {{"hits", PayloadKind::kTable, "columns hit, y, x, amplitude", false, false, {}}};
  info.params = {
      {"seed", ParamType::kInteger, Value(0), false, "", "start of the random sequence", 0, 9e15, {}},
      {"count", ParamType::kInteger, Value(100), false, "", "number of tracks", 0, 1e7, {}},
      {"length", ParamType::kInteger, Value(5), false, "pixel", "longest track", 1, 1000, {}},
      {"min_sigma", ParamType::kReal, Value(20.0), false, "sigma", "weakest hit", 0, 1e9, {}},
      {"max_sigma", ParamType::kReal, Value(500.0), false, "sigma", "strongest hit", 0, 1e9, {}}};
  return info;
}

class CosmicRays : public TaskKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> in) const override {
    if (in[0].arrays[0].shape.rank() != 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("input 'sigma' must have 2 axes, has shape ", in[0].arrays[0].shape.ToString()));
    }
    if (args.real("min_sigma") > args.real("max_sigma")) {
      return absl::InvalidArgumentError("parameter 'min_sigma' is above 'max_sigma'");
    }
    OutputDesc out;
    out.kind = PayloadKind::kTable;
    return std::vector<OutputDesc>{out};
  }
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    const ArrayPtr& sigma_array = invocation.inputs[0][0].array();
    const Args& args = *invocation.args;
    CL_ASSIGN_OR_RETURN(const std::vector<double> sigma, ReadAll(sigma_array, context));
    const int64_t ny = sigma_array->desc().shape[0], nx = sigma_array->desc().shape[1];
    const auto seed = static_cast<uint64_t>(args.integer("seed"));
    std::vector<int64_t> hit_of, ys, xs;
    std::vector<double> amplitudes;
    std::set<int64_t> used;
    for (int64_t hit = 0; hit < args.integer("count"); ++hit) {
      if (context.cancel.cancelled()) return context.cancel.status();
      double u[kNumbersPerHit];
      for (int k = 0; k < kNumbersPerHit; ++k) {
        u[k] = UniformAt(seed, kHitStream, static_cast<uint64_t>(hit * kNumbersPerHit + k));
      }
      auto y = static_cast<int64_t>(u[0] * static_cast<double>(ny));
      auto x = static_cast<int64_t>(u[1] * static_cast<double>(nx));
      constexpr int kDy[] = {0, 1, 1, 1}, kDx[] = {1, 0, 1, -1};
      const int direction = static_cast<int>(u[2] * 4);
      const int64_t length = 1 + static_cast<int64_t>(u[3] * static_cast<double>(args.integer("length")));
      const double low = args.real("min_sigma"), high = args.real("max_sigma");
      const double strength = low <= 0 ? u[4] * high : 1 / (1 / low + u[4] * (1 / high - 1 / low));
      for (int64_t k = 0; k < length; ++k, y += kDy[direction], x += kDx[direction]) {
        if (y >= ny || x >= nx || x < 0) break;
        const double s = sigma[static_cast<size_t>(y * nx + x)];
        if (!(s > 0) || !std::isfinite(s) || !used.insert(y * nx + x).second) continue;
        hit_of.push_back(hit);
        ys.push_back(y);
        xs.push_back(x);
        amplitudes.push_back(strength * s);
      }
    }
    auto table = std::make_shared<Table>();
    table->columns = {{"hit", "", "number of the track", std::move(hit_of), {}},
                      {"y", "pixel", "0-based row", std::move(ys), {}},
                      {"x", "pixel", "0-based column", std::move(xs), {}},
                      {"amplitude", sigma_array->desc().unit, "added value", std::move(amplitudes), {}}};
    return std::vector<Payload>{Payload(TablePtr(std::move(table)))};
  }

 private:
  const KernelInfo info_ = CosmicRaysInfo();
};

KernelInfo CheckRemovalInfo() {
  KernelInfo info;
  info.name = "synth.check_removal";
  info.summary = "checks that injected hits are gone from a combined image";
  info.doc =
      "A hit pixel is gone when the combined image is within `tolerance` standard errors of the truth: "
      "|image - truth| <= tolerance * sigma / sqrt(n), n the number of hit tables (exposures). Pixels hit in "
      "more than "
      "one exposure, or where sigma is 0, are counted like the others. Fails when fewer than `min_fraction` "
      "are gone.";
  info.reference = "none: a check of made input";
  info.tolerance = "exact";
  info.inputs = {{"image", PayloadKind::kArray, "combined image, ny x nx", false, false, {}},
                 {"truth", PayloadKind::kArray, "image before noise and hits", false, false, {}},
                 {"sigma", PayloadKind::kArray, "noise of one exposure", false, false, {}},
                 {"hits", PayloadKind::kTable, "one table an exposure", false, true, {}}};
  info.outputs = {{"report", PayloadKind::kValue, "hits, gone, fraction, exposures", false, false, {}}};
  info.params = {
      {"tolerance",
       ParamType::kReal,
       Value(4.0),
       false,
       "standard error",
       "largest allowed deviation",
       0,
       1e6,
       {}},
      {"min_fraction", ParamType::kReal, Value(0.99), false, "", "fail below this fraction gone", 0, 1, {}}};
  return info;
}

class CheckRemoval : public TaskKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc> in) const override {
    for (int port = 1; port < 3; ++port) {
      if (in[port].arrays[0].shape != in[0].arrays[0].shape || in[0].arrays[0].shape.rank() != 2) {
        return absl::InvalidArgumentError(
            absl::StrCat("inputs must be images of one shape: 'image' has ", in[0].arrays[0].shape.ToString(),
                         ", '", info_.inputs[port].name, "' has ", in[port].arrays[0].shape.ToString()));
      }
    }
    OutputDesc out;
    out.kind = PayloadKind::kValue;
    return std::vector<OutputDesc>{out};
  }
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    std::vector<double> planes[3];
    for (int port = 0; port < 3; ++port) {
      CL_ASSIGN_OR_RETURN(planes[port], ReadAll(invocation.inputs[port][0].array(), context));
    }
    const Args& args = *invocation.args;
    const PortPayloads& tables = invocation.inputs[3];
    const Shape& shape = invocation.inputs[0][0].array()->desc().shape;
    const int64_t ny = shape[0], nx = shape[1];
    const double limit = args.real("tolerance") / std::sqrt(static_cast<double>(tables.size()));
    int64_t hits = 0, gone = 0;
    for (const Payload& payload : tables) {
      if (context.cancel.cancelled()) return context.cancel.status();
      const Column* y = payload.table()->Find("y");
      const Column* x = payload.table()->Find("x");
      if (y == nullptr || x == nullptr || y->values.index() != 0 || x->values.index() != 0) {
        return absl::InvalidArgumentError("input 'hits' needs integer columns y and x");
      }
      for (int64_t row = 0; row < payload.table()->rows(); ++row) {
        const int64_t at_x = std::get<0>(x->values)[row], at_y = std::get<0>(y->values)[row];
        if (at_x < 0 || at_x >= nx || at_y < 0 || at_y >= ny) {
          return absl::InvalidArgumentError(
              absl::StrCat("input 'hits', row ", row, " lies outside the image"));
        }
        const int64_t at = at_y * nx + at_x;
        ++hits;
        gone += std::fabs(planes[0][at] - planes[1][at]) <= limit * planes[2][at];
      }
    }
    const double fraction = hits == 0 ? 1.0 : static_cast<double>(gone) / static_cast<double>(hits);
    if (fraction < args.real("min_fraction")) {
      return absl::FailedPreconditionError(
          absl::StrFormat("%d of %d hit pixels are gone (%.4f), wanted at least %.4f", gone, hits, fraction,
                          args.real("min_fraction")));
    }
    return std::vector<Payload>{
        Payload(Value(Value::Map{{"hits", Value(hits)},
                                 {"gone", Value(gone)},
                                 {"fraction", Value(fraction)},
                                 {"exposures", Value(static_cast<int64_t>(tables.size()))}}))};
  }

 private:
  const KernelInfo info_ = CheckRemovalInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeCosmicRaysKernel() { return std::make_unique<CosmicRays>(); }
std::unique_ptr<const Kernel> MakeCheckRemovalKernel() { return std::make_unique<CheckRemoval>(); }

absl::Status RegisterSynthKernels(KernelCatalogue& catalogue) {
  CL_RETURN_IF_ERROR(catalogue.Add(MakeNoiseKernel()));
  CL_RETURN_IF_ERROR(catalogue.Add(MakeInjectKernel()));
  CL_RETURN_IF_ERROR(catalogue.Add(MakeCosmicRaysKernel()));
  return catalogue.Add(MakeCheckRemovalKernel());
}

}  // namespace cubeloom
