#include "cubeloom/kernel/api/fan_out.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace cubeloom {
namespace {

struct Shared {
  std::atomic<int64_t> next{0};
  std::atomic<int64_t> done{0};
  std::atomic<int64_t> failed{std::numeric_limits<int64_t>::max()};
  absl::Mutex mu;
  absl::Status error ABSL_GUARDED_BY(mu);

  void Fail(int64_t index, absl::Status status) {
    absl::MutexLock lock(&mu);
    if (index >= failed.load(std::memory_order_relaxed)) return;
    failed.store(index, std::memory_order_relaxed);
    error = std::move(status);
  }
};

}  // namespace

int FanOutWorkers(const Executor& executor, int64_t count) {
  return static_cast<int>(std::clamp<int64_t>(count, 1, std::max(1, executor.concurrency())));
}

absl::Status FanOut(int64_t count, const FanOutOptions& options,
                    absl::FunctionRef<absl::Status(int, int64_t)> body) {
  if (options.cancel.cancelled()) return options.cancel.status();
  if (count == 0) return absl::OkStatus();
  Shared shared;
  const auto work = [&](int64_t worker) {
    while (!options.cancel.cancelled()) {
      const int64_t index = shared.next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count || index > shared.failed.load(std::memory_order_relaxed)) break;
      absl::Status status = body(static_cast<int>(worker), index);
      if (!status.ok()) {
        shared.Fail(index, std::move(status));
        break;
      }
      const int64_t done = shared.done.fetch_add(1, std::memory_order_relaxed) + 1;
      if (options.progress) options.progress(static_cast<double>(done) / static_cast<double>(count));
    }
    return absl::OkStatus();
  };
  absl::Status loop =
      ParallelFor(*options.executor, FanOutWorkers(*options.executor, count), CancelToken(), work);
  if (options.cancel.cancelled()) return options.cancel.status();
  if (!loop.ok()) return loop;
  absl::MutexLock lock(&shared.mu);
  return shared.error;
}

}  // namespace cubeloom
