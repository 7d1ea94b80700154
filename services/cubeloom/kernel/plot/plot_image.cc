// plot.image: an image between two limits, with a colour bar.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/plot/axes.h"
#include "cubeloom/kernel/plot/canvas.h"
#include "cubeloom/kernel/plot/colormap.h"
#include "cubeloom/kernel/plot/plot.h"

namespace cubeloom {
namespace {

constexpr int kMargin = 12, kTitle = 34, kBar = 56;
constexpr Color kNoValue{120, 40, 120};

KernelInfo ImageInfo() {
  KernelInfo info;
  info.name = "plot.image";
  info.summary = "a picture of an image between limits (PNG)";
  info.doc =
      "Row 0 is at the bottom, as astronomers draw images. Images larger than `size` pixels on a side are "
      "reduced by the "
      "mean of finite pixels in blocks. Limits come from `limits` {min, max}, else from min and max, else "
      "from the image. "
      "Pixels without a value are purple.";
  info.reference = "none: a picture";
  info.tolerance = "exact: equal input, equal bytes";
  info.inputs = {{"image", PayloadKind::kArray, "ny x nx", false, false, {DType::kF32, DType::kF64}},
                 {"limits", PayloadKind::kValue, "{min, max}, e.g. from image.clip_limits", true, false, {}}};
  info.outputs = {{"picture", PayloadKind::kBlob, "image/png", false, false, {}}};
  info.params = {
      {"title", ParamType::kString, Value(""), false, "", "text above the picture"},
      {"size", ParamType::kInteger, Value(1024), false, "pixel", "longest side of the drawn image", 16, 8192},
      {"min", ParamType::kReal, Value(), false, "unit of image", "darkest value"},
      {"max", ParamType::kReal, Value(), false, "unit of image", "brightest value"},
      {"stretch", ParamType::kString, Value("linear"), false, "", "brightness scale", -1e308, 1e308,
       StretchNames()},
      {"colormap", ParamType::kString, Value("grey"), false, "", "colours", -1e308, 1e308, ColormapNames()}};
  info.ns_per_element = 3;
  return info;
}

// Block means of an image: `block` pixels a side, rows and columns rounded up; NaN where a block has no
// finite pixel.
struct Reduced {
  int width = 0, height = 0;
  std::vector<double> values;
};

absl::StatusOr<Reduced> Reduce(const ArrayPtr& array, int64_t block, const KernelContext& context) {
  const Shape& shape = array->desc().shape;
  Reduced out;
  out.height = static_cast<int>((shape[0] + block - 1) / block);
  out.width = static_cast<int>((shape[1] + block - 1) / block);
  out.values.resize(static_cast<size_t>(out.width) * static_cast<size_t>(out.height));
  std::vector<double> sum(static_cast<size_t>(out.width));
  std::vector<int64_t> count(static_cast<size_t>(out.width));
  for (int row = 0; row < out.height; ++row) {
    if (context.cancel.cancelled()) return context.cancel.status();
    std::fill(sum.begin(), sum.end(), 0.0);
    std::fill(count.begin(), count.end(), 0);
    const int64_t y0 = row * block, rows = std::min(block, shape[0] - y0);
    CL_ASSIGN_OR_RETURN(const Chunk read, array->Read({{y0, 0}, {rows, shape[1]}}, context.read()));
    CL_ASSIGN_OR_RETURN(const Chunk chunk, ConvertChunk(read, DType::kF64, *context.allocator));
    ForEachRow(chunk, [&](int64_t offset, int64_t) {
      for (int64_t x = 0; x < shape[1]; ++x) {
        const double v = chunk.as<double>()[offset + x];
        if (!std::isfinite(v)) continue;
        sum[static_cast<size_t>(x / block)] += v;
        ++count[static_cast<size_t>(x / block)];
      }
    });
    for (size_t x = 0; x < sum.size(); ++x) {
      out.values[static_cast<size_t>(row) * sum.size() + x] =
          count[x] == 0 ? std::nan("") : sum[x] / static_cast<double>(count[x]);
    }
  }
  return out;
}

absl::StatusOr<Range> LimitsOf(const Invocation& invocation, const Reduced& image) {
  Range range = RangeOf(image.values);
  if (!invocation.inputs[1].empty()) {
    const Value& limits = invocation.inputs[1][0].value();
    const Value *low = limits.Find("min"), *high = limits.Find("max");
    if (low == nullptr || high == nullptr) return InputError("limits", "must be a map with min and max");
    if (low->is_number() && high->is_number()) range = {low->real(), high->real()};  // null: nothing finite
  }
  if (invocation.args->has("min")) range.low = invocation.args->real("min");
  if (invocation.args->has("max")) range.high = invocation.args->real("max");
  if (!(range.high >= range.low)) {
    return absl::InvalidArgumentError(absl::StrCat("limits: min ", range.low, " is above max ", range.high));
  }
  if (range.high == range.low) return RangeOf({range.low});
  return range;
}

void DrawBar(Canvas& canvas, const Args& args, const Range& limits) {
  const int top = canvas.height() - kBar + 12, left = kMargin, width = canvas.width() - 2 * kMargin;
  for (int x = 0; x < width; ++x) {
    const double t = static_cast<double>(x) / std::max(width - 1, 1);
    canvas.Fill(left + x, top, 1, 14,
                ColormapAt(args.string("colormap"), Stretch(args.string("stretch"), t)));
  }
  for (const double tick : RoundTicks(limits.low, limits.high, std::max(2, width / 120))) {
    const int x =
        left + static_cast<int>(std::lround((tick - limits.low) / (limits.high - limits.low) * (width - 1)));
    canvas.Fill(x, top + 14, 1, 4, kBlack);
    const std::string text = TickText(tick);
    const int at =
        std::clamp(x - Canvas::TextWidth(text) / 2, 0, std::max(0, canvas.width() - Canvas::TextWidth(text)));
    canvas.Text(at, top + 21, text, kBlack);
  }
}

class PlotImage : public TaskKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_RETURN_IF_ERROR(in.Rank("image", 2, 2));
    CL_ASSIGN_OR_RETURN(const ArrayDesc* image, in.Array("image"));
    if (image->shape.elements() == 0) return InputError("image", "has no pixels");
    return std::vector<OutputDesc>{KindOutput(PayloadKind::kBlob)};
  }

  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    const Args& args = *invocation.args;
    const ArrayPtr& array = invocation.inputs[0][0].array();
    const int64_t longest = std::max(array->desc().shape[0], array->desc().shape[1]);
    const int64_t size = args.integer("size");
    CL_ASSIGN_OR_RETURN(const Reduced image, Reduce(array, (longest + size - 1) / size, context));
    CL_ASSIGN_OR_RETURN(const Range limits, LimitsOf(invocation, image));
    // Small images are enlarged to be seen.
    const int zoom = std::max(1, 256 / std::max(image.width, image.height));
    const int title = args.string("title").empty() ? kMargin : kTitle;
    Canvas canvas(std::max(image.width * zoom + 2 * kMargin, 220), image.height * zoom + title + kBar);
    canvas.Text(kMargin, 11, args.string("title"), kBlack, 2);
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        const double v =
            image.values[static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(x)];
        const double t = (v - limits.low) / (limits.high - limits.low);
        const Color color = std::isfinite(v)
                                ? ColormapAt(args.string("colormap"), Stretch(args.string("stretch"), t))
                                : kNoValue;
        canvas.Fill(kMargin + x * zoom, title + (image.height - 1 - y) * zoom, zoom, zoom, color);
      }
    }
    DrawBar(canvas, args, limits);
    CL_ASSIGN_OR_RETURN(Buffer png, canvas.EncodePng());
    return std::vector<Payload>{Payload(Blob{std::move(png), "image/png"})};
  }

 private:
  const KernelInfo info_ = ImageInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakePlotImageKernel() { return std::make_unique<PlotImage>(); }

absl::Status RegisterPlotKernels(KernelCatalogue& catalogue) {
  CL_RETURN_IF_ERROR(catalogue.Add(MakePlotImageKernel()));
  CL_RETURN_IF_ERROR(catalogue.Add(MakePlotHistogramKernel()));
  return catalogue.Add(MakePlotProfileKernel());
}

}  // namespace cubeloom
