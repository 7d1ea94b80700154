#include "cubeloom/store/probe/protocol.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

struct Header {
  char magic[4] = {'C', 'L', 'P', '1'};
  uint32_t length = 0;
  uint32_t fds = 0;
  uint32_t zero = 0;
};
static_assert(sizeof(Header) == 16);

union ControlSpace {
  char bytes[CMSG_SPACE(sizeof(int) * kMaxProbeFds)];
  cmsghdr align;
};

absl::Status Gone(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("probe socket: ", what));
}

// Waits until the socket is ready for `events`, or has ended.
absl::Status WaitFor(int socket, short events, absl::Time deadline) {
  while (true) {
    int64_t millis = -1;
    if (deadline != absl::InfiniteFuture()) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("probe socket: no answer in time");
      millis = std::min<int64_t>(absl::ToInt64Milliseconds(left) + 1, 1 << 30);
    }
    pollfd p{socket, events, 0};
    const int n = ::poll(&p, 1, static_cast<int>(millis));
    if (n > 0) return absl::OkStatus();
    if (n < 0 && errno != EINTR) return Gone(std::strerror(errno));
  }
}

absl::Status SendBytes(int socket, absl::string_view bytes, absl::Time deadline) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      bytes.remove_prefix(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      CL_RETURN_IF_ERROR(WaitFor(socket, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Gone(std::strerror(errno));
    }
  }
  return absl::OkStatus();
}

absl::Status SendHeader(int socket, Header header, absl::Span<const int> fds) {
  iovec part{&header, sizeof(header)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ControlSpace control;
  std::memset(&control, 0, sizeof(control));
  if (!fds.empty()) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(c), fds.data(), sizeof(int) * fds.size());
  }
  ssize_t n;
  do {
    n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  // A stream socket between frames has room for 16 bytes, so the header goes out whole.
  if (n != static_cast<ssize_t>(sizeof(header))) return Gone(n < 0 ? std::strerror(errno) : "short header");
  return absl::OkStatus();
}

// One recvmsg of at most `size` bytes; descriptors that come with it are added to `fds`.
absl::StatusOr<size_t> ReceiveSome(int socket, void* out, size_t size, std::vector<UniqueFd>* fds) {
  iovec part{out, size};
  ControlSpace control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  const ssize_t n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) return size_t{0};
  if (n < 0) return Gone(std::strerror(errno));
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      fds->emplace_back(fd);
    }
  }
  if (n == 0) return Gone("the other end closed it");
  return static_cast<size_t>(n);
}

absl::Status ReceiveAll(int socket, absl::Span<char> out, std::vector<UniqueFd>* fds, absl::Time deadline) {
  size_t done = 0;
  while (done < out.size()) {
    CL_RETURN_IF_ERROR(WaitFor(socket, POLLIN, deadline));
    CL_ASSIGN_OR_RETURN(const size_t n, ReceiveSome(socket, out.data() + done, out.size() - done, fds));
    done += n;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SendProbeFrame(int socket, const Value& message, absl::Span<const int> fds,
                            absl::Time deadline) {
  if (fds.size() > kMaxProbeFds) return absl::InvalidArgumentError("probe message: too many descriptors");
  const std::string text = message.ToJson();
  if (static_cast<int64_t>(text.size()) > kMaxProbeMessage) {
    return absl::ResourceExhaustedError(
        absl::StrCat("probe message of ", text.size(), " bytes, the limit is ", kMaxProbeMessage));
  }
  Header header;
  header.length = static_cast<uint32_t>(text.size());
  header.fds = static_cast<uint32_t>(fds.size());
  CL_RETURN_IF_ERROR(SendHeader(socket, header, fds));
  return SendBytes(socket, text, deadline);
}

absl::StatusOr<ProbeFrame> ReceiveProbeFrame(int socket, absl::Time deadline) {
  ProbeFrame frame;
  Header header;
  const Header expected;
  CL_RETURN_IF_ERROR(ReceiveAll(socket, absl::MakeSpan(reinterpret_cast<char*>(&header), sizeof(header)),
                                &frame.fds, deadline));
  if (std::memcmp(header.magic, expected.magic, sizeof(header.magic)) != 0 || header.zero != 0 ||
      header.length > kMaxProbeMessage || header.fds != frame.fds.size()) {
    return absl::DataLossError("probe socket: the bytes are no frame");
  }
  std::string text(header.length, '\0');
  CL_RETURN_IF_ERROR(ReceiveAll(socket, absl::MakeSpan(&text[0], text.size()), &frame.fds, deadline));
  CL_ASSIGN_OR_RETURN_IN(frame.message, Value::FromJson(text), "probe message");
  return frame;
}

}  // namespace cubeloom
