// A helper whose verbs misbehave, for the tests of ProbeClient.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/probe/probe.h"

namespace cubeloom {
namespace {

using Reply = absl::StatusOr<ProbeReply>;

Reply Pid(const ProbeRequest&) { return ProbeReply{Value(static_cast<int64_t>(::getpid())), {}}; }

Reply Echo(const ProbeRequest& request) { return ProbeReply{request.args, {}}; }

Reply Fail(const ProbeRequest& request) {
  return absl::InvalidArgumentError(absl::StrCat("'", request.object, "': no good"));
}

Reply Throw(const ProbeRequest&) { throw std::runtime_error("thrown"); }

Reply Crash(const ProbeRequest&) { std::abort(); }

Reply Exit(const ProbeRequest&) { std::_Exit(7); }

Reply Hang(const ProbeRequest&) {
  while (true) ::pause();
}

Reply Spin(const ProbeRequest&) {
  for (std::atomic<int> i = 0;; ++i) {
  }
}

// Takes memory until there is none.
Reply Hog(const ProbeRequest&) {
  std::vector<std::vector<char>> all;
  while (true) all.emplace_back(size_t{64} << 20);
}

Reply Big(const ProbeRequest&) { return ProbeReply{Value(std::string((size_t{64} << 20) + 1, 'x')), {}}; }

// The first bytes of the file that came along, and a file of its own back.
Reply Files(const ProbeRequest& request) {
  CL_ASSIGN_OR_RETURN(const std::string path, request.FdPath(0));
  const UniqueFd again(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[6] = {};
  if (!again || ::pread(again.get(), text, 5, 0) < 0) return absl::InternalError("cannot read");
  UniqueFd memory(::memfd_create("test", MFD_CLOEXEC));
  if (::write(memory.get(), "back", 4) != 4) return absl::InternalError("cannot write");
  ProbeReply reply{Value(std::string(text)), {}};
  reply.fds.push_back(std::move(memory));
  return reply;
}

}  // namespace
}  // namespace cubeloom

int main(int argc, char** argv) {
  using namespace cubeloom;  // NOLINT
  ProbeServeOptions options;
  options.socket = 3;
  for (int i = 1; i < argc; ++i) {
    absl::string_view arg = argv[i];
    if (absl::ConsumePrefix(&arg, "--memory=") && absl::SimpleAtoi(arg, &options.memory_bytes)) continue;
    if (absl::ConsumePrefix(&arg, "--cpu=") && absl::SimpleAtoi(arg, &options.cpu_seconds)) continue;
  }
  ProbeHandlers handlers;
  handlers.Add("pid", &Pid);
  handlers.Add("echo", &Echo);
  handlers.Add("fail", &Fail);
  handlers.Add("throw", &Throw);
  handlers.Add("crash", &Crash);
  handlers.Add("exit", &Exit);
  handlers.Add("hang", &Hang);
  handlers.Add("spin", &Spin);
  handlers.Add("hog", &Hog);
  handlers.Add("big", &Big);
  handlers.Add("files", &Files);
  ServeProbe(options, handlers);
  return 0;
}
