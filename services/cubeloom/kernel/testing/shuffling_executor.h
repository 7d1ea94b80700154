// An executor that runs tasks in an order nobody would choose.
#ifndef CUBELOOM_KERNEL_TESTING_SHUFFLING_EXECUTOR_H_
#define CUBELOOM_KERNEL_TESTING_SHUFFLING_EXECUTOR_H_

#include <cstdint>
#include <memory>

#include "cubeloom/base/executor.h"

namespace cubeloom {

// `threads` threads that each take a random one of the waiting tasks, after a random number of yields. The
// destructor runs everything queued, then joins. The order depends on `seed` and on the machine's timing.
std::unique_ptr<Executor> MakeShufflingExecutor(int threads, uint64_t seed);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TESTING_SHUFFLING_EXECUTOR_H_
