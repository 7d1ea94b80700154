#include "cubeloom/base/process.h"

#include "absl/synchronization/mutex.h"

namespace cubeloom {

void InitProcess() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace cubeloom
