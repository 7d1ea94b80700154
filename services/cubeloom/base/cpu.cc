#include "cubeloom/base/cpu.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "absl/strings/string_view.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace cubeloom {
namespace {

#if defined(__x86_64__)
// Bits of x86-64-v3 that Clang 14's __builtin_cpu_supports does not know: F16C, MOVBE, LZCNT.
bool HasScalarV3() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return false;
  const bool f16c = (c >> 29) & 1, movbe = (c >> 22) & 1;
  if (!__get_cpuid(0x80000001u, &a, &b, &c, &d)) return false;
  const bool lzcnt = (c >> 5) & 1;
  return f16c && movbe && lzcnt;
}

// __builtin_cpu_supports reports vector sets only where the operating system saves their registers.
SimdLevel Detect() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx") && __builtin_cpu_supports("avx2") &&
                  __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                  __builtin_cpu_supports("bmi2") && HasScalarV3();
  if (!v3) return SimdLevel::kV2;
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return v4 ? SimdLevel::kV4 : SimdLevel::kV3;
}
#else
SimdLevel Detect() { return SimdLevel::kV2; }
#endif

SimdLevel FromEnvironment() {
  const char* text = std::getenv("CUBELOOM_SIMD");
  const absl::string_view wish = text == nullptr ? "" : text;
  SimdLevel level = SimdLevel::kV4;
  if (wish == "v2") level = SimdLevel::kV2;
  if (wish == "v3") level = SimdLevel::kV3;
  return std::min(level, DetectedSimdLevel());
}

std::atomic<SimdLevel>& Active() {
  static std::atomic<SimdLevel> level{FromEnvironment()};
  return level;
}

}  // namespace

SimdLevel DetectedSimdLevel() {
  static const SimdLevel level = Detect();
  return level;
}

SimdLevel ActiveSimdLevel() { return Active().load(std::memory_order_relaxed); }

void SetSimdLevel(SimdLevel level) {
  Active().store(std::min(level, DetectedSimdLevel()), std::memory_order_relaxed);
}

}  // namespace cubeloom
