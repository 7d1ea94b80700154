// example.sum and example.extrema.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/testing/example_kernels.h"

namespace cubeloom {
namespace {

// A version byte and a trivially copyable struct.
template <typename T>
std::string EncodePlain(const T& v) {
  std::string bytes(1 + sizeof v, '\1');
  std::memcpy(bytes.data() + 1, &v, sizeof v);
  return bytes;
}

template <typename T>
absl::Status DecodePlain(absl::string_view bytes, T& v) {
  if (bytes.size() != 1 + sizeof v || bytes[0] != '\1') {
    return absl::DataLossError(absl::StrCat("bad state of ", bytes.size(), " bytes"));
  }
  std::memcpy(&v, bytes.data() + 1, sizeof v);
  return absl::OkStatus();
}

class ExampleSum : public ReduceKernel {
 public:
  struct Sums {
    int64_t count = 0;
    double sum = 0;
  };
  struct SumState : State {
    Sums v;
  };

  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    const InferInputs in(info_, inputs);
    CL_RETURN_IF_ERROR(in.Rank("array", 1, kMaxRank));
    CL_RETURN_IF_ERROR(in.SameShape("weight", "array"));
    if (args.has("region")) {
      const std::vector<int64_t> r = args.integers("region");
      if (r.size() != 4 || r[0] > r[1] || r[2] > r[3])
        return ParamError("region", "must be [y0, y1, x0, x1]");
      CL_RETURN_IF_ERROR(in.Rank("array", 2, kMaxRank));
    }
    return std::vector<OutputDesc>{KindOutput(PayloadKind::kValue)};
  }

  Box Region(const Invocation& invocation, const Plan* plan) const override {
    Box box = ReduceKernel::Region(invocation, plan);
    if (!invocation.args->has("region")) return box;
    const std::vector<int64_t> r = invocation.args->integers("region");
    const int y = box.rank() - 2;
    for (int a = 0; a < 2; ++a) {
      box.origin[y + a] = r[2 * a];
      box.extent[y + a] = r[2 * a + 1] - r[2 * a];
    }
    return box;
  }

  std::unique_ptr<State> NewState(const Invocation&, const Plan*) const override {
    return std::make_unique<SumState>();
  }

  absl::Status Accumulate(const Call& call, State& state, const KernelContext& context) const override {
    const Chunk& chunk = (*call.in)[0][0];
    const Chunk* weight = (*call.in)[1].empty() ? nullptr : &(*call.in)[1][0];
    Sums& sums = static_cast<SumState&>(state).v;
    return chunk.dtype == DType::kF32 ? Add<float>(chunk, weight, sums) : Add<double>(chunk, weight, sums);
  }

  absl::Status Merge(State& left, const State& right) const override {
    Sums& a = static_cast<SumState&>(left).v;
    const Sums& b = static_cast<const SumState&>(right).v;
    a.count += b.count;
    a.sum += b.sum;
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Payload>> Finish(const Invocation& invocation, const Plan*, State& state,
                                              const KernelContext&) const override {
    const Sums& sums = static_cast<SumState&>(state).v;
    Value result;
    result.Set("count", sums.count);
    result.Set("sum", sums.sum * invocation.args->real("scale"));
    return std::vector<Payload>{Payload(std::move(result))};
  }

  absl::StatusOr<std::string> Encode(const State& state) const override {
    return EncodePlain(static_cast<const SumState&>(state).v);
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const override {
    auto state = std::make_unique<SumState>();
    CL_RETURN_IF_ERROR(DecodePlain(bytes, state->v));
    return state;
  }

 private:
  template <typename T>
  static absl::Status Add(const Chunk& chunk, const Chunk* weight, Sums& sums) {
    const int64_t length = chunk.box.extent[chunk.box.rank() - 1];
    std::vector<int64_t> weight_rows;
    if (weight != nullptr)
      ForEachRow(*weight, [&](int64_t offset, int64_t) { weight_rows.push_back(offset); });
    size_t row = 0;
    ForEachRow(chunk, [&](int64_t offset, int64_t) {
      const T* values = chunk.as<T>() + offset;
      const float* weights = weight == nullptr ? nullptr : weight->as<float>() + weight_rows[row++];
      for (int64_t i = 0; i < length; ++i) {
        if (std::isnan(values[i])) continue;
        ++sums.count;
        sums.sum += weights == nullptr ? double{values[i]} : double{values[i]} * double{weights[i]};
      }
    });
    return absl::OkStatus();
  }

  static KernelInfo MakeInfo() {
    KernelInfo info;
    info.name = "example.sum";
    info.shape = KernelShape::kReduce;
    info.summary = "Sum of the numbers of an array.";
    info.inputs = {{"array", PayloadKind::kArray, "numbers", false, false, {DType::kF32, DType::kF64}},
                   {"weight", PayloadKind::kArray, "factors, of the same shape", true, false, {DType::kF32}}};
    info.outputs = {{"sum", PayloadKind::kValue, "{count, sum}", false, false, {}}};
    ParamSpec scale;
    scale.name = "scale";
    scale.default_value = 1.0;
    scale.min = 0;
    scale.max = 1e6;
    ParamSpec region;
    region.name = "region";
    region.type = ParamType::kIntegerList;
    region.unit = "pixel";
    region.min = 0;
    info.params = {scale, region};
    info.ns_per_element = 1.2;
    return info;
  }
  const KernelInfo info_ = MakeInfo();
};

class ExampleExtrema : public ReduceKernel {
 public:
  struct Extrema {
    int64_t count = 0;
    double min = std::numeric_limits<double>::infinity();
    double max = -std::numeric_limits<double>::infinity();
  };
  struct ExtremaState : State {
    Extrema v;
  };

  const KernelInfo& info() const override { return info_; }
  bool order_free() const override { return true; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_RETURN_IF_ERROR(InferInputs(info_, inputs).Rank("array", 1, kMaxRank));
    return std::vector<OutputDesc>{KindOutput(PayloadKind::kValue)};
  }
  std::unique_ptr<State> NewState(const Invocation&, const Plan*) const override {
    return std::make_unique<ExtremaState>();
  }

  absl::Status Accumulate(const Call& call, State& state, const KernelContext&) const override {
    const Chunk& chunk = (*call.in)[0][0];
    Extrema& e = static_cast<ExtremaState&>(state).v;
    switch (chunk.dtype) {
      case DType::kU8:
        return Add<uint8_t>(chunk, e);
      case DType::kI16:
        return Add<int16_t>(chunk, e);
      case DType::kF32:
        return Add<float>(chunk, e);
      default:
        return Add<double>(chunk, e);
    }
  }

  absl::Status Merge(State& left, const State& right) const override {
    Extrema& a = static_cast<ExtremaState&>(left).v;
    const Extrema& b = static_cast<const ExtremaState&>(right).v;
    a.count += b.count;
    a.min = std::min(a.min, b.min);
    a.max = std::max(a.max, b.max);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Payload>> Finish(const Invocation&, const Plan*, State& state,
                                              const KernelContext&) const override {
    const Extrema& e = static_cast<ExtremaState&>(state).v;
    Value result;
    result.Set("count", e.count);
    result.Set("min", e.count > 0 ? Value(e.min) : Value());
    result.Set("max", e.count > 0 ? Value(e.max) : Value());
    return std::vector<Payload>{Payload(std::move(result))};
  }

  absl::StatusOr<std::string> Encode(const State& state) const override {
    return EncodePlain(static_cast<const ExtremaState&>(state).v);
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const override {
    auto state = std::make_unique<ExtremaState>();
    CL_RETURN_IF_ERROR(DecodePlain(bytes, state->v));
    return state;
  }

 private:
  template <typename T>
  static absl::Status Add(const Chunk& chunk, Extrema& e) {
    const int64_t length = chunk.box.extent[chunk.box.rank() - 1];
    ForEachRow(chunk, [&](int64_t offset, int64_t linear) {
      const T* values = chunk.as<T>() + offset;
      for (int64_t i = 0; i < length; ++i) {
        const double v = static_cast<double>(values[i]);
        if (std::isnan(v) || !chunk.valid(linear + i)) continue;
        ++e.count;
        e.min = std::min(e.min, v + 0.0);  // one sign of zero, whatever comes first
        e.max = std::max(e.max, v + 0.0);
      }
    });
    return absl::OkStatus();
  }

  static KernelInfo MakeInfo() {
    KernelInfo info;
    info.name = "example.extrema";
    info.shape = KernelShape::kReduce;
    info.summary = "Count, minimum and maximum of the valid elements.";
    info.inputs = {{"array",
                    PayloadKind::kArray,
                    "numbers",
                    false,
                    false,
                    {DType::kU8, DType::kI16, DType::kF32, DType::kF64}}};
    info.outputs = {{"extrema", PayloadKind::kValue, "{count, min, max}", false, false, {}}};
    info.ns_per_element = 1.0;
    return info;
  }
  const KernelInfo info_ = MakeInfo();
};

}  // namespace

std::unique_ptr<ReduceKernel> MakeExampleSum() { return std::make_unique<ExampleSum>(); }
std::unique_ptr<ReduceKernel> MakeExampleExtrema() { return std::make_unique<ExampleExtrema>(); }

}  // namespace cubeloom
