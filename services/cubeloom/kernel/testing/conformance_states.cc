// States of Reduce kernels: merge schedules, transport, damage.
#include <algorithm>
#include <numeric>
#include <random>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/tree_merger.h"
#include "cubeloom/kernel/testing/conformance_run.h"
#include "cubeloom/kernel/testing/reduce_harness.h"

namespace cubeloom {
namespace {

using StatePtr = ReduceHarness::StatePtr;

std::vector<int64_t> Shuffled(int64_t count, std::mt19937_64& random) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

Results FinishRoot(const ReduceHarness& harness, absl::StatusOr<StatePtr> root) {
  CL_RETURN_IF_ERROR(root.status());
  if (*root == nullptr) *root = harness.NewState();
  return harness.Finish(**root);
}

// Every leaf on its own "worker": accumulated, encoded, and merged in a random order.
Results RunLeaves(const ReduceKernel& kernel, const ReduceHarness& harness, uint64_t seed) {
  std::mt19937_64 random(seed);
  TreeMerger merger(&kernel, harness.leaves());
  for (const int64_t leaf : Shuffled(harness.leaves(), random)) {
    StatePtr state = harness.NewState();
    CL_ASSIGN_OR_RETURN(const bool any, harness.Accumulate(leaf, *state));
    if (any) {
      CL_ASSIGN_OR_RETURN(const std::string bytes, kernel.Encode(*state));
      CL_ASSIGN_OR_RETURN(state, kernel.Decode(bytes));
    }
    CL_RETURN_IF_ERROR(merger.Add(leaf, any ? std::move(state) : nullptr));
  }
  return FinishRoot(harness, merger.Take());
}

// A few states, each of leaves in any order, merged in any order: for order-free kernels only.
Results RunOrderFree(const ReduceKernel& kernel, const ReduceHarness& harness, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<StatePtr> states(3);
  for (const int64_t leaf : Shuffled(harness.leaves(), random)) {
    StatePtr& state = states[random() % states.size()];
    if (state == nullptr) state = harness.NewState();
    CL_RETURN_IF_ERROR(harness.Accumulate(leaf, *state).status());
  }
  std::shuffle(states.begin(), states.end(), random);
  StatePtr root;
  for (StatePtr& state : states) {
    CL_ASSIGN_OR_RETURN(root, MergeSiblings(kernel, std::move(root), std::move(state)));
  }
  return FinishRoot(harness, std::move(root));
}

// Merging with a fresh state changes nothing: what an idle worker would send.
Results RunWithEmpty(const ReduceKernel& kernel, const ReduceHarness& harness) {
  TreeMerger merger(&kernel, harness.leaves());
  for (int64_t leaf = 0; leaf < harness.leaves(); ++leaf) {
    StatePtr state = harness.NewState();
    CL_RETURN_IF_ERROR(harness.Accumulate(leaf, *state).status());
    CL_RETURN_IF_ERROR(kernel.Merge(*state, *harness.NewState()));
    CL_RETURN_IF_ERROR(merger.Add(leaf, std::move(state)));
  }
  return FinishRoot(harness, merger.Take());
}

// Bytes that no worker sent: an error or some state, which then must merge and finish without a crash.
void DecodeDamaged(CaseRun& run, const ReduceKernel& kernel, const ReduceHarness& harness,
                   const std::string& bytes) {
  absl::StatusOr<StatePtr> state = kernel.Decode(bytes);
  if (!state.ok()) return;
  if (*state == nullptr) return run.Violation("damaged state", "Decode gave no state and no error");
  StatePtr whole = harness.NewState();
  if (kernel.Merge(*whole, **state).ok()) (void)harness.Finish(*whole);
}

void CheckDamage(CaseRun& run, const ReduceKernel& kernel, const ReduceHarness& harness) {
  StatePtr state = harness.NewState();
  if (!harness.Accumulate(0, *state).ok()) return;
  const absl::StatusOr<std::string> bytes = kernel.Encode(*state);
  if (!bytes.ok()) return run.Violation("Encode", bytes.status().ToString());
  if (bytes->empty()) return run.Violation("Encode", "a state must begin with its version byte");
  const size_t step = std::max<size_t>(1, bytes->size() / 97);
  for (size_t size = 0; size < bytes->size(); size += step) {
    if (kernel.Decode(bytes->substr(0, size)).ok()) {
      return run.Violation("damaged state",
                           absl::StrCat("Decode took the first ", size, " of ", bytes->size(), " bytes"));
    }
  }
  if (kernel.Decode(*bytes + '\0').ok()) run.Violation("damaged state", "Decode took a byte too many");
  std::string other = *bytes;
  other[0] = static_cast<char>(other[0] ^ 0x5a);
  if (kernel.Decode(other).ok()) run.Violation("damaged state", "Decode took another version byte");
  std::mt19937_64 random(5);
  for (int trial = 0; trial < 300; ++trial) {
    std::string damaged = *bytes;
    for (int flips = 0; flips <= trial % 3; ++flips)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    DecodeDamaged(run, kernel, harness, damaged);
  }
}

}  // namespace

void CheckStates(CaseRun& run, const ConformanceOptions& options, int64_t* most_leaves) {
  const auto* kernel = dynamic_cast<const ReduceKernel*>(&run.kernel());
  if (kernel == nullptr) return;
  const auto harness = ReduceHarness::Make(*kernel, run.args(), run.inputs());
  if (!harness.ok()) return;  // an empty array
  *most_leaves = std::max(*most_leaves, (*harness)->leaves());
  for (const uint64_t seed : {1, 2, 3}) {
    run.ExpectSame(absl::StrCat("leaf states merged in random order, seed ", seed),
                   RunLeaves(*kernel, **harness, seed));
    if (!kernel->order_free()) continue;
    run.ExpectSame(absl::StrCat("order-free states, seed ", seed), RunOrderFree(*kernel, **harness, seed));
  }
  run.ExpectSame("empty states merged in", RunWithEmpty(*kernel, **harness));
  const auto round_trip = MakeRoundTrip(*kernel);
  const auto pool = MakeThreadPool(2, "conformance");
  ExecuteOptions execute;
  execute.executor = pool.get();
  execute.force_batch_level = 1;
  run.ExpectSame("Encode and Decode at every Merge", Execute(*round_trip, run.args(), run.inputs(), execute));
  CheckDamage(run, *kernel, **harness);
}

}  // namespace cubeloom
