// A gate counts work in flight and lets a shutdown wait for it.
#ifndef CUBELOOM_BASE_GATE_H_
#define CUBELOOM_BASE_GATE_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace cubeloom {

// Thread-safe. Once closed it stays closed. Must outlive its passes; it may be destroyed as soon as
// Close() has returned true.
class Gate {
 public:
  // Held while a piece of work is in flight; empty when the gate was closed.
  class Pass {
   public:
    Pass() = default;
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
    Pass& operator=(Pass&& other) noexcept;
    ~Pass() { Release(); }
    explicit operator bool() const { return gate_ != nullptr; }
    void Release();

   private:
    Gate* gate_ = nullptr;
  };

  // An empty pass (false) once the gate is closed.
  Pass Enter();
  // Refuses new passes and waits until all are released, or until `timeout`; true if none is left.
  bool Close(absl::Duration timeout = absl::InfiniteDuration());
  int64_t in_flight() const;

 private:
  void Leave();
  mutable absl::Mutex mu_;
  int64_t count_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_GATE_H_
