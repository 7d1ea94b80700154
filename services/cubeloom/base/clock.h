// Time behind an interface, so that the engine runs under simulated time in tests.
#ifndef CUBELOOM_BASE_CLOCK_H_
#define CUBELOOM_BASE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace cubeloom {

// Thread-safe. Monotonic() never goes back and has no meaning across processes; Wall() may jump.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Duration Monotonic() const = 0;  // since an arbitrary start
  virtual absl::Time Wall() const = 0;
  virtual void SleepFor(absl::Duration d) = 0;

  // The machine's clock; lives for the whole program.
  static Clock& Real();
};

// Stands still until told to move. SleepFor() advances it at once; negative steps are ignored.
class SimulatedClock : public Clock {
 public:
  explicit SimulatedClock(absl::Time wall_start = absl::UnixEpoch()) : wall_start_(wall_start) {}
  absl::Duration Monotonic() const override;
  absl::Time Wall() const override;
  void SleepFor(absl::Duration d) override { Advance(d); }
  void Advance(absl::Duration d);
  // A step of the wall clock only, as when an operator sets the time.
  void JumpWall(absl::Duration d);

 private:
  mutable absl::Mutex mu_;
  absl::Duration now_ ABSL_GUARDED_BY(mu_);
  absl::Duration jump_ ABSL_GUARDED_BY(mu_);
  const absl::Time wall_start_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_CLOCK_H_
