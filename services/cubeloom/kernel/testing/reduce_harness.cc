#include "cubeloom/kernel/testing/reduce_harness.h"

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/api/read_input.h"

namespace cubeloom {
namespace {

// States are pairs of one level: the inner kernel's state in a box of its own, so that it can be replaced.
class RoundTrip : public ReduceKernel {
 public:
  struct Boxed : State {
    std::unique_ptr<State> inner;
  };
  explicit RoundTrip(const ReduceKernel& kernel) : kernel_(kernel) {}

  const KernelInfo& info() const override { return kernel_.info(); }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    return kernel_.Infer(args, inputs);
  }
  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext& context) const override {
    return kernel_.Prepare(invocation, context);
  }
  bool order_free() const override { return kernel_.order_free(); }
  Box Region(const Invocation& invocation, const Plan* plan) const override {
    return kernel_.Region(invocation, plan);
  }
  std::unique_ptr<State> NewState(const Invocation& invocation, const Plan* plan) const override {
    return Box1(kernel_.NewState(invocation, plan));
  }
  absl::Status Accumulate(const Call& call, State& state, const KernelContext& context) const override {
    return kernel_.Accumulate(call, *Inner(state), context);
  }
  absl::Status Merge(State& left, const State& right) const override {
    CL_ASSIGN_OR_RETURN(Inner(left), Travelled(*Inner(left)));
    CL_ASSIGN_OR_RETURN(const std::unique_ptr<State> other,
                        Travelled(*static_cast<const Boxed&>(right).inner));
    return kernel_.Merge(*Inner(left), *other);
  }
  absl::StatusOr<std::vector<Payload>> Finish(const Invocation& invocation, const Plan* plan, State& state,
                                              const KernelContext& context) const override {
    CL_ASSIGN_OR_RETURN(Inner(state), Travelled(*Inner(state)));
    return kernel_.Finish(invocation, plan, *Inner(state), context);
  }
  absl::StatusOr<std::string> Encode(const State& state) const override {
    return kernel_.Encode(*static_cast<const Boxed&>(state).inner);
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const override {
    CL_ASSIGN_OR_RETURN(std::unique_ptr<State> inner, kernel_.Decode(bytes));
    return Box1(std::move(inner));
  }

 private:
  static std::unique_ptr<State>& Inner(State& state) { return static_cast<Boxed&>(state).inner; }
  static std::unique_ptr<State> Box1(std::unique_ptr<State> inner) {
    auto boxed = std::make_unique<Boxed>();
    boxed->inner = std::move(inner);
    return boxed;
  }
  absl::StatusOr<std::unique_ptr<State>> Travelled(const State& state) const {
    CL_ASSIGN_OR_RETURN(const std::string bytes, kernel_.Encode(state));
    CL_ASSIGN_OR_RETURN(std::unique_ptr<State> decoded, kernel_.Decode(bytes));
    CL_ASSIGN_OR_RETURN(const std::string again, kernel_.Encode(*decoded));
    if (again != bytes) return absl::InternalError("a state encodes differently after Decode");
    return decoded;
  }

  const ReduceKernel& kernel_;
};

}  // namespace

std::unique_ptr<ReduceKernel> MakeRoundTrip(const ReduceKernel& kernel) {
  return std::make_unique<RoundTrip>(kernel);
}

absl::StatusOr<std::unique_ptr<ReduceHarness>> ReduceHarness::Make(const ReduceKernel& kernel,
                                                                   const Args& args,
                                                                   absl::Span<const PortPayloads> inputs) {
  std::unique_ptr<ReduceHarness> harness(new ReduceHarness(kernel));
  CL_ASSIGN_OR_RETURN(harness->inputs_, BindInputs(kernel.info(), inputs));
  CL_ASSIGN_OR_RETURN(harness->outputs_, InferOutputs(kernel, args, Describe(harness->inputs_)));
  harness->invocation_ = {&args, harness->inputs_, harness->outputs_};
  CL_ASSIGN_OR_RETURN(harness->plan_, kernel.Prepare(harness->invocation_, KernelContext()));
  const ArrayPtr* first = FirstArray(harness->inputs_);
  if (first == nullptr) return absl::InvalidArgumentError("no array to run over");
  const ArrayDesc& desc = (*first)->desc();
  if (desc.shape.elements() == 0) return absl::InvalidArgumentError("no leaf");
  harness->leaves_ = CanonicalLeaves(desc.shape, desc.dtype);
  harness->region_ =
      Intersect(kernel.Region(harness->invocation_, harness->plan_.get()), Box::Whole(desc.shape));
  return harness;
}

ReduceHarness::StatePtr ReduceHarness::NewState() const { return kernel_.NewState(invocation_, plan_.get()); }

absl::StatusOr<bool> ReduceHarness::Accumulate(int64_t leaf, ReduceKernel::State& state,
                                               const CancelToken& cancel) const {
  const Box box = Intersect(leaves_.BoxOf(leaf), region_);
  if (box.empty()) return false;
  InputChunks in;
  for (size_t p = 0; p < inputs_.size(); ++p) {
    in.emplace_back(inputs_[p].size());
    for (size_t i = 0; i < inputs_[p].size(); ++i) {
      if (inputs_[p][i].kind() != PayloadKind::kArray) continue;
      const Array& array = *inputs_[p][i].array();
      if (array.desc().shape != leaves_.array()) continue;
      const InputRef ref{&kernel_.info(), static_cast<int>(p), static_cast<int>(i)};
      CL_ASSIGN_OR_RETURN(in[p][i], ReadInput(array, ref, box, ReadContext()));
    }
  }
  const ReduceKernel::Call call{&invocation_, plan_.get(), box, &in};
  CL_RETURN_IF_ERROR(kernel_.Accumulate(call, state, {&Allocator::Heap(), cancel}));
  return true;
}

absl::StatusOr<std::vector<Payload>> ReduceHarness::Finish(ReduceKernel::State& state) const {
  return kernel_.Finish(invocation_, plan_.get(), state, KernelContext());
}

}  // namespace cubeloom
