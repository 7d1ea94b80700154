#include "cubeloom/base/gate.h"

namespace cubeloom {

Gate::Pass& Gate::Pass::operator=(Pass&& other) noexcept {
  if (this != &other) {
    Release();
    gate_ = other.gate_;
    other.gate_ = nullptr;
  }
  return *this;
}

void Gate::Pass::Release() {
  if (gate_ == nullptr) return;
  Gate* gate = gate_;
  gate_ = nullptr;
  gate->Leave();
}

Gate::Pass Gate::Enter() {
  absl::MutexLock lock(&mu_);
  if (closed_) return Pass();
  ++count_;
  return Pass(this);
}

bool Gate::Close(absl::Duration timeout) {
  absl::MutexLock lock(&mu_);
  closed_ = true;
  auto empty = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return count_ == 0; };
  return mu_.AwaitWithTimeout(absl::Condition(&empty), timeout);
}

int64_t Gate::in_flight() const {
  absl::MutexLock lock(&mu_);
  return count_;
}

void Gate::Leave() {
  absl::MutexLock lock(&mu_);
  --count_;
}

}  // namespace cubeloom
