// Internal: gzip'ed files as plain ones.
#ifndef CUBELOOM_STORE_FITS_INFLATE_H_
#define CUBELOOM_STORE_FITS_INFLATE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/base/cancel.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom {

// True when the file starts like a gzip member.
absl::StatusOr<bool> IsGzip(const RandomReader& file);

struct InflateOptions {
  std::string folder;     // of the unlinked file; empty: $TMPDIR, else /tmp
  int64_t max_bytes = 0;  // inflated
  CancelToken cancel;
};

// Inflates the whole file (all members) into an unlinked file and gives a reader of that, which has the
// original's name. Streams through 256 KiB buffers. DataLoss naming the byte when the stream is broken or
// ends early, ResourceExhausted when it is longer than max_bytes or the disk is full.
absl::StatusOr<std::unique_ptr<RandomReader>> InflateFile(const RandomReader& file,
                                                          const InflateOptions& options);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_INFLATE_H_
