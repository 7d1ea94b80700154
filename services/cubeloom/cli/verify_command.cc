#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/cli/commands.h"
#include "cubeloom/engine/manifest.h"
#include "cubeloom/engine/ports.h"
#include "cubeloom/engine/sink_plan.h"

namespace cubeloom::cli {
namespace {

struct Loaded {
  std::string folder;
  engine::Manifest manifest;
};

absl::StatusOr<Loaded> Load(const std::string& path) {
  struct stat info {};
  const bool folder = ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  const std::string file = folder ? absl::StrCat(path, "/", engine::kManifestName) : path;
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<RandomReader> reader, LocalStore().OpenRead(file));
  constexpr int64_t kMost = int64_t{1} << 30;
  if (reader->stat().size > kMost)
    return absl::InvalidArgumentError(absl::StrCat("'", file, "' is too large"));
  std::string text(static_cast<size_t>(reader->stat().size), '\0');
  CL_RETURN_IF_ERROR(reader->ReadAt(0, {reinterpret_cast<std::byte*>(text.data()), text.size()}));
  Loaded loaded;
  loaded.folder = folder ? path : engine::FolderOf(path);
  CL_ASSIGN_OR_RETURN(loaded.manifest, engine::ManifestFromJson(text, file));
  return loaded;
}

// Output files that are not what their manifest says.
std::vector<std::string> CheckFiles(const Loaded& run) {
  std::vector<std::string> wrong;
  for (const engine::ManifestOutput& output : run.manifest.outputs) {
    const bool absolute = absl::StartsWith(output.uri, "/") || absl::StrContains(output.uri, "://");
    const std::string path = absolute ? output.uri : absl::StrCat(run.folder, "/", output.uri);
    const absl::StatusOr<Digest> digest = engine::FileDigest(LocalStore(), path, CancelToken());
    if (!digest.ok()) {
      wrong.emplace_back(digest.status().message());
    } else if (ToHex(*digest) != output.sha256) {
      wrong.push_back(absl::StrCat("'", path, "' has changed since the run (SHA-256 ", ToHex(*digest), ")"));
    }
  }
  return wrong;
}

Value Lines(const std::vector<std::string>& lines) {
  Value::List list;
  for (const std::string& line : lines) list.push_back(Value(line));
  return Value(std::move(list));
}

void PrintLevel(const char* level, const std::vector<std::string>& lines) {
  std::printf("%-9s %s\n", level, lines.empty() ? "same" : absl::StrCat(lines.size(), " differ").c_str());
  constexpr size_t kShown = 10;
  for (size_t i = 0; i < lines.size() && i < kShown; ++i) std::printf("  %s\n", lines[i].c_str());
  if (lines.size() > kShown) std::printf("  ... and %d more\n", static_cast<int>(lines.size() - kShown));
}

}  // namespace

int VerifyCommand(const VerifyFlags& flags) {
  const absl::StatusOr<Loaded> a = Load(flags.a);
  if (!a.ok()) return ReportError(a.status());
  const absl::StatusOr<Loaded> b = Load(flags.b);
  if (!b.ok()) return ReportError(b.status());
  const engine::Comparison comparison = engine::CompareManifests(a->manifest, b->manifest);
  std::vector<std::string> on_disk;
  if (flags.files) {
    on_disk = CheckFiles(*a);
    for (std::string& line : CheckFiles(*b)) on_disk.push_back(std::move(line));
  }
  const bool same = comparison.same_files() && on_disk.empty();
  if (flags.json) {
    const Value out(Value::Map{{"same", Value(same)},
                               {"graph", Lines(comparison.graph)},
                               {"inputs", Lines(comparison.inputs)},
                               {"contents", Lines(comparison.contents)},
                               {"files", Lines(comparison.files)},
                               {"onDisk", Lines(on_disk)}});
    std::printf("%s\n", out.ToJson(2).c_str());
  } else {
    PrintLevel("graph", comparison.graph);
    PrintLevel("inputs", comparison.inputs);
    PrintLevel("contents", comparison.contents);
    PrintLevel("files", comparison.files);
    if (flags.files) PrintLevel("on disk", on_disk);
    std::printf("%s\n", same                        ? "the runs gave the same files"
                        : comparison.same_results() ? "the runs gave the same results in different files"
                                                    : "the runs gave different results");
  }
  return same ? kOk : kFailed;
}

}  // namespace cubeloom::cli
