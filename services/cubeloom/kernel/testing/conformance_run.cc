#include "cubeloom/kernel/testing/conformance_run.h"

#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/ports.h"

namespace cubeloom {
namespace {

std::string Shown(const Value& value) {
  std::string json = value.ToJson();
  return json.size() > 400 ? json.substr(0, 400) + "..." : json;
}

std::string ArrayDifference(const Array& a, const Array& b) {
  const auto text = [](const Array& x) {
    return absl::StrCat(x.desc().shape.ToString(), " ", DTypeName(x.desc().dtype));
  };
  if (text(a) != text(b)) return absl::StrCat(text(a), " became ", text(b));
  const auto left = ValuesOf(a), right = ValuesOf(b);
  if (!left.ok() || !right.ok())
    return absl::StrCat("array read: ", left.status().ToString(), " ", right.status().ToString());
  for (size_t i = 0; i < left->size(); ++i) {
    const double x = (*left)[i], y = (*right)[i];
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the bits are what is promised
    if (std::memcmp(&x, &y, sizeof x) == 0 || (std::isnan(x) && std::isnan(y))) continue;
    return absl::StrCat("element ", i, " of ", text(a), ": ", Value(x).ToJson(), " became ",
                        Value(y).ToJson());
  }
  return "attributes, unit or validity differ";
}

// Whether what came out is what was inferred.
std::string InferredDifference(absl::Span<const OutputDesc> inferred, const std::vector<Payload>& results) {
  for (size_t i = 0; i < results.size() && i < inferred.size(); ++i) {
    if (results[i].kind() != PayloadKind::kArray || inferred[i].kind != PayloadKind::kArray) continue;
    const ArrayDesc& is = results[i].array()->desc();
    const ArrayDesc& want = inferred[i].array;
    if (is.shape == want.shape && is.dtype == want.dtype) continue;
    return absl::StrCat("output ", i, " is ", is.shape.ToString(), " ", DTypeName(is.dtype),
                        ", inferred was ", want.shape.ToString(), " ", DTypeName(want.dtype));
  }
  return "";
}

class CopyingSink : public ArraySink {
 public:
  explicit CopyingSink(std::unique_ptr<ArraySink> sink) : sink_(std::move(sink)) {}
  absl::Status Put(Chunk chunk) override { return sink_->Put(std::move(chunk)); }
  absl::StatusOr<ArrayPtr> Finish() override { return sink_->Finish(); }

 private:
  const std::unique_ptr<ArraySink> sink_;
};

}  // namespace

std::string Difference(const Payload& a, const Payload& b) {
  if (a.kind() != b.kind())
    return absl::StrCat(PayloadKindName(a.kind()), " became ", PayloadKindName(b.kind()));
  const auto left = ContentDigest(a, ReadContext()), right = ContentDigest(b, ReadContext());
  if (!left.ok() || !right.ok())
    return absl::StrCat("digest: ", left.status().ToString(), " ", right.status().ToString());
  if (*left == *right) return "";
  if (a.kind() == PayloadKind::kArray) return ArrayDifference(*a.array(), *b.array());
  if (a.kind() == PayloadKind::kValue) return absl::StrCat(Shown(a.value()), " became ", Shown(b.value()));
  return absl::StrCat("the contents of a ", PayloadKindName(a.kind()), " differ");
}

ArraySinkFactory MakeCopyingSink() {
  return [](const ArrayDesc& desc, const ChunkGrid& grid) -> absl::StatusOr<std::unique_ptr<ArraySink>> {
    CL_ASSIGN_OR_RETURN(std::unique_ptr<ArraySink> sink, MakeMemorySink(Allocator::Heap())(desc, grid));
    return std::make_unique<CopyingSink>(std::move(sink));
  };
}

CaseRun::CaseRun(const Kernel& kernel, const ConformanceCase& test_case, std::vector<std::string>* violations)
    : kernel_(kernel), case_(test_case), violations_(violations) {}

void CaseRun::Violation(absl::string_view what, absl::string_view text) {
  violations_->push_back(absl::StrCat("case '", case_.name, "', ", what, ": ", text));
}

Results CaseRun::Run(const Inputs& inputs, const ExecuteOptions& options) const {
  return Execute(kernel_, args_, inputs, options);
}

bool CaseRun::Prepare() {
  absl::StatusOr<Args> args = BindArgs(kernel_.info(), case_.args);
  if (!args.ok()) return Violation("arguments", args.status().ToString()), false;
  args_ = *std::move(args);
  inputs_ = case_.inputs();
  expected_ = Run(inputs_, {});
  if (!expected_.ok()) return Violation("plain run", expected_.status().ToString()), false;
  const auto bound = BindInputs(kernel_.info(), inputs_);
  const auto inferred = InferOutputs(kernel_, args_, Describe(*bound));
  const std::string wrong =
      inferred.ok() ? InferredDifference(*inferred, *expected_) : inferred.status().ToString();
  if (!wrong.empty()) Violation("plain run", wrong);
  ExpectSame("run again", inputs_, {});
  return true;
}

void CaseRun::ExpectSame(absl::string_view what, const Inputs& inputs, const ExecuteOptions& options) {
  ExpectSame(what, Run(inputs, options));
}

void CaseRun::ExpectEqual(absl::string_view what, const Results& expected, const Results& results) {
  if (expected.status().code() != results.status().code()) {
    return Violation(
        what, absl::StrCat("status ", expected.status().ToString(), " became ", results.status().ToString()));
  }
  if (!expected.ok()) return;
  for (size_t i = 0; i < expected->size() && i < results->size(); ++i) {
    const std::string difference = Difference((*expected)[i], (*results)[i]);
    if (!difference.empty()) {
      Violation(what, absl::StrCat("output '", kernel_.info().outputs[i].name, "': ", difference));
    }
  }
}

}  // namespace cubeloom
