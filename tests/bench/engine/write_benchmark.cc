// Writing an image of 400 MB as FITS, against plain write() and fsync() of as many bytes right before it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/engine/noise_file.h"
#include "bench/engine/run_kernel.h"
#include "bench/figure.h"
#include "cubeloom/base/process.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/fits.h"

namespace cubeloom::bench {
namespace {

absl::StatusOr<double> PlainWrite(const std::string& path, const Chunk& chunk) {
  constexpr size_t kStep = size_t{1} << 20;
  unlink(path.c_str());
  const Stopwatch watch;
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) return ErrnoStatus(errno, "create", path);
  for (size_t done = 0; done < chunk.data.size();) {
    const ssize_t n = write(fd.get(), chunk.data.data() + done, std::min(kStep, chunk.data.size() - done));
    if (n < 0) return ErrnoStatus(errno, "write", path);
    done += static_cast<size_t>(n);
  }
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, "flush", path);
  return watch.milliseconds();
}

absl::StatusOr<double> FitsWrite(const std::string& path, const ArrayPtr& image) {
  unlink(path.c_str());
  const Stopwatch watch;
  FitsOutput hdu;
  hdu.array = image;
  CL_RETURN_IF_ERROR(WriteFits(LocalStore(), path, {hdu}));
  return watch.milliseconds();
}

absl::Status CheckFile(const std::string& path, const Chunk& expected) {
  const std::unique_ptr<ProbeClient> probe = MakeProbeClient({.program = ProgramPath("cubeloom-probe")});
  CL_ASSIGN_OR_RETURN(const ArrayPtr image, OpenFits({LocalStore(), *probe}, path));
  CL_ASSIGN_OR_RETURN(const Chunk chunk, image->Read(expected.box, {}));
  const bool equal =
      std::equal(chunk.as<float>(), chunk.as<float>() + expected.box.elements(), expected.as<float>());
  return equal ? absl::OkStatus() : absl::InternalError("the file holds other pixels than were written");
}

absl::Status RunAll(Session& session) {
  const int64_t side = session.quick() ? 6000 : 10000;
  std::vector<float> pixels(static_cast<size_t>(side * side));
  uint32_t state = 1;
  for (float& pixel : pixels) pixel = static_cast<float>(state = state * 1664525 + 1013904223) * 0x1p-32f;
  const ArrayPtr image = ArrayFromVector<float>({side, side}, pixels);
  CL_ASSIGN_OR_RETURN(const Chunk chunk, image->Read(Box::Whole({side, side}), {}));
  // NoiseFile() makes the folder; the benchmark of images needs the same file.
  CL_RETURN_IF_ERROR(NoiseFile({{side, side}, -32}).status());
  const std::string path = DataFolder() + "/written.fits";
  CL_RETURN_IF_ERROR(FitsWrite(path, image).status());
  CL_RETURN_IF_ERROR(CheckFile(path, chunk));
  session.Run({"write FITS, share of plain write + fsync", "%", 70, Bound::kAtLeast},
              [&]() -> absl::StatusOr<double> {
                CL_ASSIGN_OR_RETURN(const double plain, PlainWrite(path, chunk));
                CL_ASSIGN_OR_RETURN(const double fits, FitsWrite(path, image));
                std::fprintf(stderr, "write: plain %.0f ms, FITS %.0f ms\n", plain, fits);
                return 100 * plain / fits;
              });
  unlink(path.c_str());
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  InitProcess();
  Session session(argc, argv);
  const absl::Status status = RunAll(session);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? session.Finish() : 1;
}

}  // namespace
}  // namespace cubeloom::bench

int main(int argc, char** argv) { return cubeloom::bench::Main(argc, argv); }
