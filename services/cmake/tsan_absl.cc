// Makes Debian's Abseil visible to ThreadSanitizer.
//
// libabsl is compiled without TSan, which therefore sees neither the locking inside absl::Mutex nor the
// reference counts of absl::Status, and reports a race on everything they protect. In TSan builds only,
// this object is linked into every executable (Dependencies.cmake). It defines the same symbols, so the
// dynamic linker prefers it, for the libraries too; each function tells TSan which thread hands over to
// which, and calls the original.
//
// Conditions of Await() and friends run on whichever thread unlocks or waits, inside the original and
// always with the mutex held; their reads are ignored, because TSan cannot know that.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <string>

#include "absl/base/options.h"
#include "absl/status/status.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

#define TSAN_ABSL_TEXT_(x) #x
#define TSAN_ABSL_TEXT(x) TSAN_ABSL_TEXT_(x)

// The library's definition of absl::<tail>; `tail` is the mangled name without its name space.
void* Original(const char* prefix, const char* tail) {
  const std::string space = TSAN_ABSL_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  const std::string name = prefix + std::to_string(space.size()) + space + tail;
  void* address = dlsym(RTLD_NEXT, name.c_str());
  if (address == nullptr) {
    fprintf(stderr, "tsan_absl: the Abseil library has no symbol %s\n", name.c_str());
    abort();
  }
  return address;
}

// TSan looks for lock-order inversions itself; Abseil's own search keeps a graph that TSan cannot follow.
[[maybe_unused]] const bool kNoSearch = [] {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return true;
}();

class IgnoreReads {
 public:
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

void Acquire(const void* address) { __tsan_acquire(const_cast<void*>(address)); }
void Release(const void* address) { __tsan_release(const_cast<void*>(address)); }

// The flag of a Notification, its member after the mutex: HasBeenNotified(), an inline function, acquires it.
const void* FlagOf(const absl::Notification* notification) {
  return reinterpret_cast<const char*>(notification) + sizeof(absl::Mutex);
}

}  // namespace

// `real` becomes the original, as a function of the object and the arguments.
#define ORIGINAL(prefix, tail, result, ...) \
  static auto* const real = reinterpret_cast<result (*)(__VA_ARGS__)>(Original(prefix, tail))
#define MEMBER "_ZN4absl"
#define CONST_MEMBER "_ZNK4absl"

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  ORIGINAL(MEMBER, "5Mutex4LockEv", void, Mutex*);
  real(this);
  Acquire(this);
}
void Mutex::Unlock() {
  ORIGINAL(MEMBER, "5Mutex6UnlockEv", void, Mutex*);
  Release(this);
  IgnoreReads ignore;
  real(this);
}
bool Mutex::TryLock() {
  ORIGINAL(MEMBER, "5Mutex7TryLockEv", bool, Mutex*);
  const bool locked = real(this);
  if (locked) Acquire(this);
  return locked;
}
void Mutex::ReaderLock() {
  ORIGINAL(MEMBER, "5Mutex10ReaderLockEv", void, Mutex*);
  real(this);
  Acquire(this);
}
void Mutex::ReaderUnlock() {
  ORIGINAL(MEMBER, "5Mutex12ReaderUnlockEv", void, Mutex*);
  Release(this);
  IgnoreReads ignore;
  real(this);
}
bool Mutex::ReaderTryLock() {
  ORIGINAL(MEMBER, "5Mutex13ReaderTryLockEv", bool, Mutex*);
  const bool locked = real(this);
  if (locked) Acquire(this);
  return locked;
}

// Waiting hands the mutex over and takes it back.
#define WAITING(tail, result, call, ...)               \
  ORIGINAL(MEMBER, tail, result, Mutex*, __VA_ARGS__); \
  Release(this);                                       \
  struct AcquireAtEnd {                                \
    const void* address;                               \
    ~AcquireAtEnd() { Acquire(address); }              \
  } acquire{this};                                     \
  IgnoreReads ignore;                                  \
  return real call

void Mutex::Await(const Condition& c) {
  WAITING("5Mutex5AwaitERKNS0_9ConditionE", void, (this, c), const Condition&);
}
bool Mutex::AwaitWithTimeout(const Condition& c, Duration d) {
  WAITING("5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE", bool, (this, c, d), const Condition&,
          Duration);
}
bool Mutex::AwaitWithDeadline(const Condition& c, Time t) {
  WAITING("5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE", bool, (this, c, t), const Condition&,
          Time);
}

// Nothing is handed over before these: the mutex is not held yet.
#define LOCKING(tail, result, call, ...)               \
  ORIGINAL(MEMBER, tail, result, Mutex*, __VA_ARGS__); \
  struct AcquireAtEnd {                                \
    const void* address;                               \
    ~AcquireAtEnd() { Acquire(address); }              \
  } acquire{this};                                     \
  IgnoreReads ignore;                                  \
  return real call

void Mutex::LockWhen(const Condition& c) {
  LOCKING("5Mutex8LockWhenERKNS0_9ConditionE", void, (this, c), const Condition&);
}
bool Mutex::LockWhenWithTimeout(const Condition& c, Duration d) {
  LOCKING("5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE", bool, (this, c, d), const Condition&,
          Duration);
}
bool Mutex::LockWhenWithDeadline(const Condition& c, Time t) {
  LOCKING("5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE", bool, (this, c, t), const Condition&,
          Time);
}
void Mutex::ReaderLockWhen(const Condition& c) {
  LOCKING("5Mutex14ReaderLockWhenERKNS0_9ConditionE", void, (this, c), const Condition&);
}
bool Mutex::ReaderLockWhenWithTimeout(const Condition& c, Duration d) {
  LOCKING("5Mutex25ReaderLockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE", bool, (this, c, d),
          const Condition&, Duration);
}
bool Mutex::ReaderLockWhenWithDeadline(const Condition& c, Time t) {
  LOCKING("5Mutex26ReaderLockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE", bool, (this, c, t),
          const Condition&, Time);
}

void CondVar::Wait(Mutex* mu) {
  ORIGINAL(MEMBER, "7CondVar4WaitEPNS0_5MutexE", void, CondVar*, Mutex*);
  Release(mu);
  {
    IgnoreReads ignore;
    real(this, mu);
  }
  Acquire(mu);
}
bool CondVar::WaitWithTimeout(Mutex* mu, Duration d) {
  ORIGINAL(MEMBER, "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE", bool, CondVar*, Mutex*, Duration);
  Release(mu);
  IgnoreReads ignore;
  const bool timed_out = real(this, mu, d);
  Acquire(mu);
  return timed_out;
}
bool CondVar::WaitWithDeadline(Mutex* mu, Time t) {
  ORIGINAL(MEMBER, "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE", bool, CondVar*, Mutex*, Time);
  Release(mu);
  IgnoreReads ignore;
  const bool timed_out = real(this, mu, t);
  Acquire(mu);
  return timed_out;
}

void Notification::Notify() {
  ORIGINAL(MEMBER, "12Notification6NotifyEv", void, Notification*);
  Release(FlagOf(this));
  real(this);
}
void Notification::WaitForNotification() const {
  ORIGINAL(CONST_MEMBER, "12Notification19WaitForNotificationEv", void, const Notification*);
  real(this);
  Acquire(FlagOf(this));
}
bool Notification::WaitForNotificationWithTimeout(Duration d) const {
  ORIGINAL(CONST_MEMBER, "12Notification30WaitForNotificationWithTimeoutENS0_8DurationE", bool,
           const Notification*, Duration);
  const bool notified = real(this, d);
  if (notified) Acquire(FlagOf(this));
  return notified;
}
bool Notification::WaitForNotificationWithDeadline(Time t) const {
  ORIGINAL(CONST_MEMBER, "12Notification31WaitForNotificationWithDeadlineENS0_4TimeE", bool,
           const Notification*, Time);
  const bool notified = real(this, t);
  if (notified) Acquire(FlagOf(this));
  return notified;
}

bool BlockingCounter::DecrementCount() {
  ORIGINAL(MEMBER, "15BlockingCounter14DecrementCountEv", bool, BlockingCounter*);
  Release(this);
  return real(this);
}
void BlockingCounter::Wait() {
  ORIGINAL(MEMBER, "15BlockingCounter4WaitEv", void, BlockingCounter*);
  real(this);
  Acquire(this);
}

// The last owner of a status deletes it: all others have released it before.
void Status::UnrefNonInlined(uintptr_t rep) {
  ORIGINAL(MEMBER, "6Status15UnrefNonInlinedEm", void, uintptr_t);
  void* address = reinterpret_cast<void*>(rep);
  Release(address);
  Acquire(address);
  real(rep);
}

ABSL_NAMESPACE_END
}  // namespace absl
