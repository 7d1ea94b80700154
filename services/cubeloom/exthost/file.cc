#include "cubeloom/exthost/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/status.h"

namespace cubeloom::exthost {

absl::Status FileError(absl::string_view doing, const std::string& path, int error) {
  absl::Status status = absl::ErrnoToStatus(error, absl::StrCat(doing, " ", path));
  if (error == ENOSPC || error == EDQUOT)
    return absl::ResourceExhaustedError(absl::StrCat(doing, " ", path, ": no space left on the device"));
  return status;
}

absl::StatusOr<File> File::Create(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return FileError("creating", path, errno);
  return File(path, fd, 0);
}

absl::StatusOr<File> File::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0 && errno == ELOOP)
    return absl::InvalidArgumentError(absl::StrCat(path, " is a link, no regular file"));
  if (fd < 0) return FileError("opening", path, errno);
  File file(path, fd, 0);
  struct stat info;
  if (fstat(fd, &info) != 0) return FileError("reading", path, errno);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is no regular file"));
  file.size_ = info.st_size;
  return file;
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

File::~File() {
  if (fd_ >= 0) close(fd_);
}

absl::Status File::Write(const void* data, size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = write(fd_, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("writing", path_, errno);
    at += n;
    size -= static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status File::ReadAt(int64_t offset, void* data, size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t n = pread(fd_, at, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("reading", path_, errno);
    if (n == 0)
      return absl::DataLossError(absl::StrCat(path_, " ends at byte ", offset, ", ", size, " are missing"));
    at += n;
    offset += n;
    size -= static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status File::Close() {
  const int fd = std::exchange(fd_, -1);
  if (fd >= 0 && close(fd) != 0 && errno != EINTR) return FileError("closing", path_, errno);
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, absl::string_view text) {
  CL_ASSIGN_OR_RETURN(File file, File::Create(path));
  CL_RETURN_IF_ERROR(file.Write(text.data(), text.size()));
  return file.Close();
}

absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t limit) {
  CL_ASSIGN_OR_RETURN(File file, File::Open(path));
  if (file.size() > limit)
    return absl::OutOfRangeError(
        absl::StrCat(path, " has ", file.size(), " bytes, more than the ", limit, " that are read"));
  std::string text(static_cast<size_t>(file.size()), '\0');
  CL_RETURN_IF_ERROR(file.ReadAt(0, text.data(), text.size()));
  return text;
}

absl::StatusOr<ScratchFolder> ScratchFolder::Make(const std::string& root, absl::string_view name) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) return FileError("creating", root, error.value());
  std::string path = absl::StrCat(absl::StripSuffix(root, "/"), "/");
  for (char c : name.substr(0, 100)) path += absl::ascii_isalnum(static_cast<unsigned char>(c)) ? c : '_';
  path += ".XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return FileError("creating", path, errno);
  return ScratchFolder(std::move(path));
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace cubeloom::exthost
