#include "cubeloom/store/fits/checksum.h"

#include <algorithm>
#include <cctype>

#include "cubeloom/store/fits/convert.h"

namespace cubeloom {
namespace {

uint32_t Fold(uint64_t sum) {
  while (sum >> 32) sum = (sum & 0xFFFFFFFFu) + (sum >> 32);
  return static_cast<uint32_t>(sum);
}

}  // namespace

void FitsChecksum::Add(const void* data, size_t size) {
  const unsigned char* p = static_cast<const unsigned char*>(data);
  uint64_t sum = sum_;
  const auto add_bytes = [&](size_t n) {
    for (; n > 0; --n, --size, phase_ = (phase_ + 1) % 4) sum += uint64_t{*p++} << (24 - 8 * phase_);
  };
  add_bytes(std::min<size_t>(size, (4 - phase_) % 4));
  const size_t words = size / 4;
  sum += Fold(SumBigEndianWords(p, static_cast<int64_t>(words)));
  p += words * 4;
  size -= words * 4;
  add_bytes(size);
  sum_ = Fold(sum);
}

// Appendix J: each byte of the complement is spread over four characters that add up to it, kept out of the
// punctuation ranges in pairs, and the text is rotated right by one, as the value starts at column 12.
std::string EncodeFitsChecksum(uint32_t sum) {
  const uint32_t value = ~sum;
  char ascii[16];
  for (int i = 0; i < 4; ++i) {
    const int byte = static_cast<int>((value >> (24 - 8 * i)) & 0xFF);
    int ch[4];
    for (int j = 0; j < 4; ++j) ch[j] = byte / 4 + '0';
    ch[0] += byte % 4;
    for (bool again = true; again;) {
      again = false;
      for (int j = 0; j < 4; j += 2) {
        if (std::isalnum(ch[j]) && std::isalnum(ch[j + 1])) continue;
        ++ch[j];
        --ch[j + 1];
        again = true;
      }
    }
    for (int j = 0; j < 4; ++j) ascii[4 * j + i] = static_cast<char>(ch[j]);
  }
  std::string out(16, '0');
  for (int i = 0; i < 16; ++i) out[(i + 1) % 16] = ascii[i];
  return out;
}

}  // namespace cubeloom
