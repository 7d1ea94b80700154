// What is missing and who can do without it.
#include "cubeloom/runtime/sched/stepper.h"

namespace cubeloom::runtime {

using graph::Block;

void Stepper::Fail(DropId d) {
  const uint32_t b = BlockOf(d);
  BlockCounts& counts = s_.counts_[b];
  s_.state_[d] = DropState::kError;
  ++counts.failed;
  Close(d);
  const BlockPolicy& policy = s_.options_.policy[b];
  const bool tolerated =
      s_.blocks_[b].absorbed || counts.failed <= AllowedMissing(policy.error_threshold, counts.total);
  if (!tolerated) Stop(StopReason::kFailure, d);
  OutputsMissing(d, DropState::kError);
  if (s_.flags_[d] & kFlagApp) ConsumersDone(d);
}

// The data of `d` (itself, for a source) will never be there.
void Stepper::OutputsMissing(DropId d, DropState state) {
  if (s_.flags_[d] & kFlagSource) return SpreadMissing(d);
  for (DropId data : graph_.successors(d)) {
    s_.state_[data] = state;
    SpreadMissing(data);
  }
}

void Stepper::SpreadMissing(DropId data) {
  for (DropId consumer : graph_.successors(data)) {
    if (IsFinal(s_.state_[consumer])) {
      // Whether a threshold was exceeded must not depend on which of its inputs went missing first.
      if (s_.state_[consumer] == DropState::kSkipped && IsIncluded(consumer)) InputMissing(consumer, data);
      continue;
    }
    --s_.left_[consumer];
    InputMissing(consumer, data);
    if (s_.left_[consumer] == 0 && !IsFinal(s_.state_[consumer])) Decide(consumer);
  }
}

// Says at once what can be said before the other inputs are final.
void Stepper::InputMissing(DropId app, DropId data) {
  s_.flags_[app] |= kFlagHole;
  const Block& from = graph_.blocks[BlockOf(data)];
  const auto port = static_cast<uint32_t>((data - from.first_data) / static_cast<DropId>(from.instances));
  const Block& to = graph_.blocks[BlockOf(app)];
  const std::vector<LinkPolicy>& links = s_.options_.policy[BlockOf(app)].links;
  int variadic = 0, needed = 0, matches = 0;
  for (size_t l = 0; l < links.size(); ++l) {
    if (to.links[l].producer != BlockOf(data) || to.links[l].producer_port != port) continue;
    ++matches;
    variadic += links[l].variadic;
    needed += !links[l].variadic && !links[l].optional;
  }
  if (needed > 0 && matches == needed && !IsFinal(s_.state_[app])) return Skip(app);
  if (variadic == 0 || matches != variadic) return;  // feeds ports of both kinds: Decide() looks closer
  ++s_.missing_[app];
  if (s_.missing_[app] > AllowedInputs(app)) Stop(StopReason::kThreshold, app);
}

// Sum over the variadic ports of how many inputs may be missing.
int64_t Stepper::AllowedInputs(DropId app) const {
  const BlockPolicy& policy = s_.options_.policy[BlockOf(app)];
  int64_t inputs = 0;
  for (size_t l = 0; l < policy.links.size(); ++l) {
    if (policy.links[l].variadic) inputs += static_cast<int64_t>(graph_.InputsOf(app, l).size());
  }
  return AllowedMissing(policy.error_threshold, inputs);
}

void Stepper::Decide(DropId app) {
  if ((s_.flags_[app] & kFlagHole) == 0) return Enqueue(app);
  const Block& block = graph_.block(app);
  const BlockPolicy& policy = s_.options_.policy[BlockOf(app)];
  for (size_t l = 0; l < block.links.size(); ++l) {
    if (policy.links[l].optional && !policy.links[l].variadic) continue;
    // All links of one port count together; the first of them does it.
    int64_t inputs = 0, missing = 0;
    bool first = true;
    for (size_t k = 0; k < block.links.size(); ++k) {
      if (block.links[k].port != block.links[l].port) continue;
      first = first && k >= l;
      for (DropId data : graph_.InputsOf(app, k)) ++inputs, missing += !IsSuccess(s_.state_[data]);
    }
    if (!first || missing == 0) continue;
    const bool enough = policy.links[l].variadic && missing <= AllowedMissing(policy.error_threshold, inputs);
    if (policy.links[l].variadic && !enough) return Stop(StopReason::kThreshold, app);
    if (!enough || (missing == inputs && !policy.links[l].optional)) return Skip(app);
  }
  Enqueue(app);
}

void Stepper::Skip(DropId app) {
  s_.state_[app] = DropState::kSkipped;
  s_.skip_stack_.push_back(app);
}

void Stepper::DrainSkips() {
  while (!s_.skip_stack_.empty()) {
    const DropId app = s_.skip_stack_.back();
    s_.skip_stack_.pop_back();
    ++s_.counts_[BlockOf(app)].skipped;
    Close(app);
    OutputsMissing(app, DropState::kSkipped);
    ConsumersDone(app);
  }
}

}  // namespace cubeloom::runtime
