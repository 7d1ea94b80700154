#include "cubeloom/base/clock.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"

namespace cubeloom {
namespace {

class RealClock : public Clock {
 public:
  absl::Duration Monotonic() const override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
  absl::Time Wall() const override { return absl::Now(); }
  void SleepFor(absl::Duration d) override { absl::SleepFor(d); }
};

}  // namespace

Clock& Clock::Real() {
  static RealClock* const clock = new RealClock;  // never destroyed: threads may outlive main
  return *clock;
}

absl::Duration SimulatedClock::Monotonic() const {
  absl::MutexLock lock(&mu_);
  return now_;
}

absl::Time SimulatedClock::Wall() const {
  absl::MutexLock lock(&mu_);
  return wall_start_ + now_ + jump_;
}

void SimulatedClock::Advance(absl::Duration d) {
  absl::MutexLock lock(&mu_);
  now_ += std::max(d, absl::ZeroDuration());
}

void SimulatedClock::JumpWall(absl::Duration d) {
  absl::MutexLock lock(&mu_);
  jump_ += d;
}

}  // namespace cubeloom
