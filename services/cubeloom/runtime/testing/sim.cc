#include "cubeloom/runtime/testing/sim.h"

#include <algorithm>
#include <queue>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cubeloom::runtime {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): a hash as good as a generator.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}
double Uniform(uint64_t seed, uint64_t a, uint64_t b) {
  return static_cast<double>(Mix(Mix(Mix(seed) ^ a) ^ b) >> 11) * 0x1p-53;
}

class Sim {
 public:
  Sim(const graph::PhysicalGraph& graph, const SimOptions& options)
      : graph_(graph),
        options_(options),
        random_(options.order_seed),
        payload_(graph.drops(), false),
        running_(graph.drops(), false),
        completions_(graph.drops(), 0),
        shorts_(graph.drops(), 0) {}

  SimResult Run() {
    auto made = State::Make(graph_, options_.sched);
    if (!made.ok()) {
      result_.violation = std::string(made.status().message());
      return std::move(result_);
    }
    state_ = std::move(made).value();
    last_ = state_->states();
    for (uint32_t b = 0; b < graph_.blocks.size(); ++b) QueueExternal(b);
    if (options_.cancel_at_ns >= 0) At(options_.cancel_at_ns, {EventKind::kCancel, kNoId, 0});
    if (options_.deadline_at_ns >= 0) At(options_.deadline_at_ns, {EventKind::kDeadline, kNoId, 0});
    StepWith({});
    while (result_.violation.empty() && !queue_.empty()) StepWith(NextMoment());
    CheckEnd();
    result_.states = state_->states();
    result_.counts = state_->counts();
    result_.stop = state_->stop_reason();
    result_.stop_drop = state_->stop_drop();
    return std::move(result_);
  }

 private:
  struct Pending {
    int64_t at;
    uint64_t order;
    Event event;
    bool operator<(const Pending& o) const { return at != o.at ? at > o.at : order > o.order; }
  };

  void Violate(const std::string& what) {
    if (result_.violation.empty()) result_.violation = absl::StrCat("at ", now_, " ns: ", what);
  }
  void At(int64_t when, Event event) { queue_.push({when, random_(), event}); }
  int64_t Duration() {
    return 1 + static_cast<int64_t>(random_() % static_cast<uint64_t>(options_.longest_ns));
  }

  void QueueExternal(uint32_t b) {
    const graph::Block& block = graph_.blocks[b];
    if (state_->options().policy[b].external) {
      for (int64_t i = 0; i < block.instances; ++i)
        At(Duration(), {EventKind::kDataReady, block.data(0, i), 0});
    }
  }

  std::vector<Event> NextMoment() {
    now_ = queue_.top().at;
    std::vector<Event> events;
    while (!queue_.empty() && queue_.top().at == now_) {
      events.push_back(queue_.top().event);
      queue_.pop();
    }
    return events;
  }

  void StepWith(const std::vector<Event>& events) {
    for (const Event& e : events) Before(e);
    const bool over = state_->finished();  // late events may be ignored then
    ActionBuffer actions;
    Step(*state_, events, actions);
    ++result_.steps;
    for (const Event& e : events) After(e);
    CheckStates();
    for (const Action& action : actions) Do(action);
    CheckBudgets();
    int64_t live = std::count(payload_.begin(), payload_.end(), true);
    result_.max_live_data = std::max(result_.max_live_data, live);
    if (!over && state_->ignored_events() > 0) Violate("an event was ignored");
  }

  static bool Ends(EventKind k) {
    return k == EventKind::kFinished || k == EventKind::kFailed || k == EventKind::kFailedRetry ||
           k == EventKind::kMemoryShort || k == EventKind::kStopped || k == EventKind::kReturned;
  }
  void Before(const Event& e) {
    if (Ends(e.kind)) running_[e.drop] = false;
  }
  void After(const Event& e) {
    if (e.kind != EventKind::kFinished && e.kind != EventKind::kDataReady) return;
    if (e.kind == EventKind::kDataReady && !IsSuccess(state_->state(e.drop))) return;  // came after the end
    if (++completions_[e.drop] > 1) Violate(absl::StrCat("drop ", e.drop, " completed twice"));
    if (graph_.blocks[graph_.block_of[e.drop]].has_app()) {
      for (DropId o : graph_.successors(e.drop)) payload_[o] = true;
    } else {
      payload_[e.drop] = true;
    }
  }

  // What an attempt does, and when it says so.
  Event Outcome(const Action& start, int64_t duration) {
    const DropId d = start.drop;
    const double u = Uniform(options_.fault_seed, d, start.attempt);
    const bool listed =
        std::find(options_.failing.begin(), options_.failing.end(), d) != options_.failing.end();
    if (listed || Uniform(options_.fault_seed, d, 1000) < options_.fail) return {EventKind::kFailed, d, 0};
    if (u < options_.transient) return {EventKind::kFailedRetry, d, start.attempt == 1 ? 0 : 7};
    if (shorts_[d] == 0 && u > 1 - options_.memory_short) {
      ++shorts_[d];
      return {EventKind::kMemoryShort, d, static_cast<int64_t>(u * 1000)};
    }
    return {EventKind::kFinished, d, duration};
  }

  void Do(const Action& action) {
    switch (action.kind) {
      case ActionKind::kStart:
        return Start(action);
      case ActionKind::kRelease:
        if (!payload_[action.drop])
          Violate(absl::StrCat("drop ", action.drop, " released without a payload"));
        payload_[action.drop] = false;
        for (DropId c : graph_.successors(action.drop)) {
          if (running_[c])
            Violate(absl::StrCat("drop ", action.drop, " released under its running consumer ", c));
        }
        return At(now_, {EventKind::kReleased, action.drop, 0});
      case ActionKind::kRetryAt:
        if (action.value <= 0) Violate("a retry without delay");
        return At(now_ + action.value, {EventKind::kRetryDue, action.drop, 0});
      case ActionKind::kCancelRunning:
        return CancelRunning();
      case ActionKind::kRunFinished:
        ++finished_;
        result_.makespan_ns = now_;
        // What is still queued may come or not; the scheduler must be able to do without.
        while (!queue_.empty() && queue_.top().at > now_) queue_.pop();
    }
  }

  void Start(const Action& action) {
    const DropId d = action.drop;
    result_.started.push_back(d);
    if (finished_ > 0) Violate(absl::StrCat("drop ", d, " started after the end"));
    if (state_->stop_reason() != StopReason::kNone)
      Violate(absl::StrCat("drop ", d, " started while stopping"));
    if (running_[d]) Violate(absl::StrCat("drop ", d, " started while it runs"));
    if (completions_[d] > 0) Violate(absl::StrCat("drop ", d, " started after it completed"));
    running_[d] = true;
    if (graph_.blocks[graph_.block_of[d]].has_app()) {
      for (DropId p : graph_.predecessors(d)) {
        if (!IsFinal(state_->state(p))) Violate(absl::StrCat("drop ", d, " started before its input ", p));
        if (IsSuccess(state_->state(p)) && !payload_[p])
          Violate(absl::StrCat("drop ", d, " started after its input ", p, " was released"));
      }
    }
    if (action.slot != slot_) slot_end_ = now_;  // a batch runs one after another
    slot_ = action.slot;
    const int64_t duration = Duration();
    slot_end_ += duration;
    const bool back = Uniform(options_.order_seed, d, result_.started.size()) < options_.returned;
    At(slot_end_, back ? Event{EventKind::kReturned, d, 0} : Outcome(action, duration));
  }

  // Each running drop stops after a while, unless its end comes first.
  void CancelRunning() {
    std::vector<Pending> kept;
    while (!queue_.empty()) {
      Pending p = queue_.top();
      queue_.pop();
      const bool stops = Ends(p.event.kind) && p.event.kind != EventKind::kFinished && random_() % 2 == 0;
      if (stops) p.event.kind = EventKind::kStopped;
      kept.push_back(p);
    }
    for (const Pending& p : kept) queue_.push(p);
  }

  void CheckStates() {
    for (DropId d = 0; d < last_.size(); ++d) {
      const DropState from = last_[d], to = state_->state(d);
      if (from == to) continue;
      // Several arrows may be taken within one step: initialized -> writing is always seen, the rest may be
      // skipped.
      const bool data = !graph_.blocks[graph_.block_of[d]].has_app() || d >= graph_.block(d).first_data;
      bool ok = CanMove(from, to) || (data && from == DropState::kInitialized && !IsFinal(from));
      ok = ok || (data && from == DropState::kWriting && to == DropState::kExpired);
      ok = ok || (data && from == DropState::kCompleted && to == DropState::kDeleted);
      ok = ok || (from == DropState::kWriting && to == DropState::kWriting);
      if (!ok) Violate(absl::StrCat("drop ", d, " went ", DropStateName(from), " -> ", DropStateName(to)));
    }
    last_ = state_->states();
  }

  void CheckBudgets() {
    const SchedOptions& o = state_->options();
    result_.max_cores = std::max(result_.max_cores, state_->cores_used());
    if (state_->cores_used() > o.cores) Violate(absl::StrCat(state_->cores_used(), " cores in use"));
    const auto running = std::count(running_.begin(), running_.end(), true);
    if (running != state_->running()) Violate(absl::StrCat(running, " run, not ", state_->running()));
    if (state_->alone() && running != 1)
      Violate(absl::StrCat(running, " run beside one that must run alone"));
    if (state_->alone()) return;
    result_.max_memory = std::max(result_.max_memory, state_->memory_used());
    if (state_->memory_used() > o.memory) Violate(absl::StrCat(state_->memory_used(), " bytes in use"));
    int64_t memory = 0;  // by the estimates as given
    for (DropId d = 0; d < running_.size(); ++d) {
      if (running_[d] && !o.costs.empty()) memory += o.costs[graph_.block_of[d]].memory;
    }
    if (memory > state_->memory_used()) Violate("memory of running drops is not accounted");
  }

  void CheckEnd() {
    if (finished_ != 1) Violate(absl::StrCat("the run finished ", finished_, " times"));
    if (state_->running() != 0 || state_->memory_used() != 0 || state_->cores_used() != 0)
      Violate("resources in use at the end");
    std::vector<BlockCounts> counts(graph_.blocks.size());
    for (DropId d = 0; d < graph_.drops(); ++d) {
      const DropState s = state_->state(d);
      if (!IsFinal(s)) Violate(absl::StrCat("drop ", d, " was lost: ", DropStateName(s)));
      const graph::Block& block = graph_.block(d);
      if (block.has_app() && d >= block.first_data) continue;
      BlockCounts& c = counts[graph_.block_of[d]];
      ++(IsSuccess(s) ? c.done : s == DropState::kError ? c.failed : c.skipped);
      if (IsSuccess(s) != (completions_[d] == 1))
        Violate(absl::StrCat("drop ", d, " has the wrong final state"));
    }
    for (size_t b = 0; b < counts.size(); ++b) {
      const BlockCounts& got = state_->counts()[b];
      if (got.running != 0 || got.done != counts[b].done || got.failed != counts[b].failed)
        Violate(absl::StrCat("wrong counts of block ", b));
    }
  }

  const graph::PhysicalGraph& graph_;
  const SimOptions& options_;
  std::mt19937_64 random_;
  std::unique_ptr<State> state_;
  std::priority_queue<Pending> queue_;
  std::vector<bool> payload_, running_;
  std::vector<int> completions_, shorts_;
  std::vector<DropState> last_;
  int64_t now_ = 0, slot_end_ = 0;
  int slot_ = -1;
  int finished_ = 0;
  SimResult result_;
};

}  // namespace

SimResult Simulate(const graph::PhysicalGraph& graph, const SimOptions& options) {
  return Sim(graph, options).Run();
}

}  // namespace cubeloom::runtime
