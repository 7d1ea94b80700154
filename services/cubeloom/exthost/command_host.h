// Command nodes: a Task that is a process of its own.
//
// Inputs become files in a scratch folder that lives as long as the attempt: arrays .npy, tables .csv, values
// .json, blobs their bytes. In argv and environment, ${port} is the path of an input's file or of the file
// that the command must write for an output; an argument that is nothing but "${port}" becomes one argument
// per file of a port with several, none when the port is absent. ${cores} is the number of cores it was
// given. No shell is involved.
#ifndef CUBELOOM_EXTHOST_COMMAND_HOST_H_
#define CUBELOOM_EXTHOST_COMMAND_HOST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cubeloom/runtime/exec/ports.h"

namespace cubeloom::exthost {

struct CommandHostOptions {
  std::string scratch;                             // folder for scratch folders
  int64_t largest_text = int64_t{256} << 20;       // of .csv and .json outputs, bytes
  int64_t largest_file = int64_t{1} << 40;         // that a command may write, bytes (RLIMIT_FSIZE)
  size_t tail_bytes = 2048;                        // of its output, in failure messages
  absl::Duration grace = absl::Milliseconds(300);  // between SIGTERM and SIGKILL
  // Taken over from this process where set; the rest of a command's environment is fixed (see Environment()).
  std::vector<std::string> inherit = {"PATH", "LD_LIBRARY_PATH", "PYTHONPATH"};
};

// Thread-safe. Whether commands are allowed at all is the caller's decision: it hands this port in, or not.
//
// Outputs are read by the command's media type: application/x-npy, text/csv and application/json become
// array, table and value; anything else a blob. Without a media type .npy files are arrays, other files
// blobs.
//
// Errors: FailedPrecondition (terminal) when the command fails or leaves an output out, with its exit code
// and the last lines it wrote; ResourceExhausted (may be repeated) when it was killed from outside, as by the
// OOM killer.
class CommandHost : public runtime::CommandPort {
 public:
  explicit CommandHost(CommandHostOptions options) : options_(std::move(options)) {}
  absl::StatusOr<std::vector<Payload>> Run(const runtime::CommandRequest& request) override;

 private:
  const CommandHostOptions options_;
};

// Paths by port name, in index order.
using PortFiles = std::vector<std::pair<std::string, std::vector<std::string>>>;

// argv with ${port} and ${cores} replaced. InvalidArgument for unknown names (nearest known one in the
// message) and for a port of several files inside a longer argument.
absl::StatusOr<std::vector<std::string>> Substitute(const std::vector<std::string>& argv,
                                                    const PortFiles& files, int32_t cores);

}  // namespace cubeloom::exthost

#endif  // CUBELOOM_EXTHOST_COMMAND_HOST_H_
