// One child process in a process group of its own.
#ifndef CUBELOOM_EXTHOST_PROCESS_H_
#define CUBELOOM_EXTHOST_PROCESS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cubeloom/base/cancel.h"

namespace cubeloom::exthost {

struct ProcessOptions {
  std::vector<std::string>
      argv;  // argv[0]: a path, or a name that is looked up in PATH; no shell is involved
  std::vector<std::pair<std::string, std::string>> environment;  // all of it: nothing is inherited
  std::string folder;                                            // working folder
  int64_t memory = 0;        // limit of its private memory (RLIMIT_DATA), bytes; 0: none
  int64_t file_size = 0;     // limit of each file it writes, bytes; 0: none
  size_t tail_bytes = 4096;  // of its output that are kept
  absl::Duration grace = absl::Milliseconds(300);  // between SIGTERM and SIGKILL after a cancel
  CancelToken cancel;
};

struct ProcessResult {
  int exit_code = 0;  // when signal is 0
  int signal = 0;     // that ended it
  std::string tail;   // the last bytes of stdout and stderr together
};

// Runs the process to its end. Standard input is empty, no descriptor of this process is inherited, no core
// file is written, and it dies with the calling thread. When it ends or the token fires, everything that is
// left of its group is killed: nothing survives this call. Thread-safe; blocks.
//
// Errors: NotFound or PermissionDenied when the program cannot be started, the token's status when it fired.
absl::StatusOr<ProcessResult> RunProcess(const ProcessOptions& options);

// The executable that argv[0] means, by PATH of this process when it has no slash.
absl::StatusOr<std::string> FindProgram(const std::string& name);

}  // namespace cubeloom::exthost

#endif  // CUBELOOM_EXTHOST_PROCESS_H_
