// synth.noise and synth.inject: Map kernels that add something known to an image.
#include <algorithm>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/portable_math.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/synth/kernels.h"
#include "cubeloom/kernel/synth/synth.h"

namespace cubeloom {
namespace {

constexpr uint64_t kNoiseStream = 1;

absl::StatusOr<std::vector<OutputDesc>> LikeFirst(absl::Span<const InputDesc> inputs) {
  OutputDesc out;
  out.array = inputs[0].arrays[0];
  if (out.array.dtype != DType::kF64) out.array.dtype = DType::kF32;
  return std::vector<OutputDesc>{out};
}

KernelInfo NoiseInfo() {
  KernelInfo info;
  info.name = "synth.noise";
  info.shape = KernelShape::kMap;
  info.summary = "adds Gaussian noise drawn from a sigma plane";
  info.doc =
      "out = image + scale * sigma * g, g standard normal by the inverse distribution function of a "
      "counter-based "
      "generator: the value at a pixel depends on seed and pixel alone. Where image or sigma is NaN the "
      "result is NaN; "
      "negative sigmas count as 0.";
  info.reference = "the moments of the normal distribution";
  info.tolerance = "statistical: mean and sigma of 10^6 draws within 4 standard errors";
  info.inputs = {{"image", PayloadKind::kArray, "any shape", false, false, {DType::kF32, DType::kF64}},
                 {"sigma",
                  PayloadKind::kArray,
                  "same shape and unit as image",
                  false,
                  false,
                  {DType::kF32, DType::kF64}}};
  info.outputs = {{"image", PayloadKind::kArray, "noisy image, same shape", false, false, {}}};
  info.params = {
      {"seed", ParamType::kInteger, Value(0), false, "", "start of the random sequence", 0, 9e15, {}},
      {"scale", ParamType::kReal, Value(1.0), false, "", "factor on sigma", 0, 1e6, {}}};
  info.ns_per_element = 25;
  return info;
}

class Noise : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    if (inputs[0].arrays[0].shape != inputs[1].arrays[0].shape) {
      return absl::InvalidArgumentError(absl::StrCat("input 'sigma' has shape ",
                                                     inputs[1].arrays[0].shape.ToString(), ", 'image' has ",
                                                     inputs[0].arrays[0].shape.ToString()));
    }
    return LikeFirst(inputs);
  }
  absl::Status Run(const Call& call, const KernelContext& context) const override {
    return call.invocation->outputs[0].array.dtype == DType::kF64 ? RunAs<double>(call, context)
                                                                  : RunAs<float>(call, context);
  }

 private:
  static double At(const Chunk& chunk, int64_t offset) {
    return chunk.dtype == DType::kF64 ? chunk.as<double>()[offset]
                                      : static_cast<double>(chunk.as<float>()[offset]);
  }
  template <typename T>
  absl::Status RunAs(const Call& call, const KernelContext& context) const {
    const Chunk& image = (*call.in)[0][0];
    const Chunk& sigma = (*call.in)[1][0];
    const Args& args = *call.invocation->args;
    const auto seed = static_cast<uint64_t>(args.integer("seed"));
    const double scale = args.real("scale");
    const Shape strides = ContiguousStrides(call.invocation->outputs[0].array.shape);
    const int64_t length = call.out.extent[call.out.rank() - 1];
    std::vector<int64_t> sigma_offsets;
    ForEachRow(sigma, [&](int64_t offset, int64_t) { sigma_offsets.push_back(offset); });
    size_t row = 0;
    T* out = reinterpret_cast<T*>(call.data[0]);
    bool cancelled = false;
    ForEachRow(image, [&](int64_t offset, int64_t linear) {
      cancelled = cancelled || context.cancel.cancelled();
      if (cancelled) return;
      int64_t global = 0;  // row-major index of the row's first element in the whole array
      for (int64_t rest = linear, a = call.out.rank() - 1; a >= 0; rest /= call.out.extent[a], --a) {
        global += (call.out.origin[a] + rest % call.out.extent[a]) * strides[a];
      }
      const int64_t sigma_offset = sigma_offsets[row++];
      for (int64_t i = 0; i < length; ++i) {
        const double s = scale * At(sigma, sigma_offset + i);
        const double g = NormalQuantile(UniformAt(seed, kNoiseStream, static_cast<uint64_t>(global + i)));
        out[linear + i] = static_cast<T>(At(image, offset + i) + (s < 0 ? 0 : s) * g);
      }
    });
    return cancelled ? context.cancel.status() : absl::OkStatus();
  }
  const KernelInfo info_ = NoiseInfo();
};

KernelInfo InjectInfo() {
  KernelInfo info;
  info.name = "synth.inject";
  info.shape = KernelShape::kMap;
  info.summary = "adds the hits of a table to an image";
  info.doc =
      "out = image, plus `amplitude` at each (y, x) of the table (0-based pixels). Hits outside are refused.";
  info.reference = "numpy.add.at";
  info.tolerance = "exact";
  info.inputs = {
      {"image", PayloadKind::kArray, "shape ny x nx", false, false, {DType::kF32, DType::kF64}},
      {"hits", PayloadKind::kTable, "columns y, x (integers), amplitude (unit of image)", false, false, {}}};
  info.outputs = {{"image", PayloadKind::kArray, "same shape", false, false, {}}};
  info.ns_per_element = 0.5;
  return info;
}

struct Hit {
  int64_t y, x;
  double amplitude;
};

class InjectPlan : public MapKernel::Plan {
 public:
  std::vector<Hit> hits;  // by y, then x, then order in the table
};

class Inject : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    if (inputs[0].arrays[0].shape.rank() != 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("input 'image' must have 2 axes, has shape ", inputs[0].arrays[0].shape.ToString()));
    }
    return LikeFirst(inputs);
  }
  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext&) const override {
    const Table& table = *invocation.inputs[1][0].table();
    const Shape& shape = invocation.outputs[0].array.shape;
    auto plan = std::make_unique<InjectPlan>();
    const Column* columns[3] = {table.Find("y"), table.Find("x"), table.Find("amplitude")};
    for (int i = 0; i < 3; ++i) {
      if (columns[i] == nullptr || columns[i]->values.index() != (i < 2 ? 0u : 1u)) {
        return absl::InvalidArgumentError(
            "input 'hits' needs integer columns y and x and a real column amplitude");
      }
    }
    for (int64_t row = 0; row < table.rows(); ++row) {
      const Hit hit{std::get<0>(columns[0]->values)[row], std::get<0>(columns[1]->values)[row],
                    std::get<1>(columns[2]->values)[row]};
      if (hit.y < 0 || hit.x < 0 || hit.y >= shape[0] || hit.x >= shape[1]) {
        return absl::InvalidArgumentError(absl::StrCat("input 'hits', row ", row, ": (y ", hit.y, ", x ",
                                                       hit.x, ") lies outside the image of ",
                                                       shape.ToString()));
      }
      plan->hits.push_back(hit);
    }
    std::stable_sort(plan->hits.begin(), plan->hits.end(),
                     [](const Hit& a, const Hit& b) { return std::tie(a.y, a.x) < std::tie(b.y, b.x); });
    return plan;
  }
  absl::Status Run(const Call& call, const KernelContext&) const override {
    return call.invocation->outputs[0].array.dtype == DType::kF64 ? RunAs<double>(call) : RunAs<float>(call);
  }

 private:
  template <typename T>
  absl::Status RunAs(const Call& call) const {
    const Chunk& image = (*call.in)[0][0];
    const int64_t width = call.out.extent[1];
    T* out = reinterpret_cast<T*>(call.data[0]);
    ForEachRow(image, [&](int64_t offset, int64_t linear) {
      std::memcpy(out + linear, image.as<T>() + offset, static_cast<size_t>(width) * sizeof(T));
    });
    const std::vector<Hit>& hits = static_cast<const InjectPlan*>(call.plan)->hits;
    auto it = std::lower_bound(hits.begin(), hits.end(), call.out.origin[0],
                               [](const Hit& hit, int64_t y) { return hit.y < y; });
    for (; it != hits.end() && it->y < call.out.end(0); ++it) {
      if (it->x < call.out.origin[1] || it->x >= call.out.end(1)) continue;
      T& pixel = out[(it->y - call.out.origin[0]) * width + it->x - call.out.origin[1]];
      pixel = static_cast<T>(pixel + it->amplitude);
    }
    return absl::OkStatus();
  }
  const KernelInfo info_ = InjectInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeNoiseKernel() { return std::make_unique<Noise>(); }
std::unique_ptr<const Kernel> MakeInjectKernel() { return std::make_unique<Inject>(); }

}  // namespace cubeloom
