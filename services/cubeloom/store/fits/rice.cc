#include "cubeloom/store/fits/rice.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

// Bits from the most significant of each byte on. `window_` holds at least 56 valid bits after Refill(),
// left-aligned. Behind the end come some bits of the padding, then zeros for ever; overrun() tells.
class BitReader {
 public:
  BitReader(const uint8_t* data, size_t size) : start_(data), next_(data), end_(data + size) {}

  void Refill() {
    if (next_ > end_) return;
    uint64_t word;
    std::memcpy(&word, next_, sizeof(word));
    window_ |= __builtin_bswap64(word) >> valid_;
    next_ += (63 - valid_) >> 3;
    valid_ |= 56;
  }
  uint64_t window() const { return window_; }
  void Skip(int bits) {
    window_ <<= bits;
    valid_ -= bits;
  }
  // At most 32 bits, after a Refill().
  uint32_t Take(int bits) {
    const uint32_t v = static_cast<uint32_t>(window_ >> 32 >> (32 - bits));
    Skip(bits);
    return v;
  }
  // The number of zero bits before the next one bit, which is consumed too; false when the stream ends
  // before.
  bool TakeUnary(uint32_t* zeros) {
    *zeros = 0;
    while (window_ == 0 || __builtin_clzll(window_) >= valid_) {
      if (next_ > end_) return false;
      *zeros += static_cast<uint32_t>(valid_);
      window_ = 0;
      valid_ = 0;
      Refill();
    }
    const int n = __builtin_clzll(window_);
    *zeros += static_cast<uint32_t>(n);
    Skip(n);
    Skip(1);
    return true;
  }
  int64_t bit() const { return (next_ - start_) * 8 - valid_; }
  bool overrun() const { return bit() > (end_ - start_) * 8; }

 private:
  const uint8_t* const start_;
  const uint8_t* next_;
  const uint8_t* const end_;
  uint64_t window_ = 0;
  int valid_ = 0;
};

// Parameters that BYTEPIX fixes.
struct Code {
  int fs_bits, fs_max, bits;
};

Code CodeOf(int pixel_bytes) {
  if (pixel_bytes == 1) return {3, 6, 8};
  return pixel_bytes == 2 ? Code{4, 14, 16} : Code{5, 25, 32};
}

inline uint32_t Unmap(uint32_t v) { return (v >> 1) ^ (0u - (v & 1)); }

template <typename T>
class Decoder {
 public:
  Decoder(const RiceStream& stream, int32_t* out)
      : bits_(stream.data + sizeof(T), stream.size - sizeof(T)), code_(CodeOf(sizeof(T))), out_(out) {
    for (size_t i = 0; i < sizeof(T); ++i) last_ = (last_ << 8) | stream.data[i];
  }

  bool Block(int n) {
    bits_.Refill();
    const int fs = static_cast<int>(bits_.Take(code_.fs_bits)) - 1;
    if (fs > code_.fs_max) return false;
    if (fs < 0) {
      for (int i = 0; i < n; ++i) Put(0);
    } else if (fs == code_.fs_max) {
      for (int i = 0; i < n; ++i) {
        bits_.Refill();
        Put(Unmap(bits_.Take(code_.bits)));
      }
    } else if (!Coded(n, fs)) {
      return false;
    }
    return !bits_.overrun();
  }

  int64_t byte() const { return bits_.bit() / 8 + static_cast<int64_t>(sizeof(T)); }

 private:
  bool Coded(int n, int fs) {
    for (int i = 0; i < n; ++i) {
      bits_.Refill();
      const uint64_t window = bits_.window();
      uint32_t zeros;
      // A code of at most 56 bits lies in the window whole.
      const int short_zeros = window == 0 ? 64 : __builtin_clzll(window);
      if (short_zeros + 1 + fs <= 56) {
        zeros = static_cast<uint32_t>(short_zeros);
        bits_.Skip(short_zeros + 1);
      } else {
        if (!bits_.TakeUnary(&zeros)) return false;
        bits_.Refill();
      }
      Put(Unmap((zeros << fs) | bits_.Take(fs)));
    }
    return true;
  }

  void Put(uint32_t difference) {
    last_ += difference;
    *out_++ = static_cast<T>(last_);  // modulo 2^bits, as the differences are
  }

  BitReader bits_;
  const Code code_;
  int32_t* out_;
  uint32_t last_ = 0;
};

template <typename T>
absl::Status Decode(const RiceStream& stream, int64_t count, int32_t* out) {
  if (stream.size < sizeof(T)) return absl::DataLossError("Rice stream: no room for the first pixel");
  Decoder<T> decoder(stream, out);
  for (int64_t i = 0; i < count; i += stream.block) {
    if (!decoder.Block(static_cast<int>(std::min<int64_t>(stream.block, count - i)))) {
      return absl::DataLossError(
          absl::StrCat("Rice stream of ", stream.size, " bytes: damaged near byte ",
                       std::min<int64_t>(decoder.byte(), static_cast<int64_t>(stream.size)),
                       ", in the block of pixel ", i));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeRice(const RiceStream& stream, int64_t count, int32_t* out) {
  switch (stream.pixel_bytes) {
    case 1:
      return Decode<uint8_t>(stream, count, out);
    case 2:
      return Decode<int16_t>(stream, count, out);
    case 4:
      return Decode<int32_t>(stream, count, out);
    default:
      return absl::InvalidArgumentError(absl::StrCat("Rice stream: BYTEPIX = ", stream.pixel_bytes));
  }
}

int64_t MinRiceBytes(int64_t count, int block, int pixel_bytes) {
  const int64_t blocks = (count + block - 1) / block;
  return pixel_bytes + (blocks * CodeOf(pixel_bytes).fs_bits + 7) / 8;
}

}  // namespace cubeloom
