#include "cubeloom/array/codec/codec.h"

#include <lz4.h>
#include <lz4hc.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

struct CodecInfo {
  const char* name;
  int max_level;
};
constexpr CodecInfo kCodecs[] = {{"none", 0}, {"zstd", 19}, {"lz4", 12}, {"zlib", 9}};
constexpr int kCodecCount = sizeof(kCodecs) / sizeof(kCodecs[0]);

absl::Status CheckSpec(const CodecSpec& spec) {
  const int codec = static_cast<int>(spec.codec);
  if (codec >= kCodecCount) return absl::InvalidArgumentError(absl::StrCat("unknown codec number ", codec));
  if (spec.level < 0 || spec.level > kCodecs[codec].max_level) {
    return absl::InvalidArgumentError(absl::StrCat("codec ", kCodecs[codec].name, " has no level ",
                                                   spec.level, ", levels go to ", kCodecs[codec].max_level));
  }
  return absl::OkStatus();
}

absl::Status Corrupt(const CodecSpec& spec, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(kCodecs[static_cast<int>(spec.codec)].name, " data: ", what));
}

absl::Status TooLarge(const CodecSpec& spec, size_t size) {
  return absl::InvalidArgumentError(
      absl::StrCat(kCodecs[static_cast<int>(spec.codec)].name, " cannot take ", size, " bytes at once"));
}

// The most that `size` bytes can become.
absl::StatusOr<size_t> Bound(const CodecSpec& spec, size_t size) {
  switch (spec.codec) {
    case Codec::kZstd:
      return ZSTD_compressBound(size);
    case Codec::kZlib:
      return compressBound(size);
    case Codec::kLz4:
      if (size > LZ4_MAX_INPUT_SIZE) return TooLarge(spec, size);
      return static_cast<size_t>(LZ4_compressBound(static_cast<int>(size)));
    case Codec::kNone:
      break;
  }
  return size;
}

// Compresses into [out, out + capacity), which is at least Bound(); the bytes written, or 0 after a failure.
size_t CompressInto(const CodecSpec& spec, const void* in, size_t size, MutableBuffer& out) {
  char* to = reinterpret_cast<char*>(out.data());
  switch (spec.codec) {
    case Codec::kZstd: {
      const size_t n =
          ZSTD_compress(to, out.size(), in, size, spec.level == 0 ? ZSTD_CLEVEL_DEFAULT : spec.level);
      return ZSTD_isError(n) ? 0 : n;
    }
    case Codec::kLz4: {
      const char* from = static_cast<const char*>(in);
      const int count = static_cast<int>(size), capacity = static_cast<int>(out.size());
      const int n = spec.level < LZ4HC_CLEVEL_MIN ? LZ4_compress_default(from, to, count, capacity)
                                                  : LZ4_compress_HC(from, to, count, capacity, spec.level);
      return n > 0 ? static_cast<size_t>(n) : 0;
    }
    case Codec::kZlib: {
      uLongf n = out.size();
      const int level = spec.level == 0 ? Z_DEFAULT_COMPRESSION : spec.level;
      const int rc = compress2(reinterpret_cast<Bytef*>(to), &n, static_cast<const Bytef*>(in), size, level);
      return rc == Z_OK ? n : 0;
    }
    case Codec::kNone:
      break;
  }
  return 0;
}

// Refuses, before anything is allocated, a size that the compressed bytes cannot have.
absl::Status CheckClaim(const CodecSpec& spec, const void* in, size_t size, const DecodeLimits& limits) {
  if (limits.raw_size > limits.max_raw_size) {
    return Corrupt(spec,
                   absl::StrCat("claims ", limits.raw_size, " bytes, ", limits.max_raw_size, " are allowed"));
  }
  const size_t raw = limits.raw_size;
  bool possible = true;
  switch (spec.codec) {
    case Codec::kNone:
      possible = raw == size;
      break;
    case Codec::kLz4:
      possible = size <= INT_MAX && raw <= INT_MAX && raw / 255 <= size;
      break;  // format: 255:1
    case Codec::kZlib:
      possible = raw / 1033 <= size;
      break;  // deflate: 1032:1
    case Codec::kZstd: {
      const unsigned long long content = ZSTD_getFrameContentSize(in, size);
      possible = content != ZSTD_CONTENTSIZE_ERROR && (content == ZSTD_CONTENTSIZE_UNKNOWN || content <= raw);
      break;
    }
  }
  if (possible) return absl::OkStatus();
  return Corrupt(spec, absl::StrCat(size, " bytes cannot hold the claimed ", raw));
}

// Decompresses all of the input into exactly out.size() bytes; never writes more.
absl::Status DecompressInto(const CodecSpec& spec, const void* in, size_t size, MutableBuffer& out) {
  size_t written = 0;
  switch (spec.codec) {
    case Codec::kNone:
      if (size > 0) std::memcpy(out.data(), in, size);
      written = size;
      break;
    case Codec::kZstd:
      written = ZSTD_decompress(out.data(), out.size(), in, size);
      if (ZSTD_isError(written)) return Corrupt(spec, ZSTD_getErrorName(written));
      break;
    case Codec::kLz4: {
      const int n = LZ4_decompress_safe(static_cast<const char*>(in), reinterpret_cast<char*>(out.data()),
                                        static_cast<int>(size), static_cast<int>(out.size()));
      if (n < 0) return Corrupt(spec, absl::StrCat("malformed at about byte ", -int64_t{n} - 1));
      written = static_cast<size_t>(n);
      break;
    }
    case Codec::kZlib: {
      Bytef spare;  // for a claim of no bytes, so that a single byte is seen as one too many
      Bytef* const to = out.size() > 0 ? reinterpret_cast<Bytef*>(out.data()) : &spare;
      uLongf n = std::max<size_t>(out.size(), 1);
      uLong consumed = size;
      const int rc = uncompress2(to, &n, static_cast<const Bytef*>(in), &consumed);
      if (rc != Z_OK) return Corrupt(spec, rc == Z_BUF_ERROR ? "not of the claimed size" : "malformed");
      if (consumed != size) return Corrupt(spec, absl::StrCat(size - consumed, " bytes behind the end"));
      written = n;
      break;
    }
  }
  if (written == out.size()) return absl::OkStatus();
  return Corrupt(spec, absl::StrCat("gave ", written, " bytes instead of ", out.size()));
}

// A buffer much larger than its content would be charged as a whole.
absl::StatusOr<Buffer> Shrink(MutableBuffer buffer, size_t used, Allocator& allocator) {
  if (used >= buffer.size() / 8 * 7) return std::move(buffer).Publish(used);
  CL_ASSIGN_OR_RETURN(MutableBuffer small, allocator.Allocate(used));
  if (used > 0) std::memcpy(small.data(), buffer.data(), used);
  return std::move(small).Publish();
}

// "shuffle4" -> 4
absl::StatusOr<uint8_t> ParseShuffle(absl::string_view text) {
  int element = 0;
  if (absl::ConsumePrefix(&text, "shuffle") && absl::SimpleAtoi(text, &element) && element >= 1 &&
      element <= 255) {
    return static_cast<uint8_t>(element);
  }
  return absl::InvalidArgumentError("expected '+shuffle' and an element size from 1 to 255");
}

absl::StatusOr<CodecSpec> ParseSpec(absl::string_view text) {
  CodecSpec spec;
  if (const size_t plus = text.find('+'); plus != absl::string_view::npos) {
    CL_ASSIGN_OR_RETURN(spec.shuffle, ParseShuffle(text.substr(plus + 1)));
    text = text.substr(0, plus);
  }
  absl::string_view level;
  const size_t colon = text.find(':');
  if (colon != absl::string_view::npos) {
    level = text.substr(colon + 1);
    text = text.substr(0, colon);
    if (!absl::SimpleAtoi(level, &spec.level) || spec.level < 1) {
      return absl::InvalidArgumentError(absl::StrCat("level '", level, "' is no number from 1 on"));
    }
  }
  for (int i = 0; i < kCodecCount; ++i) {
    if (text != kCodecs[i].name) continue;
    spec.codec = static_cast<Codec>(i);
    CL_RETURN_IF_ERROR(CheckSpec(spec));
    return spec;
  }
  return absl::InvalidArgumentError("known codecs are none, zstd, lz4, zlib");
}

}  // namespace

absl::StatusOr<CodecSpec> ParseCodec(absl::string_view text) {
  CL_ASSIGN_OR_RETURN_IN(const CodecSpec spec, ParseSpec(text),
                         absl::StrCat("codec '", text.substr(0, 40), "'"));
  return spec;
}

absl::StatusOr<Buffer> Encode(const CodecSpec& spec, const void* data, size_t size, Allocator& allocator) {
  CL_RETURN_IF_ERROR(CheckSpec(spec));
  CL_ASSIGN_OR_RETURN(const size_t bound, Bound(spec, size));
  MutableBuffer shuffled;
  if (spec.shuffle > 1 || spec.codec == Codec::kNone) {
    CL_ASSIGN_OR_RETURN(shuffled, allocator.Allocate(size));
    Shuffle(data, size, spec.shuffle, shuffled.data());
    data = shuffled.data();
  }
  if (spec.codec == Codec::kNone) return std::move(shuffled).Publish();
  CL_ASSIGN_OR_RETURN(MutableBuffer out, allocator.Allocate(bound));
  const size_t used = CompressInto(spec, data, size, out);
  if (used == 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kCodecs[static_cast<int>(spec.codec)].name, " could not compress ", size, " bytes"));
  }
  return Shrink(std::move(out), used, allocator);
}

absl::StatusOr<Buffer> Decode(const CodecSpec& spec, const void* data, size_t size,
                              const DecodeLimits& limits, Allocator& allocator) {
  if (static_cast<int>(spec.codec) >= kCodecCount) return CheckSpec(spec);
  CL_RETURN_IF_ERROR(CheckClaim(spec, data, size, limits));
  CL_ASSIGN_OR_RETURN(MutableBuffer raw, allocator.Allocate(limits.raw_size));
  CL_RETURN_IF_ERROR(DecompressInto(spec, data, size, raw));
  if (spec.shuffle <= 1) return std::move(raw).Publish();
  CL_ASSIGN_OR_RETURN(MutableBuffer out, allocator.Allocate(limits.raw_size));
  Unshuffle(raw.data(), raw.size(), spec.shuffle, out.data());
  return std::move(out).Publish();
}

}  // namespace cubeloom
