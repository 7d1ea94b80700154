// FITS files of reproducible noise, in the page cache, for benchmarks.
//
// Files are written byte by byte here, without store/fits, so that a mistake there cannot hide. They lie in
// the folder `bench-data` beside the build folder (build/bench-data) and are kept between calls.
#ifndef CUBELOOM_TESTS_BENCH_ENGINE_NOISE_FILE_H_
#define CUBELOOM_TESTS_BENCH_ENGINE_NOISE_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cubeloom::bench {

// What a file holds. Element n is the n-th draw from a normal distribution (mean 0, sigma 1), a pure function
// of n.
struct NoiseSpec {
  std::vector<int64_t> shape;  // slowest axis first
  // -32: the draws as they are. 16: integers of BSCALE kScale, BZERO kZero, nearest to the draws.
  int bitpix = -32;
};
inline constexpr double kScale = 0.000244140625, kZero = 0.5;  // BSCALE and BZERO of bitpix 16
inline constexpr double kChannelWidth = 2.0;                   // CDELT3 of a cube

// Path of the file, which is made when it is not there, and is in the page cache as after reading it from
// disk.
absl::StatusOr<std::string> NoiseFile(const NoiseSpec& spec);

// Calls f(first, values, count) with consecutive physical values, read from the file with plain preads.
absl::Status ForEachValue(const NoiseSpec& spec, const std::string& path,
                          absl::FunctionRef<void(int64_t first, const double* values, int64_t count)> f);

// The folder of the files, and of what benchmarks write.
std::string DataFolder();
// A program of this build: "cubeloom", "cubeloom-probe".
std::string ProgramPath(absl::string_view name);

}  // namespace cubeloom::bench

#endif  // CUBELOOM_TESTS_BENCH_ENGINE_NOISE_FILE_H_
