#include "cubeloom/kernel/stats/block_moments.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "cubeloom/kernel/stats/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

struct Pattern {
  const char* name;
  double mean, sigma, nan_share, inf_share;
};
constexpr Pattern kPatterns[] = {{"noise", 0, 1, 0, 0},     {"offset", 1e6, 1, 0, 0},
                                 {"holes", 3, 1, 0.1, 0},   {"infinite", 3, 1, 0, 0.1},
                                 {"both", -7, 2, 0.3, 0.3}, {"constant", 5, 0, 0, 0},
                                 {"nothing", 0, 1, 1, 0},   {"tiny", 1e-30, 1e-31, 0, 0}};

template <typename T>
std::vector<T> Make(const Pattern& pattern, size_t n) {
  TestRandom random(n + 1);
  std::vector<T> out(n);
  for (T& x : out) {
    x = static_cast<T>(pattern.mean + pattern.sigma * random.Gauss());
    const double u = random.Uniform();
    if (u < pattern.nan_share) {
      x = static_cast<T>(kNaN);
    } else if (u < pattern.nan_share + pattern.inf_share) {
      x = static_cast<T>(random.Uniform() < 0.5 ? kInf : -kInf);
    }
  }
  return out;
}

void Run(const std::vector<float>& v, bool masked, BlockMoments* m) {
  ActiveBlockFunctions().moments_f32(v.data(), static_cast<int64_t>(v.size()), masked, m);
}
void Run(const std::vector<double>& v, bool masked, BlockMoments* m) {
  ActiveBlockFunctions().moments_f64(v.data(), static_cast<int64_t>(v.size()), masked, m);
}

template <typename T>
void CheckAgainstNaive(const Pattern& pattern, size_t n) {
  SCOPED_TRACE(absl::StrCat(pattern.name, " n=", n, " bytes=", sizeof(T)));
  const std::vector<T> v = Make<T>(pattern, n);
  BlockMoments m;
  Run(v, false, &m);
  int64_t finite = 0, nan = 0, infinite = 0;
  long double sum = 0, sumsq = 0, m2 = 0;
  double min = kInf, max = -kInf;
  for (const T x : v) {
    if (std::isnan(x)) ++nan;
    if (std::isinf(x)) ++infinite;
    if (!std::isfinite(x)) continue;
    ++finite;
    sum += x;
    sumsq += static_cast<long double>(x) * x;
    min = std::min<double>(min, x);
    max = std::max<double>(max, x);
  }
  EXPECT_EQ(m.finite, finite);
  EXPECT_EQ(m.nan, nan);
  EXPECT_EQ(m.infinite, infinite);
  EXPECT_EQ(m.min, min);
  EXPECT_EQ(m.max, max);
  if (finite == 0) return;
  const long double mean = sum / finite;
  for (const T x : v) {
    if (std::isfinite(x)) m2 += (x - mean) * (x - mean);
  }
  const double scale = static_cast<double>(std::sqrt(sumsq * finite));
  EXPECT_NEAR(m.sum, static_cast<double>(sum), 1e-14 * scale);
  EXPECT_NEAR(m.sumsq, static_cast<double>(sumsq), 1e-14 * static_cast<double>(sumsq));
  EXPECT_NEAR(m.mean + m.mean_low, static_cast<double>(mean), 1e-14 * scale / static_cast<double>(finite));
  EXPECT_NEAR(m.m2, static_cast<double>(m2), 1e-12 * static_cast<double>(m2));
}

TEST(BlockMomentsTest, EqualNaiveSumsOnEveryInstructionSet) {
  ForEachSimdLevel([] {
    for (const Pattern& pattern : kPatterns) {
      for (const size_t n : {1, 2, 15, 16, 17, 100, 4095, 4096}) {
        CheckAgainstNaive<float>(pattern, n);
        CheckAgainstNaive<double>(pattern, n);
      }
    }
  });
}

template <typename T>
void CheckSameBits(const Pattern& pattern, size_t n) {
  SCOPED_TRACE(absl::StrCat(pattern.name, " n=", n, " bytes=", sizeof(T)));
  const std::vector<T> v = Make<T>(pattern, n);
  SetSimdLevel(SimdLevel::kV2);
  BlockMoments first;
  Run(v, false, &first);
  ForEachSimdLevel([&] {
    for (const bool masked : {false, true}) {
      BlockMoments m;
      Run(v, masked, &m);
      // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the bits are what is promised
      EXPECT_EQ(std::memcmp(&m, &first, sizeof(m)), 0) << "masked=" << masked;
    }
  });
}

TEST(BlockMomentsTest, BitsAreEqualOnEveryInstructionSetAndWithAnyHint) {
  for (const Pattern& pattern : kPatterns) {
    for (const size_t n : {1, 31, 1000, 4096}) {
      CheckSameBits<float>(pattern, n);
      CheckSameBits<double>(pattern, n);
    }
  }
}

TEST(BlockMomentsTest, FindGivesTheFirstPlace) {
  ForEachSimdLevel([] {
    const BlockFunctions& f = ActiveBlockFunctions();
    for (const int64_t n : {1, 63, 64, 65, 300}) {
      for (int64_t at = 0; at < n; ++at) {
        std::vector<float> v(n, 1.0f);
        std::vector<double> d(n, 1.0);
        v[at] = v[n - 1] = 2;
        d[at] = d[n - 1] = 2;
        EXPECT_EQ(f.find_f32(v.data(), n, 2), at);
        EXPECT_EQ(f.find_f64(d.data(), n, 2), at);
        EXPECT_EQ(f.find_f32(v.data(), n, 3), n);
      }
    }
  });
}

}  // namespace
}  // namespace cubeloom
