#include "cubeloom/kernel/synth/synth.h"

namespace cubeloom {
namespace {

// SplitMix64's output function (Steele, Lea, Flood 2014): a bijection of 64-bit words that passes BigCrush
// when fed with a counter.
uint64_t Mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

double UniformAt(uint64_t seed, uint64_t stream, uint64_t n) {
  const uint64_t key = Mix(Mix(seed) ^ (stream * 0xd1342543de82ef95u));
  const uint64_t bits = Mix(key + n * 0x9e3779b97f4a7c15u) >> 11;  // 53 bits
  return (static_cast<double>(bits) + 0.5) * 0x1p-53;
}

}  // namespace cubeloom
