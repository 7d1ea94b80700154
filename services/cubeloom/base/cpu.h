// Which of the three compiled instruction sets a hot loop uses. Results are equal on all of them.
#ifndef CUBELOOM_BASE_CPU_H_
#define CUBELOOM_BASE_CPU_H_

namespace cubeloom {

enum class SimdLevel { kV2 = 2, kV3 = 3, kV4 = 4 };  // x86-64-v2, -v3 (AVX2), -v4 (AVX-512)

// The best level this machine has, or a lower one asked for by the environment variable CUBELOOM_SIMD
// (v2, v3, v4; anything else is ignored) or by SetSimdLevel. Read once; thread-safe.
SimdLevel ActiveSimdLevel();
SimdLevel DetectedSimdLevel();
// For tests: never above the detected level. Not for use while kernels run.
void SetSimdLevel(SimdLevel level);

}  // namespace cubeloom

// Picks NAME of namespace v2, v3 or v4 by the active level.
#define CL_SIMD_DISPATCH(NAME)                                               \
  (::cubeloom::ActiveSimdLevel() == ::cubeloom::SimdLevel::kV4   ? &v4::NAME \
   : ::cubeloom::ActiveSimdLevel() == ::cubeloom::SimdLevel::kV3 ? &v3::NAME \
                                                                 : &v2::NAME)

#endif  // CUBELOOM_BASE_CPU_H_
