// Other forms of the same inputs, special inputs, and failing ones.
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/testing/conformance_run.h"
#include "cubeloom/kernel/testing/guard_allocator.h"

namespace cubeloom {
namespace {

// Runs with every buffer between guard pages, filled with `fill` first.
Results RunGuarded(CaseRun& run, const Inputs& inputs, uint8_t fill, absl::string_view what) {
  GuardAllocator allocator({fill, -1});
  ExecuteOptions options;
  options.context.allocator = &allocator;
  options.sink = MakeCopyingSink();
  options.recycle_memory = false;
  Results results = run.Run(ReplaceArrays(inputs, MakeGuarded), options);
  if (allocator.damaged() > 0) run.Violation(what, "it wrote outside its memory");
  return results;
}

// As f32: whole numbers in [0, 200), NaN where there was one. Arrays of other dtypes stay.
ArrayPtr WholeNumbers(const ArrayPtr& array) {
  if (array->desc().dtype != DType::kF32) return array;
  std::vector<double> values = ValuesOf(*array).value();
  for (double& v : values) v = std::isfinite(v) ? std::fmod(std::floor(std::fabs(v)), 200.0) : std::nan("");
  return ArrayOf(array->desc(), values).value();
}

// Every f32 input as `dtype`, where the engine gives the kernel f32 all the same (or `native`); false when
// none.
bool ReplaceDType(const KernelInfo& info, DType dtype, bool native, Inputs& inputs) {
  bool any = false;
  for (size_t p = 0; p < inputs.size(); ++p) {
    const auto seen = AcceptDType(info.inputs[p], DType::kF32), now = AcceptDType(info.inputs[p], dtype);
    if (!seen.ok() || !now.ok() || (*seen != *now && !native)) continue;
    for (Payload& payload : inputs[p]) {
      if (payload.kind() != PayloadKind::kArray || payload.array()->desc().dtype != DType::kF32) continue;
      absl::StatusOr<ArrayPtr> array = AsDType(payload.array(), dtype);
      if (!array.ok()) continue;
      payload = Payload(*std::move(array));
      any = true;
    }
  }
  return any;
}

void CheckDTypes(CaseRun& run, const ConformanceOptions& options) {
  const Inputs whole = ReplaceArrays(run.inputs(), WholeNumbers);
  const Results expected = run.Run(whole, {});
  for (const DType dtype : {DType::kU8, DType::kI16, DType::kU16, DType::kI32, DType::kI64, DType::kF64}) {
    Inputs inputs = whole;
    if (!ReplaceDType(run.kernel().info(), dtype, options.same_for_native_dtypes, inputs)) continue;
    run.ExpectEqual(absl::StrCat("f32 given as ", DTypeName(dtype)), expected, run.Run(inputs, {}));
  }
}

// Every element replaced; integers keep theirs where the value is none of theirs.
ArrayPtr FilledWith(const ArrayPtr& array, double value, double other) {
  std::vector<double> values(static_cast<size_t>(array->desc().shape.elements()), value);
  for (size_t i = 0; i < values.size(); i += 2) values[i] = other;
  absl::StatusOr<ArrayPtr> filled = ArrayOf(array->desc(), values);
  return filled.ok() ? *filled : array;
}

ArrayPtr AllInvalid(const ArrayPtr& array) {
  absl::StatusOr<Chunk> chunk = array->Read(Box::Whole(array->desc().shape), ReadContext());
  if (!chunk.ok() || chunk->box.empty()) return array;
  const std::vector<uint8_t> bits(static_cast<size_t>((chunk->box.elements() + 7) / 8), 0);
  chunk->validity = Buffer::Copy(bits.data(), bits.size());
  return MakeMemoryArray(array->desc(), *std::move(chunk)).value();
}

// The first `extent` elements of each axis at most.
ArrayPtr Corner(const ArrayPtr& array, int64_t extent) {
  Box box = Box::Whole(array->desc().shape);
  for (int a = 0; a < box.rank(); ++a) box.extent[a] = std::min(box.extent[a], extent);
  return MakeCrop(array, box).value();
}

bool IsUserError(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kOutOfRange ||
         status.code() == absl::StatusCode::kFailedPrecondition ||
         status.code() == absl::StatusCode::kDataLoss;
}

}  // namespace

void CheckInputs(CaseRun& run, const ConformanceOptions& options) {
  run.ExpectSame("strided inputs", ReplaceArrays(run.inputs(), MakeStrided), {});
  run.ExpectSame("guard pages, memory of 0x00", RunGuarded(run, run.inputs(), 0x00, "guard pages"));
  run.ExpectSame("guard pages, memory of 0xff", RunGuarded(run, run.inputs(), 0xff, "guard pages"));
  run.ExpectSame("other natural chunks",
                 ReplaceArrays(run.inputs(),
                               [](const ArrayPtr& array) {
                                 Shape natural = array->desc().shape;
                                 for (int a = 0; a < natural.rank(); ++a)
                                   natural[a] = std::max<int64_t>(1, natural[a] / 3);
                                 return WithNaturalChunk(array, natural);
                               }),
                 {});
  CheckDTypes(run, options);
}

void CheckSpecialInputs(CaseRun& run, const ConformanceOptions& options) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const struct {
    const char* name;
    std::function<ArrayPtr(const ArrayPtr&)> make;
  } specials[] = {
      {"nan", [&](const ArrayPtr& a) { return FilledWith(a, nan, nan); }},
      {"invalid", AllInvalid},
      {"infinite", [&](const ArrayPtr& a) { return FilledWith(a, infinity, -infinity); }},
      {"one element", [](const ArrayPtr& a) { return Corner(a, 1); }},
      {"empty", [](const ArrayPtr& a) { return Corner(a, 0); }},
  };
  for (const auto& special : specials) {
    const std::string what = absl::StrCat("special input '", special.name, "'");
    const Inputs inputs = ReplaceArrays(run.inputs(), special.make);
    const Results results = run.Run(inputs, {});
    if (!results.ok() && !IsUserError(results.status())) run.Violation(what, results.status().ToString());
    run.ExpectEqual(absl::StrCat(what, ", guard pages"), results, RunGuarded(run, inputs, 0xA5, what));
    if (!options.check_special) continue;
    const std::string wrong = options.check_special(special.name, results);
    if (!wrong.empty()) run.Violation(what, wrong);
  }
}

void CheckFailures(CaseRun& run) {
  for (const int64_t at : {0, 1, 2, 5, 11}) {
    const auto hook = [at](int64_t n, const Box&) {
      return n == at ? absl::DataLossError("a read that fails for the test") : absl::OkStatus();
    };
    const Results read = run.Run(
        ReplaceArrays(run.inputs(), [&](const ArrayPtr& array) { return MakeHooked(array, hook); }), {});
    if (read.ok())
      run.ExpectSame(absl::StrCat("read ", at, " fails"), read);  // so many reads there are not
    else if (read.status().code() != absl::StatusCode::kDataLoss) {
      run.Violation(absl::StrCat("read ", at, " fails"), read.status().ToString());
    }
    GuardAllocator allocator({0xA5, at});
    ExecuteOptions options;
    options.context.allocator = &allocator;
    options.recycle_memory = false;
    const Results memory = run.Run(run.inputs(), options);
    if (memory.ok())
      run.ExpectSame(absl::StrCat("allocation ", at, " fails"), memory);
    else if (!absl::IsResourceExhausted(memory.status())) {
      run.Violation(absl::StrCat("allocation ", at, " fails"), memory.status().ToString());
    }
  }
}

}  // namespace cubeloom
