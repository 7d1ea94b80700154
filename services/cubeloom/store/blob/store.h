// Byte objects behind one interface: local files now, http(s):// and s3:// by the same contract later.
//
// An object is named by a URI. Its identity is a text that changes whenever the content may have changed
// (local files: modification time in ns, inode and size; remote objects: the entity tag). A reader is
// bound to the identity that it saw when it was opened, so that a computation never mixes two versions.
//
// Errors everywhere: NotFound (no such object), PermissionDenied, InvalidArgument (a URI that this store
// does not serve, or something that is no regular object), DataLoss (I/O error, truncated, "changed while
// read"), ResourceExhausted (no space, no descriptors). Every message names the object, and the byte where
// there is one.
#ifndef CUBELOOM_STORE_BLOB_STORE_H_
#define CUBELOOM_STORE_BLOB_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cubeloom/store/blob/unique_fd.h"

namespace cubeloom {

struct ObjectStat {
  std::string uri;       // as it was asked for
  int64_t size = 0;      // bytes
  std::string identity;  // opaque, printable; equal texts mean equal content
};

// Random access to one version of an object. Thread-safe. Keeps the object's descriptor or connection
// until destroyed.
class RandomReader {
 public:
  virtual ~RandomReader() = default;
  // What was seen when the reader was opened.
  virtual const ObjectStat& stat() const = 0;
  // Fills `out` with the bytes from `offset` on: all of them, or an error. A range beyond stat().size is
  // OutOfRange; a range that has gone since is DataLoss "changed while read".
  virtual absl::Status ReadAt(int64_t offset, absl::Span<std::byte> out) const = 0;
  // DataLoss "changed while read" when the object's identity is no longer that of stat(). Cheap (local: one
  // fstat). Callers ask after their last read, as a reader cannot know which read is the last.
  virtual absl::Status CheckUnchanged() const = 0;
  // A descriptor that serves preads of the same bytes, for handing to a helper process; -1 when the object
  // is not local. The reader keeps owning it.
  virtual int fd() const { return -1; }
};

// Writes a new version of an object beside the old one. Not thread-safe. What was written becomes visible
// only by Commit(); a writer destroyed before leaves nothing behind.
class StagedWriter {
 public:
  virtual ~StagedWriter() = default;
  // Adds bytes at the end.
  virtual absl::Status Append(absl::Span<const std::byte> data) = 0;
  // Replaces bytes that were appended before (a header whose values are known at the end). The range lies
  // within what was appended, else OutOfRange. Remote stores support it within the first 8 MiB only.
  virtual absl::Status WriteAt(int64_t offset, absl::Span<const std::byte> data) = 0;
  // Bytes appended so far.
  virtual int64_t size() const = 0;
  // Makes everything durable, then visible under the final name, in one step. Once only; after a failure the
  // staged bytes are removed and the old version is untouched.
  virtual absl::Status Commit() = 0;
};

// Thread-safe.
class Store {
 public:
  virtual ~Store() = default;
  virtual absl::StatusOr<ObjectStat> Stat(absl::string_view uri) const = 0;
  // URIs that match a pattern, sorted bytewise, without duplicates. Per path component `*`, `?` and `[...]`
  // match as in a shell (not a leading dot); `**` alone stands for any number of folders. A name without
  // wildcards that is a folder lists the regular files right in it; one that is a file lists itself, also
  // when its name contains brackets. No match gives an empty list; a folder in the part before the first
  // wildcard that does not exist gives NotFound.
  virtual absl::StatusOr<std::vector<std::string>> List(absl::string_view pattern) const = 0;
  virtual absl::StatusOr<std::unique_ptr<RandomReader>> OpenRead(absl::string_view uri) const = 0;
  // The folder of `uri` must exist and be writable.
  virtual absl::StatusOr<std::unique_ptr<StagedWriter>> OpenWrite(absl::string_view uri) const = 0;
};

// Local files: plain paths, and file:// URIs (percent-decoded; the host part must be empty or localhost).
// Lives for the whole program.
//
// Writers stage into ".<name>.<pid>-<n>.tmp" in the final folder; Commit is flush, fsync, rename, fsync of
// the folder. Non-regular files (folders, pipes, devices) are refused without blocking.
Store& LocalStore();

// A whole object at once: staged, then committed.
absl::Status WriteObject(const Store& store, absl::string_view uri, absl::string_view bytes);

// A reader of an open descriptor of a regular file; `uri` names it in errors, which
// are those of OpenRead.
absl::StatusOr<std::unique_ptr<RandomReader>> ReadDescriptor(UniqueFd fd, absl::string_view uri);

// The local path that a plain path or file:// URI means; InvalidArgument for any other scheme.
absl::StatusOr<std::string> LocalPath(absl::string_view uri);

// A failed status for `error` (an errno value) of `operation` on `object`, e.g.
// "write to 'x.fits': No space left on device".
absl::Status ErrnoStatus(int error, absl::string_view operation, absl::string_view object);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_BLOB_STORE_H_
