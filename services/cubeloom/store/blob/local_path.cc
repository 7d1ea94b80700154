#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

absl::StatusOr<std::string> PercentDecode(absl::string_view text, absl::string_view uri) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0)) {
      return absl::InvalidArgumentError(absl::StrCat("'", uri, "': bad percent escape at byte ", i));
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EFBIG:
      return absl::StatusCode::kResourceExhausted;
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
      return absl::StatusCode::kInvalidArgument;
    case EIO:
    case ESTALE:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kUnknown;
  }
}

}  // namespace

absl::StatusOr<std::string> LocalPath(absl::string_view uri) {
  if (uri.empty()) return absl::InvalidArgumentError("empty file name");
  if (absl::StrContains(uri, absl::string_view("\0", 1))) {
    return absl::InvalidArgumentError("file name contains a zero byte");
  }
  absl::string_view rest = uri;
  if (!absl::ConsumePrefix(&rest, "file://")) {
    const size_t colon = uri.find("://");
    if (colon != absl::string_view::npos && uri.find('/') == colon + 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", uri, "': scheme '", uri.substr(0, colon), "' is not served by the local store"));
    }
    return std::string(uri);
  }
  absl::ConsumePrefix(&rest, "localhost");
  if (!absl::StartsWith(rest, "/")) {
    return absl::InvalidArgumentError(absl::StrCat("'", uri, "': a file URI needs an absolute path"));
  }
  return PercentDecode(rest, uri);
}

absl::Status ErrnoStatus(int error, absl::string_view operation, absl::string_view object) {
  char buffer[128];
  const char* text = ::strerror_r(error, buffer, sizeof(buffer));
  absl::Status status(CodeOf(error), absl::StrCat(operation, " '", object, "': ", text));
  // A broken disk or a full one is nobody's bad data.
  if (error == EIO || error == ESTALE) return WithBlame(std::move(status), Blame::kInfrastructure);
  return status;
}

}  // namespace cubeloom
