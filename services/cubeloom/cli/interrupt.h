// Ctrl-C and SIGTERM as a cancellation.
#ifndef CUBELOOM_CLI_INTERRUPT_H_
#define CUBELOOM_CLI_INTERRUPT_H_

#include <thread>

#include "cubeloom/base/cancel.h"

namespace cubeloom::cli {

// While it lives, the first SIGINT or SIGTERM cancels `token()` in an orderly way; the second ends the
// process at once with status 128 + signal. One object at a time.
class InterruptWatcher {
 public:
  InterruptWatcher();
  ~InterruptWatcher();
  InterruptWatcher(const InterruptWatcher&) = delete;
  InterruptWatcher& operator=(const InterruptWatcher&) = delete;
  CancelToken token() const { return source_.token(); }

 private:
  void Watch();
  CancelSource source_;
  int pipe_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace cubeloom::cli

#endif  // CUBELOOM_CLI_INTERRUPT_H_
