// Compression of chunk payloads: zstd, lz4, zlib, each optionally behind a byte shuffle.
#ifndef CUBELOOM_ARRAY_CODEC_CODEC_H_
#define CUBELOOM_ARRAY_CODEC_CODEC_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/buffer.h"

namespace cubeloom {

// Written into chunk frames: never renumber.
enum class Codec : uint8_t { kNone = 0, kZstd = 1, kLz4 = 2, kZlib = 3 };

struct CodecSpec {
  Codec codec = Codec::kNone;
  int level = 0;        // codec's own scale; 0 = its default
  uint8_t shuffle = 0;  // element size in bytes to shuffle by first (2, 4, 8 ...), 0 or 1 = no shuffle
};
// "none", "zstd", "zstd:3", "lz4+shuffle4". Levels: zstd 1-19, lz4 1-12, zlib 1-9.
absl::StatusOr<CodecSpec> ParseCodec(absl::string_view text);

// Output bytes depend on input and spec only, never on threads. Thread-safe.
absl::StatusOr<Buffer> Encode(const CodecSpec& spec, const void* data, size_t size, Allocator& allocator);
// `raw_size` is what the frame claims; it must be within `max_raw_size`, which the caller knows from the
// chunk's box, and is allocated only after that check. Corrupt input gives DataLoss.
struct DecodeLimits {
  size_t raw_size = 0;
  size_t max_raw_size = 0;
};
absl::StatusOr<Buffer> Decode(const CodecSpec& spec, const void* data, size_t size,
                              const DecodeLimits& limits, Allocator& allocator);

// HDF5's byte shuffle: byte k of every element together; a rest shorter than an element is kept as it is.
void Shuffle(const void* in, size_t size, size_t element, void* out);
void Unshuffle(const void* in, size_t size, size_t element, void* out);

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CODEC_CODEC_H_
