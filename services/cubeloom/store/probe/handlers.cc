#include <fcntl.h>

#include <cerrno>
#include <exception>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/probe/probe.h"

namespace cubeloom {

absl::StatusOr<std::string> ProbeRequest::FdPath(size_t i) const {
  if (i >= fds.size())
    return absl::InvalidArgumentError(absl::StrCat("'", object, "': the call has no descriptor ", i));
  return absl::StrCat("/proc/self/fd/", fds[i].get());
}

void ProbeHandlers::Add(absl::string_view verb, ProbeHandler handler) {
  handlers_.emplace_back(std::string(verb), handler);
}

absl::StatusOr<ProbeReply> ProbeHandlers::Run(absl::string_view verb, const ProbeRequest& request) const {
  for (const auto& [name, handler] : handlers_) {
    if (name != verb) continue;
    try {
      return handler(request);
    } catch (const std::exception& e) {
      return absl::DataLossError(absl::StrCat("'", request.object, "': ", e.what()));
    }
  }
  return absl::UnimplementedError(absl::StrCat("the probe helper knows no verb '", verb, "'"));
}

namespace {

class InProcessProbe : public Probe {
 public:
  explicit InProcessProbe(const ProbeHandlers& handlers) : handlers_(handlers) {}

  absl::StatusOr<ProbeReply> Call(const ProbeCall& call) override {
    ProbeRequest request{call.object, call.args, {}};
    for (const int fd : call.fds) {
      UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
      if (!copy) return ErrnoStatus(errno, "duplicate the descriptor of", call.object);
      request.fds.push_back(std::move(copy));
    }
    return handlers_.Run(call.verb, request);
  }

 private:
  const ProbeHandlers& handlers_;
};

}  // namespace

std::unique_ptr<Probe> MakeInProcessProbe(const ProbeHandlers& handlers) {
  return std::make_unique<InProcessProbe>(handlers);
}

}  // namespace cubeloom
