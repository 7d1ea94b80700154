// image.histogram: the range by image.statistics, then the bins.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/stats/histogram_params.h"
#include "cubeloom/kernel/stats/image_inputs.h"
#include "cubeloom/kernel/stats/kernels.h"

namespace cubeloom {

std::vector<ParamSpec> HistogramParams() {
  ParamSpec bins;
  bins.name = "bins";
  bins.type = ParamType::kInteger;
  bins.default_value = Value(0);
  bins.min = 0;
  bins.max = static_cast<double>(kMostBins);
  bins.doc = "number of bins; 0: int(max(sqrt(width * height), 2))";
  ParamSpec min;
  min.name = "min";
  min.unit = "as the image";
  min.doc = "lower end of the first bin; absent: the smallest finite pixel";
  ParamSpec max;
  max.name = "max";
  max.unit = "as the image";
  max.doc = "upper end of the last bin (included); absent: the largest finite pixel";
  return {bins, min, max, BoxParam()};
}

std::vector<PortSpec> HistogramOutputs() {
  PortSpec histogram;
  histogram.name = "histogram";
  histogram.kind = PayloadKind::kTable;
  histogram.doc = "a row a bin: bin_center, in the image's unit, and count";
  PortSpec summary;
  summary.name = "summary";
  summary.kind = PayloadKind::kValue;
  summary.doc = "map of num_bins, bin_width, first_bin_center, min, max, count (of all bins), mean, sigma";
  return {histogram, summary};
}

absl::Status CheckHistogramArgs(const Args& args, bool has_range) {
  for (const char* name : {"min", "max"}) {
    if (!has_range && !args.has(name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "parameter '", name, "' is missing: without the input 'range' both min and max are needed"));
    }
    if (args.has(name) && !std::isfinite(args.real(name))) {
      return absl::InvalidArgumentError(absl::StrCat("parameter '", name, "' is not finite"));
    }
  }
  if (args.has("min") && args.has("max") && args.real("min") > args.real("max")) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameter 'min' (", args.real("min"), ") is above 'max' (", args.real("max"), ")"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> BinNumber(const Args& args, const Box& region) {
  if (const int64_t bins = args.integer("bins"); bins > 0) return bins;
  double area = 1;
  for (int a = std::max(0, region.rank() - 2); a < region.rank(); ++a)
    area *= static_cast<double>(region.extent[a]);
  const double bins = std::max(std::sqrt(area), 2.0);
  if (bins > static_cast<double>(kMostBins)) {
    return absl::InvalidArgumentError(absl::StrCat("parameter 'bins': the automatic number for this image, ",
                                                   static_cast<int64_t>(bins), ", exceeds ", kMostBins,
                                                   "; give a number"));
  }
  return static_cast<int64_t>(bins);
}

namespace {

KernelInfo HistogramInfo() {
  KernelInfo info;
  info.name = "image.histogram";
  info.shape = KernelShape::kComposite;
  info.summary = "histogram of an image over the range of its finite pixels, or a given one";
  info.doc =
      "As image.histogram_bins, with the range of the finite pixels (by image.statistics, shared with an "
      "equal "
      "node of the graph) where min or max is not given. When both are given the image is read once, and the "
      "summary has no mean and sigma.";
  info.reference = "CARTA (Histogram.cc)";
  info.tolerance = "exact counts";
  info.inputs = {ImagePort(), MaskPort()};
  info.outputs = HistogramOutputs();
  info.params = HistogramParams();
  info.ns_per_element = 1.1;
  info.ns_fixed = 30000;
  return info;
}

class HistogramKernel : public CompositeKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_RETURN_IF_ERROR(CheckImageInputs(args, inputs));
    CL_RETURN_IF_ERROR(CheckHistogramArgs(args, true));
    CL_RETURN_IF_ERROR(BinNumber(args, ImageRegion(args, inputs[kImagePort].arrays[0].shape)).status());
    return std::vector<OutputDesc>{{PayloadKind::kTable, {}}, {PayloadKind::kValue, {}}};
  }

  absl::StatusOr<std::vector<Step>> Expand(const Args& args) const override {
    std::vector<std::pair<std::string, std::string>> inputs = {{"image", "$image"}, {"mask", "$mask"}};
    std::vector<Step> steps;
    if (!args.has("min") || !args.has("max")) {
      Value::Map statistics;
      if (args.has("box")) statistics.emplace_back("box", args.value("box"));
      steps.push_back({"statistics", "image.statistics", std::move(statistics), inputs});
      inputs.emplace_back("range", "statistics:statistics");
    }
    steps.push_back({"", "image.histogram_bins", args.values(), std::move(inputs)});
    return steps;
  }

 private:
  const KernelInfo info_ = HistogramInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeHistogramKernel() { return std::make_unique<HistogramKernel>(); }

}  // namespace cubeloom
