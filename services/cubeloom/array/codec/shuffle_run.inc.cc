// See shuffle_run.h. No inline function of another header may be called here: the linker could keep its v4
// copy for the whole program.
#include "cubeloom/array/codec/shuffle_run.h"

namespace cubeloom {
namespace CL_SIMD_NS {
namespace {

// E is the element size, known to the compiler, so that it can vectorise across elements.
template <size_t E>
void ShuffleFixed(const uint8_t* __restrict in, size_t count, uint8_t* __restrict out) {
  for (size_t k = 0; k < E; ++k) {
    const uint8_t* __restrict from = in + k;
    uint8_t* __restrict to = out + k * count;
    for (size_t i = 0; i < count; ++i) to[i] = from[i * E];
  }
}

template <size_t E>
void UnshuffleFixed(const uint8_t* __restrict in, size_t count, uint8_t* __restrict out) {
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < E; ++k) out[i * E + k] = in[k * count + i];
  }
}

}  // namespace

void ShuffleRun(const uint8_t* in, size_t count, size_t element, uint8_t* out) {
  switch (element) {
    case 2:
      return ShuffleFixed<2>(in, count, out);
    case 4:
      return ShuffleFixed<4>(in, count, out);
    case 8:
      return ShuffleFixed<8>(in, count, out);
    default:
      break;
  }
  for (size_t k = 0; k < element; ++k) {
    for (size_t i = 0; i < count; ++i) out[k * count + i] = in[i * element + k];
  }
}

void UnshuffleRun(const uint8_t* in, size_t count, size_t element, uint8_t* out) {
  switch (element) {
    case 2:
      return UnshuffleFixed<2>(in, count, out);
    case 4:
      return UnshuffleFixed<4>(in, count, out);
    case 8:
      return UnshuffleFixed<8>(in, count, out);
    default:
      break;
  }
  for (size_t k = 0; k < element; ++k) {
    for (size_t i = 0; i < count; ++i) out[i * element + k] = in[k * count + i];
  }
}

}  // namespace CL_SIMD_NS
}  // namespace cubeloom
