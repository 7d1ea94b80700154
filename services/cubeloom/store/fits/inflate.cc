#include "cubeloom/store/fits/inflate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr int64_t kStep = 256 << 10;

absl::StatusOr<UniqueFd> UnlinkedFile(std::string folder) {
  if (folder.empty()) {
    const char* tmp = std::getenv("TMPDIR");
    folder = tmp != nullptr && *tmp != '\0' ? tmp : "/tmp";
  }
  UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR) return ErrnoStatus(errno, "create a scratch file in", folder);
  std::string name = folder + "/.cubeloom-XXXXXX";  // a file system without O_TMPFILE
  fd = UniqueFd(::mkostemp(&name[0], O_CLOEXEC));
  if (!fd) return ErrnoStatus(errno, "create a scratch file in", folder);
  ::unlink(name.c_str());
  return fd;
}

class Inflater {
 public:
  Inflater(const RandomReader& file, const InflateOptions& options, int out)
      : file_(file), options_(options), out_(out), in_buffer_(kStep), out_buffer_(kStep) {}
  ~Inflater() {
    if (started_) ::inflateEnd(&z_);
  }

  absl::Status Run() {
    z_ = {};
    if (::inflateInit2(&z_, 15 + 16) != Z_OK) return absl::ResourceExhaustedError("zlib: no memory");
    started_ = true;
    bool member_done = false;
    while (true) {
      if (options_.cancel.cancelled()) return options_.cancel.status();
      if (z_.avail_in == 0) {
        if (read_ == file_.stat().size) break;
        CL_RETURN_IF_ERROR(Fill());
      }
      if (member_done) {
        // Another member may follow; zero padding (tapes) and other trailing bytes end the file.
        if (*z_.next_in != 0x1f) return absl::OkStatus();
        ::inflateReset(&z_);
        member_done = false;
      }
      CL_RETURN_IF_ERROR(Step(&member_done));
    }
    return member_done ? absl::OkStatus() : Broken("ends early");
  }

 private:
  absl::Status Broken(absl::string_view what) const {
    return absl::DataLossError(absl::StrCat("'", file_.stat().uri, "': the gzip stream ", what, " at byte ",
                                            read_ - static_cast<int64_t>(z_.avail_in)));
  }

  absl::Status Fill() {
    const int64_t n = std::min(kStep, file_.stat().size - read_);
    CL_RETURN_IF_ERROR(file_.ReadAt(read_, absl::MakeSpan(in_buffer_.data(), n)));
    read_ += n;
    z_.next_in = reinterpret_cast<Bytef*>(in_buffer_.data());
    z_.avail_in = static_cast<uInt>(n);
    return absl::OkStatus();
  }

  absl::Status Step(bool* member_done) {
    z_.next_out = reinterpret_cast<Bytef*>(out_buffer_.data());
    z_.avail_out = static_cast<uInt>(kStep);
    const int code = ::inflate(&z_, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return Broken("is damaged");
    *member_done = code == Z_STREAM_END;
    return Write(kStep - z_.avail_out);
  }

  absl::Status Write(int64_t n) {
    if (n > options_.max_bytes - written_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("'", file_.stat().uri, "': inflates to more than ", options_.max_bytes, " bytes"));
    }
    for (int64_t done = 0; done < n;) {
      const ssize_t w = ::write(out_, out_buffer_.data() + done, n - done);
      if (w < 0 && errno == EINTR) continue;
      if (w < 0) return ErrnoStatus(errno, "inflate into a scratch file", file_.stat().uri);
      done += w;
    }
    written_ += n;
    return absl::OkStatus();
  }

  const RandomReader& file_;
  const InflateOptions& options_;
  const int out_;
  std::vector<std::byte> in_buffer_, out_buffer_;
  z_stream z_;
  bool started_ = false;
  int64_t read_ = 0, written_ = 0;
};

}  // namespace

absl::StatusOr<bool> IsGzip(const RandomReader& file) {
  unsigned char magic[2];
  if (file.stat().size < 2) return false;
  CL_RETURN_IF_ERROR(file.ReadAt(0, absl::MakeSpan(reinterpret_cast<std::byte*>(magic), 2)));
  return magic[0] == 0x1f && magic[1] == 0x8b;
}

absl::StatusOr<std::unique_ptr<RandomReader>> InflateFile(const RandomReader& file,
                                                          const InflateOptions& options) {
  CL_ASSIGN_OR_RETURN(UniqueFd fd, UnlinkedFile(options.folder));
  CL_RETURN_IF_ERROR(Inflater(file, options, fd.get()).Run());
  CL_RETURN_IF_ERROR(file.CheckUnchanged());
  return ReadDescriptor(std::move(fd), file.stat().uri);
}

}  // namespace cubeloom
