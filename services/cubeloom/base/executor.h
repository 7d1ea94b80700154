// Executors: where work runs. No library of Cubeloom creates threads; callers pass an executor, tests
// the inline one.
#ifndef CUBELOOM_BASE_EXECUTOR_H_
#define CUBELOOM_BASE_EXECUTOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "cubeloom/base/cancel.h"

namespace cubeloom {

// Thread-safe. A task must not throw. Execute() never blocks on other tasks of the same executor.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Execute(std::function<void()> task) = 0;
  // How many tasks can run at once (>= 1).
  virtual int concurrency() const = 0;
};

// Runs each task inside Execute(). Lives for the whole program.
Executor& InlineExecutor();

// A fixed number of threads (at least 1) over one unbounded first-in first-out queue; callers bound what
// they queue. Threads are named `name`-0, -1, ... (15 characters are kept). When the machine refuses
// threads the pool has fewer, and with none at all Execute() runs inline. The destructor runs everything
// queued, also what tasks queue meanwhile, then joins; no task may destroy its own pool.
std::unique_ptr<Executor> MakeThreadPool(int threads, const char* name);

// Calls body(i) for every i in [0, count), the caller taking part; at most `executor.concurrency()` at
// once. Returns when all calls that were started have ended. After the first failure, or when `cancel`
// fires, no further index is started; the failure of the smallest failed index is returned, so that the
// answer does not depend on timing. When `cancel` fires before every index has started and none failed,
// its status is returned. Safe to nest: the caller always makes progress. Costs about 5 ns per index, so
// batch indices whose body is shorter than a microsecond.
absl::Status ParallelFor(Executor& executor, int64_t count, const CancelToken& cancel,
                         const std::function<absl::Status(int64_t)>& body);

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_EXECUTOR_H_
