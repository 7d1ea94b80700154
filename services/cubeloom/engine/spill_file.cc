#include "cubeloom/engine/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/crc32c.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom::engine {
namespace {

absl::StatusOr<int> OpenUnlinked(const std::string& folder) {
  int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  // Some file systems lack O_TMPFILE: make a name and remove it at once.
  std::string name = folder + "/.cubeloom-spill-XXXXXX";
  fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "create a spill file in", folder);
  ::unlink(name.c_str());
  return fd;
}

}  // namespace

SpillFile::~SpillFile() {
  absl::MutexLock lock(&mu_);
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<SpillFile::Record> SpillFile::Reserve(int64_t size) {
  if (fd_ < 0) {
    CL_ASSIGN_OR_RETURN(fd_, OpenUnlinked(folder_));
  }
  const auto it = free_.lower_bound(size);
  if (it != free_.end() && it->first <= 2 * size) {  // not a large hole for a small record
    Record record{it->second, size, 0};
    const int64_t rest = it->first - size;
    const int64_t rest_offset = it->second + size;
    free_.erase(it);
    if (rest > 0) free_.emplace(rest, rest_offset);
    return record;
  }
  Record record{end_, size, 0};
  end_ += size;
  return record;
}

absl::StatusOr<uint64_t> SpillFile::Append(absl::Span<const std::byte> bytes) {
  Record record;
  int fd = -1;
  {
    absl::MutexLock lock(&mu_);
    CL_ASSIGN_OR_RETURN(record, Reserve(static_cast<int64_t>(bytes.size())));
    fd = fd_;
  }
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n =
        ::pwrite(fd, bytes.data() + done, bytes.size() - done, record.offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int error = n < 0 ? errno : ENOSPC;
      absl::MutexLock lock(&mu_);
      free_.emplace(record.size, record.offset);
      return ErrnoStatus(error, "spill to", folder_);
    }
    done += static_cast<size_t>(n);
  }
  record.crc = Crc32c(bytes.data(), bytes.size());
  absl::MutexLock lock(&mu_);
  records_.emplace(next_, record);
  return next_++;
}

absl::Status SpillFile::Read(uint64_t handle, absl::Span<std::byte> out) {
  Record record;
  int fd = -1;
  {
    absl::MutexLock lock(&mu_);
    const auto it = records_.find(handle);
    if (it == records_.end() || it->second.size != static_cast<int64_t>(out.size())) {
      return absl::InternalError(absl::StrCat("no spilled record ", handle, " of ", out.size(), " bytes"));
    }
    record = it->second;
    fd = fd_;
  }
  for (size_t done = 0; done < out.size();) {
    const ssize_t n =
        ::pread(fd, out.data() + done, out.size() - done, record.offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return ErrnoStatus(n < 0 ? errno : EIO, "read back what was spilled to", folder_);
    done += static_cast<size_t>(n);
  }
  if (Crc32c(out.data(), out.size()) != record.crc) {
    return absl::DataLossError(
        absl::StrCat("what was spilled to '", folder_, "' came back changed (checksum)"));
  }
  return absl::OkStatus();
}

void SpillFile::Delete(uint64_t handle) {
  absl::MutexLock lock(&mu_);
  const auto it = records_.find(handle);
  if (it == records_.end()) return;
  // Failure only means that the disk space comes back later, when the file is closed.
  (void)::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, it->second.offset, it->second.size);
  free_.emplace(it->second.size, it->second.offset);
  records_.erase(it);
  if (records_.empty()) {
    free_.clear();
    end_ = 0;
  }
}

}  // namespace cubeloom::engine
