#include "cubeloom/store/fits/tile_codec.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/rice.h"

namespace cubeloom {
namespace {

constexpr int kRandoms = 10000;
constexpr int64_t kMaxGzipRatio = 1032;  // of deflate

const std::array<float, kRandoms>& Randoms() {
  static const std::array<float, kRandoms>* const table = [] {
    auto* values = new std::array<float, kRandoms>();
    double seed = 1;
    for (float& v : *values) {
      const double product = 16807.0 * seed;
      seed = product - 2147483647.0 * static_cast<int>(product / 2147483647.0);
      v = static_cast<float>(seed / 2147483647.0);
    }
    return values;
  }();
  return *table;
}

class TileDecoder {
 public:
  TileDecoder(const TileFormat& format, const Tile& tile, Allocator& allocator)
      : format_(format), tile_(tile), allocator_(allocator), conversion_(format.conversion) {
    if (tile.blank.has_value()) SetBlank(*tile.blank);
  }

  absl::StatusOr<DecodedTile> Run() {
    if (tile_.kind == TileBytes::kUncompressed) {
      CL_RETURN_IF_ERROR(TakeRaw(tile_.uncompressed_bitpix, tile_.bytes));
    } else if (tile_.kind == TileBytes::kGzipFloats || format_.tiles.algorithm == "GZIP_1" ||
               format_.tiles.algorithm == "GZIP_2") {
      CL_RETURN_IF_ERROR(Gunzip());
    } else if (format_.tiles.algorithm == "RICE_1") {
      CL_RETURN_IF_ERROR(Rice());
    } else if (format_.tiles.algorithm == "NOCOMPRESS") {
      CL_RETURN_IF_ERROR(TakeRaw(format_.conversion.bitpix, tile_.bytes));
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("ZCMPTYPE = '", format_.tiles.algorithm, "' is no known tile compression"));
    }
    return std::move(out_);
  }

 private:
  bool quantised() const {
    return format_.conversion.bitpix < 0 && tile_.kind == TileBytes::kCompressed && tile_.scale.has_value() &&
           format_.tiles.quantiser != "NONE";
  }

  void SetBlank(int64_t blank) {
    conversion_.has_blank = format_.conversion.bitpix > 0 && blank >= INT32_MIN && blank <= INT32_MAX;
    conversion_.blank = conversion_.has_blank ? blank : 0;
  }

  absl::Status Rice() {
    const FitsTiles& t = format_.tiles;
    if (static_cast<int64_t>(tile_.bytes.size()) <
        MinRiceBytes(tile_.pixels, static_cast<int>(t.rice_block), static_cast<int>(t.rice_bytes))) {
      return TooShort();
    }
    CL_ASSIGN_OR_RETURN(MutableBuffer ints, allocator_.Allocate(tile_.pixels * 4));
    int32_t* values = reinterpret_cast<int32_t*>(ints.data());
    const RiceStream stream{tile_.bytes.data(), tile_.bytes.size(), static_cast<int>(t.rice_bytes),
                            static_cast<int>(t.rice_block)};
    CL_RETURN_IF_ERROR(DecodeRice(stream, tile_.pixels, values));
    return FromInts(values);
  }

  absl::Status TooShort() const {
    return absl::DataLossError(
        absl::StrCat(tile_.bytes.size(), " compressed bytes cannot hold ", tile_.pixels, " pixels"));
  }

  absl::Status Gunzip() {
    // The width of the stored numbers is known by their count only; 8 bytes is the most.
    const int64_t limit = tile_.pixels * 8;
    if (static_cast<int64_t>(tile_.bytes.size()) < tile_.pixels / kMaxGzipRatio) return TooShort();
    CL_ASSIGN_OR_RETURN(MutableBuffer raw, allocator_.Allocate(limit + 1));
    z_stream z = {};
    if (::inflateInit2(&z, 15 + 32) != Z_OK) return absl::ResourceExhaustedError("zlib: no memory");
    z.next_in = const_cast<Bytef*>(tile_.bytes.data());
    z.avail_in = static_cast<uInt>(tile_.bytes.size());
    z.next_out = reinterpret_cast<Bytef*>(raw.data());
    z.avail_out = static_cast<uInt>(limit + 1);
    const int code = ::inflate(&z, Z_FINISH);
    const int64_t size = static_cast<int64_t>(z.total_out);
    ::inflateEnd(&z);
    const int64_t width = size / tile_.pixels;
    if (code != Z_STREAM_END || size % tile_.pixels != 0 ||
        (width != 1 && width != 2 && width != 4 && width != 8)) {
      return absl::DataLossError(absl::StrCat("gzip'ed tile of ", tile_.pixels, " pixels: ",
                                              code == Z_STREAM_END
                                                  ? absl::StrCat("inflates to ", size, " bytes")
                                                  : std::string("the stream is damaged or cut")));
    }
    const absl::Span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(raw.data()), size);
    if (tile_.kind == TileBytes::kCompressed && format_.tiles.algorithm == "GZIP_2" && width > 1) {
      CL_ASSIGN_OR_RETURN(MutableBuffer plain, allocator_.Allocate(size));
      Unshuffle(bytes.data(), width, reinterpret_cast<uint8_t*>(plain.data()));
      return TakeWidth(width, absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(plain.data()), size));
    }
    return TakeWidth(width, bytes);
  }

  // All first bytes of the numbers, then all second ones...
  void Unshuffle(const uint8_t* in, int64_t width, uint8_t* out) const {
    const int64_t n = tile_.pixels;
    for (int64_t k = 0; k < width; ++k) {
      for (int64_t i = 0; i < n; ++i) out[i * width + k] = in[k * n + i];
    }
  }

  // Big-endian numbers of `width` bytes: floats as they are, integers, or quantised floats.
  absl::Status TakeWidth(int64_t width, absl::Span<const uint8_t> bytes) {
    if (!quantised()) {
      const int bitpix = static_cast<int>(width) * 8;
      const int64_t stored = static_cast<int64_t>(FitsElementBytes(format_.conversion.bitpix));
      if (format_.conversion.bitpix < 0 && width < 4)
        return absl::DataLossError(absl::StrCat("floats of ", width, " bytes"));
      // The width decides; the type is the image's where it fits, else an integer (or float) of that width.
      if (width == stored) return TakeRaw(format_.conversion.bitpix, bytes);
      return TakeRaw(format_.conversion.bitpix < 0 ? -bitpix : bitpix, bytes);
    }
    if (width == 8) return absl::DataLossError("quantised floats of 8 bytes");
    CL_ASSIGN_OR_RETURN(MutableBuffer ints, allocator_.Allocate(tile_.pixels * 4));
    int32_t* values = reinterpret_cast<int32_t*>(ints.data());
    for (int64_t i = 0; i < tile_.pixels; ++i) values[i] = BigEndianInt(bytes.data() + i * width, width);
    return FromInts(values);
  }

  static int32_t BigEndianInt(const uint8_t* p, int64_t width) {
    if (width == 1) return p[0];
    if (width == 2) return static_cast<int16_t>((p[0] << 8) | p[1]);
    return static_cast<int32_t>((uint32_t{p[0]} << 24) | (uint32_t{p[1]} << 16) | (uint32_t{p[2]} << 8) |
                                p[3]);
  }

  // Big-endian pixels of type `bitpix`.
  absl::Status TakeRaw(int bitpix, absl::Span<const uint8_t> bytes) {
    const int64_t width = static_cast<int64_t>(FitsElementBytes(bitpix));
    if (static_cast<int64_t>(bytes.size()) != tile_.pixels * width) {
      return absl::DataLossError(absl::StrCat("a tile of ", tile_.pixels, " pixels of ", width, " bytes has ",
                                              bytes.size(), " bytes"));
    }
    if (!IsFloat(conversion_.out) && bitpix != format_.conversion.bitpix) {
      if (bitpix < 0 || bitpix == 64)
        return absl::DataLossError("tile of another pixel type than the image's");
      CL_ASSIGN_OR_RETURN(MutableBuffer ints, allocator_.Allocate(tile_.pixels * 4));
      int32_t* values = reinterpret_cast<int32_t*>(ints.data());
      for (int64_t i = 0; i < tile_.pixels; ++i) values[i] = BigEndianInt(bytes.data() + i * width, width);
      return FromInts(values);
    }
    conversion_.bitpix = bitpix;
    conversion_.has_blank = conversion_.has_blank && FitsHolds(bitpix, conversion_.blank);
    return Convert(bytes.data(), width, /*big_endian=*/true);
  }

  // Places the stored elements where ConvertFits wants them, converts, and finds the blank ones.
  absl::Status Convert(const void* stored, int64_t width, bool big_endian) {
    const int64_t n = tile_.pixels;
    const int64_t out_bytes = static_cast<int64_t>(DTypeSize(conversion_.out));
    CL_ASSIGN_OR_RETURN(out_.data, allocator_.Allocate(n * std::max(out_bytes, width)));
    std::memcpy(out_.data.data() + std::max<int64_t>(0, n * (out_bytes - width)), stored, n * width);
    conversion_.big_endian = big_endian;
    ConvertFits(conversion_, out_.data.data(), n);
    return IsFloat(conversion_.out) ? absl::OkStatus() : MarkBlanks(conversion_, out_.data.data());
  }

  // Clears the validity of blank elements among integers.
  absl::Status MarkBlanks(const FitsConversion& how, const void* elements) {
    const int64_t n = tile_.pixels;
    if (MarkFitsBlanks(how, elements, n, nullptr, 0) == 0) return absl::OkStatus();
    CL_ASSIGN_OR_RETURN(out_.validity, allocator_.Allocate(BitBytes(n)));
    std::memset(out_.validity.data(), 0xFF, out_.validity.size());
    MarkFitsBlanks(how, elements, n, reinterpret_cast<uint8_t*>(out_.validity.data()), 0);
    return absl::OkStatus();
  }

  absl::Status FromInts(int32_t* values) {
    if (quantised()) return Unquantise(values);
    if (format_.conversion.bitpix < 0)
      return absl::DataLossError("quantised floats without ZSCALE and ZZERO");
    if (IsFloat(conversion_.out) || format_.conversion.bitpix == 32) {
      conversion_.bitpix = 32;
      return Convert(values, 4, /*big_endian=*/false);
    }
    if (format_.conversion.bitpix == 64)
      return absl::DataLossError("tiles of 64-bit integers cannot be Rice coded");
    FitsConversion before;  // the blank value need not fit the narrower type
    before.bitpix = 32;
    before.has_blank = conversion_.has_blank;
    before.blank = conversion_.blank;
    CL_RETURN_IF_ERROR(MarkBlanks(before, values));
    conversion_.has_blank = false;
    const int64_t width = static_cast<int64_t>(FitsElementBytes(format_.conversion.bitpix));
    Narrow(values, width);
    return Convert(values, width, /*big_endian=*/false);
  }

  // To the image's own width, in place; what does not fit (lossy compression) goes to the limit.
  void Narrow(int32_t* values, int64_t width) const {
    std::byte* bytes = reinterpret_cast<std::byte*>(values);
    for (int64_t i = 0; i < tile_.pixels; ++i) {
      if (width == 1) {
        bytes[i] = static_cast<std::byte>(std::clamp(values[i], 0, 255));
      } else {
        const int16_t v = static_cast<int16_t>(std::clamp(values[i], -32768, 32767));
        std::memcpy(bytes + i * 2, &v, sizeof(v));
      }
    }
  }

  absl::Status Unquantise(const int32_t* values) {
    const int64_t n = tile_.pixels;
    CL_ASSIGN_OR_RETURN(out_.data, allocator_.Allocate(n * static_cast<int64_t>(DTypeSize(conversion_.out))));
    FitsQuantisation q;
    // The image may have a scale of its own on top.
    q.scale = *tile_.scale * format_.bscale;
    q.zero = tile_.zero.value_or(0) * format_.bscale + format_.bzero;
    q.has_blank = tile_.blank.has_value() && *tile_.blank >= INT32_MIN && *tile_.blank <= INT32_MAX;
    q.blank = q.has_blank ? static_cast<int32_t>(*tile_.blank) : 0;
    q.zero_code = format_.tiles.quantiser == "SUBTRACTIVE_DITHER_2";
    const bool dithered = q.zero_code || format_.tiles.quantiser == "SUBTRACTIVE_DITHER_1";
    DitherSequence sequence(tile_.row, format_.tiles.dither_seed);
    for (int64_t at = 0; at < n;) {
      int64_t length = n - at;
      const float* dither = dithered ? sequence.Next(n - at, &length) : nullptr;
      if (conversion_.out == DType::kF32) {
        UnquantiseFits(q, values + at, dither, length, reinterpret_cast<float*>(out_.data.data()) + at);
      } else {
        UnquantiseFits(q, values + at, dither, length, reinterpret_cast<double*>(out_.data.data()) + at);
      }
      at += length;
    }
    return absl::OkStatus();
  }

  const TileFormat& format_;
  const Tile& tile_;
  Allocator& allocator_;
  FitsConversion conversion_;
  DecodedTile out_;
};

}  // namespace

DitherSequence::DitherSequence(int64_t row, int64_t seed) {
  // Files without ZDITHER0 count from 1.
  seed_ = (row + std::max<int64_t>(seed, 1) - 1) % kRandoms;
  at_ = static_cast<int64_t>(Randoms()[seed_] * 500);
}

const float* DitherSequence::Next(int64_t count, int64_t* n) {
  if (at_ == kRandoms) {
    seed_ = (seed_ + 1) % kRandoms;
    at_ = static_cast<int64_t>(Randoms()[seed_] * 500);
  }
  *n = std::min(count, kRandoms - at_);
  const float* values = Randoms().data() + at_;
  at_ += *n;
  return values;
}

absl::StatusOr<DecodedTile> DecodeTile(const TileFormat& format, const Tile& tile, Allocator& allocator) {
  return TileDecoder(format, tile, allocator).Run();
}

}  // namespace cubeloom
