#include "cubeloom/base/cancel.h"

#include <cstdint>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace cubeloom {

// What a source and its tokens share. `fired` is set under the lock, after `status`, so whoever sees it
// and then takes the lock reads the final status.
struct CancelToken::State : CancelToken::Header {
  absl::Mutex mu;
  absl::Status status ABSL_GUARDED_BY(mu);
  uint64_t next_id ABSL_GUARDED_BY(mu) = 1;
  std::map<uint64_t, std::function<void()>> callbacks ABSL_GUARDED_BY(mu);  // by order of registration
  uint64_t running ABSL_GUARDED_BY(mu) = 0;                                 // id of the call in progress
  std::thread::id firing_thread ABSL_GUARDED_BY(mu);

  // The callback of `id` and where it stood; a callback is always destroyed outside the lock, because
  // it may own registrations of this same state.
  void Fire(absl::Status why) ABSL_LOCKS_EXCLUDED(mu);
  void Withdraw(uint64_t id) ABSL_LOCKS_EXCLUDED(mu);
};

void CancelToken::State::Fire(absl::Status why) {
  {
    absl::MutexLock lock(&mu);
    if (fired.load(std::memory_order_relaxed)) return;
    status = why.ok() ? absl::CancelledError("cancelled") : std::move(why);
    firing_thread = std::this_thread::get_id();
    fired.store(true, std::memory_order_release);
  }
  // Nothing is added any more: OnCancel() sees `fired` under the lock.
  while (true) {
    std::function<void()> callback;
    {
      absl::MutexLock lock(&mu);
      running = 0;
      if (callbacks.empty()) return;
      auto first = callbacks.begin();
      running = first->first;
      callback = std::move(first->second);
      callbacks.erase(first);
    }
    callback();
  }
}

void CancelToken::State::Withdraw(uint64_t id) {
  std::function<void()> withdrawn;
  absl::MutexLock lock(&mu);
  auto it = callbacks.find(id);
  if (it != callbacks.end()) {
    withdrawn = std::move(it->second);
    callbacks.erase(it);
    return;
  }
  if (firing_thread == std::this_thread::get_id()) return;  // from inside the call itself
  auto ended = [this, id]() ABSL_SHARED_LOCKS_REQUIRED(mu) { return running != id; };
  mu.Await(absl::Condition(&ended));
}

namespace {

// Nothing to withdraw: the token never fires, or has fired already.
class EmptyRegistration : public CancelToken::Registration {};

}  // namespace

absl::Status CancelToken::status() const {
  if (!cancelled()) return absl::OkStatus();
  auto* state = static_cast<State*>(state_.get());
  absl::MutexLock lock(&state->mu);
  return state->status;
}

std::unique_ptr<CancelToken::Registration> CancelToken::OnCancel(std::function<void()> f) const {
  class Registered : public Registration {
   public:
    Registered(std::shared_ptr<State> state, uint64_t id) : state_(std::move(state)), id_(id) {}
    ~Registered() override { state_->Withdraw(id_); }

   private:
    const std::shared_ptr<State> state_;
    const uint64_t id_;
  };
  if (!state_) return std::make_unique<EmptyRegistration>();
  auto state = std::static_pointer_cast<State>(state_);
  {
    absl::MutexLock lock(&state->mu);
    if (!state->fired.load(std::memory_order_relaxed)) {
      uint64_t id = state->next_id++;
      state->callbacks.emplace(id, std::move(f));
      return std::make_unique<Registered>(state, id);
    }
  }
  f();
  return std::make_unique<EmptyRegistration>();
}

CancelSource::CancelSource() : state_(std::make_shared<CancelToken::State>()) {}

CancelSource::CancelSource(const CancelToken& parent) : CancelSource() {
  parent_ = parent.OnCancel([state = state_, parent] { state->Fire(parent.status()); });
}

CancelSource::~CancelSource() = default;

void CancelSource::Cancel(absl::Status status) { state_->Fire(std::move(status)); }

CancelToken CancelSource::token() const { return CancelToken(state_); }

}  // namespace cubeloom
