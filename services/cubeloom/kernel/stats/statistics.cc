// image.statistics. See moments.h for the numerics and block_moments.inc.cc for the loop.
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/stats/image_inputs.h"
#include "cubeloom/kernel/stats/kernels.h"
#include "cubeloom/kernel/stats/moments.h"

namespace cubeloom {
namespace {

constexpr double kPi = 3.14159265358979323846, kLn2 = 0.693147180559945309417;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

KernelInfo StatisticsInfo() {
  KernelInfo info;
  info.name = "image.statistics";
  info.shape = KernelShape::kReduce;
  info.summary = "count, sum, mean, rms, sigma, extremes with positions and flux density of an image";
  info.doc =
      "Over the pixels of the box that the mask uses and that are not NaN or blank: count, sum, mean, "
      "rms = sqrt(sumsq / n), sigma = sqrt(sum((x - mean)^2) / (n - 1)) (0 for one pixel), sumsq, min, max, "
      "min_pos and max_pos (0-based index along each axis, slowest first, of the first such pixel in "
      "row-major "
      "order), extrema (min or max, whichever is larger in magnitude), flux_density = sum / beam area in "
      "pixels, "
      "pi BMAJ BMIN / (4 ln 2) / |CDELT1 CDELT2|, null without these header keywords. nan_count: NaN and "
      "blank "
      "pixels among those used; inf_count: infinities. Infinities count and make sum, mean, rms and sigma "
      "non-finite unless finite_only is set; `finite` holds count, min, max, mean and sigma without them in "
      "either case. Without any pixel all values are null.";
  info.reference = "CARTA (casacore ImageStatistics), numpy";
  info.tolerance =
      "count, min, max exact; sum, mean, sigma 1e-10 relative; sumsq and rms 1e-7 (CARTA squares in float32)";
  PortSpec out;
  out.name = "statistics";
  out.kind = PayloadKind::kValue;
  out.doc = "map of the values above, in the image's unit";
  info.inputs = {ImagePort(), MaskPort()};
  info.outputs = {out};
  info.params = {BoxParam(), FiniteOnlyParam(false)};
  info.ns_per_element = 0.3;
  info.ns_fixed = 5000;
  return info;
}

struct StatisticsState : ReduceKernel::State {
  Moments moments;
};

// Row-major number in the whole array of element `linear` of `box`.
int64_t NumberInArray(const Box& box, const Shape& shape, int64_t linear) {
  int64_t number = 0, step = 1;
  for (int a = box.rank() - 1; a >= 0; --a) {
    number += (box.origin[a] + linear % box.extent[a]) * step;
    linear /= box.extent[a];
    step *= shape[a];
  }
  return number;
}

// One leaf.
template <typename T>
class LeafScan {
 public:
  LeafScan(BlockReader<T>& reader, const Box& box, const Shape& shape)
      : reader_(reader), box_(box), shape_(shape) {}

  Moments Run() {
    int64_t min_block = -1, max_block = -1;
    bool masked = false;  // what the block before was like
    for (int64_t b = 0; b < reader_.blocks(); ++b) {
      const auto block = reader_.Get(b);
      BlockMoments m;
      Sum(block.data, block.size, masked || block.excluded > 0, &m);
      masked = m.finite < block.size;
      if (m.infinite > 0) FindInfinities(block);
      m.nan -= block.excluded;
      moments_.AddSums(m);
      if (m.min < moments_.min) moments_.min = m.min, min_block = b;
      if (m.max > moments_.max) moments_.max = m.max, max_block = b;
    }
    if (min_block >= 0) moments_.min_at = Find(min_block, moments_.min);
    if (max_block >= 0) moments_.max_at = Find(max_block, moments_.max);
    return moments_;
  }

 private:
  void Sum(const float* p, int64_t n, bool masked, BlockMoments* out) {
    functions_.moments_f32(p, n, masked, out);
  }
  void Sum(const double* p, int64_t n, bool masked, BlockMoments* out) {
    functions_.moments_f64(p, n, masked, out);
  }
  int64_t FindIn(const float* p, int64_t n, double v) {
    return functions_.find_f32(p, n, static_cast<float>(v));
  }
  int64_t FindIn(const double* p, int64_t n, double v) { return functions_.find_f64(p, n, v); }

  int64_t Find(int64_t index, double value) {
    const auto block = reader_.Get(index);
    return NumberInArray(box_, shape_, block.first + FindIn(block.data, block.size, value));
  }

  void FindInfinities(const typename BlockReader<T>::Block& block) {
    for (int64_t i = 0; i < block.size; ++i) {
      if (!std::isinf(block.data[i])) continue;
      const bool positive = block.data[i] > 0;
      int64_t& count = positive ? moments_.positive_infinities : moments_.negative_infinities;
      int64_t& at = positive ? moments_.positive_infinity_at : moments_.negative_infinity_at;
      if (count++ == 0) at = NumberInArray(box_, shape_, block.first + i);
    }
  }

  BlockReader<T>& reader_;
  const Box& box_;
  const Shape& shape_;
  const BlockFunctions& functions_ = ActiveBlockFunctions();
  Moments moments_;
};

template <typename T>
absl::StatusOr<Moments> ScanLeaf(const ReduceKernel::Call& call, const KernelContext& context) {
  CL_ASSIGN_OR_RETURN(auto reader,
                      BlockReader<T>::Make(ImageChunk(call), MaskChunk(call), *context.allocator));
  return LeafScan<T>(reader, call.leaf, ImageDesc(*call.invocation).shape).Run();
}

// The value of a header keyword, NaN without one.
double Keyword(const ArrayDesc& desc, const char* name) {
  const Attribute* attribute = desc.Find(name);
  if (attribute == nullptr || !attribute->value.is_number()) return std::nan("");
  return attribute->value.real();
}

// Pixels that one beam covers; null when the header does not tell.
double BeamPixels(const ArrayDesc& desc) {
  const double beam = kPi * Keyword(desc, "BMAJ") * Keyword(desc, "BMIN") / (4 * kLn2);
  return beam / std::abs(Keyword(desc, "CDELT1") * Keyword(desc, "CDELT2"));
}

Value Position(int64_t number, const Shape& shape) {
  if (number < 0) return Value();
  Value::List list(static_cast<size_t>(shape.rank()));
  for (int a = shape.rank() - 1; a >= 0; --a) {
    list[a] = Value(number % shape[a]);
    number /= shape[a];
  }
  return Value(std::move(list));
}

// What the sums say, with or without the infinities.
struct Summary {
  int64_t count;
  double sum, mean, rms, sigma, sumsq, min, max;
  int64_t min_at, max_at;
};

Summary Summarise(const Moments& m, bool finite_only) {
  const double n = static_cast<double>(m.finite);
  Summary s = {m.finite,
               m.sum.high,
               m.sum.high / n,
               std::sqrt(m.sumsq / n),
               m.finite > 1 ? std::sqrt(m.m2 / (n - 1)) : 0,
               m.sumsq,
               m.min,
               m.max,
               m.min_at,
               m.max_at};
  if (finite_only || m.positive_infinities + m.negative_infinities == 0) return s;
  s.count += m.positive_infinities + m.negative_infinities;
  s.sum = (m.positive_infinities > 0 ? kInfinite : 0) - (m.negative_infinities > 0 ? kInfinite : 0);
  s.mean = s.sum;
  s.rms = s.sumsq = kInfinite;
  s.sigma = std::nan("");
  if (m.positive_infinities > 0) s.max = kInfinite, s.max_at = m.positive_infinity_at;
  if (m.negative_infinities > 0) s.min = -kInfinite, s.min_at = m.negative_infinity_at;
  return s;
}

Value FiniteValue(const Moments& m) {
  const Summary s = Summarise(m, true);
  const auto real = [&](double x) { return s.count > 0 ? Value(x) : Value(); };
  return Value(Value::Map{{"count", Value(s.count)},
                          {"min", real(s.min)},
                          {"max", real(s.max)},
                          {"mean", real(s.mean)},
                          {"sigma", real(s.sigma)}});
}

Value ResultValue(const Moments& m, bool finite_only, const ArrayDesc& desc) {
  Summary s = Summarise(m, finite_only);
  const auto real = [&](double x) { return s.count > 0 ? Value(x) : Value(); };
  if (!finite_only && m.finite == 0) {  // infinities only: the other end is the same one
    if (s.min_at < 0) s.min = s.max, s.min_at = s.max_at;
    if (s.max_at < 0) s.max = s.min, s.max_at = s.min_at;
  }
  const double beam = BeamPixels(desc);
  const bool has_flux = s.count > 0 && beam > 0 && std::isfinite(beam);
  return Value(Value::Map{{"count", Value(s.count)},
                          {"nan_count", Value(m.nan)},
                          {"inf_count", Value(m.positive_infinities + m.negative_infinities)},
                          {"sum", real(s.sum)},
                          {"mean", real(s.mean)},
                          {"rms", real(s.rms)},
                          {"sigma", real(s.sigma)},
                          {"sumsq", real(s.sumsq)},
                          {"min", real(s.min)},
                          {"max", real(s.max)},
                          {"min_pos", Position(s.min_at, desc.shape)},
                          {"max_pos", Position(s.max_at, desc.shape)},
                          {"extrema", real(std::abs(s.min) > std::abs(s.max) ? s.min : s.max)},
                          {"flux_density", has_flux ? Value(s.sum / beam) : Value()},
                          {"finite", FiniteValue(m)}});
}

class StatisticsKernel : public ReduceKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_RETURN_IF_ERROR(CheckImageInputs(args, inputs));
    return std::vector<OutputDesc>{{PayloadKind::kValue, {}}};
  }
  Box Region(const Invocation& invocation, const Plan*) const override { return ImageRegion(invocation); }
  std::unique_ptr<State> NewState(const Invocation&, const Plan*) const override {
    return std::make_unique<StatisticsState>();
  }
  absl::Status Accumulate(const Call& call, State& state, const KernelContext& context) const override {
    if (context.cancel.cancelled()) return context.cancel.status();
    const bool single = ImageChunk(call).dtype == DType::kF32;
    CL_ASSIGN_OR_RETURN(const Moments leaf,
                        single ? ScanLeaf<float>(call, context) : ScanLeaf<double>(call, context));
    static_cast<StatisticsState&>(state).moments.Merge(leaf);
    return absl::OkStatus();
  }
  absl::Status Merge(State& left, const State& right) const override {
    static_cast<StatisticsState&>(left).moments.Merge(static_cast<const StatisticsState&>(right).moments);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Payload>> Finish(const Invocation& invocation, const Plan*, State& state,
                                              const KernelContext&) const override {
    const Moments& moments = static_cast<StatisticsState&>(state).moments;
    return std::vector<Payload>{
        ResultValue(moments, invocation.args->boolean("finite_only"), ImageDesc(invocation))};
  }
  absl::StatusOr<std::string> Encode(const State& state) const override {
    return static_cast<const StatisticsState&>(state).moments.Encode();
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const override {
    auto state = std::make_unique<StatisticsState>();
    CL_ASSIGN_OR_RETURN(state->moments, Moments::Decode(bytes));
    return state;
  }

 private:
  const KernelInfo info_ = StatisticsInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeStatisticsKernel() { return std::make_unique<StatisticsKernel>(); }

}  // namespace cubeloom
