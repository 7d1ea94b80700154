#include "cubeloom/base/process.h"

#include <malloc.h>

#include "absl/synchronization/mutex.h"

namespace cubeloom {

void InitProcess() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  ::mallopt(M_MMAP_THRESHOLD, 64 << 10);
  ::mallopt(M_ARENA_MAX, 4);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

}  // namespace cubeloom
