// Speed of the hot loops on one core with the data in the second-level cache, and of whole kernels. Every
// benchmark of a loop first checks it against a plain double reference, those of kernels the number of pixels
// counted (their results are the tests' business), and reports no time otherwise.
#include <cmath>
#include <vector>

#include "benchmark/benchmark.h"
#include "cubeloom/kernel/stats/bin_counts.h"
#include "cubeloom/kernel/stats/block_moments.h"
#include "cubeloom/kernel/stats/key_counts.h"
#include "cubeloom/kernel/stats/test_util.h"

namespace cubeloom {
namespace {

constexpr int64_t kLeaf = 65536;  // pixels of a canonical leaf of floats
constexpr int32_t kBins = 10000;

enum Pattern { kNoise, kSky, kHoles, kPeak };

std::vector<float> MakePixels(int64_t n, int64_t pattern) {
  TestRandom random(1);
  std::vector<float> v(n);
  for (float& x : v) {
    x = static_cast<float>(random.Gauss());
    if (pattern == kSky) x = 1000 + 10 * x;
    if (pattern == kHoles && random.Uniform() < 0.01) x = NAN;
    if (pattern == kPeak) x *= 0.001f;
  }
  v[7] = pattern == kSky ? 1050 : 5, v[9] = pattern == kSky ? 950 : -5;
  return v;
}

void Report(benchmark::State& state, int64_t elements, size_t size) {
  state.SetItemsProcessed(state.iterations() * elements);
  state.SetBytesProcessed(state.iterations() * elements * static_cast<int64_t>(size));
}

bool Near(double a, double b) { return std::abs(a - b) <= 1e-10 * std::abs(b); }

template <typename T>
bool CheckMoments(const std::vector<T>& v, double sum, double m2) {
  long double s = 0, q = 0;
  int64_t n = 0;
  for (const T x : v) {
    if (!std::isnan(x)) s += x, ++n;
  }
  for (const T x : v) {
    if (!std::isnan(x)) q += (x - s / n) * (x - s / n);
  }
  return std::abs(sum - static_cast<double>(s)) < 1e-6 && Near(m2, static_cast<double>(q));
}

// The blocks of a leaf; Chan's merge of the blocks is a few operations per 4096 pixels.
template <typename T>
void BM_Moments(benchmark::State& state) {
  const std::vector<float> pixels = MakePixels(kLeaf, state.range(0));
  const std::vector<T> v(pixels.begin(), pixels.begin() + kLeaf * 4 / sizeof(T));
  const auto& f = ActiveBlockFunctions();
  double sum = 0, m2 = 0, mean = 0;
  int64_t count = 0;
  const auto leaf = [&] {
    sum = m2 = mean = 0;
    count = 0;
    for (size_t i = 0; i < v.size(); i += kBlockElements) {
      BlockMoments m;
      const bool hint = state.range(0) == kHoles;
      if constexpr (sizeof(T) == 4) {
        f.moments_f32(v.data() + i, kBlockElements, hint, &m);
      } else {
        f.moments_f64(v.data() + i, kBlockElements, hint, &m);
      }
      const double a = static_cast<double>(count), b = static_cast<double>(m.finite), d = m.mean - mean;
      m2 += m.m2 + d * d * a * b / (a + b);
      mean += d * b / (a + b);
      sum += m.sum;
      count += m.finite;
    }
  };
  leaf();
  if (!CheckMoments(v, sum, m2)) return state.SkipWithError("wrong moments");
  for (auto _ : state) {
    leaf();
    benchmark::DoNotOptimize(m2);
  }
  Report(state, static_cast<int64_t>(v.size()), sizeof(T));
}
BENCHMARK(BM_Moments<float>)->ArgName("pattern")->Arg(kNoise)->Arg(kSky)->Arg(kHoles);
BENCHMARK(BM_Moments<double>)->ArgName("pattern")->Arg(kNoise);

void BM_Bins(benchmark::State& state) {
  const std::vector<float> v = MakePixels(kLeaf, state.range(0));
  const double min = state.range(0) == kSky ? 950 : -5, max = state.range(0) == kSky ? 1050 : 5;
  const BinLayout layout{min, max, (max - min) / kBins, kBins};
  std::vector<uint32_t> counts((kBins + 1) * kCountTables), expected(kBins + 1);
  for (const float x : v) {
    const double q = std::floor((x - min) / layout.width);
    ++expected[x >= min && x <= max ? static_cast<int>(std::min<double>(q, kBins - 1)) : kBins];
  }
  const auto& f = ActiveBinFunctions();
  f.count_f32(v.data(), kLeaf, layout, counts.data(), kBins + 1);
  for (int b = 0; b <= kBins; ++b) {
    uint32_t sum = 0;
    for (int t = 0; t < kCountTables; ++t) sum += counts[t * (kBins + 1) + b];
    if (sum != expected[b]) return state.SkipWithError("wrong counts");
  }
  for (auto _ : state) {
    f.count_f32(v.data(), kLeaf, layout, counts.data(), kBins + 1);
    benchmark::ClobberMemory();
  }
  Report(state, kLeaf, sizeof(float));
}
BENCHMARK(BM_Bins)->ArgName("pattern")->Arg(kNoise)->Arg(kSky)->Arg(kPeak);

// First pass of the percentiles: 2^16 counters.
void BM_Keys(benchmark::State& state) {
  const std::vector<float> v = MakePixels(kLeaf, kNoise);
  KeySlot slot;
  slot.high = ~uint32_t{0};
  const KeyLayout layout{&slot, 1, 16, 16, nullptr};
  const int64_t stride = (1 << 16) + 1;
  std::vector<uint32_t> counts(stride * kCountTables);
  const auto& f = ActiveKeyFunctions();
  f.count_f32(v.data(), kLeaf, layout, counts.data(), stride);
  uint64_t sum = 0;
  for (const uint32_t c : counts) sum += c;
  if (sum != kLeaf) return state.SkipWithError("wrong counts");
  for (auto _ : state) {
    f.count_f32(v.data(), kLeaf, layout, counts.data(), stride);
    benchmark::ClobberMemory();
  }
  Report(state, kLeaf, sizeof(float));
}
BENCHMARK(BM_Keys);

// Whole kernels over an image in memory, on one thread.
void BM_Kernel(benchmark::State& state, const char* name, const char* output, const Value::Map& args) {
  constexpr int64_t kSide = 4000;
  const ArrayPtr image = ArrayFromVector<float>({kSide, kSide}, MakePixels(kSide * kSide, kNoise));
  const NamedPayloads inputs = {{"image", image}};
  const auto check = RunKernel(name, args, inputs);
  if (!check.ok()) return state.SkipWithError(std::string(check.status().message()).c_str());
  const Value* count = check->at(output).value().Find("count");
  if (count->integer() != kSide * kSide) return state.SkipWithError("wrong count");
  for (auto _ : state) benchmark::DoNotOptimize(RunKernel(name, args, inputs));
  Report(state, kSide * kSide, sizeof(float));
}
BENCHMARK_CAPTURE(BM_Kernel, statistics, "image.statistics", "statistics", Value::Map());
BENCHMARK_CAPTURE(BM_Kernel, histogram, "image.histogram", "summary",
                  Value::Map{{"bins", Value(int64_t{kBins})}});
BENCHMARK_CAPTURE(BM_Kernel, clip_limits, "image.clip_limits", "limits", Value::Map());

}  // namespace
}  // namespace cubeloom

BENCHMARK_MAIN();
