// Any bytes as an HDF5 file, through the helper process: libhdf5 does crash on such bytes, which must become
// a Status that names the file, never an end of this program; and the next question must be answered. What
// follows libhdf5 is fuzzed much faster, with coverage, by fuzz_hdf5_chunks.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/store/hdf5/hdf5.h"

namespace cubeloom {
namespace {

constexpr int64_t kMaxElements = 1 << 16;

Probe& Helper() {
  static ProbeClient* const probe = [] {
    ProbeOptions options;
    options.program = CL_PROBE_PROGRAM;
    options.timeout = absl::Seconds(5);
    options.cpu_time = absl::Seconds(4);
    return MakeProbeClient(options).release();
  }();
  return *probe;
}

void Require(const absl::Status& status, absl::string_view path) {
  if (status.ok() || absl::StrContains(status.message(), path)) return;
  std::fprintf(stderr, "fuzz_hdf5_open: does not name the file: %s\n", status.ToString().c_str());
  std::abort();
}

void Run(const uint8_t* data, size_t size) {
  const UniqueFd memory(::memfd_create("fuzz", MFD_CLOEXEC));
  if (!memory || ::write(memory.get(), data, size) != static_cast<ssize_t>(size)) return;
  const std::string path = absl::StrCat("/proc/self/fd/", memory.get());
  const Hdf5Source source{LocalStore(), Helper()};
  const auto list = ListHdf5Datasets(source, path);
  Require(list.status(), path);
  if (!list.ok()) return;
  for (const Hdf5DatasetInfo& info : *list) {
    const absl::StatusOr<ArrayPtr> array = OpenHdf5(source, path, {info.path});
    Require(array.status(), path);
    if (!array.ok() || info.desc.shape.elements() > kMaxElements) continue;
    Require((*array)->Read(Box::Whole((*array)->desc().shape), {}).status(), path);
  }
}

}  // namespace
}  // namespace cubeloom

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cubeloom::Run(data, size);
  return 0;
}
