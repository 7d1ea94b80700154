// plot.histogram and plot.profile.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/plot/axes.h"
#include "cubeloom/kernel/plot/plot.h"

namespace cubeloom {
namespace {

std::vector<ParamSpec> LabelParams(const char* x_label, const char* y_label) {
  return {{"title", ParamType::kString, Value(""), false, "", "text above the plot"},
          {"x_label", ParamType::kString, Value(x_label), false, "", "text below the plot"},
          {"y_label", ParamType::kString, Value(y_label), false, "", "text beside the plot"},
          {"width", ParamType::kInteger, Value(900), false, "pixel", "of the picture", 300, 4096},
          {"height", ParamType::kInteger, Value(560), false, "pixel", "of the picture", 200, 4096}};
}

AxesSpec SpecOf(const Args& args) {
  AxesSpec spec;
  spec.title = args.string("title");
  spec.x_label = args.string("x_label");
  spec.y_label = args.string("y_label");
  return spec;
}

Canvas CanvasOf(const Args& args) {
  return Canvas(static_cast<int>(args.integer("width")), static_cast<int>(args.integer("height")));
}

absl::StatusOr<std::vector<Payload>> Picture(const Canvas& canvas) {
  CL_ASSIGN_OR_RETURN(Buffer png, canvas.EncodePng());
  return std::vector<Payload>{Payload(Blob{std::move(png), "image/png"})};
}

// A numeric column as reals; missing cells are NaN.
absl::StatusOr<std::vector<double>> Numbers(const Table& table, const std::string& name, const char* port) {
  const Column* column = table.Find(name);
  if (column == nullptr) return InputError(port, absl::StrCat("has no column '", name, "'"));
  if (column->values.index() == 2) return InputError(port, absl::StrCat("column '", name, "' holds text"));
  std::vector<double> out;
  for (int64_t row = 0; row < column->size(); ++row) {
    const Value cell = column->At(row);
    out.push_back(cell.is_number() ? cell.real() : std::nan(""));
  }
  return out;
}

class PlotKernel : public TaskKernel {
 public:
  explicit PlotKernel(KernelInfo info) : info_(std::move(info)) {}
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    return std::vector<OutputDesc>{KindOutput(PayloadKind::kBlob)};
  }

 private:
  const KernelInfo info_;
};

KernelInfo HistogramInfo() {
  KernelInfo info;
  info.name = "plot.histogram";
  info.summary = "a picture of a histogram, with limits marked (PNG)";
  info.doc = "Bars over bin centres; `limits` {min, max} are drawn as red lines with their values.";
  info.reference = "none: a picture";
  info.tolerance = "exact: equal input, equal bytes";
  info.inputs = {{"histogram", PayloadKind::kTable, "columns bin_center and count", false, false, {}},
                 {"limits", PayloadKind::kValue, "{min, max} to mark", true, false, {}}};
  info.outputs = {{"picture", PayloadKind::kBlob, "image/png", false, false, {}}};
  info.params = LabelParams("value", "pixels");
  info.params.push_back({"log", ParamType::kBool, Value(true), false, "", "logarithmic counts"});
  info.params.push_back({"zoom",
                         ParamType::kReal,
                         Value(0.0),
                         false,
                         "",
                         "draw only this many widths of the limits "
                         "around them; 0: everything",
                         0,
                         1e6,
                         {}});
  return info;
}

class PlotHistogram : public PlotKernel {
 public:
  PlotHistogram() : PlotKernel(HistogramInfo()) {}
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    if (context.cancel.cancelled()) return context.cancel.status();
    const Args& args = *invocation.args;
    const Table& table = *invocation.inputs[0][0].table();
    CL_ASSIGN_OR_RETURN(const std::vector<double> centers, Numbers(table, "bin_center", "histogram"));
    CL_ASSIGN_OR_RETURN(const std::vector<double> counts, Numbers(table, "count", "histogram"));
    if (centers.empty()) return InputError("histogram", "has no bins");
    const double width = centers.size() > 1 ? centers[1] - centers[0] : 1;
    std::vector<double> edges;
    for (const double c : centers) edges.push_back(c - width / 2);
    edges.push_back(centers.back() + width / 2);
    AxesSpec spec = SpecOf(args);
    spec.x = RangeOf(edges);
    spec.log_y = args.boolean("log");
    spec.y = {spec.log_y ? 0.5 : 0.0, std::max(1.0, RangeOf(counts).high * (spec.log_y ? 2 : 1.05))};
    const Value* low = nullptr;
    const Value* high = nullptr;
    if (!invocation.inputs[1].empty()) {
      low = invocation.inputs[1][0].value().Find("min");
      high = invocation.inputs[1][0].value().Find("max");
      if (low == nullptr || high == nullptr) return InputError("limits", "must be a map with min and max");
    }
    const bool marked = low != nullptr && low->is_number() && high->is_number() && high->real() > low->real();
    if (marked && args.real("zoom") > 0) {
      const double pad = args.real("zoom") * (high->real() - low->real());
      spec.x = {std::max(spec.x.low, low->real() - pad), std::min(spec.x.high, high->real() + pad)};
      if (!(spec.x.low < spec.x.high)) spec.x = RangeOf(edges);
    }
    Canvas canvas = CanvasOf(args);
    Axes axes(canvas, spec);
    axes.Bars(edges, counts, kBlue);
    if (marked) {
      axes.Marker(low->real(), TickText(low->real()), kRed);
      axes.Marker(high->real(), TickText(high->real()), kRed);
    }
    return Picture(canvas);
  }
};

KernelInfo ProfileInfo() {
  KernelInfo info;
  info.name = "plot.profile";
  info.summary = "a picture of a profile (PNG)";
  info.doc =
      "Draws `y` over `x` of a table, or a 1-D array over its index. With a column `band` its values are "
      "drawn as a pale "
      "band of +- that around the curve. Missing values break the curve.";
  info.reference = "none: a picture";
  info.tolerance = "exact: equal input, equal bytes";
  info.inputs = {{"table", PayloadKind::kTable, "with columns named by x and y", true, false, {}},
                 {"array", PayloadKind::kArray, "1-D values", true, false, {DType::kF32, DType::kF64}}};
  info.outputs = {{"picture", PayloadKind::kBlob, "image/png", false, false, {}}};
  info.params = LabelParams("pixel", "value");
  info.params.push_back(
      {"x", ParamType::kString, Value("radius"), false, "", "column of the horizontal axis"});
  info.params.push_back({"y", ParamType::kString, Value("mean"), false, "", "column of the vertical axis"});
  info.params.push_back(
      {"band", ParamType::kString, Value(""), false, "", "column of the band's half width"});
  info.params.push_back({"log", ParamType::kBool, Value(false), false, "", "logarithmic vertical axis"});
  return info;
}

class PlotProfile : public PlotKernel {
 public:
  PlotProfile() : PlotKernel(ProfileInfo()) {}
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    if (context.cancel.cancelled()) return context.cancel.status();
    const Args& args = *invocation.args;
    if (invocation.inputs[0].empty() == invocation.inputs[1].empty()) {
      return absl::InvalidArgumentError("one of the inputs 'table' and 'array' must be given");
    }
    std::vector<double> x, y, band;
    if (!invocation.inputs[0].empty()) {
      const Table& table = *invocation.inputs[0][0].table();
      CL_ASSIGN_OR_RETURN(x, Numbers(table, args.string("x"), "table"));
      CL_ASSIGN_OR_RETURN(y, Numbers(table, args.string("y"), "table"));
      if (!args.string("band").empty()) {
        CL_ASSIGN_OR_RETURN(band, Numbers(table, args.string("band"), "table"));
      }
    } else {
      CL_RETURN_IF_ERROR(ReadArray(invocation.inputs[1][0].array(), context, &y));
      for (size_t i = 0; i < y.size(); ++i) x.push_back(static_cast<double>(i));
    }
    AxesSpec spec = SpecOf(args);
    spec.x = RangeOf(x);
    spec.log_y = args.boolean("log");
    std::vector<double> low, high, shown;
    for (size_t i = 0; i < y.size(); ++i) {
      const double half = i < band.size() && std::isfinite(band[i]) ? band[i] : 0;
      low.push_back(y[i] - half);
      high.push_back(y[i] + half);
      for (const double v : {low.back(), high.back(), y[i]}) {
        if (!spec.log_y || v > 0) shown.push_back(v);
      }
    }
    spec.y = RangeOf(shown);
    if (!spec.log_y) {
      const double pad = 0.05 * (spec.y.high - spec.y.low);
      spec.y = {spec.y.low - pad, spec.y.high + pad};
    }
    Canvas canvas = CanvasOf(args);
    Axes axes(canvas, spec);
    if (!band.empty()) {
      axes.Curve(x, low, {Color{160, 190, 225}, 1.2});
      axes.Curve(x, high, {Color{160, 190, 225}, 1.2});
    }
    axes.Curve(x, y, {kBlue, 1.8});
    return Picture(canvas);
  }

 private:
  static absl::Status ReadArray(const ArrayPtr& array, const KernelContext& context,
                                std::vector<double>* out) {
    const Shape& shape = array->desc().shape;
    if (shape.rank() != 1 || shape[0] > 1000000) {
      return InputError("array",
                        absl::StrCat("must have one axis of at most 10^6, has shape ", shape.ToString()));
    }
    CL_ASSIGN_OR_RETURN(const Chunk read, array->Read(Box::Whole(shape), context.read()));
    CL_ASSIGN_OR_RETURN(const Chunk chunk, ConvertChunk(read, DType::kF64, *context.allocator));
    out->assign(chunk.as<double>(), chunk.as<double>() + shape[0]);
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<const Kernel> MakePlotHistogramKernel() { return std::make_unique<PlotHistogram>(); }
std::unique_ptr<const Kernel> MakePlotProfileKernel() { return std::make_unique<PlotProfile>(); }

}  // namespace cubeloom
