// Fuzzes the .npy files that a command gives back. No file may crash, hang or make the reader allocate more
// than it holds; what reads must write and read back to the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "cubeloom/exthost/file.h"
#include "cubeloom/exthost/npy.h"

namespace cubeloom::exthost {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz_npy: %s\n", what);
  std::abort();
}

class BoundedAllocator : public Allocator {
 public:
  explicit BoundedAllocator(size_t limit) : limit_(limit) {}
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    Require(bytes <= limit_, "more memory asked for than the file holds");
    return Heap().Allocate(bytes);
  }

 private:
  const size_t limit_;
};

// A file of this process, removed at its end.
const std::string& ScratchFile() {
  static const ScratchFolder* const folder = [] {
    const char* root = std::getenv("TMPDIR");
    absl::StatusOr<ScratchFolder> made = ScratchFolder::Make(root != nullptr ? root : "/tmp", "fuzz-npy");
    Require(made.ok(), "no scratch folder");
    static ScratchFolder kept = *std::move(made);
    return &kept;
  }();
  static const std::string path = folder->path() + "/a.npy";
  return path;
}

void FuzzNpy(absl::string_view text) {
  std::remove(ScratchFile().c_str());  // writing over a file waits for the disk on some file systems
  Require(WriteFile(ScratchFile(), text).ok(), "no room for the scratch file");
  BoundedAllocator allocator(text.size());
  const absl::StatusOr<ArrayPtr> array = ReadNpy(ScratchFile(), {&allocator, {}});
  if (!array.ok()) return;
  const Shape shape = (*array)->desc().shape;
  const absl::StatusOr<Chunk> chunk = (*array)->Read(Box::Whole(shape), {});
  Require(chunk.ok(), "what was read cannot be used");
  std::remove(ScratchFile().c_str());
  Require(WriteNpy(ScratchFile(), **array, {}).ok(), "what was read cannot be written");
  const absl::StatusOr<ArrayPtr> again = ReadNpy(ScratchFile(), {});
  Require(again.ok() && (*again)->desc().shape == shape, "what was written reads as another array");
  const absl::StatusOr<Chunk> back = (*again)->Read(Box::Whole(shape), {});
  const size_t bytes = static_cast<size_t>(shape.elements()) * DTypeSize((*array)->desc().dtype);
  Require(back.ok() && (bytes == 0 || std::memcmp(back->data.data(), chunk->data.data(), bytes) == 0),
          "what was written reads as other numbers");
}

}  // namespace
}  // namespace cubeloom::exthost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cubeloom::exthost::FuzzNpy(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
