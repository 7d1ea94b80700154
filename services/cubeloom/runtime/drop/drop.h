// The life of one drop.
//
//   initialized -> writing -> completed -> expired -> deleted        (data: expired when no consumer is left)
//        |            |-> error | cancelled
//        |            '-> initialized                                (a retry)
//        '-> error | skipped | cancelled                             (never started)
//
// An app drop is `writing` while its kernel runs. A data drop has the state that its producer gave it; a
// source's data drop is `writing` while it is opened.
#ifndef CUBELOOM_RUNTIME_DROP_DROP_H_
#define CUBELOOM_RUNTIME_DROP_DROP_H_

#include <cstddef>
#include <cstdint>

namespace cubeloom::runtime {

// The numeric values are written into manifests: never renumber.
enum class DropState : uint8_t {
  kInitialized = 0,
  kWriting = 1,
  kCompleted = 2,
  kError = 3,      // failed, retries used up; for data: the producer did
  kSkipped = 4,    // an input that it cannot do without is missing
  kCancelled = 5,  // the run ended before it could complete
  kExpired = 6,    // data: completed, and no consumer needs it any more
  kDeleted = 7,    // data: and its memory was given back
};
inline constexpr size_t kDropStates = 8;

const char* DropStateName(DropState state);  // "initialized", "writing", ...

// Whether the arrow from -> to is in the picture above.
bool CanMove(DropState from, DropState to);

// No work of the scheduler is left for a drop in this state.
inline bool IsFinal(DropState s) { return s != DropState::kInitialized && s != DropState::kWriting; }
// The payload was made (it may be gone by now).
inline bool IsSuccess(DropState s) {
  return s == DropState::kCompleted || s == DropState::kExpired || s == DropState::kDeleted;
}

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_DROP_DROP_H_
