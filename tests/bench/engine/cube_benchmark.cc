// A cube of 256 x 1024 x 1024 float32 (1 GiB) in the page cache: spectral profile of the whole plane,
// histogram of the cube and moment 0, each from opening the file to the answer.
#include <cstdio>
#include <string>

#include "bench/engine/noise_file.h"
#include "bench/engine/reference.h"
#include "bench/engine/run_kernel.h"
#include "bench/figure.h"
#include "cubeloom/base/process.h"
#include "cubeloom/base/status.h"

namespace cubeloom::bench {
namespace {

absl::Status RunAll(Session& session) {
  const NoiseSpec spec{{session.quick() ? 64 : 256, 1024, 1024}, -32};
  const double share = static_cast<double>(spec.shape[0]) / 256;
  CL_ASSIGN_OR_RETURN(const std::string path, NoiseFile(spec));
  Engine engine;

  CL_ASSIGN_OR_RETURN(const std::vector<double> means, NaivePlaneMeans(spec, path));
  session.Run(
      {"cube: region spectral profile", "ms", 200 * share, Bound::kAtMost, "numpy", path},
      [&]() -> absl::StatusOr<double> {
        const Stopwatch watch;
        CL_ASSIGN_OR_RETURN(const Outputs out, engine.Run(path, {"image.spectral_profile", "cube", {}}));
        const double ms = watch.milliseconds();
        CL_RETURN_IF_ERROR(CheckArray(means, out.at("profile").array(), 1e-12));
        return ms;
      });

  CL_ASSIGN_OR_RETURN(const Histogram histogram, NaiveHistogram(spec, path, spec.shape[2]));
  session.Run({"cube: histogram", "ms", 300 * share, Bound::kAtMost, "numpy", path},
              [&]() -> absl::StatusOr<double> {
                const Stopwatch watch;
                CL_ASSIGN_OR_RETURN(const Outputs out, engine.Run(path, {"image.histogram", "image", {}}));
                const double ms = watch.milliseconds();
                CL_RETURN_IF_ERROR(CheckHistogram(histogram, out.at("histogram").table()));
                return ms;
              });

  CL_ASSIGN_OR_RETURN(const std::vector<double> moment0, NaiveMoment0(spec, path));
  session.Run(
      {"cube: moment 0", "ms", 200 * share, Bound::kAtMost, "numpy", path}, [&]() -> absl::StatusOr<double> {
        const Stopwatch watch;
        CL_ASSIGN_OR_RETURN(const Outputs out,
                            engine.Run(path, {"image.collapse", "cube", {{"kind", Value("integrated")}}}));
        const double ms = watch.milliseconds();
        CL_RETURN_IF_ERROR(
            CheckArray(moment0, out.at("image").array(), 1e-5));  // float32 of values up to 200
        return ms;
      });
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
