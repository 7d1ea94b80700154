// Small checked file access for exthost's scratch folders.
#ifndef CUBELOOM_EXTHOST_FILE_H_
#define CUBELOOM_EXTHOST_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cubeloom::exthost {

// A status for a failed system call on `path` by errno; a full disk is ResourceExhausted.
absl::Status FileError(absl::string_view doing, const std::string& path, int error);

// An open file; closed with the object. Not thread-safe.
class File {
 public:
  static absl::StatusOr<File> Create(const std::string& path);
  // Only regular files: a command must not make the reader wait on a pipe it left behind.
  static absl::StatusOr<File> Open(const std::string& path);
  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  ~File();

  absl::Status Write(const void* data, size_t size);
  // Exactly `size` bytes at `offset`; DataLoss when the file ends before.
  absl::Status ReadAt(int64_t offset, void* data, size_t size);
  int64_t size() const { return size_; }  // at Open()
  absl::Status Close();                   // reports what the disk said last

 private:
  File(std::string path, int fd, int64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}
  std::string path_;
  int fd_ = -1;
  int64_t size_ = 0;
};

absl::Status WriteFile(const std::string& path, absl::string_view text);
// Refuses files over `limit` bytes.
absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t limit);

// A new empty folder below `root` (made when missing), removed with everything in it by the destructor.
class ScratchFolder {
 public:
  static absl::StatusOr<ScratchFolder> Make(const std::string& root, absl::string_view name);
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace cubeloom::exthost

#endif  // CUBELOOM_EXTHOST_FILE_H_
