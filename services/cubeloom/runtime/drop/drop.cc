#include "cubeloom/runtime/drop/drop.h"

namespace cubeloom::runtime {

const char* DropStateName(DropState state) {
  static constexpr const char* kNames[kDropStates] = {"initialized", "writing",   "completed", "error",
                                                      "skipped",     "cancelled", "expired",   "deleted"};
  const auto i = static_cast<size_t>(state);
  return i < kDropStates ? kNames[i] : "invalid";
}

bool CanMove(DropState from, DropState to) {
  switch (from) {
    case DropState::kInitialized:
      return to == DropState::kWriting || to == DropState::kError || to == DropState::kSkipped ||
             to == DropState::kCancelled;
    case DropState::kWriting:
      return to == DropState::kCompleted || to == DropState::kError || to == DropState::kCancelled ||
             to == DropState::kInitialized;
    case DropState::kCompleted:
      return to == DropState::kExpired;
    case DropState::kExpired:
      return to == DropState::kDeleted;
    default:
      return false;
  }
}

}  // namespace cubeloom::runtime
