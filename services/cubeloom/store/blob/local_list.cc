#include "cubeloom/store/blob/local_list.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom {
namespace {

constexpr int kMaxDepth = 64;  // of folders below `**`; ends a loop of symbolic links

enum class Kind { kNone, kFile, kFolder };

Kind KindOf(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return Kind::kNone;
  if (S_ISREG(st.st_mode)) return Kind::kFile;
  return S_ISDIR(st.st_mode) ? Kind::kFolder : Kind::kNone;
}

bool HasWildcard(absl::string_view text) { return text.find_first_of("*?[") != absl::string_view::npos; }

struct Entry {
  std::string name;
  Kind kind;
};

// The entries of a folder without those whose name starts with a dot.
absl::StatusOr<std::vector<Entry>> ReadFolder(const std::string& folder) {
  const std::string name = folder.empty() ? "." : folder;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(name.c_str()), &::closedir);
  if (!dir) return ErrnoStatus(errno, "list folder", name);
  std::vector<Entry> entries;
  while (const dirent* e = ::readdir(dir.get())) {
    if (e->d_name[0] == '.') continue;
    Kind kind = Kind::kNone;
    if (e->d_type == DT_REG) kind = Kind::kFile;
    if (e->d_type == DT_DIR) kind = Kind::kFolder;
    if (e->d_type == DT_UNKNOWN || e->d_type == DT_LNK) kind = KindOf(absl::StrCat(folder, e->d_name));
    if (kind != Kind::kNone) entries.push_back({e->d_name, kind});
  }
  return entries;
}

class Walker {
 public:
  explicit Walker(const std::vector<std::string>& parts) : parts_(parts) {}

  // Matches parts_[index...] below `prefix` ("" or ending in '/').
  absl::Status Visit(const std::string& prefix, size_t index, int depth) {
    const bool last = index + 1 == parts_.size();
    const std::string& part = parts_[index];
    if (!HasWildcard(part)) {
      const std::string path = prefix + part;
      if (!last)
        return KindOf(path) == Kind::kFolder ? Visit(path + "/", index + 1, depth) : absl::OkStatus();
      if (KindOf(path) == Kind::kFile) found.push_back(path);
      return absl::OkStatus();
    }
    CL_ASSIGN_OR_RETURN(const std::vector<Entry> entries, ReadFolder(prefix));
    if (part == "**") return VisitBelow(prefix, index, entries, depth);
    for (const Entry& entry : entries) {
      if ((entry.kind == Kind::kFile) != last || ::fnmatch(part.c_str(), entry.name.c_str(), FNM_PERIOD) != 0)
        continue;
      if (last) {
        found.push_back(prefix + entry.name);
      } else {
        CL_RETURN_IF_ERROR(Visit(absl::StrCat(prefix, entry.name, "/"), index + 1, depth));
      }
    }
    return absl::OkStatus();
  }

  std::vector<std::string> found;

 private:
  // parts_[index] is `**`: no folder at all, or any folder with `**` again.
  absl::Status VisitBelow(const std::string& prefix, size_t index, const std::vector<Entry>& entries,
                          int depth) {
    if (depth >= kMaxDepth) return absl::OkStatus();
    if (index + 1 < parts_.size()) CL_RETURN_IF_ERROR(Visit(prefix, index + 1, depth));
    for (const Entry& entry : entries) {
      const std::string path = prefix + entry.name;
      if (entry.kind == Kind::kFolder) {
        CL_RETURN_IF_ERROR(Visit(path + "/", index, depth + 1));
      } else if (index + 1 == parts_.size()) {
        found.push_back(path);
      }
    }
    return absl::OkStatus();
  }

  const std::vector<std::string>& parts_;
};

absl::Status ListFolder(const std::string& folder, std::vector<std::string>& found) {
  const std::string prefix = folder.back() == '/' ? folder : folder + "/";
  CL_ASSIGN_OR_RETURN(const std::vector<Entry> entries, ReadFolder(prefix));
  for (const Entry& entry : entries) {
    if (entry.kind == Kind::kFile) found.push_back(prefix + entry.name);
  }
  return absl::OkStatus();
}

absl::Status ListPattern(const std::string& pattern, std::vector<std::string>& found) {
  std::vector<std::string> parts = absl::StrSplit(pattern, '/');
  size_t first = 0;
  while (first < parts.size() && !HasWildcard(parts[first])) ++first;
  std::string prefix;
  for (size_t i = 0; i < first && i + 1 < parts.size(); ++i) prefix += parts[i] + "/";
  if (!prefix.empty() && KindOf(prefix) != Kind::kFolder) {
    return absl::NotFoundError(absl::StrCat("no folder '", prefix, "' (pattern '", pattern, "')"));
  }
  parts.erase(parts.begin(), parts.begin() + std::min(first, parts.size() - 1));
  Walker walker(parts);
  CL_RETURN_IF_ERROR(walker.Visit(prefix, 0, 0));
  found = std::move(walker.found);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ListLocalFiles(const std::string& pattern) {
  std::vector<std::string> found;
  const Kind kind = KindOf(pattern);
  if (kind == Kind::kFile) return std::vector<std::string>{pattern};
  CL_RETURN_IF_ERROR(kind == Kind::kFolder ? ListFolder(pattern, found) : ListPattern(pattern, found));
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace cubeloom
