#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/local_list.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/blob/unique_fd.h"

namespace cubeloom {
namespace {

constexpr int64_t kWritebackBytes = 8 << 20;  // start of writing to disk while more is being appended

std::string IdentityOf(const struct stat& st) {
  return absl::StrCat(st.st_mtim.tv_sec, ".", st.st_mtim.tv_nsec, "-", st.st_dev, ":", st.st_ino, "-",
                      st.st_size);
}

absl::StatusOr<ObjectStat> CheckRegular(const struct stat& st, absl::string_view uri) {
  if (S_ISDIR(st.st_mode))
    return absl::InvalidArgumentError(absl::StrCat("'", uri, "' is a folder, not a file"));
  if (!S_ISREG(st.st_mode))
    return absl::InvalidArgumentError(absl::StrCat("'", uri, "' is not a regular file"));
  return ObjectStat{std::string(uri), st.st_size, IdentityOf(st)};
}

absl::Status Changed(absl::string_view uri, absl::string_view detail) {
  return absl::DataLossError(absl::StrCat("'", uri, "' changed while read: ", detail));
}

class LocalReader : public RandomReader {
 public:
  LocalReader(UniqueFd fd, ObjectStat stat, const struct stat& st)
      : fd_(std::move(fd)), stat_(std::move(stat)), mtime_(st.st_mtim) {}

  const ObjectStat& stat() const override { return stat_; }
  int fd() const override { return fd_.get(); }

  absl::Status ReadAt(int64_t offset, absl::Span<std::byte> out) const override {
    const int64_t length = static_cast<int64_t>(out.size());
    if (offset < 0 || offset > stat_.size || length > stat_.size - offset) {
      return absl::OutOfRangeError(absl::StrCat("read ", length, " bytes at byte ", offset, " of '",
                                                stat_.uri, "', which has ", stat_.size));
    }
    int64_t done = 0;
    while (done < length) {
      const ssize_t n = ::pread(fd_.get(), out.data() + done, length - done, offset + done);
      if (n == 0) return Changed(stat_.uri, absl::StrCat("it now ends at byte ", offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, absl::StrCat("read at byte ", offset + done, " of"), stat_.uri);
      done += n;
    }
    return absl::OkStatus();
  }

  absl::Status CheckUnchanged() const override {
    struct stat st;
    if (::fstat(fd_.get(), &st) != 0) return ErrnoStatus(errno, "stat", stat_.uri);
    if (st.st_size != stat_.size) {
      return Changed(stat_.uri, absl::StrCat("size was ", stat_.size, " bytes, is ", st.st_size));
    }
    if (st.st_mtim.tv_sec != mtime_.tv_sec || st.st_mtim.tv_nsec != mtime_.tv_nsec) {
      return Changed(stat_.uri, "its modification time differs");
    }
    return absl::OkStatus();
  }

 private:
  const UniqueFd fd_;
  const ObjectStat stat_;
  const timespec mtime_;
};

absl::Status WriteAll(int fd, int64_t offset, absl::Span<const std::byte> data, absl::string_view path) {
  size_t done = 0;
  while (done < data.size()) {
    const ssize_t n =
        ::pwrite(fd, data.data() + done, data.size() - done, offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return ErrnoStatus(errno, absl::StrCat("write at byte ", offset + static_cast<int64_t>(done), " of"),
                         path);
    }
    done += n;
  }
  return absl::OkStatus();
}

class LocalWriter : public StagedWriter {
 public:
  LocalWriter(UniqueFd fd, std::string path, std::string staged)
      : fd_(std::move(fd)), path_(std::move(path)), staged_(std::move(staged)) {}
  ~LocalWriter() override { Abandon(); }

  absl::Status Append(absl::Span<const std::byte> data) override {
    if (!fd_) return Closed();
    CL_RETURN_IF_ERROR(WriteAll(fd_.get(), size_, data, path_));
    size_ += static_cast<int64_t>(data.size());
    // Lets the disk work while the caller computes; Commit() would otherwise wait for all of it.
    if (size_ - flushing_ >= kWritebackBytes) {
      ::sync_file_range(fd_.get(), flushing_, size_ - flushing_, SYNC_FILE_RANGE_WRITE);
      flushing_ = size_;
    }
    return absl::OkStatus();
  }

  absl::Status WriteAt(int64_t offset, absl::Span<const std::byte> data) override {
    if (!fd_) return Closed();
    const int64_t length = static_cast<int64_t>(data.size());
    if (offset < 0 || length > size_ || offset > size_ - length) {
      return absl::OutOfRangeError(absl::StrCat("write of ", length, " bytes at byte ", offset, " of '",
                                                path_, "', to which ", size_, " were appended"));
    }
    return WriteAll(fd_.get(), offset, data, path_);
  }

  int64_t size() const override { return size_; }

  absl::Status Commit() override {
    if (!fd_) return Closed();
    absl::Status status;
    if (::fsync(fd_.get()) != 0) {
      status = ErrnoStatus(errno, "flush", path_);
    } else if (::rename(staged_.c_str(), path_.c_str()) != 0) {
      status = ErrnoStatus(errno, "rename the finished file to", path_);
    } else {
      fd_.Reset();
      return SyncFolder();
    }
    Abandon();
    return status;
  }

 private:
  absl::Status Closed() const {
    return absl::FailedPreconditionError(absl::StrCat("write to '", path_, "' after its commit"));
  }

  void Abandon() {
    if (!fd_) return;
    ::unlink(staged_.c_str());
    fd_.Reset();
  }

  absl::Status SyncFolder() const {
    const size_t slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return ErrnoStatus(errno, "open folder", folder);
    // Some file systems cannot sync a folder and say EINVAL; the file itself is safe by then.
    if (::fsync(fd.get()) != 0 && errno != EINVAL) return ErrnoStatus(errno, "flush folder", folder);
    return absl::OkStatus();
  }

  UniqueFd fd_;
  const std::string path_;
  const std::string staged_;
  int64_t size_ = 0;
  int64_t flushing_ = 0;
};

std::string StagedName(const std::string& path) {
  static std::atomic<uint64_t> next{0};
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  // The name is cut so that the staged one stays within the 255 bytes that file systems allow.
  return absl::StrCat(path.substr(0, name), ".", path.substr(name, 200), ".", ::getpid(), "-",
                      next.fetch_add(1, std::memory_order_relaxed), ".tmp");
}

// Many open inputs are normal here: the soft limit on descriptors (often 1024) goes up to the hard one when
// it is met.
bool RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return false;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// O_NONBLOCK: a pipe without a writer must not hang the open; it has no effect on regular files.
UniqueFd OpenForReading(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  const int fd = ::open(path.c_str(), kFlags);
  if (fd >= 0 || errno != EMFILE || !RaiseDescriptorLimit()) return UniqueFd(fd);
  return UniqueFd(::open(path.c_str(), kFlags));
}

class LocalStoreImpl : public Store {
 public:
  absl::StatusOr<ObjectStat> Stat(absl::string_view uri) const override {
    CL_ASSIGN_OR_RETURN(const std::string path, LocalPath(uri));
    struct stat st;
    if (::stat(path.c_str(), &st) != 0) return ErrnoStatus(errno, "stat", uri);
    return CheckRegular(st, uri);
  }

  absl::StatusOr<std::vector<std::string>> List(absl::string_view pattern) const override {
    CL_ASSIGN_OR_RETURN(const std::string path, LocalPath(pattern));
    return ListLocalFiles(path);
  }

  absl::StatusOr<std::unique_ptr<RandomReader>> OpenRead(absl::string_view uri) const override {
    CL_ASSIGN_OR_RETURN(const std::string path, LocalPath(uri));
    UniqueFd fd = OpenForReading(path);
    if (!fd) return ErrnoStatus(errno, "open", uri);
    return ReadDescriptor(std::move(fd), uri);
  }

  absl::StatusOr<std::unique_ptr<StagedWriter>> OpenWrite(absl::string_view uri) const override {
    CL_ASSIGN_OR_RETURN(std::string path, LocalPath(uri));
    struct stat st;
    if (path.back() == '/' || (::stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode))) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot write to '", uri, "': it is not a regular file"));
    }
    std::string staged = StagedName(path);
    UniqueFd fd(::open(staged.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!fd) return ErrnoStatus(errno, "create", uri);
    return std::make_unique<LocalWriter>(std::move(fd), std::move(path), std::move(staged));
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<RandomReader>> ReadDescriptor(UniqueFd fd, absl::string_view uri) {
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return ErrnoStatus(errno, "stat", uri);
  CL_ASSIGN_OR_RETURN(ObjectStat stat, CheckRegular(st, uri));
  return std::make_unique<LocalReader>(std::move(fd), std::move(stat), st);
}

Store& LocalStore() {
  static LocalStoreImpl* store = new LocalStoreImpl();
  return *store;
}

absl::Status WriteObject(const Store& store, absl::string_view uri, absl::string_view bytes) {
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<StagedWriter> writer, store.OpenWrite(uri));
  CL_RETURN_IF_ERROR(writer->Append({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}));
  return writer->Commit();
}

}  // namespace cubeloom
