#include "cubeloom/engine/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iterator>
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
  const auto fit = holes_by_size_.lower_bound({size, 0});
  if (fit != holes_by_size_.end()) {
    const auto [hole, offset] = *fit;
    holes_by_size_.erase(fit);
    holes_.erase(offset);
    if (hole > size) {
      holes_.emplace(offset + size, hole - size);
      holes_by_size_.emplace(hole - size, offset + size);
    }
    return Record{offset, size, 0};
  }
  Record record{end_, size, 0};
  end_ += size;
  return record;
}

void SpillFile::Free(int64_t offset, int64_t size) {
  const auto next = holes_.lower_bound(offset);
  if (next != holes_.end() && next->first == offset + size) {
    size += next->second;
    holes_by_size_.erase({next->second, next->first});
    holes_.erase(next);
  }
  const auto after = holes_.lower_bound(offset);
  if (after != holes_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      holes_by_size_.erase({before->second, before->first});
      holes_.erase(before);
    }
  }
  holes_.emplace(offset, size);
  holes_by_size_.emplace(size, offset);
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
      Free(record.offset, record.size);
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
  Free(it->second.offset, it->second.size);
  records_.erase(it);
}

}  // namespace cubeloom::engine
