// The FITS checksum convention (standard 4.0, section 4.4.2.7 and appendix J).
#ifndef CUBELOOM_STORE_FITS_CHECKSUM_H_
#define CUBELOOM_STORE_FITS_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace cubeloom {

// The 32-bit ones' complement sum of big-endian words, in pieces of any size. A last incomplete word counts
// as if zeros followed it, so that padding with zeros changes nothing.
class FitsChecksum {
 public:
  void Add(const void* data, size_t size);
  // What is added next starts a new word: another part of the HDU, after this one's padding.
  void Align() { phase_ = 0; }
  uint32_t value() const { return sum_; }

 private:
  uint32_t sum_ = 0;
  uint32_t phase_ = 0;  // bytes added so far, modulo 4
};

// The 16 characters whose words, in place of the 16 zeros of an HDU's CHECKSUM value, make the sum of the
// whole HDU all ones; `sum` is that of the HDU with the zeros in place.
std::string EncodeFitsChecksum(uint32_t sum);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_CHECKSUM_H_
