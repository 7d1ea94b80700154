#include "cubeloom/store/testing/temp_folder.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cubeloom {

TempFolder::TempFolder() {
  const char* base = std::getenv("TEST_TMPDIR");
  std::string name = absl::StrCat(base != nullptr ? base : "/tmp", "/cubeloom-test-XXXXXX");
  path_ = ::mkdtemp(&name[0]);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::File(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

std::string TempFolder::Write(absl::string_view name, absl::string_view bytes) const {
  std::string file = File(name);
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

std::string TempFolder::Listing() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, " ");
}

std::string ReadWholeFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

std::string SharedData(absl::string_view name) {
  const char* env = std::getenv("CUBELOOM_SHARED");
  const std::string path = absl::StrCat(env != nullptr ? env : CL_SHARED_DIR, "/data/", name);
  return std::filesystem::exists(path) ? path : std::string();
}

ProgramResult RunProgram(const std::string& command_line) {
  ProgramResult result;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command_line + " 2>&1").c_str(), "r"),
                                                   [](FILE*) { return 0; });
  if (!pipe) return result;
  char buffer[4096];
  while (const size_t n = std::fread(buffer, 1, sizeof(buffer), pipe.get())) result.output.append(buffer, n);
  const int status = ::pclose(pipe.get());
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

}  // namespace cubeloom
