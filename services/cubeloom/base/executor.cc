#include "cubeloom/base/executor.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace cubeloom {
namespace {

class InlineExecutorImpl : public Executor {
 public:
  void Execute(std::function<void()> task) override { task(); }
  int concurrency() const override { return 1; }
};

class ThreadPool : public Executor {
 public:
  ThreadPool(int threads, const char* name) : name_(name) {
    for (int i = 0; i < std::max(1, threads); ++i) {
      try {
        threads_.emplace_back([this, i] { Work(i); });
      } catch (const std::system_error&) {
        break;  // the machine gives no more threads: fewer serve as well, with none Execute() runs inline
      }
    }
  }
  ~ThreadPool() override {
    {
      absl::MutexLock lock(&mu_);
      stopping_ = true;
      wake_.SignalAll();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  void Execute(std::function<void()> task) override {
    if (threads_.empty()) return task();
    absl::MutexLock lock(&mu_);
    queue_.push_back(std::move(task));
    wake_.Signal();
  }
  int concurrency() const override { return std::max<int>(1, static_cast<int>(threads_.size())); }

 private:
  void Work(int index) {
    // Linux keeps 15 characters of a thread's name.
    pthread_setname_np(pthread_self(), absl::StrCat(name_, "-", index).substr(0, 15).c_str());
    while (true) {
      std::function<void()> task;
      {
        absl::MutexLock lock(&mu_);
        while (queue_.empty() && !stopping_) wake_.Wait(&mu_);
        if (queue_.empty()) return;
        task = std::move(queue_.front());
        queue_.pop_front();
      }
      task();
    }
  }

  const std::string name_;
  absl::Mutex mu_;
  absl::CondVar wake_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;  // constant between constructor and destructor
};

// One ParallelFor call. Indices are claimed in ascending order and a claimed index always runs; so every
// index below a failed one has run too, and the smallest failure is the same whatever the timing.
//
// Helpers are queued on the executor while the caller works already. A helper that starts after the
// caller has closed the loop does nothing and touches neither `body` nor the executor, so the caller
// never waits for the queue. Only one helper is queued at first and each one that starts queues two
// more: on a busy pool, nested loops leave at most one dead entry each in the queue.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  struct Spec {
    Executor* executor;
    int64_t count;
    const CancelToken* cancel;
    const std::function<absl::Status(int64_t)>* body;
  };
  explicit Loop(const Spec& spec)
      : spec_(spec),
        helpers_left_(static_cast<int>(std::min<int64_t>(spec.executor->concurrency(), spec.count) - 1)) {}

  absl::Status Run() {
    Spawn(1);
    ClaimAndRun();
    absl::MutexLock lock(&mu_);
    closed_ = true;
    auto idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return active_ == 0; };
    mu_.Await(absl::Condition(&idle));
    if (!failure_.ok()) return failure_;
    return next_.load(std::memory_order_relaxed) < spec_.count ? spec_.cancel->status() : absl::OkStatus();
  }

 private:
  void Spawn(int wanted) {
    for (int i = 0; i < wanted; ++i) {
      if (helpers_left_.fetch_sub(1, std::memory_order_relaxed) <= 0) return;
      spec_.executor->Execute([self = shared_from_this()] { self->Help(); });
    }
  }

  void Help() {
    {
      absl::MutexLock lock(&mu_);
      if (closed_) return;
      ++active_;
    }
    Spawn(2);
    ClaimAndRun();
    absl::MutexLock lock(&mu_);
    --active_;
  }

  void ClaimAndRun() {
    while (!stop_.load(std::memory_order_relaxed) && !spec_.cancel->cancelled()) {
      // The check before the claim keeps the counter below count + threads.
      if (next_.load(std::memory_order_relaxed) >= spec_.count) return;
      const int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= spec_.count) return;
      absl::Status status = (*spec_.body)(index);
      if (!status.ok()) Fail(index, std::move(status));
    }
  }

  void Fail(int64_t index, absl::Status status) {
    stop_.store(true, std::memory_order_relaxed);
    absl::MutexLock lock(&mu_);
    if (index >= failed_index_) return;
    failed_index_ = index;
    failure_ = std::move(status);
  }

  const Spec spec_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> stop_{false};
  std::atomic<int> helpers_left_;

  absl::Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  int active_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t failed_index_ ABSL_GUARDED_BY(mu_) = std::numeric_limits<int64_t>::max();
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

Executor& InlineExecutor() {
  static InlineExecutorImpl* const executor = new InlineExecutorImpl;
  return *executor;
}

std::unique_ptr<Executor> MakeThreadPool(int threads, const char* name) {
  return std::make_unique<ThreadPool>(threads, name);
}

absl::Status ParallelFor(Executor& executor, int64_t count, const CancelToken& cancel,
                         const std::function<absl::Status(int64_t)>& body) {
  if (count <= 0) return absl::OkStatus();
  return std::make_shared<Loop>(Loop::Spec{&executor, count, &cancel, &body})->Run();
}

}  // namespace cubeloom
