// An image of 10^8 pixels in the page cache: from opening the file to the answer, in a running process.
#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/engine/noise_file.h"
#include "bench/engine/reference.h"
#include "bench/engine/run_kernel.h"
#include "bench/figure.h"
#include "cubeloom/base/process.h"
#include "cubeloom/base/status.h"

namespace cubeloom::bench {
namespace {

class ImageBenchmark {
 public:
  explicit ImageBenchmark(Session& session)
      : session_(session), side_(session.quick() ? 6000 : 10000), share_(side_ * side_ / 1e8) {}

  absl::Status Run() {
    CL_RETURN_IF_ERROR(Float32());
    return Int16();
  }

 private:
  // The targets are those of 10^8 pixels; smaller images get their share.
  Figure Make(absl::string_view name, double milliseconds, const char* peer, const std::string& path) const {
    return {std::string(name), "ms", milliseconds * share_, Bound::kAtMost, peer, path};
  }

  absl::Status Float32() {
    const NoiseSpec spec{{side_, side_}, -32};
    CL_ASSIGN_OR_RETURN(const std::string path, NoiseFile(spec));
    CL_ASSIGN_OR_RETURN(const Statistics expected, NaiveStatistics(spec, path));
    CL_ASSIGN_OR_RETURN(const Histogram histogram, NaiveHistogram(spec, path, side_));
    const auto statistics = [&] { return MeasureStatistics(path, expected); };
    const auto both = [&] { return MeasureBoth(path, expected, histogram); };
    session_.Run(Make("statistics float32", 35, "numpy", path), statistics);
    session_.Run(Make("statistics float32 (dask)", 35, "dask", path), statistics);
    session_.Run(Make("statistics + histogram float32", 85, "numpy", path), both);
    session_.Run(Make("statistics + histogram float32 (dask)", 85, "dask", path), both);
    return absl::OkStatus();
  }

  absl::Status Int16() {
    const NoiseSpec spec{{side_, side_}, 16};
    CL_ASSIGN_OR_RETURN(const std::string path, NoiseFile(spec));
    CL_ASSIGN_OR_RETURN(const Statistics expected, NaiveStatistics(spec, path));
    session_.Run(Make("statistics int16 scaled", 60, "numpy", path),
                 [&] { return MeasureStatistics(path, expected); });
    return absl::OkStatus();
  }

  absl::StatusOr<double> MeasureStatistics(const std::string& path, const Statistics& expected) {
    const Stopwatch watch;
    CL_ASSIGN_OR_RETURN(const Outputs out, engine_.Run(path, {"image.statistics", "image", {}}));
    const double ms = watch.milliseconds();
    CL_RETURN_IF_ERROR(CheckStatistics(expected, out.at("statistics").value()));
    return ms;
  }

  // The automatic histogram has sqrt(width * height) bins, which is the side.
  absl::StatusOr<double> MeasureBoth(const std::string& path, const Statistics& expected,
                                     const Histogram& histogram) {
    const Stopwatch watch;
    CL_ASSIGN_OR_RETURN(const Outputs out, engine_.Run(path, {"image.histogram", "image", {}}));
    const double ms = watch.milliseconds();
    CL_RETURN_IF_ERROR(CheckStatistics(expected, out.at("statistics").value()));
    CL_RETURN_IF_ERROR(CheckHistogram(histogram, out.at("histogram").table()));
    return ms;
  }

  Session& session_;
  Engine engine_;
  const int64_t side_;
  const double share_;
};

int Main(int argc, char** argv) {
  InitProcess();
  Session session(argc, argv);
  const absl::Status status = ImageBenchmark(session).Run();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? session.Finish() : 1;
}

}  // namespace
}  // namespace cubeloom::bench

int main(int argc, char** argv) { return cubeloom::bench::Main(argc, argv); }
