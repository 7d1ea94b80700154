#include "cubeloom/kernel/flow/flow.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

KernelInfo FlowInfo(const char* name, const char* summary) {
  KernelInfo info;
  info.name = name;
  info.shape = KernelShape::kTask;
  info.summary = summary;
  info.reference = "none: it computes nothing";
  info.tolerance = "exact";
  info.inputs = {
      {"after", PayloadKind::kNone, "what must be there first, of any kind; not read", true, true, {}}};
  info.outputs = {{"done", PayloadKind::kValue, "null", false, false, {}}};
  info.ns_per_element = 0;
  info.ns_fixed = 100;
  return info;
}

class FlowKernel : public TaskKernel {
 public:
  explicit FlowKernel(KernelInfo info) : info_(std::move(info)) {}
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    OutputDesc out;
    out.kind = PayloadKind::kValue;
    return std::vector<OutputDesc>{out};
  }

 protected:
  static std::vector<Payload> Done() { return {Payload(Value())}; }

 private:
  const KernelInfo info_;
};

class Noop : public FlowKernel {
 public:
  Noop() : FlowKernel(FlowInfo("flow.noop", "does nothing")) {}
  absl::StatusOr<std::vector<Payload>> Run(const Invocation&, const KernelContext&) const override {
    return Done();
  }
};

KernelInfo SleepInfo() {
  KernelInfo info = FlowInfo("flow.sleep", "waits, for trying out a graph");
  info.params = {{"seconds", ParamType::kReal, Value(1.0), false, "second", "how long", 0, 86400, {}}};
  info.ns_fixed = 1e9;
  return info;
}

class Sleep : public FlowKernel {
 public:
  Sleep() : FlowKernel(SleepInfo()) {}
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    constexpr absl::Duration kStep = absl::Milliseconds(5);  // within the 10 ms that cancellation may take
    for (absl::Duration left = absl::Seconds(invocation.args->real("seconds")); left > absl::ZeroDuration();
         left -= kStep) {
      if (context.cancel.cancelled()) return context.cancel.status();
      absl::SleepFor(std::min(left, kStep));
    }
    return Done();
  }
};

KernelInfo FailInfo() {
  KernelInfo info = FlowInfo("flow.fail", "fails, for trying out error handling");
  info.params = {
      {"message", ParamType::kString, Value("flow.fail was asked to fail"), false, "", "the error's text"},
      {"index",
       ParamType::kInteger,
       Value(0),
       false,
       "",
       "this instance's number, e.g. ${scatter.index}",
       0,
       4e9,
       {}},
      {"below",
       ParamType::kInteger,
       Value(),
       false,
       "",
       "fail only where index is below this; absent: always",
       0,
       4e9,
       {}}};
  return info;
}

class Fail : public FlowKernel {
 public:
  Fail() : FlowKernel(FailInfo()) {}
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext&) const override {
    const Args& args = *invocation.args;
    if (args.has("below") && args.integer("index") >= args.integer("below")) return Done();
    return absl::InvalidArgumentError(args.string("message"));
  }
};

}  // namespace

absl::Status RegisterFlowKernels(KernelCatalogue& catalogue) {
  CL_RETURN_IF_ERROR(catalogue.Add(std::make_unique<Noop>()));
  CL_RETURN_IF_ERROR(catalogue.Add(std::make_unique<Sleep>()));
  return catalogue.Add(std::make_unique<Fail>());
}

}  // namespace cubeloom
