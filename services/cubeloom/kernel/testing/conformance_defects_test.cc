// Kernels with one planted defect each: the suite must say so.
#include <atomic>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/cpu.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/testing/conformance.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

enum class Defect {
  kNone,
  kOrderFreeSum,
  kLosesFieldInEncode,
  kTakesCutState,
  kTakesAnyVersion,
  kIgnoresStrides,
  kIgnoresValidity,
  kDependsOnMachine,
  kKeepsGlobals,
  kNeverPolls,
  kCountsLeaves
};

// Sum and count of i16 or f32.
class BrokenSum : public ReduceKernel {
 public:
  struct Sums : State {
    double sum = 0;
    int64_t count = 0;
  };
  explicit BrokenSum(Defect defect) : defect_(defect) {
    info_.name = "broken.sum";
    info_.shape = KernelShape::kReduce;
    info_.summary = "Sum with a defect.";
    info_.inputs = {{"array", PayloadKind::kArray, "", false, false, {DType::kI16, DType::kF32}}};
    info_.outputs = {{"sum", PayloadKind::kValue, "", false, false, {}}};
    ParamSpec scale;
    scale.name = "scale";
    scale.default_value = 1;
    info_.params = {scale};
    if (defect == Defect::kNeverPolls) info_.ns_per_element = 1000;
  }
  const KernelInfo& info() const override { return info_; }
  bool order_free() const override { return defect_ == Defect::kOrderFreeSum; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    return std::vector<OutputDesc>{KindOutput(PayloadKind::kValue)};
  }
  std::unique_ptr<State> NewState(const Invocation&, const Plan*) const override {
    return std::make_unique<Sums>();
  }
  absl::Status Accumulate(const Call& call, State& state, const KernelContext&) const override {
    const Chunk& chunk = (*call.in)[0][0];
    return chunk.dtype == DType::kI16 ? Add<int16_t>(chunk, state) : Add<float>(chunk, state);
  }
  absl::Status Merge(State& left, const State& right) const override {
    static_cast<Sums&>(left).sum += static_cast<const Sums&>(right).sum;
    static_cast<Sums&>(left).count += static_cast<const Sums&>(right).count;
    if (defect_ == Defect::kCountsLeaves) static_cast<Sums&>(left).count += 1;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Payload>> Finish(const Invocation&, const Plan*, State& state,
                                              const KernelContext&) const override {
    Value value;
    value.Set("sum", static_cast<Sums&>(state).sum);
    value.Set("count", static_cast<Sums&>(state).count);
    return std::vector<Payload>{Payload(std::move(value))};
  }
  absl::StatusOr<std::string> Encode(const State& state) const override {
    const Sums& sums = static_cast<const Sums&>(state);
    std::string bytes(17, '\1');
    std::memcpy(bytes.data() + 1, &sums.sum, 8);
    const int64_t count = defect_ == Defect::kLosesFieldInEncode ? 0 : sums.count;
    std::memcpy(bytes.data() + 9, &count, 8);
    return bytes;
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const override {
    auto sums = std::make_unique<Sums>();
    if (bytes.size() < 17 && defect_ == Defect::kTakesCutState) return sums;
    if (bytes.size() != 17) return absl::DataLossError("size");
    if (bytes[0] != '\1' && defect_ != Defect::kTakesAnyVersion) return absl::DataLossError("version");
    std::memcpy(&sums->sum, bytes.data() + 1, 8);
    std::memcpy(&sums->count, bytes.data() + 9, 8);
    return sums;
  }

 private:
  template <typename T>
  absl::Status Add(const Chunk& chunk, State& state) const {
    Sums& sums = static_cast<Sums&>(state);
    static std::atomic<int64_t> calls{0};  // a race would be one defect too many
    if (defect_ == Defect::kKeepsGlobals) sums.sum += static_cast<double>(++calls);
    if (defect_ == Defect::kDependsOnMachine) sums.sum += static_cast<double>(ActiveSimdLevel());
    const int64_t length = chunk.box.extent[chunk.box.rank() - 1];
    ForEachRow(chunk, [&](int64_t offset, int64_t linear) {
      const T* row = chunk.as<T>() + (defect_ == Defect::kIgnoresStrides ? linear : offset);
      for (int64_t i = 0; i < length; ++i) {
        if (std::isnan(static_cast<double>(row[i]))) continue;
        if (defect_ != Defect::kIgnoresValidity && !chunk.valid(linear + i)) continue;
        sums.sum += static_cast<double>(row[i]);
        ++sums.count;
      }
    });
    return absl::OkStatus();
  }
  const Defect defect_;
  KernelInfo info_;
};

std::vector<std::string> Violations(Defect defect, const ConformanceOptions& options = {}) {
  const BrokenSum kernel(defect);
  const auto floats = [] {
    SampleOptions sample;
    sample.nan_fraction = 0.1;
    return OnePerPort({SampleArray({257, 1031}, sample)});
  };
  return FindViolations(kernel, {{"floats", {}, floats}}, options);
}

TEST(ConformanceDefectsTest, TheSoundReduceHasNone) {
  EXPECT_THAT(Violations(Defect::kNone), testing::IsEmpty());
}

TEST(ConformanceDefectsTest, DefectsOfAReduceAreFound) {
  const struct {
    Defect defect;
    const char* where;
    const char* what;
  } cases[] = {
      {Defect::kOrderFreeSum, "order-free states", "became"},
      {Defect::kLosesFieldInEncode, "leaf states merged", "became"},
      {Defect::kTakesCutState, "damaged state", "Decode took the first 0 of 17 bytes"},
      {Defect::kTakesAnyVersion, "damaged state", "another version byte"},
      {Defect::kIgnoresStrides, "strided", "became"},
      {Defect::kDependsOnMachine, "instruction set", "became"},
      {Defect::kKeepsGlobals, "run again", "became"},
      {Defect::kNeverPolls, "token fired before the call", "did not poll"},
      {Defect::kCountsLeaves, "empty states merged in", "became"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Violations(c.defect), Contains(AllOf(HasSubstr(c.where), HasSubstr(c.what)))) << c.where;
  }
}

TEST(ConformanceDefectsTest, IgnoredValidityShowsAgainstNan) {
  ConformanceOptions options;
  options.same_for_native_dtypes = true;
  const auto found = Violations(Defect::kIgnoresValidity, options);
  EXPECT_THAT(found, Contains(HasSubstr("f32 given as i16")));
}

TEST(ConformanceDefectsTest, ACaseTooSmallToMergeIsSaid) {
  const BrokenSum kernel(Defect::kNone);
  EXPECT_THAT(FindViolations(kernel, {{"small",
                                       {},
                                       [] {
                                         return OnePerPort({SampleArray({10, 10})});
                                       }}}),
              Contains(HasSubstr("no case has 3 leaves")));
  EXPECT_THAT(FindViolations(kernel, {}), Contains(HasSubstr("no case was given")));
  EXPECT_THAT(FindViolations(kernel, {{"bad", {{"scale", "x"}}, [] { return std::vector<PortPayloads>(); }}}),
              Contains(HasSubstr("parameter 'scale'")));
}

enum class MapDefect { kNone, kForgetsHalo, kLeavesHoles, kWritesBehind, kReadsBehind };

// out[i] = in[i - 1] + in[i + 1] along the last axis, 0 beyond the edges.
class BrokenMap : public MapKernel {
 public:
  explicit BrokenMap(MapDefect defect) : defect_(defect) {
    info_.name = "broken.map";
    info_.shape = KernelShape::kMap;
    info_.summary = "Sum of neighbours with a defect.";
    info_.inputs = {{"array", PayloadKind::kArray, "", false, false, {DType::kF32}}};
    info_.outputs = {{"array", PayloadKind::kArray, "", false, false, {}}};
  }
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_ASSIGN_OR_RETURN(const ArrayDesc* array, InferInputs(info_, inputs).Array("array"));
    return std::vector<OutputDesc>{ArrayOutput(LikeArray(*array, DType::kF32))};
  }
  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    if (defect_ == MapDefect::kForgetsHalo) return out;
    Shape halo = Shape::Filled(out.rank(), 0);
    halo[out.rank() - 1] = 1;
    return Grow(out, halo, invocation.outputs[0].array.shape);
  }
  absl::Status Run(const Call& call, const KernelContext&) const override {
    const Chunk& in = (*call.in)[0][0];
    const int last = call.out.rank() - 1;
    const int64_t length = call.out.extent[last], have = in.box.extent[last];
    const int64_t shift = call.out.origin[last] - in.box.origin[last];
    float* out = reinterpret_cast<float*>(call.data[0]);
    ForEachRow(in, [&](int64_t offset, int64_t linear) {
      const float* row = in.as<float>() + offset;
      const int64_t behind = defect_ == MapDefect::kReadsBehind ? have + 1 : have;
      for (int64_t i = 0; i < length; ++i, ++out) {
        const int64_t left = i + shift - 1, right = i + shift + 1;
        const float a = left >= 0 ? row[left] : 0, b = right < behind ? row[right] : 0;
        if (defect_ == MapDefect::kLeavesHoles && std::isnan(a + b)) continue;
        *out = a + b;
      }
    });
    if (defect_ == MapDefect::kWritesBehind && call.out.elements() % 16 != 0) *out = 1;
    return absl::OkStatus();
  }

 private:
  const MapDefect defect_;
  KernelInfo info_;
};

std::vector<std::string> Violations(MapDefect defect) {
  const BrokenMap kernel(defect);
  return FindViolations(kernel, {{"plane", {}, [] {
                                    SampleOptions sample;
                                    sample.nan_fraction = 0.1;
                                    return OnePerPort({SampleArray({23, 29}, sample)});
                                  }}});
}

TEST(ConformanceDefectsTest, DefectsOfAMapAreFound) {
  EXPECT_THAT(Violations(MapDefect::kNone), testing::IsEmpty());
  EXPECT_THAT(Violations(MapDefect::kForgetsHalo), Contains(HasSubstr("chunks of")));
  EXPECT_THAT(Violations(MapDefect::kLeavesHoles), Contains(HasSubstr("guard pages, memory of")));
}

#if !defined(__SANITIZE_ADDRESS__)
#if !defined(__has_feature)
#define CL_PLANT_MEMORY_DEFECTS 1
#elif !__has_feature(address_sanitizer)
#define CL_PLANT_MEMORY_DEFECTS 1
#endif
#endif
#ifdef CL_PLANT_MEMORY_DEFECTS
TEST(ConformanceDefectsTest, AccessOutsideMemoryIsFoundWithoutASanitizer) {
  EXPECT_THAT(Violations(MapDefect::kWritesBehind), Contains(HasSubstr("wrote outside its memory")));
  EXPECT_DEATH(Violations(MapDefect::kReadsBehind), "");
}
#endif

}  // namespace
}  // namespace cubeloom
