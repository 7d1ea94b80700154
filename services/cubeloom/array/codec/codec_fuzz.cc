// Fuzzes the chunk codecs. Input: codec (1 byte), shuffle (1 byte), claimed size (u32 little-endian), then
// the compressed bytes. No input may read or write out of bounds, allocate beyond the limit, or give another
// size than claimed; and the same bytes taken as raw data must come back from Encode and Decode unchanged.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "cubeloom/array/codec/codec.h"

namespace cubeloom {
namespace {

constexpr size_t kMaxRawSize = size_t{64} << 10;

void Require(bool condition) {
  if (!condition) std::abort();
}

class BoundedAllocator : public Allocator {
 public:
  explicit BoundedAllocator(size_t limit) : limit_(limit) {}
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    Require(bytes <= limit_);
    return Heap().Allocate(bytes);
  }

 private:
  const size_t limit_;
};

void FuzzDecode(const CodecSpec& spec, size_t claim, const uint8_t* data, size_t size) {
  BoundedAllocator allocator(kMaxRawSize);
  const absl::StatusOr<Buffer> raw = Decode(spec, data, size, {claim, kMaxRawSize}, allocator);
  if (raw.ok()) Require(raw->size() == claim);
}

void FuzzRoundTrip(const CodecSpec& spec, const uint8_t* data, size_t size) {
  const absl::StatusOr<Buffer> packed = Encode(spec, data, size, Allocator::Heap());
  if (!packed.ok()) return;
  const absl::StatusOr<Buffer> back =
      Decode(spec, packed->data(), packed->size(), {size, size}, Allocator::Heap());
  Require(back.ok() && back->size() == size && (size == 0 || std::memcmp(back->data(), data, size) == 0));
}

}  // namespace
}  // namespace cubeloom

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHeader = 6;
  if (size < kHeader) return 0;
  const cubeloom::CodecSpec spec{static_cast<cubeloom::Codec>(data[0]), 0, data[1]};
  uint32_t claim;
  std::memcpy(&claim, data + 2, sizeof claim);
  cubeloom::FuzzDecode(spec, claim, data + kHeader, size - kHeader);
  cubeloom::FuzzRoundTrip(spec, data + kHeader, size - kHeader);
  return 0;
}
