// Replays fuzz inputs without libFuzzer: the main of every fuzz target in builds without CL_FUZZ.
//
// Arguments are files or folders (searched recursively, in the order of their names). Each file, and first
// the empty input, goes once through LLVMFuzzerTestOneInput. A defect shows as a crash, after the name of the
// input has been printed. An argument that cannot be read fails the run: a lost seed folder must not pass in
// silence.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

namespace fs = std::filesystem;

[[noreturn]] void Fail(const std::string& path, const std::string& what) {
  std::fprintf(stderr, "replay: %s: %s\n", path.c_str(), what.c_str());
  std::exit(2);
}

std::vector<std::string> FilesOf(const std::string& argument) {
  std::error_code error;
  if (!fs::is_directory(argument, error)) return {argument};
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator it(argument, error), end; it != end; it.increment(error)) {
    if (error) break;
    if (it->is_regular_file()) files.push_back(it->path().string());
  }
  if (error) Fail(argument, error.message());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<uint8_t> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail(path, "cannot be read");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The input lives in an allocation of exactly its size, so that a sanitizer sees a read past its end.
void Replay(const std::string& name, const std::vector<uint8_t>& bytes) {
  std::printf("replay: %s (%zu bytes)\n", name.c_str(), bytes.size());
  std::fflush(stdout);
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  Replay("empty input", {});
  size_t count = 1;
  for (int i = 1; i < argc; ++i) {
    for (const std::string& file : FilesOf(argv[i])) {
      Replay(file, Read(file));
      ++count;
    }
  }
  std::printf("replay: %zu inputs\n", count);
  return 0;
}
