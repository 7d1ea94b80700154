// Cooperative cancellation.
//
// A CancelSource owns the decision, CancelTokens observe it. Tokens are cheap to copy, never block and
// may outlive the source. Kernels poll `cancelled()` at least every 10 ms (one relaxed atomic load).
#ifndef CUBELOOM_BASE_CANCEL_H_
#define CUBELOOM_BASE_CANCEL_H_

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"

namespace cubeloom {

class CancelToken {
 public:
  // A token that never fires.
  CancelToken() = default;

  bool cancelled() const { return state_ && state_->fired.load(std::memory_order_relaxed); }
  // OK, or the status that the source was cancelled with (code Cancelled unless it said otherwise).
  absl::Status status() const;
  // Calls `f` once when the source fires (at once when it has), on the firing thread. The returned
  // object withdraws the call when destroyed and waits for a call in progress (except when destroyed by
  // that very call). `f` must not wait for a thread that is destroying the registration. Never null.
  class Registration;
  std::unique_ptr<Registration> OnCancel(std::function<void()> f) const;

 private:
  friend class CancelSource;
  struct State;
  struct Header {
    std::atomic<bool> fired{false};
    virtual ~Header() = default;
  };
  explicit CancelToken(std::shared_ptr<Header> state) : state_(std::move(state)) {}
  std::shared_ptr<Header> state_;
};

// Thread-safe. Cancel() is idempotent: the first status wins, and an OK status counts as "cancelled".
// Callbacks run in order of registration, without a lock held, before Cancel() returns on the thread that
// fired first. Destroying a source does not fire it; it also unties it from its parent, so keep the source
// of a child alive as long as its tokens are to follow the parent.
class CancelSource {
 public:
  CancelSource();
  // Fires also when `parent` fires.
  explicit CancelSource(const CancelToken& parent);
  ~CancelSource();
  CancelSource(const CancelSource&) = delete;
  CancelSource& operator=(const CancelSource&) = delete;

  void Cancel(absl::Status status = absl::CancelledError("cancelled"));
  CancelToken token() const;

 private:
  std::shared_ptr<CancelToken::State> state_;
  std::unique_ptr<CancelToken::Registration> parent_;
};

class CancelToken::Registration {
 public:
  virtual ~Registration() = default;
};

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_CANCEL_H_
