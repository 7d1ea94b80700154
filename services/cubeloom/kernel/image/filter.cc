// image.gaussian and image.boxcar: separable smoothing of each plane.
//
// Definitions. Weights w[k], k = -before .. after, sum 1. For each pixel, numerator N = sum w[dy] w[dx] v and
// denominator D = sum w[dy] w[dx] over the pixels that take part; the result is N / D (N alone where D is 1
// by definition: all pixels take part and the border is reflected or constant). Sums run along x first, then
// along y, in the order of k, in double.
//
// Steps for a chunk: a ring of before + 1 + after rows, each summed along x once as it comes into reach; then
// per output row one sum down the ring. A row without NaN has the same D as any other such row of the chunk,
// so D is summed anew only where NaN or a border is in reach; the bits do not depend on which way is taken.
//
// Cost: 2 * taps multiply-adds per pixel, twice that where NaN is in reach.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/portable_math.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/filter_loops.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"

namespace cubeloom {
namespace {

constexpr int64_t kBlock = 512;  // columns between two looks at the cancel token

enum class Border { kRenormalise, kReflect, kConstant };
enum class NanRule { kIgnore, kKeep, kPropagate };

struct Filter : MapKernel::Plan {
  std::vector<double> weights;
  int64_t before = 0, after = 0;
  Border border = Border::kRenormalise;
  NanRule nan = NanRule::kIgnore;
  double fill = 0;

  int64_t taps() const { return before + 1 + after; }
  bool divides() const { return border == Border::kRenormalise || nan != NanRule::kPropagate; }
};

// The index inside [0, n) that stands for i: half-sample symmetric, d c b a | a b c d | d c b a.
int64_t Reflect(int64_t i, int64_t n) {
  i %= 2 * n;
  if (i < 0) i += 2 * n;
  return i < n ? i : 2 * n - 1 - i;
}

// One plane of a chunk. All x and y are of the image; the scratch is laid out by Scratch below.
template <typename T>
class PlaneFilter {
 public:
  // Where the memory lies: rows of `width` doubles unless said otherwise.
  struct Scratch {
    double* sums;         // taps rows of N
    double* dens;         // taps rows of D
    double* clean;        // D along x of a row without NaN
    double* clean_total;  // D of a pixel all of whose rows are clean and inside
    double* outside;      // N of a row beyond a constant border
    double* zero;
    double* total;  // N and D of an output row
    double* total_den;
    double* padded;       // width + taps - 1: a row with its border, NaN as 0
    double* valid;        // width + taps - 1: 1 where a pixel takes part
    const double** rows;  // taps pointers
    static int64_t Doubles(int64_t taps, int64_t width) {
      return 2 * taps * width + 6 * width + 2 * (width + taps - 1) + taps;
    }
  };

  PlaneFilter(const Filter& f, const Shape& image, const Box& out, double* memory)
      : f_(f),
        ny_(image[0]),
        nx_(image[1]),
        y0_(out.origin[0]),
        x0_(out.origin[1]),
        height_(out.extent[0]),
        width_(out.extent[1]) {
    double* at = memory;
    const auto take = [&at](int64_t n) { return std::exchange(at, at + n); };
    s_.sums = take(f.taps() * width_);
    s_.dens = take(f.taps() * width_);
    for (double** row : {&s_.clean, &s_.clean_total, &s_.outside, &s_.zero, &s_.total, &s_.total_den})
      *row = take(width_);
    s_.padded = take(width_ + f.taps() - 1);
    s_.valid = take(width_ + f.taps() - 1);
    s_.rows = reinterpret_cast<const double**>(take(f.taps()));
    den_of_.resize(static_cast<size_t>(f.taps()));
  }

  // `plane` holds image rows [origin[0], ...) and columns [origin[1], ...).
  absl::Status Run(const T* plane, const Plane& place, const Shape& origin, const CancelToken& cancel,
                   T* out) {
    in_ = plane;
    place_ = place;
    in_y_ = origin[0];
    in_x_ = origin[1];
    CL_RETURN_IF_ERROR(Prepare(cancel));
    int64_t ready = std::max<int64_t>(0, y0_ - f_.before);  // rows below this are in the ring
    for (int64_t y = y0_; y < y0_ + height_; ++y) {
      const int64_t last = std::min(ny_ - 1, y + f_.after);
      for (; ready <= last; ++ready) CL_RETURN_IF_ERROR(SumAlongX(ready, cancel));
      CL_RETURN_IF_ERROR(SumAlongY(y, cancel));
      Write(y, out + (y - y0_) * width_);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status WeightedSum(int64_t n, double* out, const CancelToken& cancel) {
    const int64_t taps = f_.taps();
    for (int64_t x = 0; x < n; x += kBlock) {
      if (cancel.cancelled()) return cancel.status();
      loops_.weighted_sum(s_.rows, f_.weights.data(), taps, std::min(kBlock, n - x), out + x);
      for (int64_t k = 0; k < taps; ++k) s_.rows[k] += kBlock;
    }
    return absl::OkStatus();
  }
  absl::Status AlongX(const double* padded, double* out, const CancelToken& cancel) {
    for (int64_t k = 0; k < f_.taps(); ++k) s_.rows[k] = padded + k;
    return WeightedSum(width_, out, cancel);
  }

  // The rows that do not depend on the image's values.
  absl::Status Prepare(const CancelToken& cancel) {
    std::fill_n(s_.zero, width_, 0.0);
    const int64_t padded = width_ + f_.taps() - 1;
    std::fill_n(s_.padded, padded, f_.fill);
    CL_RETURN_IF_ERROR(AlongX(s_.padded, s_.outside, cancel));
    if (!f_.divides()) return absl::OkStatus();
    for (int64_t i = 0; i < padded; ++i) {
      const int64_t x = x0_ - f_.before + i;
      s_.valid[i] = f_.border == Border::kRenormalise && (x < 0 || x >= nx_) ? 0 : 1;
    }
    CL_RETURN_IF_ERROR(AlongX(s_.valid, s_.clean, cancel));
    for (int64_t k = 0; k < f_.taps(); ++k) s_.rows[k] = s_.clean;
    return WeightedSum(width_, s_.clean_total, cancel);
  }

  double* SumRow(int64_t y) { return s_.sums + y % f_.taps() * width_; }

  bool Widen(const float* in, int64_t n, double* out) const { return loops_.widen_f32(in, n, out); }
  bool Widen(const double* in, int64_t n, double* out) const { return loops_.widen_f64(in, n, out); }
  void Divide(const double* weight, float* out) const { loops_.divide_f32(s_.total, weight, width_, out); }
  void Divide(const double* weight, double* out) const { loops_.divide_f64(s_.total, weight, width_, out); }

  // Image row y and its border into `padded`; whether NaN is among them.
  bool PadRow(int64_t y) {
    const T* row = in_ + (y - in_y_) * place_.row_stride - in_x_;
    const int64_t padded = width_ + f_.taps() - 1, first = x0_ - f_.before;
    const int64_t begin = std::max<int64_t>(0, -first),
                  end = std::min(padded, nx_ - first);  // inside the image
    bool nan = Widen(row + first + begin, end - begin, s_.padded + begin);
    for (int64_t i = begin > 0 ? 0 : end; i < padded; i = i + 1 == begin ? end : i + 1) {
      double v = f_.border == Border::kConstant ? f_.fill : 0;
      if (f_.border == Border::kReflect) v = row[Reflect(first + i, nx_)];
      nan = nan || v != v;
      s_.padded[i] = v;
    }
    return nan;
  }

  // Sums image row y into the ring.
  absl::Status SumAlongX(int64_t y, const CancelToken& cancel) {
    const bool clean = !PadRow(y) || f_.nan == NanRule::kPropagate;
    if (!clean) {
      for (int64_t i = 0; i < width_ + f_.taps() - 1; ++i) {
        const int64_t x = x0_ - f_.before + i;
        const bool outside = f_.border == Border::kRenormalise && (x < 0 || x >= nx_);
        const bool number = s_.padded[i] == s_.padded[i];
        s_.valid[i] = number && !outside ? 1 : 0;
        if (!number) s_.padded[i] = 0;
      }
    }
    CL_RETURN_IF_ERROR(AlongX(s_.padded, SumRow(y), cancel));
    double* den = s_.dens + y % f_.taps() * width_;
    den_of_[static_cast<size_t>(y % f_.taps())] = clean ? s_.clean : den;
    return clean || !f_.divides() ? absl::OkStatus() : AlongX(s_.valid, den, cancel);
  }

  // N and D of output row y into total and total_den.
  absl::Status SumAlongY(int64_t y, const CancelToken& cancel) {
    bool clean = true;
    for (int64_t k = 0; k < f_.taps(); ++k) {
      const int64_t at = y - f_.before + k;
      const bool inside = at >= 0 && at < ny_;
      const bool beyond = !inside && f_.border != Border::kReflect;
      s_.rows[k] = beyond ? (f_.border == Border::kConstant ? s_.outside : s_.zero)
                          : SumRow(inside ? at : Reflect(at, ny_));
    }
    CL_RETURN_IF_ERROR(WeightedSum(width_, s_.total, cancel));
    if (!f_.divides()) return absl::OkStatus();
    for (int64_t k = 0; k < f_.taps(); ++k) {
      const int64_t at = y - f_.before + k;
      const bool inside = at >= 0 && at < ny_;
      const bool beyond = !inside && f_.border != Border::kReflect;
      const int64_t row = inside ? at : Reflect(at, ny_);
      s_.rows[k] = !beyond                          ? den_of_[static_cast<size_t>(row % f_.taps())]
                   : f_.border == Border::kConstant ? s_.clean
                                                    : s_.zero;
      clean = clean && s_.rows[k] == s_.clean;
    }
    if (!clean) return WeightedSum(width_, s_.total_den, cancel);
    std::memcpy(s_.total_den, s_.clean_total, static_cast<size_t>(width_) * sizeof(double));
    return absl::OkStatus();
  }

  void Write(int64_t y, T* out) const {
    Divide(f_.divides() ? s_.total_den : nullptr, out);
    if (f_.nan != NanRule::kKeep) return;
    const T* row = in_ + (y - in_y_) * place_.row_stride + (x0_ - in_x_);
    for (int64_t i = 0; i < width_; ++i) {
      if (std::isnan(row[i])) out[i] = std::numeric_limits<T>::quiet_NaN();
    }
  }

  const Filter& f_;
  const int64_t ny_, nx_, y0_, x0_, height_, width_;
  Scratch s_;
  std::vector<const double*> den_of_;  // by ring slot
  const FilterLoops& loops_ = ActiveFilter();
  const T* in_ = nullptr;
  Plane place_;
  int64_t in_y_ = 0, in_x_ = 0;
};

KernelInfo FilterInfo(const char* name) {
  KernelInfo info;
  info.name = name;
  info.shape = KernelShape::kMap;
  info.inputs = {FloatPort("image", "ny x nx, or a cube, each plane of which is smoothed on its own")};
  info.outputs = {ArrayPort("image", "same shape, dtype, unit and attributes")};
  ParamSpec border, nan, fill;
  border.name = "border";
  border.type = nan.type = ParamType::kString;
  border.default_value = Value("renormalise");
  border.doc =
      "beyond the image: renormalise: no pixels, weights are scaled up; reflect: d c b a | a b c d | d c b "
      "a; "
      "constant: pixels of value `fill`";
  border.choices = {"renormalise", "reflect", "constant"};
  nan.name = "nan";
  nan.default_value = Value("ignore");
  nan.doc =
      "ignore: NaN and blank pixels take no part, weights are scaled up, and so they are filled in; keep: "
      "the same, "
      "but they stay NaN; propagate: NaN in reach makes the result NaN";
  nan.choices = {"ignore", "keep", "propagate"};
  fill.name = "fill";
  fill.default_value = Value(0.0);
  fill.doc = "value beyond a constant border";
  info.params = {border, nan, fill};
  return info;
}

// Everything but the weights.
class FilterKernel : public MapKernel {
 public:
  explicit FilterKernel(KernelInfo info) : info_(std::move(info)) {}
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* image, in.Array("image"));
    CL_RETURN_IF_ERROR(in.Rank("image", 2, kMaxRank));
    return std::vector<OutputDesc>{ArrayOutput(LikeArray(*image, image->dtype))};
  }

  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext&) const override {
    const Args& args = *invocation.args;
    auto filter = std::make_unique<Filter>();
    std::tie(filter->before, filter->after) = Reach(args);
    filter->weights = Weights(args);
    filter->border = args.string("border") == "reflect"    ? Border::kReflect
                     : args.string("border") == "constant" ? Border::kConstant
                                                           : Border::kRenormalise;
    filter->nan = args.string("nan") == "keep"        ? NanRule::kKeep
                  : args.string("nan") == "propagate" ? NanRule::kPropagate
                                                      : NanRule::kIgnore;
    filter->fill = args.real("fill");
    return filter;
  }

  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    const auto [before, after] = Reach(*invocation.args);
    const int64_t reach = std::max(before, after);
    Shape halo = Shape::Filled(out.rank(), 0);
    halo[out.rank() - 2] = halo[out.rank() - 1] = reach;
    return Grow(out, halo, DescOf(invocation, 0).shape);
  }
  int64_t ScratchBytes(const Invocation& invocation, const Box& out) const override {
    const auto [before, after] = Reach(*invocation.args);
    return PlaneFilter<double>::Scratch::Doubles(before + 1 + after, out.extent[out.rank() - 1]) * 8;
  }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    return ForFloat((*call.in)[0][0].dtype, [&](auto zero) { return RunAs<decltype(zero)>(call, context); });
  }

 protected:
  // Pixels before and after the centre that have a weight, and the weights from the first to the last.
  virtual std::pair<int64_t, int64_t> Reach(const Args& args) const = 0;
  virtual std::vector<double> Weights(const Args& args) const = 0;

 private:
  template <typename T>
  absl::Status RunAs(const Call& call, const KernelContext& context) const {
    const Chunk& image = (*call.in)[0][0];
    const auto& filter = *static_cast<const Filter*>(call.plan);
    const int rank = call.out.rank();
    const auto last_two = [rank](const Shape& s) { return Shape{s[rank - 2], s[rank - 1]}; };
    const Box out{last_two(call.out.origin), last_two(call.out.extent)};
    if (call.out.empty()) return absl::OkStatus();
    const int64_t doubles = PlaneFilter<T>::Scratch::Doubles(filter.taps(), out.extent[1]);
    CL_ASSIGN_OR_RETURN(MutableBuffer memory,
                        context.allocator->Allocate(static_cast<size_t>(doubles) * sizeof(double)));
    PlaneFilter<T> plane_filter(filter, last_two(DescOf(*call.invocation, 0).shape), out,
                                reinterpret_cast<double*>(memory.data()));
    for (int64_t p = 0; p < PlaneCount(call.out); ++p) {
      const Plane plane = PlaneOf(image, p);
      CL_RETURN_IF_ERROR(plane_filter.Run(image.as<T>() + plane.offset, plane, last_two(image.box.origin),
                                          context.cancel,
                                          reinterpret_cast<T*>(call.data[0]) + p * out.elements()));
    }
    return absl::OkStatus();
  }

  const KernelInfo info_;
};

class Gaussian : public FilterKernel {
 public:
  Gaussian() : FilterKernel(Info()) {}

 protected:
  std::pair<int64_t, int64_t> Reach(const Args& args) const override {
    const auto radius = static_cast<int64_t>(std::floor(args.real("truncate") * args.real("sigma") + 0.5));
    return {radius, radius};
  }
  std::vector<double> Weights(const Args& args) const override {
    const int64_t radius = Reach(args).first;
    const double sigma = args.real("sigma");
    std::vector<double> weights;
    double sum = 0;
    for (int64_t k = -radius; k <= radius; ++k) {
      const double x = static_cast<double>(k);
      weights.push_back(radius == 0 ? 1 : PortableExp(-0.5 / (sigma * sigma) * (x * x)));
      sum += weights.back();
    }
    for (double& weight : weights) weight /= sum;
    return weights;
  }

 private:
  static KernelInfo Info() {
    KernelInfo info = FilterInfo("image.gaussian");
    info.summary = "Gaussian smoothing of each plane";
    info.doc =
        "Separable convolution with weights exp(-k^2 / (2 sigma^2)) / sum, |k| <= int(truncate * sigma + "
        "0.5). Weights "
        "scale up where pixels are missing (normalised convolution).";
    info.reference =
        "scipy.ndimage.gaussian_filter (border reflect or constant); astropy.convolution.convolve (NaN)";
    info.tolerance = "1e-12 relative before rounding to the image's dtype";
    ParamSpec sigma, truncate;
    sigma.name = "sigma";
    sigma.required = true;
    sigma.unit = "pixel";
    sigma.doc = "standard deviation along both axes";
    sigma.min = 0;
    sigma.max = 1000;
    truncate.name = "truncate";
    truncate.default_value = Value(4.0);
    truncate.unit = "sigma";
    truncate.doc = "where the weights end";
    truncate.min = 0;
    truncate.max = 10;
    info.params.insert(info.params.begin(), {sigma, truncate});
    info.ns_per_element = 6;
    return info;
  }
};

class Boxcar : public FilterKernel {
 public:
  Boxcar() : FilterKernel(Info()) {}

 protected:
  std::pair<int64_t, int64_t> Reach(const Args& args) const override {
    const int64_t width = args.integer("width");
    return {width / 2, width - 1 - width / 2};
  }
  std::vector<double> Weights(const Args& args) const override {
    const auto width = static_cast<size_t>(args.integer("width"));
    return std::vector<double>(width, 1 / static_cast<double>(width));
  }

 private:
  static KernelInfo Info() {
    KernelInfo info = FilterInfo("image.boxcar");
    info.summary = "mean of a square window around each pixel, plane by plane";
    info.doc =
        "Mean over the window from -(width / 2, rounded down) on, `width` pixels along each axis: centred "
        "for an odd width. "
        "Only the pixels that take part count.";
    info.reference = "scipy.ndimage.uniform_filter (border reflect or constant)";
    info.tolerance = "1e-12 relative before rounding to the image's dtype";
    ParamSpec width;
    width.name = "width";
    width.type = ParamType::kInteger;
    width.required = true;
    width.unit = "pixel";
    width.doc = "side of the window";
    width.min = 1;
    width.max = 10001;
    info.params.insert(info.params.begin(), width);
    info.ns_per_element = 4;
    return info;
  }
};

}  // namespace

std::unique_ptr<const Kernel> MakeGaussianKernel() { return std::make_unique<Gaussian>(); }
std::unique_ptr<const Kernel> MakeBoxcarKernel() { return std::make_unique<Boxcar>(); }

}  // namespace cubeloom
