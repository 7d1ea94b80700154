// image.select_ranks: one pass of exact percentiles. See selection.h.
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/stats/image_inputs.h"
#include "cubeloom/kernel/stats/kernels.h"
#include "cubeloom/kernel/stats/percentile_params.h"
#include "cubeloom/kernel/stats/selection.h"

namespace cubeloom {
namespace {

constexpr int kSelectionPort = 2;

KernelInfo SelectRanksInfo() {
  KernelInfo info;
  info.name = "image.select_ranks";
  info.shape = KernelShape::kReduce;
  info.summary = "one pass towards the exact percentiles of an image";
  info.doc =
      "Narrows the pixels at the wanted ranks down by 12 to 16 bits of their order-preserving key. The first "
      "pass "
      "takes no selection, each further one that of the pass before; five passes always do, and a pass that "
      "has "
      "nothing left to do reads nothing.";
  info.reference = "sorting";
  info.tolerance = "exact";
  PortSpec selection;
  selection.name = "selection";
  selection.kind = PayloadKind::kValue;
  selection.optional = true;
  selection.doc = "output of the pass before, over the same image, mask and box";
  PortSpec out;
  out.name = "selection";
  out.kind = PayloadKind::kValue;
  out.doc = "what is known after this pass, for the next one or image.rank_values";
  info.inputs = {ImagePort(), MaskPort(), selection};
  info.outputs = {out};
  info.params = {PercentilesParam(), FiniteOnlyParam(false), BoxParam()};
  info.ns_per_element = 0.6;
  info.ns_fixed = 50000;
  return info;
}

struct RankPlan : ReduceKernel::Plan {
  Selection selection;  // before this pass
  KeyLayout layout;
  std::vector<KeySlot> slots;
  std::vector<uint8_t> table;
  Allocator* allocator = nullptr;
};

struct RankState : ReduceKernel::State {
  explicit RankState(CountTable c) : counts(std::move(c)) {}
  CountTable counts;
};

class SelectRanksKernel : public ReduceKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  bool order_free() const override { return true; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_RETURN_IF_ERROR(CheckImageInputs(args, inputs));
    CL_RETURN_IF_ERROR(CheckPercentiles(args.reals("percentiles")));
    return std::vector<OutputDesc>{{PayloadKind::kValue, {}}};
  }

  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext& context) const override {
    auto plan = std::make_unique<RankPlan>();
    const int key_bits = ImageDesc(invocation).dtype == DType::kF32 ? 32 : 64;
    if (invocation.inputs[kSelectionPort].empty()) {
      plan->selection = Selection::Start(key_bits, invocation.args->boolean("finite_only"),
                                         invocation.args->reals("percentiles"));
    } else {
      CL_ASSIGN_OR_RETURN(plan->selection,
                          Selection::FromValue(invocation.inputs[kSelectionPort][0].value()));
      if (plan->selection.key_bits != key_bits) {
        return absl::InvalidArgumentError(absl::StrCat("input 'selection' is of ", plan->selection.key_bits,
                                                       " bit pixels, the image has ", key_bits, " bit"));
      }
    }
    plan->layout = plan->selection.Layout(&plan->slots, &plan->table);
    plan->allocator = context.allocator;
    return plan;
  }

  Box Region(const Invocation& invocation, const Plan* plan) const override {
    Box box = ImageRegion(invocation);
    if (static_cast<const RankPlan*>(plan)->selection.done()) box.extent = Shape::Filled(box.rank(), 0);
    return box;
  }

  std::unique_ptr<State> NewState(const Invocation&, const Plan* plan) const override {
    return std::make_unique<RankState>(CountTable(static_cast<const RankPlan*>(plan)->allocator));
  }

  absl::Status Accumulate(const Call& call, State& state, const KernelContext& context) const override {
    const auto& plan = *static_cast<const RankPlan*>(call.plan);
    if (plan.selection.done()) return absl::OkStatus();
    CountTable& counts = static_cast<RankState&>(state).counts;
    CL_RETURN_IF_ERROR(counts.Init(int64_t{plan.layout.slot_count} << plan.layout.bits));
    CL_ASSIGN_OR_RETURN(uint32_t* const tables, counts.Tables(call.leaf.elements()));
    const KeyFunctions& functions = ActiveKeyFunctions();
    const int64_t stride = counts.stride();
    const auto count = [&](const auto& block) {
      if constexpr (sizeof(*block.data) == sizeof(float)) {
        functions.count_f32(block.data, block.size, plan.layout, tables, stride);
      } else {
        functions.count_f64(block.data, block.size, plan.layout, tables, stride);
      }
    };
    return ForEachBlock(call, context, count);
  }

  absl::Status Merge(State& left, const State& right) const override {
    return static_cast<RankState&>(left).counts.Merge(static_cast<const RankState&>(right).counts);
  }

  absl::StatusOr<std::vector<Payload>> Finish(const Invocation&, const Plan* plan, State& state,
                                              const KernelContext&) const override {
    const auto& p = *static_cast<const RankPlan*>(plan);
    const CountTable& counts = static_cast<RankState&>(state).counts;
    if (p.selection.done()) return std::vector<Payload>{p.selection.ToValue()};
    if (!counts.empty() && counts.bins() != int64_t{p.layout.slot_count} << p.layout.bits) {
      return absl::InternalError("state of another pass");
    }
    CL_ASSIGN_OR_RETURN(const Selection next, p.selection.Narrow(counts));
    return std::vector<Payload>{next.ToValue()};
  }

  absl::StatusOr<std::string> Encode(const State& state) const override {
    return static_cast<const RankState&>(state).counts.Encode();
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const override {
    CL_ASSIGN_OR_RETURN(CountTable counts, CountTable::Decode(bytes, &Allocator::Heap()));
    return std::make_unique<RankState>(std::move(counts));
  }

 private:
  const KernelInfo info_ = SelectRanksInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeSelectRanksKernel() { return std::make_unique<SelectRanksKernel>(); }

}  // namespace cubeloom
