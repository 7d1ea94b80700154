#include "cubeloom/runtime/exec/driver.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/runtime/exec/costs.h"

namespace cubeloom::runtime {
namespace {

constexpr size_t kFailuresKept = 1000;  // beyond those of the report, for drops that may yet succeed

}  // namespace

class Driver::Helpers : public Executor {
 public:
  explicit Helpers(Driver* driver) : driver_(driver) {}
  void Execute(std::function<void()> task) override {
    absl::MutexLock lock(&driver_->mu_);
    driver_->helps_.push_back(std::move(task));
    if (driver_->idle_ > 0) driver_->work_.Signal();
  }
  int concurrency() const override { return driver_->lanes_wanted_; }

 private:
  Driver* const driver_;
};

Driver::Driver(const graph::PhysicalGraph& graph, const RunOptions& options, RunPorts& ports)
    : graph_(graph), options_(options), ports_(ports), run_cancel_(options.cancel) {}

Driver::~Driver() = default;

int64_t Driver::Now() const { return absl::ToInt64Nanoseconds(options_.clock->Monotonic()); }

absl::Status Driver::Prepare() {
  CL_ASSIGN_OR_RETURN(program_, MakeProgram(graph_, options_, ports_));
  if (options_.cores < 1) return absl::InvalidArgumentError(absl::StrCat("run: cores is ", options_.cores));
  if (options_.memory < 0)
    return absl::InvalidArgumentError(absl::StrCat("run: memory is ", options_.memory));
  lanes_wanted_ = std::min(options_.cores, std::max(1, options_.executor->concurrency()));
  shared_.chunk_bytes = ChunkBytes(options_.memory, lanes_wanted_);
  costs_ = options_.costs.empty() ? DefaultCosts(graph_, program_, shared_.chunk_bytes) : options_.costs;
  for (size_t b = 0; b < costs_.size() && b < graph_.blocks.size(); ++b) {
    // Kernels in this process are helped by idle lanes whatever they ask for; only a command has threads of
    // its own.
    if (program_.blocks[b].node->kind != graph::NodeKind::kCommand) costs_[b].cores = 1;
  }
  SchedOptions sched;
  sched.cores = lanes_wanted_;
  sched.memory = options_.memory;
  sched.costs = costs_;
  sched.policy = program_.policy;
  sched.included = program_.included;
  budget_ = std::make_shared<MemoryBudget>(options_.memory);
  store_ = std::make_unique<ChunkStore>(budget_, ports_.spill);
  helpers_ = std::make_unique<Helpers>(this);
  data_ = DataDrops(graph_);
  shared_ = {&graph_,      &options_, &ports_,        &program_,          &costs_,
             store_.get(), &data_,    helpers_.get(), shared_.chunk_bytes};
  absl::MutexLock lock(&mu_);
  CL_ASSIGN_OR_RETURN(state_, State::Make(graph_, std::move(sched)));
  times_.resize(graph_.blocks.size());
  return absl::OkStatus();
}

RunReport Driver::Run() {
  if (absl::Status status = Prepare(); !status.ok()) {
    RunReport report;
    report.status = std::move(status);
    report.drop_states.assign(graph_.drops(), DropState::kCancelled);
    report.states[static_cast<size_t>(DropState::kCancelled)] = static_cast<int64_t>(graph_.drops());
    return report;
  }
  started_ns_ = Now();
  const absl::Duration limit = std::min(options_.deadline, graph_.logical.deadline);
  deadline_ns_ = limit >= absl::Hours(24 * 3650) ? INT64_MAX : started_ns_ + absl::ToInt64Nanoseconds(limit);
  inline_lane_ = options_.executor == &InlineExecutor();
  for (int i = 0; i <= lanes_wanted_; ++i)
    lanes_.push_back(std::make_unique<Lane>());  // one for the calling thread
  {
    absl::MutexLock lock(&mu_);
    lanes_left_ = lanes_wanted_;
    reported_ns_ = started_ns_;
  }
  auto wake = options_.cancel.OnCancel([this] {
    absl::MutexLock lock(&mu_);
    clock_cv_.SignalAll();
    work_.SignalAll();
  });
  for (int i = 0; i < lanes_wanted_; ++i) {
    options_.executor->Execute([this, i] { LaneMain(*lanes_[static_cast<size_t>(i)]); });
  }
  KeepTime();
  wake.reset();
  MaybeReport(true);
  return Assemble();
}

void Driver::LaneMain(Lane& lane) {
  mu_.Lock();
  while (true) {
    if (!lane.events.empty() || !begun_) Advance(lane);
    if (!lane.releases.empty() || cancel_running_) {
      mu_.Unlock();
      Release(lane);
      mu_.Lock();
    }
    if (TakeBatch(lane)) {
      mu_.Unlock();
      RunBatch(lane);
      if (inline_lane_) MaybeReport(false);
      mu_.Lock();
      if (inline_lane_) Tick(lane);
      continue;
    }
    if (!lane.events.empty()) continue;
    if (state_->finished()) break;
    if (Help()) continue;
    ++idle_;
    if (inline_lane_) {
      work_.WaitWithTimeout(&mu_, UntilNext());
    } else {
      work_.Wait(&mu_);
    }
    --idle_;
    if (inline_lane_ && !state_->finished()) {
      Tick(lane);
      if (!lane.events.empty()) Advance(lane);
      mu_.Unlock();
      MaybeReport(false);
      mu_.Lock();
    }
  }
  if (--lanes_left_ == 0) clock_cv_.SignalAll();
  mu_.Unlock();
}

// Tells the scheduler what the lane knows and puts its answers where they belong.
void Driver::Advance(Lane& lane) {
  begun_ = true;
  CountEnded(lane.events);
  actions_.clear();
  Step(*state_, lane.events, actions_);
  lane.events.clear();
  for (const Action& action : actions_) {
    switch (action.kind) {
      case ActionKind::kStart:
        queue_.push_back({action.drop, action.attempt, action.slot});
        break;
      case ActionKind::kRelease:
        lane.releases.push_back(action.drop);
        break;
      case ActionKind::kRetryAt:
        timers_.push({Now() + action.value, action.drop});
        clock_cv_.Signal();
        break;
      case ActionKind::kCancelRunning:
        cancel_running_ = true;
        break;
      case ActionKind::kRunFinished:
        finished_ns_ = Now();
        work_.SignalAll();
        clock_cv_.SignalAll();
        break;
    }
  }
  Wake();
}

void Driver::CountEnded(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (event.kind != EventKind::kFinished) continue;
    BlockTime& time = times_[graph_.block_of[event.drop]];
    ++time.drops;
    time.total += event.value;
    time.longest = std::max(time.longest, event.value);
    if (!failed_.empty()) failed_.erase(event.drop);
  }
}

// As many sleeping lanes as there is work for.
void Driver::Wake() {
  if (idle_ == 0 || (queue_.empty() && helps_.empty())) return;
  if (queue_.size() + helps_.size() == 1) {
    work_.Signal();
  } else {
    work_.SignalAll();
  }
}

// Gives payloads back and fires the cancellation that a step asked for.
void Driver::Release(Lane& lane) {
  bool cancel = false;
  absl::Status why;
  {
    absl::MutexLock lock(&mu_);
    std::swap(cancel, cancel_running_);
    if (cancel && state_->stop_reason() == StopReason::kDeadline)
      why = absl::DeadlineExceededError("deadline of the run");
    if (cancel && why.ok()) why = absl::CancelledError("the run was stopped");
  }
  if (cancel) run_cancel_.Cancel(why);
  for (DropId drop : lane.releases) {
    data_.payload(drop) = Payload();
    lane.events.push_back({EventKind::kReleased, drop, 0});
  }
  lane.releases.clear();
}

bool Driver::TakeBatch(Lane& lane) {
  lane.batch.clear();
  for (auto first = queue_.begin(); first != queue_.end();) {
    auto last = first;
    while (last != queue_.end() && last->slot == first->slot) ++last;
    // A drop of several cores waits until lanes that help have left enough of them.
    const bool wide = costs_[graph_.block_of[first->drop]].cores > 1;
    if (wide && helping_ + state_->cores_used() > lanes_wanted_) {
      first = last;
      continue;
    }
    lane.batch.assign(first, last);
    queue_.erase(first, last);
    return true;
  }
  return false;
}

bool Driver::Help() {
  if (helps_.empty() || helping_ + state_->cores_used() >= lanes_wanted_) return false;
  std::function<void()> task = std::move(helps_.front());
  helps_.pop_front();
  ++helping_;
  mu_.Unlock();
  task();
  task = nullptr;
  mu_.Lock();
  --helping_;
  Wake();
  return true;
}

void Driver::RunBatch(Lane& lane) {
  int64_t now = Now();
  {
    absl::MutexLock lock(&lane.mu);
    lane.next = 0;
    lane.end = lane.batch.size();
    lane.batch_began = now;
  }
  Start start;
  while (Next(lane, &start)) {
    RunDrop(lane, start, now);
    const int64_t began = std::exchange(now, Now());
    if (lane.events.back().kind == EventKind::kFinished) lane.events.back().value = now - began;
  }
}

bool Driver::Next(Lane& lane, Start* start) {
  absl::MutexLock lock(&lane.mu);
  if (lane.next == lane.end) return false;
  *start = lane.batch[lane.next++];
  return true;
}

void Driver::RunDrop(Lane& lane, const Start& start, int64_t started_ns) {
  DropAllocator allocator(&store_->allocator());
  const uint32_t b = graph_.block_of[start.drop];
  InvokeCall call;
  call.drop = start.drop;
  call.attempt = start.attempt;
  call.allocator = &allocator;
  call.cancel = run_cancel_.token();
  std::shared_ptr<CancelSource> timeout;
  if (program_.blocks[b].timeout_ns > 0) {
    timeout = std::make_shared<CancelSource>(run_cancel_.token());
    call.cancel = timeout->token();
    absl::MutexLock lock(&mu_);
    timeouts_[start.drop] = {started_ns + program_.blocks[b].timeout_ns, timeout};
    clock_cv_.Signal();
  }
  {
    absl::MutexLock lock(&lane.mu);
    lane.meter = &allocator.meter();
  }
  const auto estimate = static_cast<double>(costs_[b].time_ns);
  call.progress = [&lane, estimate](double done) {
    lane.ns_done.store(done * estimate, std::memory_order_relaxed);
  };
  absl::StatusOr<InvokeResult> result = Invoke(shared_, call);
  lane.ns_done.store(0, std::memory_order_relaxed);
  {
    absl::MutexLock lock(&lane.mu);
    lane.meter = nullptr;
  }
  if (timeout) {
    absl::MutexLock lock(&mu_);
    timeouts_.erase(start.drop);
  }
  if (result.ok()) {
    Keep(lane, start, *std::move(result));
    lane.events.push_back({EventKind::kFinished, start.drop, 0});
    return;
  }
  if (options_.cancel.cancelled()) lane.events.push_back({EventKind::kCancel, kNoId, 0});
  const Event event = Classify(start, result.status(), allocator.meter().wanted());
  absl::Status cause = result.status();
  if (absl::Status spill = store_->spill_error(); event.kind == EventKind::kMemoryShort && !spill.ok())
    cause = absl::ResourceExhaustedError(absl::StrCat(cause.message(), "; ", spill.message()));
  if (event.kind != EventKind::kStopped) NoteFailure(start, cause);
  lane.events.push_back(event);
}

Event Driver::Classify(const Start& start, const absl::Status& status, int64_t wanted_bytes) const {
  if (run_cancel_.token().cancelled()) return {EventKind::kStopped, start.drop, 0};
  if (absl::IsResourceExhausted(status) && IsMemoryShort(status))
    return {EventKind::kMemoryShort, start.drop, std::max<int64_t>(wanted_bytes, 1)};
  switch (RepeatOf(status)) {
    case Repeat::kNever:
      return {EventKind::kFailed, start.drop, 0};
    case Repeat::kAtOnce:
      return {EventKind::kFailedRetry, start.drop, 0};
    case Repeat::kAfterDelay:
      return {EventKind::kFailedRetry, start.drop, absl::ToInt64Nanoseconds(RetryDelay(status))};
  }
  return {EventKind::kFailed, start.drop, 0};
}

void Driver::Keep(Lane& lane, const Start& start, InvokeResult result) {
  const graph::Block& block = graph_.block(start.drop);
  for (size_t port = 0; port < result.outputs.size(); ++port) {
    const DropId data =
        block.has_app() ? block.data(static_cast<int64_t>(port), start.drop - block.first_app) : start.drop;
    data_.digest(data) = result.digests[port];
    data_.kind(data) = result.outputs[port].kind();
    data_.payload(data) = std::move(result.outputs[port]);
  }
  if (result.written.empty()) return;
  absl::MutexLock lock(&mu_);
  for (OutputRecord& record : result.written) {
    bytes_written_ += record.bytes;
    outputs_.push_back(std::move(record));
  }
}

void Driver::NoteFailure(const Start& start, const absl::Status& cause) {
  FailedAttempt attempt;
  attempt.attempts = start.attempt;
  attempt.cause = cause;
  attempt.inputs = DescribeInputs(shared_, start.drop);
  absl::MutexLock lock(&mu_);
  failed_[start.drop] = std::move(attempt);
  const size_t most = kFailuresKept + static_cast<size_t>(std::max(0, options_.max_failures));
  if (failed_.size() > most) failed_.erase(std::prev(failed_.end()));
}

}  // namespace cubeloom::runtime
