// Cancelling, measured in work instead of time: what is read, and what a call does that finds the token
// fired.
#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "cubeloom/kernel/api/map_call.h"
#include "cubeloom/kernel/api/map_chunking.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/testing/conformance_run.h"
#include "cubeloom/kernel/testing/reduce_harness.h"

namespace cubeloom {
namespace {

constexpr double kLimitNs = 10e6;           // 10 ms
constexpr int64_t kPieceElements = 262144;  // of a 1 MiB chunk of f32, or of a leaf of bytes

// The token fires inside the `at`-th read of any array.
void CancelAtRead(CaseRun& run, int64_t at) {
  CancelSource source;
  std::atomic<int64_t> reads{0}, after{0};
  const auto hook = [&](int64_t, const Box& box) {
    if (source.token().cancelled()) after += box.elements();
    if (reads++ == at) source.Cancel();
    return absl::OkStatus();
  };
  ExecuteOptions options;
  options.context.cancel = source.token();
  const Results results = run.Run(
      ReplaceArrays(run.inputs(), [&](const ArrayPtr& array) { return MakeHooked(array, hook); }), options);
  if (reads <= at) return;  // so many reads there are not
  const std::string what = absl::StrCat("cancelled at read ", at);
  if (results.status().code() != absl::StatusCode::kCancelled)
    run.Violation(what, results.status().ToString());
  const double ns = static_cast<double>(after) * run.kernel().info().ns_per_element;
  // A piece in progress may still read its other inputs: one piece a port.
  const int64_t piece = kPieceElements * static_cast<int64_t>(std::max<size_t>(1, run.inputs().size()));
  if (after > piece && ns > kLimitNs) {
    run.Violation(
        what, absl::StrCat(after.load(), " more elements were read, ", ns / 1e6, " ms by its cost model"));
  }
}

// One piece of work under a token that fired before.
absl::Status CancelledPiece(CaseRun& run) {
  CancelSource source;
  source.Cancel();
  const KernelContext context{&Allocator::Heap(), source.token()};
  if (const auto* reduce = dynamic_cast<const ReduceKernel*>(&run.kernel())) {
    const auto harness = ReduceHarness::Make(*reduce, run.args(), run.inputs());
    if (!harness.ok()) return absl::CancelledError();
    const auto state = (*harness)->NewState();
    for (int64_t leaf = 0; leaf < (*harness)->leaves(); ++leaf) {
      const absl::StatusOr<bool> any = (*harness)->Accumulate(leaf, *state, source.token());
      if (!any.ok() || *any) return any.status();
    }
    return absl::CancelledError();
  }
  const auto bound = BindInputs(run.kernel().info(), run.inputs());
  const auto outputs = InferOutputs(run.kernel(), run.args(), Describe(*bound));
  const Invocation invocation{&run.args(), *bound, *outputs};
  if (const auto* map = dynamic_cast<const MapKernel*>(&run.kernel())) {
    const Shape& shape = (*outputs)[0].array.shape;
    if (shape.elements() == 0) return absl::CancelledError();
    const auto plan = map->Prepare(invocation, KernelContext());
    if (!plan.ok()) return plan.status();
    const auto chunk = ChooseMapChunk(*map, invocation, int64_t{4} << 20);
    const MapInstance instance{map, &invocation, plan->get()};
    return CallMap(instance, {Shape::Filled(shape.rank(), 0), *chunk}, {}, context).status();
  }
  return static_cast<const TaskKernel&>(run.kernel()).Run(invocation, context).status();
}

}  // namespace

void CheckCancelling(CaseRun& run) {
  for (const int64_t at : {0, 1, 3, 8}) CancelAtRead(run, at);
  const KernelInfo& info = run.kernel().info();
  const int64_t piece = info.shape == KernelShape::kReduce ? kPieceElements / 4 : kPieceElements;
  const bool bounded =
      info.shape != KernelShape::kTask && info.ns_per_element * static_cast<double>(piece) <= kLimitNs;
  if (bounded) return;  // the engine polls between pieces, and they are short
  const absl::Status status = CancelledPiece(run);
  if (status.code() == absl::StatusCode::kCancelled) return;
  run.Violation("token fired before the call",
                absl::StrCat("a piece of work takes over 10 ms by the cost model (", info.ns_per_element,
                             " ns an element) and did not poll the token: ", status.ToString()));
}

}  // namespace cubeloom
