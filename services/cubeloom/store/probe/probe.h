// Asking about files through format libraries that may crash, hang or allocate without bound.
//
// CFITSIO and HDF5 run in a helper process (`cubeloom-probe`) with limits on memory and processor time. A
// caller hands an open descriptor over, names a verb, and gets a small JSON answer, with pixels (if any) in
// shared memory. Whatever a file does to a library, the worst result is one DataLoss that names the file.
//
// A verb is one function from request to reply; handlers are registered explicitly in the helper's main:
//
//   absl::StatusOr<ProbeReply> MyVerb(const ProbeRequest& request);
//   table.Add("myformat.structure", &MyVerb);
#ifndef CUBELOOM_STORE_PROBE_PROBE_H_
#define CUBELOOM_STORE_PROBE_PROBE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cubeloom/base/value.h"
#include "cubeloom/store/blob/unique_fd.h"

namespace cubeloom {

// One question. `object` is the file's name, for messages only: the helper opens nothing by name.
struct ProbeCall {
  std::string verb;      // "fits.structure"
  std::string object;    // named in every error
  Value args;            // a map, or null
  std::vector<int> fds;  // at most kMaxProbeFds; stay the caller's
};

// One answer: a map, and descriptors (memfd) where the verb says so.
struct ProbeReply {
  Value result;
  std::vector<UniqueFd> fds;
};

// Thread-safe.
class Probe {
 public:
  virtual ~Probe() = default;
  // Errors of the handler as they are (they name the object); DataLoss naming the object when the helper
  // crashed, ran out of its limits or did not answer in time; FailedPrecondition when no helper can be
  // started.
  virtual absl::StatusOr<ProbeReply> Call(const ProbeCall& call) = 0;
};

// What a handler sees.
struct ProbeRequest {
  std::string object;
  Value args;
  std::vector<UniqueFd> fds;

  // The path under which a library can open the i-th descriptor again ("/proc/self/fd/7"); InvalidArgument
  // when the call came without it.
  absl::StatusOr<std::string> FdPath(size_t i) const;
};
using ProbeHandler = absl::StatusOr<ProbeReply> (*)(const ProbeRequest& request);

// The verbs of a helper. Filled in main, then read only.
class ProbeHandlers {
 public:
  void Add(absl::string_view verb, ProbeHandler handler);
  // Runs the handler; exceptions of libraries become DataLoss, unknown verbs Unimplemented.
  absl::StatusOr<ProbeReply> Run(absl::string_view verb, const ProbeRequest& request) const;

 private:
  std::vector<std::pair<std::string, ProbeHandler>> handlers_;
};

// Runs the handlers in the calling process and thread, descriptors duplicated as the helper would see them:
// for tests and fuzzing. `handlers` outlives it.
std::unique_ptr<Probe> MakeInProcessProbe(const ProbeHandlers& handlers);

struct ProbeOptions {
  // The helper program. Empty: environment CUBELOOM_PROBE, else `cubeloom-probe` beside this program's file,
  // else ../libexec/cubeloom/cubeloom-probe from there.
  std::string program;
  // Helpers that may run at once; each is started when first needed and stays.
  int max_processes = 2;
  // Address space of a helper, bytes; bounds what a library allocates for an absurd file.
  int64_t memory_bytes = int64_t{2} << 30;
  // Limits of one request, including the start of the helper.
  absl::Duration timeout = absl::Seconds(30);
  absl::Duration cpu_time = absl::Seconds(20);
};

// A client of helper processes. Starting is lazy and costs some 10 ms once; a call then costs some 50
// microseconds on top of its handler. The helpers end with this object (or with this process).
class ProbeClient : public Probe {
 public:
  // Starts one helper without waiting for it to be ready, so that its start-up overlaps other work. No-op
  // when one runs.
  virtual absl::Status Warm() = 0;
};
std::unique_ptr<ProbeClient> MakeProbeClient(ProbeOptions options = {});

// The helper's main loop on one socket: answers requests until the other end closes it. Sets the limits of
// the process first. Returns when done; the error of a broken socket is of no interest to anyone.
struct ProbeServeOptions {
  int socket = -1;
  int64_t memory_bytes = 0;  // 0: no limit
  int64_t cpu_seconds = 0;   // of one request; 0: no limit
};
void ServeProbe(const ProbeServeOptions& options, const ProbeHandlers& handlers);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_PROBE_PROBE_H_
