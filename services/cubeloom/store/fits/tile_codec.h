// Compressed bytes of one tile to its pixels: Rice, gzip, quantised floats.
#ifndef CUBELOOM_STORE_FITS_TILE_CODEC_H_
#define CUBELOOM_STORE_FITS_TILE_CODEC_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/array/chunk/buffer.h"
#include "cubeloom/store/fits/convert.h"
#include "cubeloom/store/fits/structure.h"

namespace cubeloom {

// What is the same for all tiles of an image.
struct TileFormat {
  FitsTiles tiles;
  FitsConversion conversion;  // of the image's pixels; bitpix is ZBITPIX
  double bscale = 1, bzero = 0;
};

// Where the bytes of a tile come from: the column of its table row.
enum class TileBytes : uint8_t {
  kCompressed,    // COMPRESSED_DATA, by the image's algorithm
  kGzipFloats,    // GZIP_COMPRESSED_DATA: gzip'ed big-endian floats that could not be quantised
  kUncompressed,  // UNCOMPRESSED_DATA: big-endian pixels
};

struct Tile {
  TileBytes kind = TileBytes::kCompressed;
  absl::Span<const uint8_t> bytes;  // followed by kRicePadding readable bytes
  int64_t pixels = 0;
  int64_t row = 0;                    // of the table, from 0: seeds the dither
  int uncompressed_bitpix = 0;        // kUncompressed: type of the column
  std::optional<double> scale, zero;  // ZSCALE and ZZERO of this tile
  std::optional<int64_t> blank;       // ZBLANK of this tile
};

// Decodes into the first tile.pixels elements of dtype `conversion.out` of a buffer that it takes from
// `allocator`; integer pixels that are blank are marked in `validity` (of as many bits; taken when there are
// any). DataLoss when the bytes are damaged or cannot hold so many pixels (checked before memory is taken).
struct DecodedTile {
  MutableBuffer data;
  MutableBuffer validity;  // empty: all valid
};
absl::StatusOr<DecodedTile> DecodeTile(const TileFormat& format, const Tile& tile, Allocator& allocator);

// The dither sequence of the FITS standard (10 000 values of Park and Miller's generator), where a tile
// starts in it, and how it goes on. Value i of a tile is At(i).
class DitherSequence {
 public:
  // `row` is the table row from 0, `seed` ZDITHER0 (1..10000).
  DitherSequence(int64_t row, int64_t seed);
  // The next values, contiguous: at most `count`, at least 1; `*n` says how many. Advances by them.
  const float* Next(int64_t count, int64_t* n);

 private:
  int64_t seed_ = 0, at_ = 0;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_TILE_CODEC_H_
