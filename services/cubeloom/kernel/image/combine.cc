// image.combine: many images of one field into one. See combine_methods.h for the methods.
#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/combine_methods.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"

namespace cubeloom {
namespace {

constexpr int64_t kUntilStable = 5;  // astropy's maxiters

// In the order of CombineMethod.
constexpr const char* kMethods[] = {"mean", "median", "meanclip", "clip_mean", "clip_median"};

KernelInfo CombineInfo() {
  KernelInfo info;
  info.name = "image.combine";
  info.shape = KernelShape::kMap;
  info.summary = "mean, median or clipped mean of many images, pixel by pixel";
  info.doc =
      "NaN and blank pixels take no part. mean: weighted mean. median. meanclip: LSST's MEANCLIP (round 1 "
      "around the median with "
      "0.741301 x interquartile range, then around the weighted mean with the debiased weighted variance; "
      "every round tests the full "
      "sample). clip_mean: rounds of |x - mean| > kappa sigma (n - 1) on the survivors, then their mean. "
      "clip_median: astropy's "
      "sigma_clip (median, sigma with n, until stable), then the mean of the survivors. variance: of the "
      "result, from `variances` "
      "where given, else from the scatter of the values kept. count: values kept. NaN where none is.";
  info.reference = "LSST afw Statistics MEANCLIP; astropy.stats.sigma_clip; numpy nanmedian, nanmean";
  info.tolerance = "count exact; 1e-12 relative before rounding to the images' dtype";
  PortSpec images = FloatPort("images", "at least one, all of the same shape"), variances = images;
  images.variadic = variances.variadic = true;
  variances.name = "variances";
  variances.doc = "variance of each image, as many and in the same order";
  variances.optional = true;
  info.inputs = {images, variances};
  info.outputs = {
      ArrayPort("image", "shape of the images; f64 when one of them is, else f32; header of the first"),
      ArrayPort("variance", "variance of the result, same dtype"), ArrayPort("count", "i32: values kept")};
  ParamSpec method, kappa, iterations, weights;
  method.name = "method";
  method.type = ParamType::kString;
  method.default_value = Value("meanclip");
  method.doc = "how values are chosen and averaged";
  method.choices.assign(std::begin(kMethods), std::end(kMethods));
  kappa.name = "kappa";
  kappa.default_value = Value(3.0);
  kappa.unit = "sigma";
  kappa.doc = "where clipping begins";
  kappa.min = 0;
  kappa.max = 1e9;
  iterations.name = "iterations";
  iterations.type = ParamType::kInteger;
  iterations.doc = "rounds at most; default 2, clip_median 5";
  iterations.min = 1;
  iterations.max = 1000;
  weights.name = "weights";
  weights.type = ParamType::kRealList;
  weights.doc = "one per image, of mean and meanclip; default 1";
  weights.min = 0;
  info.params = {method, kappa, iterations, weights};
  info.ns_per_element = 50;
  return info;
}

CombineOptions OptionsOf(const Args& args, size_t images) {
  CombineOptions options;
  const std::string& name = args.string("method");
  options.method =
      static_cast<CombineMethod>(std::find(std::begin(kMethods), std::end(kMethods), name) - kMethods);
  options.kappa = args.real("kappa");
  options.iterations = options.method == CombineMethod::kClipMedian ? kUntilStable : 2;
  if (args.has("iterations")) options.iterations = args.integer("iterations");
  options.weights = args.has("weights") ? args.reals("weights") : std::vector<double>(images, 1.0);
  return options;
}

absl::Status CheckWeights(const Args& args, int64_t images) {
  if (!args.has("weights")) return absl::OkStatus();
  const std::vector<double> weights = args.reals("weights");
  if (static_cast<int64_t>(weights.size()) != images) {
    return ParamError("weights", absl::StrCat("has ", weights.size(), " numbers for ", images, " images"));
  }
  if (*std::max_element(weights.begin(), weights.end()) <= 0) return ParamError("weights", "are all 0");
  if (args.string("method") == "mean" || args.string("method") == "meanclip") return absl::OkStatus();
  return ParamError("weights", absl::StrCat("have no meaning for method ", args.string("method")));
}

struct CombinePlan : MapKernel::Plan {
  CombineOptions options;
};

// Pixel columns of a chunk by blocks. Inputs may be f32 or f64, contiguous or not.
class Gather {
 public:
  explicit Gather(const std::vector<Chunk>& chunks) {
    for (const Chunk& chunk : chunks) images_.push_back({&chunk, chunk.contiguous()});
  }
  // Pixels [first, first + count) of the box, row-major, NaN behind them. They lie in one row of the box.
  void Block(const Shape& at, int64_t first, int64_t count, double* out) const {
    for (size_t k = 0; k < images_.size(); ++k, out += kBlockPixels) {
      const Chunk& chunk = *images_[k].chunk;
      int64_t offset = first;
      if (!images_[k].contiguous) {
        offset = 0;
        for (int a = 0; a < at.rank(); ++a) offset += at[a] * chunk.strides[a];
      }
      if (chunk.dtype == DType::kF64) {
        std::copy_n(chunk.as<double>() + offset, count, out);
      } else {
        std::copy_n(chunk.as<float>() + offset, count, out);
      }
      std::fill(out + count, out + kBlockPixels, kNan);
    }
  }

 private:
  struct Image {
    const Chunk* chunk;
    bool contiguous;
  };
  std::vector<Image> images_;
};

class Combine : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* first, in.Array("images"));
    CL_RETURN_IF_ERROR(in.Rank("images", 1, kMaxRank));
    CL_RETURN_IF_ERROR(in.SameShape("images", "images"));
    CL_RETURN_IF_ERROR(in.SameShape("variances", "images"));
    const int64_t images = in.Count("images");
    if (in.Has("variances") && in.Count("variances") != images) {
      return InputError("variances",
                        absl::StrCat("has ", in.Count("variances"), " payloads, 'images' has ", images));
    }
    CL_RETURN_IF_ERROR(CheckWeights(args, images));
    DType dtype = DType::kF32;
    for (const ArrayDesc& image : inputs[0].arrays) dtype = image.dtype == DType::kF64 ? DType::kF64 : dtype;
    const ArrayDesc image = LikeArray(*first, dtype);
    ArrayDesc variance = image, count = LikeArray(*first, DType::kI32);
    variance.unit = image.unit.empty() ? "" : absl::StrCat("(", image.unit, ")2");
    count.unit.clear();
    return std::vector<OutputDesc>{ArrayOutput(image), ArrayOutput(std::move(variance)),
                                   ArrayOutput(std::move(count))};
  }

  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext&) const override {
    auto plan = std::make_unique<CombinePlan>();
    plan->options = OptionsOf(*invocation.args, invocation.inputs[0].size());
    return plan;
  }
  int64_t ScratchBytes(const Invocation& invocation, const Box&) const override {
    return static_cast<int64_t>(3 * invocation.inputs[0].size() * kBlockPixels * sizeof(double));
  }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    const bool wide = call.invocation->outputs[0].array.dtype == DType::kF64;
    return wide ? RunAs<double>(call, context) : RunAs<float>(call, context);
  }

 private:
  template <typename T>
  absl::Status RunAs(const Call& call, const KernelContext& context) const {
    const CombineOptions& options = static_cast<const CombinePlan*>(call.plan)->options;
    const size_t n = (*call.in)[0].size() * kBlockPixels;
    CL_ASSIGN_OR_RETURN(MutableBuffer memory, context.allocator->Allocate(3 * n * sizeof(double)));
    double* const values = reinterpret_cast<double*>(memory.data());
    const bool with_variances = !(*call.in)[1].empty();
    const Gather images((*call.in)[0]), variances((*call.in)[1]);
    double image[kBlockPixels], variance[kBlockPixels], count[kBlockPixels];
    const CombineBlock block{values, with_variances ? values + n : nullptr, values + 2 * n, image, variance,
                             count};
    const int last = call.out.rank() - 1;
    const int64_t length = call.out.extent[last], total = call.out.elements();
    for (int64_t first = 0; first < total;) {
      if (context.cancel.cancelled()) return context.cancel.status();
      const int64_t pixels = std::min(kBlockPixels, length - first % length);
      Shape at = Shape::Filled(last + 1, 0);
      int64_t rest = first;
      for (int a = last; a >= 0; rest /= call.out.extent[a], --a) at[a] = rest % call.out.extent[a];
      images.Block(at, first, pixels, values);
      if (with_variances) variances.Block(at, first, pixels, values + n);
      CombinePixels(options, block);
      for (int64_t i = 0; i < pixels; ++i) {
        reinterpret_cast<T*>(call.data[0])[first + i] = static_cast<T>(image[i]);
        reinterpret_cast<T*>(call.data[1])[first + i] = static_cast<T>(variance[i]);
        reinterpret_cast<int32_t*>(call.data[2])[first + i] = static_cast<int32_t>(count[i]);
      }
      first += pixels;
    }
    return absl::OkStatus();
  }

  const KernelInfo info_ = CombineInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeCombineKernel() { return std::make_unique<Combine>(); }

}  // namespace cubeloom
