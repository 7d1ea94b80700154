// Index work over an executor with per-worker state: the loop below Map and Reduce.
//
// Indices are handed out in ascending order by one atomic counter, so neighbouring pieces of a file are read
// by neighbouring moments, and a slow worker holds nobody up. A worker is one call of ParallelFor's body; it
// keeps its index (and so its scratch memory) for as long as it finds work.
#ifndef CUBELOOM_KERNEL_API_FAN_OUT_H_
#define CUBELOOM_KERNEL_API_FAN_OUT_H_

#include <cstdint>
#include <functional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "cubeloom/base/executor.h"

namespace cubeloom {

struct FanOutOptions {
  Executor* executor = &InlineExecutor();
  CancelToken cancel;                    // polled before each index
  std::function<void(double)> progress;  // fraction of the indices done, from any thread; may be empty
};

// The number of workers that FanOut will use: at least 1, at most `count`.
int FanOutWorkers(const Executor& executor, int64_t count);

// Calls body(worker, index) once for each index in [0, count), worker in [0, FanOutWorkers()), calls of one
// worker one after the other. After a failure no larger index is started, and since smaller ones were started
// before it and run to their end, the failure returned is always that of the smallest failing index. When the
// token has fired, its status is returned instead.
absl::Status FanOut(int64_t count, const FanOutOptions& options,
                    absl::FunctionRef<absl::Status(int worker, int64_t index)> body);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_FAN_OUT_H_
