// Frames between a program and its probe helper: one JSON message with file descriptors beside it.
//
// A frame on the stream socket is a 16-byte header (magic "CLP1", u32 length of the JSON text, u32 number of
// descriptors, u32 zero; host byte order, as both ends are one machine), then the text. The descriptors
// travel with the header (SCM_RIGHTS). Neither side allocates more than the length limit.
#ifndef CUBELOOM_STORE_PROBE_PROTOCOL_H_
#define CUBELOOM_STORE_PROBE_PROTOCOL_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cubeloom/base/value.h"
#include "cubeloom/store/blob/unique_fd.h"

namespace cubeloom {

inline constexpr int64_t kMaxProbeMessage = int64_t{64} << 20;  // bytes of JSON
inline constexpr int kMaxProbeFds = 4;

struct ProbeFrame {
  Value message;
  std::vector<UniqueFd> fds;
};

// Sends one frame; the descriptors stay the caller's. Unavailable when the other end is gone;
// ResourceExhausted when the message is longer than `kMaxProbeMessage`; DeadlineExceeded.
absl::Status SendProbeFrame(int socket, const Value& message, absl::Span<const int> fds, absl::Time deadline);

// Waits for one frame. Unavailable when the other end is gone (also in the middle of a frame), DataLoss when
// the bytes are no frame, DeadlineExceeded when it is not complete in time.
absl::StatusOr<ProbeFrame> ReceiveProbeFrame(int socket, absl::Time deadline);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_PROBE_PROTOCOL_H_
