#include "cubeloom/kernel/testing/shuffling_executor.h"

#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace cubeloom {
namespace {

class ShufflingExecutor : public Executor {
 public:
  ShufflingExecutor(int threads, uint64_t seed) : random_(seed) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~ShufflingExecutor() override {
    {
      absl::MutexLock lock(&mu_);
      stopping_ = true;
    }
    for (std::thread& thread : threads_) thread.join();
  }
  void Execute(std::function<void()> task) override {
    absl::MutexLock lock(&mu_);
    tasks_.push_back(std::move(task));
  }
  int concurrency() const override { return static_cast<int>(threads_.size()) + 1; }

 private:
  void Work() {
    while (true) {
      std::function<void()> task;
      uint64_t yields;
      {
        absl::MutexLock lock(&mu_);
        auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stopping_ || !tasks_.empty(); };
        mu_.Await(absl::Condition(&ready));
        if (tasks_.empty()) return;
        std::swap(tasks_[random_() % tasks_.size()], tasks_.back());
        task = std::move(tasks_.back());
        tasks_.pop_back();
        yields = random_() % 64;
      }
      while (yields-- > 0) std::this_thread::yield();
      task();
    }
  }

  absl::Mutex mu_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mu_);
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Executor> MakeShufflingExecutor(int threads, uint64_t seed) {
  return std::make_unique<ShufflingExecutor>(threads, seed);
}

}  // namespace cubeloom
