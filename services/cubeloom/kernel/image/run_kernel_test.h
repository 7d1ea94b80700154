// Helpers of this module's tests.
#ifndef CUBELOOM_KERNEL_IMAGE_RUN_KERNEL_TEST_H_
#define CUBELOOM_KERNEL_IMAGE_RUN_KERNEL_TEST_H_

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/image/image.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/testing/sample_arrays.h"
#include "gtest/gtest.h"

namespace cubeloom {

inline const Kernel& ImageKernel(const char* name) {
  static const KernelCatalogue* const catalogue = [] {
    auto* made = new KernelCatalogue();
    EXPECT_TRUE(RegisterImageKernels(*made).ok());
    return made;
  }();
  return *catalogue->Find(name);
}

inline absl::StatusOr<std::vector<Payload>> RunKernel(const char* name, std::vector<PortPayloads> inputs,
                                                      const Value::Map& given, const Shape& chunk = Shape()) {
  const Kernel& kernel = ImageKernel(name);
  inputs.resize(kernel.info().inputs.size());
  absl::StatusOr<Args> args = BindArgs(kernel.info(), given);
  if (!args.ok()) return args.status();
  ExecuteOptions options;
  options.force_chunk = chunk;
  return Execute(kernel, *args, inputs, options);
}

// The values of one output array; a failed run is a test failure.
inline std::vector<double> Values(const absl::StatusOr<std::vector<Payload>>& results, size_t output = 0) {
  EXPECT_TRUE(results.ok()) << results.status();
  if (!results.ok()) return {};
  return ValuesOf(*(*results)[output].array()).value();
}

inline Value Numbers(std::initializer_list<double> numbers) {
  Value::List list;
  for (const double number : numbers) list.emplace_back(number);
  return Value(std::move(list));
}

// n numbers that are exact in f32, from the generator x -> 1103515245 x + 12345 mod 2^31: (x >> 16 & 1023) /
// 8 - 50. The reference vectors in the tests were computed from the same numbers with numpy 2.4.6,
// scipy 1.17.1, astropy 8.0.2.
inline std::vector<double> Pattern(int64_t n, uint64_t seed) {
  std::vector<double> values;
  for (uint64_t x = seed; n > 0; --n) {
    x = (1103515245 * x + 12345) & 0x7fffffff;
    values.push_back(static_cast<double>((x >> 16) & 1023) / 8 - 50);
  }
  return values;
}

template <typename T>
Payload ArrayOfType(const Shape& shape, const std::vector<double>& values) {
  return Payload(ArrayFromVector<T>(shape, std::vector<T>(values.begin(), values.end())));
}

// Relative to the largest of 1 and |want|; NaN equals NaN.
inline void ExpectClose(const std::vector<double>& got, const std::vector<double>& want, double tolerance,
                        const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(want[i])) {
      EXPECT_TRUE(std::isnan(got[i])) << what << ", element " << i << ": " << got[i];
    } else if (got[i] != want[i]) {  // also equal infinities
      EXPECT_NEAR(got[i], want[i], tolerance * std::max(1.0, std::fabs(want[i])))
          << what << ", element " << i;
    }
  }
}

// The call fails with InvalidArgument and its message holds `text`.
inline void ExpectRefused(const absl::StatusOr<std::vector<Payload>>& results, const char* text) {
  EXPECT_EQ(results.status().code(), absl::StatusCode::kInvalidArgument) << results.status();
  EXPECT_NE(results.status().message().find(text), absl::string_view::npos)
      << results.status() << " lacks " << text;
}

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_RUN_KERNEL_TEST_H_
