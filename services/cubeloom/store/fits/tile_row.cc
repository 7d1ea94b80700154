#include "cubeloom/store/fits/tile_row.h"

#include <cmath>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr int64_t kMaxRow = 64 << 10;  // bytes

int BitpixOf(char element) {
  switch (element) {
    case 'B':
      return 8;
    case 'I':
      return 16;
    case 'J':
      return 32;
    case 'K':
      return 64;
    case 'E':
      return -32;
    case 'D':
      return -64;
    default:
      return 0;
  }
}

uint64_t BigEndian(const char* p, int bytes) {
  uint64_t v = 0;
  for (int i = 0; i < bytes; ++i) v = (v << 8) | static_cast<uint8_t>(p[i]);
  return v;
}

// A scalar number of the row.
double Number(const FitsColumn& column, const std::string& row) {
  const int bitpix = BitpixOf(column.type);
  const uint64_t bits = BigEndian(row.data() + column.offset, std::abs(bitpix) / 8);
  if (bitpix == -32) {
    float v;
    const uint32_t low = static_cast<uint32_t>(bits);
    std::memcpy(&v, &low, sizeof(v));
    return v;
  }
  if (bitpix == -64) {
    double v;
    std::memcpy(&v, &bits, sizeof(v));
    return v;
  }
  if (bitpix == 8) return static_cast<double>(bits);
  return static_cast<double>(static_cast<int64_t>(bits << (64 - bitpix)) >> (64 - bitpix));
}

absl::Status CheckNumber(const FitsHdu& hdu, absl::string_view name) {
  const FitsColumn* column = hdu.Column(name);
  if (column == nullptr || (BitpixOf(column->type) != 0 && column->repeat >= 1)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("column ", name, " of the compressed image holds no numbers"));
}

absl::Status CheckDescriptor(const FitsHdu& hdu, absl::string_view name) {
  const FitsColumn* column = hdu.Column(name);
  if (column == nullptr) return absl::OkStatus();
  if ((column->type == 'P' || column->type == 'Q') && column->repeat >= 1 && BitpixOf(column->element) != 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("column ", name, " of the compressed image holds no byte arrays"));
}

// The range of a descriptor; size 0 when the tile has nothing in this column.
absl::Status Range(const FitsHdu& hdu, const FitsColumn& column, const std::string& row, FitsTileRow& out) {
  const int half = column.type == 'P' ? 4 : 8;
  const uint64_t count = BigEndian(row.data() + column.offset, half);
  const uint64_t start = BigEndian(row.data() + column.offset + half, half);
  const uint64_t width = static_cast<uint64_t>(std::abs(BitpixOf(column.element)) / 8);
  const uint64_t heap = static_cast<uint64_t>(hdu.heap_size);
  if (count > heap / width || start > heap - count * width) {
    return absl::DataLossError(absl::StrCat(column.name, ": ", count, " elements at byte ", start,
                                            " of the heap, which has ", hdu.heap_size, " bytes"));
  }
  out.offset = hdu.heap_offset + static_cast<int64_t>(start);
  out.size = static_cast<int64_t>(count * width);
  return absl::OkStatus();
}

struct Source {
  absl::string_view column;
  TileBytes kind;
};
// In the order in which a tile is looked for.
constexpr Source kSources[] = {{"COMPRESSED_DATA", TileBytes::kCompressed},
                               {"UNCOMPRESSED_DATA", TileBytes::kUncompressed},
                               {"GZIP_COMPRESSED_DATA", TileBytes::kGzipFloats}};

absl::Status SetScaling(const FitsHdu& hdu, const std::string& row, Tile& tile) {
  tile.scale = hdu.tiles->scale;
  tile.zero = hdu.tiles->zero;
  tile.blank = hdu.tiles->blank;
  if (const FitsColumn* c = hdu.Column("ZSCALE")) tile.scale = Number(*c, row);
  if (const FitsColumn* c = hdu.Column("ZZERO")) tile.zero = Number(*c, row);
  if (const FitsColumn* c = hdu.Column("ZBLANK")) tile.blank = static_cast<int64_t>(Number(*c, row));
  if ((tile.scale.has_value() && !std::isfinite(*tile.scale)) ||
      (tile.zero.has_value() && !std::isfinite(*tile.zero))) {
    return absl::DataLossError("ZSCALE or ZZERO is not finite");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFitsTileTable(const FitsHdu& hdu) {
  if (hdu.row_bytes > kMaxRow) {
    return absl::InvalidArgumentError(
        absl::StrCat("table rows of ", hdu.row_bytes, " bytes in a compressed image"));
  }
  if (hdu.Column("COMPRESSED_DATA") == nullptr) {
    return absl::InvalidArgumentError("the compressed image has no column COMPRESSED_DATA");
  }
  for (const Source& source : kSources) CL_RETURN_IF_ERROR(CheckDescriptor(hdu, source.column));
  for (const char* name : {"ZSCALE", "ZZERO", "ZBLANK"}) CL_RETURN_IF_ERROR(CheckNumber(hdu, name));
  // A float ZBLANK would be cast; one beyond int64 must not be.
  const FitsColumn* blank = hdu.Column("ZBLANK");
  if (blank != nullptr && BitpixOf(blank->type) < 0)
    return absl::InvalidArgumentError("column ZBLANK holds no integers");
  static constexpr absl::string_view kKnown[] = {"RICE_1",      "GZIP_1", "GZIP_2",
                                                 "HCOMPRESS_1", "PLIO_1", "NOCOMPRESS"};
  for (const absl::string_view known : kKnown) {
    if (hdu.tiles->algorithm == known) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("ZCMPTYPE = '", hdu.tiles->algorithm,
                   "' is no known tile compression (RICE_1, GZIP_1, GZIP_2, HCOMPRESS_1, PLIO_1)"));
}

absl::Status ReadFitsTileRow(const RandomReader& file, const FitsHdu& hdu, int64_t index, FitsTileRow& row) {
  std::string bytes(hdu.row_bytes, '\0');
  const int64_t at = hdu.data_offset + index * hdu.row_bytes;
  CL_RETURN_IF_ERROR(file.ReadAt(at, absl::MakeSpan(reinterpret_cast<std::byte*>(&bytes[0]), bytes.size())));
  row.tile.row = index;
  for (const Source& source : kSources) {
    const FitsColumn* column = hdu.Column(source.column);
    if (column == nullptr) continue;
    CL_RETURN_IF_ERROR_IN(Range(hdu, *column, bytes, row), absl::StrCat("table row at byte ", at));
    if (row.size == 0) continue;
    row.tile.kind = source.kind;
    row.tile.uncompressed_bitpix = BitpixOf(column->element);
    return SetScaling(hdu, bytes, row.tile);
  }
  return absl::DataLossError(absl::StrCat("the table row at byte ", at, " has no bytes for this tile"));
}

}  // namespace cubeloom
