#include "cubeloom/exthost/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cubeloom/base/status.h"

namespace cubeloom::exthost {
namespace {

constexpr unsigned kCloseOnExec = 1u << 2;  // CLOSE_RANGE_CLOEXEC, Linux 5.11
constexpr int kPollMs = 20;

// Closes at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { Close(); }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read, write;
};
absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "making a pipe");
  return Pipe{Descriptor(fds[0]), Descriptor(fds[1])};
}

// Everything that the child needs, ready before fork(): between fork and exec only system calls are allowed.
struct ChildPlan {
  std::string program;
  std::vector<std::string> texts;
  std::vector<char*> argv, environment;
  const char* folder;
  rlim_t memory, file_size;
  int output, failure, null;
};

void Limit(int resource, rlim_t value) {
  const rlimit limit = {value, value};
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

[[noreturn]] void Child(const ChildPlan& plan) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal : {SIGPIPE, SIGINT, SIGTERM, SIGCHLD}) ::signal(signal, SIG_DFL);
  Limit(RLIMIT_CORE, 0);
  if (plan.memory > 0) Limit(RLIMIT_DATA, plan.memory);
  if (plan.file_size > 0) Limit(RLIMIT_FSIZE, plan.file_size);
  dup2(plan.null, 0);
  dup2(plan.output, 1);
  dup2(plan.output, 2);
  syscall(SYS_close_range, 3u, ~0u, kCloseOnExec);
  if (chdir(plan.folder) == 0) execve(plan.program.c_str(), plan.argv.data(), plan.environment.data());
  const int error = errno;
  (void)!write(plan.failure, &error, sizeof error);
  _exit(127);
}

// Keeps the last bytes written to it.
class Tail {
 public:
  explicit Tail(size_t most) : most_(most) {}
  // Reads what is there; false at the end of the stream.
  bool Take(int fd) {
    char buffer[8192];
    while (true) {
      const ssize_t n = read(fd, buffer, sizeof buffer);
      if (n == 0) return false;
      if (n < 0) return errno == EAGAIN || errno == EINTR;
      text_.append(buffer, static_cast<size_t>(n));
      if (text_.size() > 2 * most_ + sizeof buffer) text_.erase(0, text_.size() - most_);
    }
  }
  std::string Text() const { return text_.size() > most_ ? text_.substr(text_.size() - most_) : text_; }

 private:
  const size_t most_;
  std::string text_;
};

// A started child until it was waited for.
class Group {
 public:
  explicit Group(pid_t pid) : pid_(pid) {}
  ~Group() {
    if (ended_) return;
    Kill(SIGKILL);
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
  }
  void Kill(int signal) { kill(-pid_, signal); }
  // True once the child itself has ended; its pid is kept as a zombie until Reap(), so the group id stays
  // ours.
  bool Ended() {
    siginfo_t info = {};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
  }
  int Reap() {
    Kill(SIGKILL);  // what the child left behind
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    ended_ = true;
    return status_;
  }

 private:
  const pid_t pid_;
  int status_ = 0;
  bool ended_ = false;
};

absl::StatusOr<ChildPlan> MakePlan(const ProcessOptions& options) {
  if (options.argv.empty()) return absl::InvalidArgumentError("a command without a program");
  ChildPlan plan = {};
  CL_ASSIGN_OR_RETURN(plan.program, FindProgram(options.argv[0]));
  for (const std::string& argument : options.argv) {
    if (argument.find('\0') != std::string::npos)
      return absl::InvalidArgumentError("a command argument holds a zero byte");
    plan.texts.push_back(argument);
  }
  for (const auto& [name, value] : options.environment) plan.texts.push_back(absl::StrCat(name, "=", value));
  for (size_t i = 0; i < plan.texts.size(); ++i) {
    (i < options.argv.size() ? plan.argv : plan.environment).push_back(plan.texts[i].data());
  }
  plan.argv.push_back(nullptr);
  plan.environment.push_back(nullptr);
  plan.folder = options.folder.c_str();
  plan.memory = static_cast<rlim_t>(options.memory);
  plan.file_size = static_cast<rlim_t>(options.file_size);
  return plan;
}

// Waits for the end, taking its output meanwhile; after a cancel first SIGTERM, then SIGKILL.
void Watch(const ProcessOptions& options, Group& group, const Pipe& output, int woken, Tail& tail) {
  absl::Time kill_at = absl::InfiniteFuture();
  bool open = true, told = false;
  while (!group.Ended()) {
    pollfd fds[2] = {{open ? output.read.get() : -1, POLLIN, 0}, {told ? -1 : woken, POLLIN, 0}};
    poll(fds, 2, kPollMs);
    if (open) open = tail.Take(output.read.get());
    if (options.cancel.cancelled() && !told) {
      told = true;
      group.Kill(SIGTERM);
      kill_at = absl::Now() + options.grace;
    }
    if (absl::Now() >= kill_at) group.Kill(SIGKILL);
  }
}

}  // namespace

absl::StatusOr<std::string> FindProgram(const std::string& name) {
  if (name.empty()) return absl::InvalidArgumentError("a command without a program");
  std::vector<std::string> places;
  if (name.find('/') != std::string::npos) {
    char* const absolute = realpath(name.c_str(), nullptr);
    if (absolute != nullptr) places.push_back(absolute);
    free(absolute);
  } else {
    const char* const path = getenv("PATH");
    for (absl::string_view folder :
         absl::StrSplit(path != nullptr ? path : "/usr/bin:/bin", ':', absl::SkipEmpty()))
      places.push_back(absl::StrCat(folder, "/", name));
  }
  bool exists = false;
  for (const std::string& place : places) {
    if (access(place.c_str(), X_OK) == 0) return place;
    exists = exists || access(place.c_str(), F_OK) == 0;
  }
  if (exists) return absl::PermissionDeniedError(absl::StrCat("program '", name, "' may not be executed"));
  return absl::NotFoundError(absl::StrCat("program '", name, "' was not found"));
}

absl::StatusOr<ProcessResult> RunProcess(const ProcessOptions& options) {
  if (options.cancel.cancelled()) return options.cancel.status();
  CL_ASSIGN_OR_RETURN(ChildPlan plan, MakePlan(options));
  CL_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  CL_ASSIGN_OR_RETURN(Pipe failure, MakePipe());
  const Descriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto woken = std::make_shared<Descriptor>(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  fcntl(output.read.get(), F_SETFL, O_NONBLOCK);
  plan.output = output.write.get();
  plan.failure = failure.write.get();
  plan.null = null.get();
  const pid_t pid = fork();
  if (pid < 0) return WithBlame(absl::ErrnoToStatus(errno, "starting a process"), Blame::kInfrastructure);
  if (pid == 0) Child(plan);
  setpgid(pid, pid);  // the child does it too: whoever comes first
  Group group(pid);
  output.write.Close();
  failure.write.Close();
  int error = 0;
  if (read(failure.read.get(), &error, sizeof error) == sizeof error)
    return absl::ErrnoToStatus(error, absl::StrCat("starting '", plan.program, "' in ", options.folder));
  const auto cancelled = options.cancel.OnCancel([woken] {
    const uint64_t one = 1;
    (void)!write(woken->get(), &one, sizeof one);
  });
  Tail tail(options.tail_bytes);
  Watch(options, group, output, woken->get(), tail);
  const int status = group.Reap();
  tail.Take(output.read.get());
  if (options.cancel.cancelled()) return options.cancel.status();
  ProcessResult result;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  result.tail = tail.Text();
  return result;
}

}  // namespace cubeloom::exthost
