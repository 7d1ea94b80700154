// One run at work: lanes, clock, payloads around the pure scheduler. Internal to runtime/exec.
//
// Threads. `mu_` guards the scheduler and all queues; it is held for a step, never while a drop runs, memory
// is given back or a port is called. A lane loops: tell the scheduler what ended, take a batch, run it;
// without a batch it helps the chunk loops of others; without those it sleeps. The calling thread keeps time.
#ifndef CUBELOOM_RUNTIME_EXEC_DRIVER_H_
#define CUBELOOM_RUNTIME_EXEC_DRIVER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/runtime/exec/invoke.h"
#include "cubeloom/runtime/exec/run.h"
#include "cubeloom/runtime/sched/sched.h"

namespace cubeloom::runtime {

// What the calling lane learned about failed attempts; the scheduler decides which of them are final.
struct FailedAttempt {
  int32_t attempts = 0;
  absl::Status cause;
  std::vector<std::string> inputs;
};

class Driver {
 public:
  Driver(const graph::PhysicalGraph& graph, const RunOptions& options, RunPorts& ports);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Everything up to the report; once.
  RunReport Run();

 private:
  struct Start {
    DropId drop;
    Attempt attempt;
    uint16_t slot;
  };
  struct Timer {
    int64_t at;
    DropId drop;
    bool operator<(const Timer& o) const { return at != o.at ? at > o.at : drop > o.drop; }
  };
  // Of one lane; read by the clock thread.
  struct Lane {
    absl::Mutex mu;
    const MemoryMeter* meter ABSL_GUARDED_BY(mu) = nullptr;
    std::atomic<double> ns_done{0};  // estimated work done inside the drop that runs now
    std::vector<Event> events;
    std::vector<DropId> releases;
    std::vector<Start> batch;  // changed only by its lane, while next == end
    size_t next ABSL_GUARDED_BY(mu) = 0, end ABSL_GUARDED_BY(mu) = 0;  // what is left of it
    int64_t batch_began ABSL_GUARDED_BY(mu) = 0;
  };
  // Lends idle lanes to the chunk loops of running kernels.
  class Helpers;
  struct BlockTime {
    int64_t drops = 0, total = 0, longest = 0;  // ns
  };

  // driver.cc
  absl::Status Prepare();
  void LaneMain(Lane& lane);
  void Advance(Lane& lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CountEnded(const std::vector<Event>& events) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Release(Lane& lane) ABSL_LOCKS_EXCLUDED(mu_);
  bool TakeBatch(Lane& lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Help() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RunBatch(Lane& lane) ABSL_LOCKS_EXCLUDED(mu_);
  // The next drop of the lane's batch; false when none is left.
  bool Next(Lane& lane, Start* start) ABSL_LOCKS_EXCLUDED(mu_);
  void RunDrop(Lane& lane, const Start& start, int64_t started_ns) ABSL_LOCKS_EXCLUDED(mu_);
  void Keep(Lane& lane, const Start& start, InvokeResult result) ABSL_LOCKS_EXCLUDED(mu_);
  void NoteFailure(const Start& start, const absl::Status& cause) ABSL_LOCKS_EXCLUDED(mu_);
  Event Classify(const Start& start, const absl::Status& status, int64_t wanted_bytes) const;
  int64_t Now() const;

  // clock.cc
  void KeepTime() ABSL_LOCKS_EXCLUDED(mu_);
  // What is due: retries, deadlines, timeouts, the memory that results hold. Fills the lane's events.
  void Tick(Lane& lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Gives back what slow batches have not begun while other lanes have nothing to do.
  void RevokeSlowBatches(Lane& teller) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Duration UntilNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void MaybeReport(bool last) ABSL_LOCKS_EXCLUDED(mu_);
  Progress Snapshot() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int64_t InFlightBytes() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // assemble.cc
  RunReport Assemble() ABSL_LOCKS_EXCLUDED(mu_);
  void FillOutcome(RunReport& report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FillFailures(RunReport& report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FillDigests(RunReport& report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FillTimes(RunReport& report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const graph::PhysicalGraph& graph_;
  const RunOptions& options_;
  RunPorts& ports_;
  Program program_;
  Costs costs_;
  InvokeShared shared_;
  int32_t lanes_wanted_ = 1;
  int64_t started_ns_ = 0, deadline_ns_ = 0;
  bool inline_lane_ = false;  // the lane runs on the calling thread and keeps time itself

  std::shared_ptr<MemoryBudget> budget_;
  std::unique_ptr<ChunkStore> store_;
  std::unique_ptr<Helpers> helpers_;
  DataDrops data_;
  CancelSource run_cancel_;  // fires for all drops of the run
  std::vector<std::unique_ptr<Lane>> lanes_;

  absl::Mutex mu_;
  absl::CondVar work_, clock_cv_;
  std::unique_ptr<State> state_ ABSL_GUARDED_BY(mu_);
  ActionBuffer actions_ ABSL_GUARDED_BY(mu_);
  std::deque<Start> queue_ ABSL_GUARDED_BY(mu_);
  std::deque<std::function<void()>> helps_ ABSL_GUARDED_BY(mu_);
  std::priority_queue<Timer> timers_ ABSL_GUARDED_BY(mu_);
  std::map<DropId, std::pair<int64_t, std::shared_ptr<CancelSource>>> timeouts_ ABSL_GUARDED_BY(mu_);
  std::map<DropId, FailedAttempt> failed_ ABSL_GUARDED_BY(mu_);
  std::vector<BlockTime> times_ ABSL_GUARDED_BY(mu_);
  std::vector<OutputRecord> outputs_ ABSL_GUARDED_BY(mu_);
  int64_t bytes_written_ ABSL_GUARDED_BY(mu_) = 0;
  bool begun_ ABSL_GUARDED_BY(mu_) = false;
  bool cancel_running_ ABSL_GUARDED_BY(mu_) = false;
  bool cancel_told_ ABSL_GUARDED_BY(mu_) = false, deadline_told_ ABSL_GUARDED_BY(mu_) = false;
  int32_t helping_ ABSL_GUARDED_BY(mu_) = 0;
  int32_t idle_ ABSL_GUARDED_BY(mu_) = 0;
  int32_t lanes_left_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t held_told_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t finished_ns_ ABSL_GUARDED_BY(mu_) = 0;
  bool reporting_ ABSL_GUARDED_BY(mu_) = false;
  int64_t reported_ns_ ABSL_GUARDED_BY(mu_) = 0, reported_done_ ABSL_GUARDED_BY(mu_) = 0;
  double rate_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_EXEC_DRIVER_H_
