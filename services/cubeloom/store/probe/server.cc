#include <sys/resource.h>

#include <csignal>
#include <utility>

#include "absl/time/time.h"
#include "cubeloom/store/probe/probe.h"
#include "cubeloom/store/probe/protocol.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CL_SANITIZED 1
#endif
#endif

namespace cubeloom {
namespace {

void LimitProcess(const ProbeServeOptions& options) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#ifndef CL_SANITIZED  // a sanitizer's shadow memory alone is terabytes of address space
  if (options.memory_bytes > 0) {
    const rlimit memory{static_cast<rlim_t>(options.memory_bytes), static_cast<rlim_t>(options.memory_bytes)};
    ::setrlimit(RLIMIT_AS, &memory);
  }
#endif
}

// RLIMIT_CPU counts from the start of the process, so the limit moves on with every request.
void LimitRequest(const ProbeServeOptions& options) {
  if (options.cpu_seconds <= 0) return;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const rlim_t seconds =
      static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec + 2 + options.cpu_seconds);
  const rlimit limit{seconds, RLIM_INFINITY};
  ::setrlimit(RLIMIT_CPU, &limit);
}

std::string TextOf(const Value& message, absl::string_view key) {
  const Value* v = message.Find(key);
  return v != nullptr && v->is_string() ? v->string() : std::string();
}

}  // namespace

void ServeProbe(const ProbeServeOptions& options, const ProbeHandlers& handlers) {
  LimitProcess(options);
  std::signal(SIGINT, SIG_IGN);  // the program that asks decides when to end
  std::signal(SIGPIPE, SIG_IGN);
  Value hello;
  hello.Set("ready", true);
  if (!SendProbeFrame(options.socket, hello, {}, absl::InfiniteFuture()).ok()) return;
  while (true) {
    absl::StatusOr<ProbeFrame> frame = ReceiveProbeFrame(options.socket, absl::InfiniteFuture());
    if (!frame.ok()) return;
    LimitRequest(options);
    const Value* args = frame->message.Find("args");
    const ProbeRequest request{TextOf(frame->message, "object"), args != nullptr ? *args : Value(),
                               std::move(frame->fds)};
    absl::StatusOr<ProbeReply> reply = handlers.Run(TextOf(frame->message, "verb"), request);
    Value message;
    message.Set("code", static_cast<int64_t>(reply.status().code()));
    std::vector<int> fds;
    if (reply.ok()) {
      message.Set("result", std::move(reply->result));
      for (const UniqueFd& fd : reply->fds) fds.push_back(fd.get());
    } else {
      message.Set("message", std::string(reply.status().message()));
    }
    absl::Status sent = SendProbeFrame(options.socket, message, fds, absl::InfiniteFuture());
    if (absl::IsResourceExhausted(sent)) {
      Value failure;
      failure.Set("code", static_cast<int64_t>(sent.code()));
      failure.Set("message", "'" + request.object + "': " + std::string(sent.message()));
      sent = SendProbeFrame(options.socket, failure, {}, absl::InfiniteFuture());
    }
    if (!sent.ok()) return;
  }
}

}  // namespace cubeloom
