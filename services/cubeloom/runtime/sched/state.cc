#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/runtime/sched/flags.h"
#include "cubeloom/runtime/sched/sched.h"

namespace cubeloom::runtime {
namespace {

using graph::Block;
using graph::PhysicalGraph;

absl::Status CheckOptions(const PhysicalGraph& graph, const SchedOptions& options) {
  const size_t blocks = graph.blocks.size();
  if (options.cores < 1 || options.cores > 65535)
    return absl::InvalidArgumentError(absl::StrCat("scheduler: cores must be 1..65535, not ", options.cores));
  if (options.memory < 0)
    return absl::InvalidArgumentError(absl::StrCat("scheduler: memory must be >= 0, not ", options.memory));
  if (!options.costs.empty() && options.costs.size() != blocks)
    return absl::InvalidArgumentError(
        absl::StrCat("scheduler: ", options.costs.size(), " costs for ", blocks, " blocks"));
  if (options.policy.size() != blocks)
    return absl::InvalidArgumentError(
        absl::StrCat("scheduler: ", options.policy.size(), " policies for ", blocks, " blocks"));
  for (size_t b = 0; b < blocks; ++b) {
    if (options.policy[b].links.size() != graph.blocks[b].links.size())
      return absl::InvalidArgumentError(absl::StrCat("scheduler: link policies of block ", b, " do not fit"));
  }
  if (!options.included.empty() && options.included.size() != graph.drops())
    return absl::InvalidArgumentError("scheduler: `included` must have one entry a drop");
  return absl::OkStatus();
}

// Everything that an included drop needs is included, and so are all outputs of an included app drop.
absl::Status CheckClosed(const PhysicalGraph& graph, const std::vector<bool>& included) {
  for (DropId d = 0; d < included.size(); ++d) {
    if (!included[d]) continue;
    for (DropId p : graph.predecessors(d)) {
      if (!included[p])
        return absl::InvalidArgumentError(
            absl::StrCat("scheduler: drop ", d, " is included without drop ", p));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<State>> State::Make(const PhysicalGraph& graph, SchedOptions options) {
  if (options.policy.empty()) options.policy = DefaultPolicy(graph);
  CL_RETURN_IF_ERROR(CheckOptions(graph, options));
  CL_RETURN_IF_ERROR(CheckClosed(graph, options.included));
  std::unique_ptr<State> state(new State(graph, std::move(options)));
  state->Begin();
  return state;
}

State::State(const PhysicalGraph& graph, SchedOptions options)
    : graph_(&graph),
      options_(std::move(options)),
      blocks_(graph.blocks.size()),
      counts_(graph.blocks.size()) {
  const std::vector<int64_t> tails = Tails(graph, options_.costs);
  const std::vector<uint32_t> ranks = Ranks(tails);
  const std::vector<bool> absorbed = Absorbed(graph, options_.policy);
  tails_.resize(ranks.empty() ? 0 : *std::max_element(ranks.begin(), ranks.end()) + 1);
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const BlockCost cost = options_.costs.empty() ? BlockCost() : options_.costs[b];
    blocks_[b].bucket = ranks[b];
    blocks_[b].cores = std::clamp(cost.cores, 1, options_.cores);
    blocks_[b].memory = std::max<int64_t>(0, cost.memory);
    blocks_[b].time = std::max<int64_t>(1, cost.time_ns);
    blocks_[b].absorbed = absorbed[b];
    tails_[ranks[b]] = tails[b];
  }
  const size_t drops = graph.drops();
  state_.assign(drops, DropState::kInitialized);
  flags_.assign(drops, 0);
  left_.resize(drops);
  missing_.assign(drops, 0);
  attempt_.assign(drops, 1);
  slot_.assign(drops, 0);
  ready_ = ReadyQueue(drops, tails_.size());
  slots_.resize(static_cast<size_t>(options_.cores));
  free_slots_.resize(slots_.size());
  std::iota(free_slots_.rbegin(), free_slots_.rend(), uint16_t{0});
}

void State::Begin() {
  const std::vector<bool>& included = options_.included;
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const Block& block = graph_->blocks[b];
    const auto instances = static_cast<DropId>(block.instances);
    const auto data = static_cast<DropId>(instances * block.ports.size());
    const DropId first = block.has_app() ? block.first_app : block.first_data;
    const DropId count = block.has_app() ? instances : data;
    std::fill_n(flags_.begin() + first, count, block.has_app() ? kFlagApp : kFlagSource);
    for (DropId d = first; d < first + count; ++d) counts_[b].total += included.empty() || included[d];
    open_ += counts_[b].total;
    total_work_ += static_cast<double>(counts_[b].total) * static_cast<double>(blocks_[b].time);
  }
  work_left_ = total_work_;
  for (DropId d = 0; d < state_.size(); ++d) {
    const bool app = (flags_[d] & kFlagApp) != 0;
    left_[d] = static_cast<uint32_t>(app ? graph_->predecessors(d).size() : graph_->successors(d).size());
    if (included.empty()) continue;
    if (!included[d]) state_[d] = DropState::kSkipped;
    if (app) continue;
    for (DropId c : graph_->successors(d)) left_[d] -= !included[c];
  }
  for (DropId d = 0; d < state_.size(); ++d) {
    if (state_[d] != DropState::kInitialized) continue;
    const uint32_t b = graph_->block_of[d];
    const bool opens = (flags_[d] & kFlagSource) != 0 && !options_.policy[b].external;
    if (opens || ((flags_[d] & kFlagApp) != 0 && left_[d] == 0)) ready_.Push(blocks_[b].bucket, d);
  }
}

}  // namespace cubeloom::runtime
