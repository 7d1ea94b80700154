#include "cubeloom/cli/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cubeloom::cli {
namespace {

std::atomic<int> g_pipe{-1};
std::atomic<int> g_seen{0};

extern "C" void OnSignal(int signal) {
  const int saved = errno;
  if (g_seen.fetch_add(1) > 0) ::_exit(128 + signal);
  const auto byte = static_cast<unsigned char>(signal);
  // A full or closed pipe leaves nothing to do: the second signal ends the process.
  [[maybe_unused]] const ssize_t written = ::write(g_pipe.load(), &byte, 1);
  errno = saved;
}

void SetHandler(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptWatcher::InterruptWatcher() {
  if (::pipe2(pipe_, O_CLOEXEC) != 0) return;  // without it signals keep their default: the process ends
  g_seen = 0;
  g_pipe = pipe_[1];
  thread_ = std::thread([this] { Watch(); });
  SetHandler(SIGINT, &OnSignal);
  SetHandler(SIGTERM, &OnSignal);
}

InterruptWatcher::~InterruptWatcher() {
  if (pipe_[1] < 0) return;
  SetHandler(SIGINT, SIG_DFL);
  SetHandler(SIGTERM, SIG_DFL);
  g_pipe = -1;
  ::close(pipe_[1]);
  thread_.join();
  ::close(pipe_[0]);
}

void InterruptWatcher::Watch() {
  unsigned char signal = 0;
  ssize_t n = 0;
  while ((n = ::read(pipe_[0], &signal, 1)) != 0) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    source_.Cancel(absl::CancelledError(absl::StrCat("interrupted by signal ", static_cast<int>(signal))));
  }
}

}  // namespace cubeloom::cli
