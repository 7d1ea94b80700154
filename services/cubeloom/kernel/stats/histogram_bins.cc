// image.histogram_bins: see bin_counts.h for the definition of a bin.
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/stats/count_table.h"
#include "cubeloom/kernel/stats/histogram_params.h"
#include "cubeloom/kernel/stats/image_inputs.h"
#include "cubeloom/kernel/stats/kernels.h"

namespace cubeloom {
namespace {

constexpr int kRangePort = 2;

KernelInfo HistogramBinsInfo() {
  KernelInfo info;
  info.name = "image.histogram_bins";
  info.shape = KernelShape::kReduce;
  info.summary = "histogram of an image over a known range";
  info.doc =
      "Counts the pixels of the box that the mask uses and that lie in [min, max]: bin = "
      "min(floor((v - min) / width), bins - 1) in double, width = (max - min) / bins; everything else, NaN "
      "and "
      "blank included, is dropped. min and max come from the arguments, else from the input range (the value "
      "of image.statistics: its range without infinities). With bins = 0 their number is "
      "int(max(sqrt(width * height), 2)) of the box's two fastest axes. Where the range is that of no pixel "
      "at "
      "all, there is one bin of 0..0.";
  info.reference = "CARTA (Histogram.cc), numpy.histogram but for its edge rounding";
  info.tolerance = "exact counts";
  PortSpec range;
  range.name = "range";
  range.kind = PayloadKind::kValue;
  range.optional = true;
  range.doc = "map with min and max, and mean and sigma to pass on; as image.statistics gives it";
  info.inputs = {ImagePort(), MaskPort(), range};
  info.outputs = HistogramOutputs();
  info.params = HistogramParams();
  info.ns_per_element = 0.8;
  info.ns_fixed = 20000;
  return info;
}

struct BinsPlan : ReduceKernel::Plan {
  BinLayout layout;
  Value mean, sigma;  // of the range input, or null
  Allocator* allocator = nullptr;
};

struct BinsState : ReduceKernel::State {
  explicit BinsState(CountTable c) : counts(std::move(c)) {}
  CountTable counts;
};

// The entry `key` of the range input: a finite real, or null.
absl::StatusOr<Value> RangeEntry(const Value& range, const char* key) {
  const Value* entry = range.Find(key);
  if (entry == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("input 'range' has no entry '", key, "'"));
  }
  if (entry->is_null()) return Value();
  if (!entry->is_number() || !std::isfinite(entry->real())) {
    return absl::InvalidArgumentError(
        absl::StrCat("input 'range': '", key, "' is no finite number but ", entry->ToJson()));
  }
  return Value(entry->real());
}

struct Bounds {
  Value min, max;  // both null: of no pixel
};

absl::StatusOr<Bounds> FindBounds(const Args& args, const Value* range) {
  Bounds bounds;
  if (range != nullptr) {
    CL_ASSIGN_OR_RETURN(bounds.min, RangeEntry(*range, "min"));
    CL_ASSIGN_OR_RETURN(bounds.max, RangeEntry(*range, "max"));
  }
  // One given bound and a range of nothing: nothing lies inside either way.
  const bool nothing = range != nullptr && (bounds.min.is_null() || bounds.max.is_null());
  if (nothing && !(args.has("min") && args.has("max"))) return Bounds();
  if (args.has("min")) bounds.min = Value(args.real("min"));
  if (args.has("max")) bounds.max = Value(args.real("max"));
  return bounds;
}

absl::StatusOr<BinLayout> MakeLayout(const Bounds& bounds, int64_t bins) {
  BinLayout layout;
  if (bounds.min.is_null()) return layout;
  layout.min = bounds.min.real();
  layout.max = bounds.max.real();
  if (layout.min > layout.max) {
    return absl::InvalidArgumentError(
        absl::StrCat("histogram range: min ", layout.min, " is above max ", layout.max));
  }
  layout.bins = static_cast<int32_t>(bins);
  layout.width = (layout.max - layout.min) / static_cast<double>(bins);
  if (!std::isfinite(layout.width)) {
    return absl::InvalidArgumentError(
        absl::StrCat("histogram range: ", layout.min, "..", layout.max, " is too wide for a double"));
  }
  return layout;
}

class HistogramBinsKernel : public ReduceKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  bool order_free() const override { return true; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_RETURN_IF_ERROR(CheckImageInputs(args, inputs));
    const bool has_range = inputs.size() > kRangePort && inputs[kRangePort].count > 0;
    CL_RETURN_IF_ERROR(CheckHistogramArgs(args, has_range));
    CL_RETURN_IF_ERROR(BinNumber(args, ImageRegion(args, inputs[kImagePort].arrays[0].shape)).status());
    return std::vector<OutputDesc>{{PayloadKind::kTable, {}}, {PayloadKind::kValue, {}}};
  }

  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext& context) const override {
    auto plan = std::make_unique<BinsPlan>();
    const Value* range = nullptr;
    if (!invocation.inputs[kRangePort].empty()) {
      range = &invocation.inputs[kRangePort][0].value();
      const Value* finite = range->Find("finite");
      if (finite != nullptr && finite->is_map()) range = finite;
      if (const Value* mean = range->Find("mean")) plan->mean = *mean;
      if (const Value* sigma = range->Find("sigma")) plan->sigma = *sigma;
    }
    CL_ASSIGN_OR_RETURN(const Bounds bounds, FindBounds(*invocation.args, range));
    CL_ASSIGN_OR_RETURN(const int64_t bins, BinNumber(*invocation.args, ImageRegion(invocation)));
    CL_ASSIGN_OR_RETURN(plan->layout, MakeLayout(bounds, bins));
    plan->allocator = context.allocator;
    return plan;
  }

  Box Region(const Invocation& invocation, const Plan*) const override { return ImageRegion(invocation); }

  std::unique_ptr<State> NewState(const Invocation&, const Plan* plan) const override {
    return std::make_unique<BinsState>(CountTable(static_cast<const BinsPlan*>(plan)->allocator));
  }

  absl::Status Accumulate(const Call& call, State& state, const KernelContext& context) const override {
    CountTable& counts = static_cast<BinsState&>(state).counts;
    BinLayout layout = static_cast<const BinsPlan*>(call.plan)->layout;
    CL_RETURN_IF_ERROR(counts.Init(layout.bins));
    CL_ASSIGN_OR_RETURN(uint32_t* const tables, counts.Tables(call.leaf.elements()));
    if (layout.width == 0) layout.width = 1;  // all inside is at min: bin 0
    const BinFunctions& functions = ActiveBinFunctions();
    const int64_t stride = counts.stride();
    const auto count = [&](const auto& block) {
      if constexpr (sizeof(*block.data) == sizeof(float)) {
        functions.count_f32(block.data, block.size, layout, tables, stride);
      } else {
        functions.count_f64(block.data, block.size, layout, tables, stride);
      }
    };
    return ForEachBlock(call, context, count);
  }

  absl::Status Merge(State& left, const State& right) const override {
    return static_cast<BinsState&>(left).counts.Merge(static_cast<const BinsState&>(right).counts);
  }

  absl::StatusOr<std::vector<Payload>> Finish(const Invocation& invocation, const Plan* plan, State& state,
                                              const KernelContext&) const override {
    const auto& p = *static_cast<const BinsPlan*>(plan);
    const CountTable& counts = static_cast<BinsState&>(state).counts;
    const size_t bins = static_cast<size_t>(p.layout.bins);
    if (!counts.empty() && counts.bins() != p.layout.bins) {
      return absl::InternalError(absl::StrCat("state of ", counts.bins(), " bins, expected ", bins));
    }
    const double width = p.layout.min == p.layout.max ? 0 : p.layout.width;
    std::vector<double> centers(bins);
    std::vector<int64_t> numbers(bins);
    int64_t total = 0;
    for (size_t b = 0; b < bins; ++b) {
      centers[b] = p.layout.min + (static_cast<double>(b) + 0.5) * width;
      numbers[b] = static_cast<int64_t>(counts.Count(static_cast<int64_t>(b)));
      total += numbers[b];
    }
    auto table = std::make_shared<Table>();
    table->columns.push_back(
        {"bin_center", ImageDesc(invocation).unit, "middle of the bin", std::move(centers), {}});
    table->columns.push_back({"count", "", "pixels in the bin", std::move(numbers), {}});
    Value summary(Value::Map{{"num_bins", Value(int64_t{p.layout.bins})},
                             {"bin_width", Value(width)},
                             {"first_bin_center", Value(p.layout.min + width / 2)},
                             {"min", Value(p.layout.min)},
                             {"max", Value(p.layout.max)},
                             {"count", Value(total)},
                             {"mean", p.mean},
                             {"sigma", p.sigma}});
    return std::vector<Payload>{TablePtr(std::move(table)), std::move(summary)};
  }

  absl::StatusOr<std::string> Encode(const State& state) const override {
    return static_cast<const BinsState&>(state).counts.Encode();
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const override {
    CL_ASSIGN_OR_RETURN(CountTable counts, CountTable::Decode(bytes, &Allocator::Heap()));
    return std::make_unique<BinsState>(std::move(counts));
  }

 private:
  const KernelInfo info_ = HistogramBinsInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeHistogramBinsKernel() { return std::make_unique<HistogramBinsKernel>(); }

}  // namespace cubeloom
