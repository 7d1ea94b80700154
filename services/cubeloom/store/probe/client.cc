#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/probe/probe.h"
#include "cubeloom/store/probe/protocol.h"

extern char** environ;

namespace cubeloom {
namespace {

constexpr int kChildSocket = 3;

bool Executable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

absl::StatusOr<std::string> FindProgram(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  if (const char* env = std::getenv("CUBELOOM_PROBE"); env != nullptr && *env != '\0')
    return std::string(env);
  char self[4096];
  const ssize_t n = ::readlink("/proc/self/exe", self, sizeof(self));
  std::string folder(self, n > 0 ? static_cast<size_t>(n) : 0);
  folder.resize(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
  for (const char* place : {"/cubeloom-probe", "/../libexec/cubeloom/cubeloom-probe"}) {
    if (Executable(folder + place)) return folder + place;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "helper program 'cubeloom-probe' not found beside '", absl::string_view(self, n > 0 ? n : 0),
      "'; set the environment variable CUBELOOM_PROBE to its path"));
}

// How a process ended, in words.
std::string EndOf(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    if (WTERMSIG(wait_status) == SIGXCPU) return "used more processor time than allowed";
    return absl::StrCat("was ended by signal ", WTERMSIG(wait_status), " (",
                        ::strsignal(WTERMSIG(wait_status)), ")");
  }
  return absl::StrCat("ended with status ", WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1);
}

// One helper process and its socket. Used by one caller at a time.
class Helper {
 public:
  static absl::StatusOr<std::unique_ptr<Helper>> Start(const ProbeOptions& options);
  ~Helper() { End(); }

  // False when it has died since its last answer.
  bool usable() const {
    pollfd p{socket_.get(), POLLIN, 0};
    return !greeted_ || ::poll(&p, 1, 0) == 0;
  }
  bool greeted() const { return greeted_; }

  absl::StatusOr<ProbeFrame> Exchange(const Value& message, absl::Span<const int> fds, absl::Time deadline) {
    CL_RETURN_IF_ERROR(SendProbeFrame(socket_.get(), message, fds, deadline));
    if (!greeted_) {
      CL_RETURN_IF_ERROR(ReceiveProbeFrame(socket_.get(), deadline).status());
      greeted_ = true;
    }
    return ReceiveProbeFrame(socket_.get(), deadline);
  }

  // Ends the process and says how it ended. `patience`: how long one that crashed may take to be waitable.
  std::string End(absl::Duration patience = absl::ZeroDuration()) {
    if (pid_ <= 0) return "has ended";
    int status = 0;
    pid_t n = ::waitpid(pid_, &status, WNOHANG);
    for (absl::Duration waited; n == 0 && waited < patience; waited += absl::Milliseconds(1)) {
      absl::SleepFor(absl::Milliseconds(1));
      n = ::waitpid(pid_, &status, WNOHANG);
    }
    if (n == 0) ::kill(pid_, SIGKILL);
    while (n == 0 || (n < 0 && errno == EINTR)) n = ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return n < 0 ? "has ended" : EndOf(status);
  }

 private:
  Helper(UniqueFd socket, pid_t pid) : socket_(std::move(socket)), pid_(pid) {}

  UniqueFd socket_;
  pid_t pid_;
  bool greeted_ = false;
};

absl::Status Spawn(const ProbeOptions& options, const std::string& program, int socket, pid_t* pid) {
  const std::string memory = absl::StrCat("--memory=", options.memory_bytes);
  const std::string cpu = absl::StrCat("--cpu=", absl::ToInt64Seconds(options.cpu_time));
  std::vector<char*> argv = {const_cast<char*>("cubeloom-probe"), const_cast<char*>(memory.c_str()),
                             const_cast<char*>(cpu.c_str()), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, socket, kChildSocket);
  posix_spawn_file_actions_addclosefrom_np(&files, kChildSocket + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // A group of its own: Ctrl-C at the terminal is for the program, which then ends its helpers.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawn(pid, program.c_str(), &files, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("start helper program '", program, "': ", std::strerror(error)));
}

absl::StatusOr<std::unique_ptr<Helper>> Helper::Start(const ProbeOptions& options) {
  CL_ASSIGN_OR_RETURN(const std::string program, FindProgram(options.program));
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return absl::ResourceExhaustedError(absl::StrCat("socket for the probe helper: ", std::strerror(errno)));
  }
  UniqueFd ours(pair[0]);
  const UniqueFd theirs(pair[1]);
  pid_t pid = -1;
  CL_RETURN_IF_ERROR(Spawn(options, program, theirs.get(), &pid));
  return std::unique_ptr<Helper>(new Helper(std::move(ours), pid));
}

class ProbeClientImpl : public ProbeClient {
 public:
  explicit ProbeClientImpl(ProbeOptions options) : options_(std::move(options)) {}

  absl::Status Warm() override {
    {
      absl::MutexLock lock(&mu_);
      if (running_ > 0) return absl::OkStatus();
      ++running_;
    }
    absl::StatusOr<std::unique_ptr<Helper>> helper = Helper::Start(options_);
    Return(helper.ok() ? std::move(*helper) : nullptr);
    return helper.status();
  }

  absl::StatusOr<ProbeReply> Call(const ProbeCall& call) override {
    Value message;
    message.Set("verb", call.verb);
    message.Set("object", call.object);
    message.Set("args", call.args);
    std::unique_ptr<Helper> helper = Take();
    absl::StatusOr<ProbeFrame> frame = Ask(helper, message, call.fds);
    if (!frame.ok()) {
      const absl::Status status = Failure(call, std::move(helper), frame.status());
      Return(nullptr);
      return status;
    }
    Return(std::move(helper));
    return Interpret(*std::move(frame));
  }

 private:
  // An idle helper, a null pointer (with the right to start one), or waits for either.
  std::unique_ptr<Helper> Take() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(this, &ProbeClientImpl::Free));
    if (!idle_.empty()) {
      std::unique_ptr<Helper> helper = std::move(idle_.back());
      idle_.pop_back();
      return helper;
    }
    ++running_;
    return nullptr;
  }
  bool Free() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return !idle_.empty() || running_ < options_.max_processes;
  }

  // Gives a helper back, or (null) the right to start one.
  void Return(std::unique_ptr<Helper> helper) {
    absl::MutexLock lock(&mu_);
    if (helper == nullptr) {
      --running_;
    } else {
      idle_.push_back(std::move(helper));
    }
  }

  // One exchange on a helper, started here when there is none or it died while idle.
  absl::StatusOr<ProbeFrame> Ask(std::unique_ptr<Helper>& helper, const Value& message,
                                 absl::Span<const int> fds) {
    const absl::Time deadline = absl::Now() + options_.timeout;
    if (helper != nullptr && !helper->usable()) helper.reset();
    if (helper == nullptr) {
      CL_ASSIGN_OR_RETURN(helper, Helper::Start(options_));
    }
    return helper->Exchange(message, fds, deadline);
  }

  // What a failed exchange says to the caller; ends the helper.
  absl::Status Failure(const ProbeCall& call, std::unique_ptr<Helper> helper, const absl::Status& cause) {
    if (helper == nullptr || absl::IsResourceExhausted(cause)) return cause;
    const bool greeted = helper->greeted();
    const std::string end =
        helper->End(absl::IsDeadlineExceeded(cause) ? absl::ZeroDuration() : absl::Seconds(1));
    if (absl::IsDeadlineExceeded(cause)) {
      return absl::DataLossError(absl::StrCat("'", call.object, "': reading its structure (", call.verb,
                                              ") took longer than ", absl::FormatDuration(options_.timeout)));
    }
    if (!greeted)
      return absl::FailedPreconditionError(
          absl::StrCat("the helper program cubeloom-probe ", end, " at its start"));
    return absl::DataLossError(absl::StrCat("'", call.object, "': the helper process ", end,
                                            " while it read this file's structure (", call.verb, ")"));
  }

  static absl::StatusOr<ProbeReply> Interpret(ProbeFrame frame) {
    const Value* code = frame.message.Find("code");
    if (code == nullptr || !code->is_int()) return absl::InternalError("probe answer without a code");
    if (code->integer() == 0) {
      const Value* result = frame.message.Find("result");
      return ProbeReply{result != nullptr ? *result : Value(), std::move(frame.fds)};
    }
    const Value* text = frame.message.Find("message");
    return absl::Status(static_cast<absl::StatusCode>(code->integer()),
                        text != nullptr && text->is_string() ? text->string() : "no message");
  }

  const ProbeOptions options_;
  absl::Mutex mu_;
  std::vector<std::unique_ptr<Helper>> idle_ ABSL_GUARDED_BY(mu_);
  int running_ ABSL_GUARDED_BY(mu_) = 0;  // idle, busy or being started
};

}  // namespace

std::unique_ptr<ProbeClient> MakeProbeClient(ProbeOptions options) {
  return std::make_unique<ProbeClientImpl>(std::move(options));
}

}  // namespace cubeloom
