// The scheduler: which drop runs when. Pure: a state, events in, actions out; no clock, lock, thread or I/O.
//
// Steps of one Step() call: (1) each event moves drops through runtime/drop's states, makes their consumers
// ready, skips what misses an input, releases data that nobody needs any more; (2) admission starts ready
// drops while cores and memory last. Cost: O(1) and no allocation per event, plus O(degree) where a drop
// becomes final.
//
// Admission. Order of ready drops: a drop is *urgent* when its tail (see policy.h) is at least half of what
// all work that is left would take on all cores; then the longest tail goes first (critical path). Otherwise
// the shortest tail goes first, which finishes what was begun before beginning more, and so keeps few data
// alive. Equal tails are first in, first out. A drop that does not fit now lets others that fit pass, at most
// kMaxBypass times in a row. A drop whose estimate exceeds the whole budget runs alone.
//
// Invariants, for any events: cores and memory in use never exceed the budgets, but for one drop that runs
// alone; a drop completes at most once; once nothing can run any more, kRunFinished follows and every drop is
// final.
//
// Batches. Short drops of one block share a core slot: kStart actions in a row with equal `slot` are one
// batch, to be run one after another by one thread. The batch is sized by the measured mean time of the block
// (kFinished.value).
#ifndef CUBELOOM_RUNTIME_SCHED_SCHED_H_
#define CUBELOOM_RUNTIME_SCHED_SCHED_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/base/ids.h"
#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/runtime/drop/drop.h"
#include "cubeloom/runtime/sched/costs.h"
#include "cubeloom/runtime/sched/policy.h"
#include "cubeloom/runtime/sched/ready_queue.h"

namespace cubeloom::runtime {

inline constexpr int kMaxBypass = 32;

struct SchedOptions {
  int32_t cores = 1;                // 1..65535
  int64_t memory = 0;               // bytes, >= 0
  Costs costs;                      // empty or one a block
  std::vector<BlockPolicy> policy;  // empty (DefaultPolicy) or one a block
  int64_t batch_ns = 50000;         // drops are put together up to about this time ...
  int32_t max_batch = 256;          // ... and this number; 1 turns batches off
  int64_t retry_ns = 50'000'000;    // wait before the first retry, doubled each time up to 30 s
  std::vector<bool> included;       // empty: all drops; else per drop, closed under "is needed by"
};

enum class EventKind : uint8_t {
  kDataReady,    // an external source's data drop is there
  kFinished,     // a started drop completed; value: ns it took
  kFailed,       // a started drop failed for good
  kFailedRetry,  // ... and may be repeated; value: ns to wait, or 0 for the scheduler's own back-off
  kMemoryShort,  // ... because the budget had not enough for it; value: bytes that it would have needed in
                 // all
  kStopped,      // a started drop was cancelled, after kCancelRunning
  kReturned,     // a started drop was given back before it began
  kRetryDue,     // the time of a kRetryAt action has come
  kReleased,     // the payload of a kRelease action is gone
  kMemoryHeld,   // value: bytes of the budget that results hold and that cannot be spilled
  kCancel,       // stop the run
  kDeadline      // stop the run: its time is over
};

struct Event {
  EventKind kind;
  DropId drop = kNoId;
  int64_t value = 0;
};

enum class ActionKind : uint8_t {
  kStart,          // run an app drop, or open a source's data drop
  kRelease,        // drop the payload of a data drop, then report kReleased
  kRetryAt,        // report kRetryDue after value ns
  kCancelRunning,  // cancel all started drops; each reports kStopped (or its end, if that came first)
  kRunFinished     // last action of a run, once
};

struct Action {
  ActionKind kind;
  uint16_t slot = 0;    // kStart: batch
  Attempt attempt = 1;  // kStart: 1 for the first
  DropId drop = kNoId;
  int64_t value = 0;
};
// Actions are appended; the caller clears it between steps and thereby keeps its memory.
using ActionBuffer = std::vector<Action>;

enum class StopReason : uint8_t {
  kNone,       // ran to its end
  kFailure,    // a drop failed and its block's threshold does not cover it: `drop`
  kThreshold,  // too many inputs of a variadic port are missing: `drop` is the consumer
  kCancel,
  kDeadline
};

struct BlockCounts {
  int64_t done = 0, failed = 0, skipped = 0, running = 0;  // skipped: cancelled too
  int64_t total = 0;
};

// Everything a run's scheduling knows. Holds a reference to the graph; about 17 bytes a drop. Not
// thread-safe.
class State {
 public:
  // InvalidArgument when the options do not fit the graph.
  static absl::StatusOr<std::unique_ptr<State>> Make(const graph::PhysicalGraph& graph, SchedOptions options);

  DropState state(DropId d) const { return state_[d]; }
  const std::vector<DropState>& states() const { return state_; }
  Attempt attempt(DropId d) const { return attempt_[d]; }
  const std::vector<BlockCounts>& counts() const { return counts_; }
  bool finished() const { return finished_; }
  StopReason stop_reason() const { return stop_; }
  DropId stop_drop() const { return stop_drop_; }              // kNoId where the reason has none
  int64_t missing(DropId app) const { return missing_[app]; }  // failed or skipped inputs of variadic ports
  int32_t cores_used() const { return cores_used_; }
  int64_t memory_used() const { return memory_used_; }  // estimates of started drops
  int64_t memory_held() const { return memory_held_; }
  bool alone() const { return alone_; }         // the one started drop may exceed the budget
  int64_t running() const { return running_; }  // started drops
  size_t ready() const { return ready_.size(); }
  int64_t retries() const { return retries_; }
  int64_t ignored_events() const { return ignored_; }  // of drops that were not in the state for it
  // Estimated work: of the whole graph and what is left, in ns on one core.
  double total_work() const { return total_work_; }
  double work_left() const { return work_left_; }
  const SchedOptions& options() const { return options_; }

 private:
  friend class Stepper;
  State(const graph::PhysicalGraph& graph, SchedOptions options);
  void Begin();

  struct Slot {
    int32_t remaining = 0;  // started drops of the batch that have not ended
    int32_t cores = 0;
    int64_t memory = 0;
  };
  struct BlockState {
    uint32_t bucket = 0;
    int32_t cores = 1;
    int64_t memory = 0;  // estimate, raised by kMemoryShort
    int64_t time = 1;
    int64_t mean = 0;      // measured ns, moving
    int64_t measured = 0;  // drops
    bool absorbed = false;
  };

  const graph::PhysicalGraph* graph_;
  SchedOptions options_;
  std::vector<int64_t> tails_;  // by bucket
  std::vector<BlockState> blocks_;
  std::vector<BlockCounts> counts_;

  std::vector<DropState> state_;  // by drop
  std::vector<uint8_t> flags_;
  std::vector<uint32_t> left_;  // app: inputs that are not final; data: consumers that are not final
  std::vector<uint32_t> missing_;
  std::vector<Attempt> attempt_;
  std::vector<uint16_t> slot_;  // of a started drop
  ReadyQueue ready_;

  std::vector<Slot> slots_;  // as many as cores
  std::vector<uint16_t> free_slots_;
  std::vector<DropId> skip_stack_;  // keeps its memory between events
  int64_t open_ = 0;                // app drops and source data that are not final
  int64_t running_ = 0;
  int32_t cores_used_ = 0;
  int64_t memory_used_ = 0, memory_held_ = 0;
  bool alone_ = false;
  int bypassed_ = 0;
  double total_work_ = 0, work_left_ = 0;
  int64_t retries_ = 0, ignored_ = 0;
  StopReason stop_ = StopReason::kNone;
  DropId stop_drop_ = kNoId;
  bool finished_ = false;
};

// Applies `events` in order, then admits. An empty span starts the run.
void Step(State& state, absl::Span<const Event> events, ActionBuffer& actions);

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_SCHED_SCHED_H_
