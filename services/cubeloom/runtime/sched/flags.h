// Bits that the scheduler keeps for each drop; internal to runtime/sched.
#ifndef CUBELOOM_RUNTIME_SCHED_FLAGS_H_
#define CUBELOOM_RUNTIME_SCHED_FLAGS_H_

#include <cstdint>

namespace cubeloom::runtime {

inline constexpr uint8_t kFlagApp = 1;       // an app drop
inline constexpr uint8_t kFlagSource = 2;    // data drop of a source: opened like an app drop
inline constexpr uint8_t kFlagHole = 4;      // app: an input is missing
inline constexpr uint8_t kFlagAlone = 8;     // may start only when nothing else runs
inline constexpr uint8_t kFlagWaiting = 16;  // for its retry time

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_SCHED_FLAGS_H_
