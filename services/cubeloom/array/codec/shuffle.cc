#include <cstring>

#include "cubeloom/array/codec/codec.h"
#include "cubeloom/array/codec/shuffle_run.h"
#include "cubeloom/base/cpu.h"

namespace cubeloom {
namespace {

void Run(ShuffleFn run, const void* in, size_t size, size_t element, void* out) {
  const uint8_t* from = static_cast<const uint8_t*>(in);
  uint8_t* to = static_cast<uint8_t*>(out);
  const size_t whole = element > 1 ? size / element * element : 0;
  if (whole > 0) run(from, size / element, element, to);
  if (size > whole) std::memcpy(to + whole, from + whole, size - whole);
}

}  // namespace

void Shuffle(const void* in, size_t size, size_t element, void* out) {
  Run(CL_SIMD_DISPATCH(ShuffleRun), in, size, element, out);
}

void Unshuffle(const void* in, size_t size, size_t element, void* out) {
  Run(CL_SIMD_DISPATCH(UnshuffleRun), in, size, element, out);
}

}  // namespace cubeloom
