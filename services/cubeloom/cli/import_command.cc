// import: a foreign graph as YAML.
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "cubeloom/cli/commands.h"
#include "cubeloom/graph/import/import.h"
#include "cubeloom/wire/graph_text.h"

namespace cubeloom::cli {
namespace {

absl::StatusOr<graph::Imported> Import(const ImportFlags& flags) {
  graph::ImportOptions options;
  options.file = flags.file;
  options.set = flags.set;
  const absl::StatusOr<std::string> text = wire::ReadTextFile(flags.file, options.max_bytes);
  if (!text.ok()) return text.status();
  return graph::ImportGraph(*text, options);
}

absl::Status Write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return file ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrCat(path, ": cannot be written"));
}

}  // namespace

int ImportCommand(const ImportFlags& flags) {
  const absl::StatusOr<graph::Imported> imported = Import(flags);
  if (!imported.ok()) return ReportError(imported.status());
  const std::string yaml = wire::ToYaml(imported->graph);
  if (flags.out.empty()) {
    std::fwrite(yaml.data(), 1, yaml.size(), stdout);
  } else if (const absl::Status written = Write(flags.out, yaml); !written.ok()) {
    return ReportError(written);
  }
  if (!flags.quiet) std::fprintf(stderr, "%s", imported->report.ToString().c_str());
  return kOk;
}

}  // namespace cubeloom::cli
