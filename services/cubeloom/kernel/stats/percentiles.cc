// image.percentiles and image.clip_limits, and the tasks that turn a finished selection into values.
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/stats/image_inputs.h"
#include "cubeloom/kernel/stats/kernels.h"
#include "cubeloom/kernel/stats/percentile_params.h"
#include "cubeloom/kernel/stats/selection.h"

namespace cubeloom {

ParamSpec PercentilesParam() {
  ParamSpec param;
  param.name = "percentiles";
  param.type = ParamType::kRealList;
  param.default_value = Value(Value::List{Value(25.0), Value(50.0), Value(75.0)});
  param.min = 0;
  param.max = 100;
  param.unit = "percent";
  param.doc = absl::StrCat("the wanted percentiles, 1 to ", kMostPercentiles);
  return param;
}

ParamSpec MethodParam() {
  ParamSpec param;
  param.name = "method";
  param.type = ParamType::kString;
  param.default_value = Value("linear");
  param.choices = {"linear", "lower", "higher", "midpoint", "nearest"};
  param.doc = "which value between the two neighbouring pixels, as numpy.percentile's";
  return param;
}

ParamSpec PercentParam() {
  ParamSpec param;
  param.name = "percent";
  param.default_value = Value(99.5);
  param.min = 0;
  param.max = 100;
  param.unit = "percent";
  param.doc = "of the pixels lie within the limits: the percentiles (100 - percent) / 2 and the one opposite";
  return param;
}

absl::Status CheckPercentiles(const std::vector<double>& percentiles) {
  if (percentiles.empty() || percentiles.size() > kMostPercentiles) {
    return absl::InvalidArgumentError(absl::StrCat("parameter 'percentiles': expected 1 to ",
                                                   kMostPercentiles, " numbers, got ", percentiles.size()));
  }
  for (const double p : percentiles) {
    if (!(p >= 0 && p <= 100)) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter 'percentiles': ", p, " is not within 0..100"));
    }
  }
  return absl::OkStatus();
}

std::vector<CompositeKernel::Step> PassSteps(const Args& args, std::vector<double> percentiles) {
  Value::List list(percentiles.begin(), percentiles.end());
  Value::Map pass_args = {{"percentiles", Value(std::move(list))},
                          {"finite_only", args.value("finite_only")}};
  if (args.has("box")) pass_args.emplace_back("box", args.value("box"));
  std::vector<CompositeKernel::Step> steps;
  for (int pass = 1; pass <= kMostPasses; ++pass) {
    CompositeKernel::Step step{absl::StrCat("pass", pass),
                               "image.select_ranks",
                               pass_args,
                               {{"image", "$image"}, {"mask", "$mask"}}};
    if (pass > 1) step.inputs.emplace_back("selection", absl::StrCat("pass", pass - 1, ":selection"));
    steps.push_back(std::move(step));
  }
  return steps;
}

namespace {

const std::string& PassesOutput() {
  static const std::string& name = *new std::string(absl::StrCat("pass", kMostPasses, ":selection"));
  return name;
}

constexpr char kDefinition[] =
    "Percentile p of the n pixels that the mask uses and that are not NaN or blank lies at p / 100 (n - 1) "
    "of their "
    "sorted order; `linear` interpolates between the two neighbours in double as numpy does. Exact for any "
    "size "
    "without keeping or sorting pixels. ";

PortSpec SelectionInput() {
  PortSpec port;
  port.name = "selection";
  port.kind = PayloadKind::kValue;
  port.doc = "output of the last image.select_ranks";
  return port;
}

PortSpec ValueOutput(const char* name, const char* doc) {
  PortSpec port;
  port.name = name;
  port.kind = PayloadKind::kValue;
  port.doc = doc;
  return port;
}

KernelInfo RankInfo(const char* name, const char* summary, PortSpec output) {
  KernelInfo info;
  info.name = name;
  info.shape = KernelShape::kTask;
  info.summary = summary;
  info.doc = kDefinition;
  info.reference = "numpy.percentile";
  info.tolerance = "equal";
  info.inputs = {SelectionInput()};
  info.outputs = {std::move(output)};
  return info;
}

// numpy's: from the nearer end, so that t = 0 and t = 1 are exact and the result is monotonic.
double Interpolate(double a, double b, double t) {
  if (a == b) return a;
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

double PercentileOf(const Selection& s, size_t index, const std::string& method) {
  const double at = s.percentiles[index] / 100 * static_cast<double>(s.count - 1);
  const double t = at - std::floor(at);
  const double a = s.ElementAt(index, 0), b = s.ElementAt(index, 1);
  if (method == "lower" || t == 0) return a;
  if (method == "higher") return b;
  if (method == "midpoint") return Interpolate(a, b, 0.5);
  if (method == "nearest") {  // halves to the even rank
    const bool odd = std::fmod(std::floor(at), 2) != 0;
    return t > 0.5 || (t == 0.5 && odd) ? b : a;
  }
  return Interpolate(a, b, t);
}

absl::StatusOr<Selection> FinishedSelection(const Invocation& invocation, const KernelContext& context) {
  if (context.cancel.cancelled()) return context.cancel.status();
  CL_ASSIGN_OR_RETURN(Selection s, Selection::FromValue(invocation.inputs[0][0].value()));
  if (!s.done()) {
    return absl::InvalidArgumentError(absl::StrCat("input 'selection' is not finished: ", s.resolved, " of ",
                                                   s.key_bits,
                                                   " bits are known; add image.select_ranks passes"));
  }
  return s;
}

class RankTask : public TaskKernel {
 public:
  explicit RankTask(KernelInfo info) : info_(std::move(info)) {}
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    return std::vector<OutputDesc>{{PayloadKind::kValue, {}}};
  }

 private:
  const KernelInfo info_;
};

class RankValuesKernel : public RankTask {
 public:
  RankValuesKernel() : RankTask(MakeInfo()) {}
  static KernelInfo MakeInfo() {
    KernelInfo info =
        RankInfo("image.rank_values", "the percentiles of a finished selection",
                 ValueOutput("percentiles",
                             "map of count, percentiles and values (two lists, null without any "
                             "pixel), and median and iqr where 50, or 25 and 75, are among them"));
    info.params = {MethodParam()};
    return info;
  }

  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    CL_ASSIGN_OR_RETURN(const Selection s, FinishedSelection(invocation, context));
    Value::List percentiles, values;
    Value q25, q50, q75;
    for (size_t i = 0; i < s.percentiles.size(); ++i) {
      const double p = s.percentiles[i];
      Value v;
      if (s.count > 0) v = Value(PercentileOf(s, i, invocation.args->string("method")));
      percentiles.emplace_back(p);
      if (p == 25) q25 = v;
      if (p == 50) q50 = v;
      if (p == 75) q75 = v;
      values.push_back(std::move(v));
    }
    Value result(Value::Map{{"count", Value(s.count)},
                            {"percentiles", Value(std::move(percentiles))},
                            {"values", Value(std::move(values))}});
    if (!q50.is_null()) result.Set("median", q50);
    if (!q25.is_null() && !q75.is_null()) result.Set("iqr", Value(q75.real() - q25.real()));
    return std::vector<Payload>{std::move(result)};
  }
};

class RankLimitsKernel : public RankTask {
 public:
  RankLimitsKernel() : RankTask(MakeInfo()) {}
  static KernelInfo MakeInfo() {
    return RankInfo("image.rank_limits", "the first and last percentile of a finished selection as limits",
                    ValueOutput("limits", "map of min, max (null without any pixel) and count"));
  }

  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    CL_ASSIGN_OR_RETURN(const Selection s, FinishedSelection(invocation, context));
    if (s.percentiles.empty()) return absl::InvalidArgumentError("input 'selection' has no percentiles");
    Value min, max;
    if (s.count > 0) {
      min = Value(PercentileOf(s, 0, "linear"));
      max = Value(PercentileOf(s, s.percentiles.size() - 1, "linear"));
    }
    return std::vector<Payload>{
        Value(Value::Map{{"min", std::move(min)}, {"max", std::move(max)}, {"count", Value(s.count)}})};
  }
};

KernelInfo CompositeInfo(const char* name, const char* summary, PortSpec output) {
  KernelInfo info = RankInfo(name, summary, std::move(output));
  info.shape = KernelShape::kComposite;
  info.inputs = {ImagePort(), MaskPort()};
  info.ns_per_element = 1.2;
  info.ns_fixed = 300000;
  return info;
}

class PercentilesKernel : public CompositeKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_RETURN_IF_ERROR(CheckImageInputs(args, inputs));
    CL_RETURN_IF_ERROR(CheckPercentiles(args.reals("percentiles")));
    return std::vector<OutputDesc>{{PayloadKind::kValue, {}}};
  }
  absl::StatusOr<std::vector<Step>> Expand(const Args& args) const override {
    std::vector<Step> steps = PassSteps(args, args.reals("percentiles"));
    steps.push_back(
        {"", "image.rank_values", {{"method", args.value("method")}}, {{"selection", PassesOutput()}}});
    return steps;
  }

 private:
  static KernelInfo MakeInfo() {
    KernelInfo info =
        CompositeInfo("image.percentiles", "exact percentiles of an image; by default the quartiles",
                      RankValuesKernel::MakeInfo().outputs[0]);
    info.params = {PercentilesParam(), MethodParam(), FiniteOnlyParam(false), BoxParam()};
    return info;
  }
  const KernelInfo info_ = MakeInfo();
};

class ClipLimitsKernel : public CompositeKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_RETURN_IF_ERROR(CheckImageInputs(args, inputs));
    return std::vector<OutputDesc>{{PayloadKind::kValue, {}}};
  }
  absl::StatusOr<std::vector<Step>> Expand(const Args& args) const override {
    const double tail = (100 - args.real("percent")) / 2;
    std::vector<Step> steps = PassSteps(args, {tail, 100 - tail});
    steps.push_back({"", "image.rank_limits", {}, {{"selection", PassesOutput()}}});
    return steps;
  }

 private:
  static KernelInfo MakeInfo() {
    KernelInfo info =
        CompositeInfo("image.clip_limits", "limits that hold a given percentage of the pixels, for display",
                      RankLimitsKernel::MakeInfo().outputs[0]);
    info.doc = absl::StrCat(kDefinition,
                            "The limits are the percentiles (100 - percent) / 2 and 100 - that. CARTA "
                            "takes them from the histogram, to about a bin; these are exact.");
    info.params = {PercentParam(), FiniteOnlyParam(true), BoxParam()};
    return info;
  }
  const KernelInfo info_ = MakeInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeRankValuesKernel() { return std::make_unique<RankValuesKernel>(); }
std::unique_ptr<const Kernel> MakeRankLimitsKernel() { return std::make_unique<RankLimitsKernel>(); }
std::unique_ptr<const Kernel> MakePercentilesKernel() { return std::make_unique<PercentilesKernel>(); }
std::unique_ptr<const Kernel> MakeClipLimitsKernel() { return std::make_unique<ClipLimitsKernel>(); }

}  // namespace cubeloom
