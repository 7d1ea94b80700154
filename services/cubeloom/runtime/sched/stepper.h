// One Step() call at work; internal to runtime/sched. events.cc moves drops, holes.cc spreads what is
// missing, admit.cc starts drops.
#ifndef CUBELOOM_RUNTIME_SCHED_STEPPER_H_
#define CUBELOOM_RUNTIME_SCHED_STEPPER_H_

#include "cubeloom/runtime/sched/flags.h"
#include "cubeloom/runtime/sched/sched.h"

namespace cubeloom::runtime {

class Stepper {
 public:
  Stepper(State& state, ActionBuffer& actions) : s_(state), graph_(*state.graph_), actions_(actions) {}
  void Run(absl::Span<const Event> events);

 private:
  // events.cc
  void Apply(const Event& event);
  void ApplyToStarted(const Event& event);
  void Finished(DropId d, int64_t ns);
  void FailedOrRetry(DropId d, int64_t delay_ns);
  void MemoryShort(DropId d, int64_t bytes);
  void Stopped(DropId d);
  void EndStarted(DropId d);  // gives slot, cores and memory back
  void Close(DropId d);       // an app drop or source became final
  void CompleteData(DropId d);
  void ConsumersDone(DropId app);  // the inputs of `app` have one consumer less
  void ReleaseIfUnused(DropId data);
  void Enqueue(DropId d);
  void Stop(StopReason reason, DropId drop);
  void Finish();

  // holes.cc
  void Fail(DropId d);
  void Decide(DropId app);  // all inputs are final
  void Skip(DropId app);
  void DrainSkips();
  void OutputsMissing(DropId d, DropState state);
  void SpreadMissing(DropId data);
  void InputMissing(DropId app, DropId data);
  int64_t AllowedInputs(DropId app) const;

  // admit.cc
  void Admit();
  bool StartNext();
  bool Fits(DropId d) const;
  bool TryStart(uint32_t bucket);
  void StartBatch(uint32_t bucket, int64_t count);
  int64_t BatchSize(uint32_t block) const;

  bool IsIncluded(DropId d) const { return s_.options_.included.empty() || s_.options_.included[d]; }
  uint32_t BlockOf(DropId d) const { return graph_.block_of[d]; }

  State& s_;
  const graph::PhysicalGraph& graph_;
  ActionBuffer& actions_;
};

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_SCHED_STEPPER_H_
