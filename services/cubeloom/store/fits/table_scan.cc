#include "cubeloom/store/fits/table_scan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

// Bytes of one element of a TFORM type, 0 for an unknown one; X is counted in bits elsewhere.
int64_t TypeBytes(char type) {
  switch (type) {
    case 'L':
    case 'B':
    case 'A':
      return 1;
    case 'I':
      return 2;
    case 'J':
    case 'E':
      return 4;
    case 'K':
    case 'D':
    case 'C':
    case 'P':
      return 8;
    case 'M':
    case 'Q':
      return 16;
    default:
      return 0;
  }
}

// TFORMn "12E", "1PB(80)", "16A8" into type, repeat and bytes.
absl::Status ReadForm(const FitsHeader& header, const std::string& key, FitsColumn& column) {
  const std::string form = header.Text(key);
  size_t digits = 0;
  while (digits < form.size() && absl::ascii_isdigit(static_cast<unsigned char>(form[digits]))) ++digits;
  const bool counted = digits > 0;
  const bool number_ok = !counted || absl::SimpleAtoi(form.substr(0, digits), &column.repeat);
  column.type = digits < form.size() ? form[digits] : 0;
  if (digits + 1 < form.size()) column.element = form[digits + 1];
  const bool bits = column.type == 'X';
  bool ok = number_ok && (bits || TypeBytes(column.type) > 0);
  if (bits) column.bytes = ok ? column.repeat / 8 + (column.repeat % 8 != 0) : 0;
  if (ok && !bits) ok = !__builtin_mul_overflow(column.repeat, TypeBytes(column.type), &column.bytes);
  if (ok) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(header.Where(key), ": expected a column format such as '1E' or '1PB'"));
}

absl::StatusOr<FitsColumn> ReadColumn(const FitsHeader& header, int64_t index) {
  FitsColumn column;
  column.name = header.Text(absl::StrCat("TTYPE", index));
  column.unit = header.Text(absl::StrCat("TUNIT", index));
  CL_RETURN_IF_ERROR(ReadForm(header, absl::StrCat("TFORM", index), column));
  CL_ASSIGN_OR_RETURN(column.scale, header.Real(absl::StrCat("TSCAL", index), 1));
  CL_ASSIGN_OR_RETURN(column.zero, header.Real(absl::StrCat("TZERO", index), 0));
  const std::string null = absl::StrCat("TNULL", index);
  if (header.Find(null) != nullptr) {
    CL_ASSIGN_OR_RETURN(column.null, header.Integer(null, 0, {INT64_MIN, INT64_MAX}));
  }
  return column;
}

// The i-th compression parameter: ZNAMEi = name, ZVALi = value.
absl::Status ReadParameters(const FitsHeader& header, FitsTiles& tiles) {
  for (int i = 1; header.Find(absl::StrCat("ZNAME", i)) != nullptr; ++i) {
    const std::string name = header.Text(absl::StrCat("ZNAME", i));
    const std::string key = absl::StrCat("ZVAL", i);
    if (name == "BLOCKSIZE") {
      CL_ASSIGN_OR_RETURN(tiles.rice_block, header.Integer(key, 32, {1, 4096}));
    } else if (name == "BYTEPIX") {
      CL_ASSIGN_OR_RETURN(tiles.rice_bytes, header.Integer(key, 4, {1, 8}));
      if (tiles.rice_bytes != 1 && tiles.rice_bytes != 2 && tiles.rice_bytes != 4) {
        return absl::InvalidArgumentError(absl::StrCat(header.Where(key), ": expected 1, 2 or 4 bytes"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ReadQuantisation(const FitsHeader& header, FitsTiles& tiles) {
  tiles.quantiser = header.Text("ZQUANTIZ");
  CL_ASSIGN_OR_RETURN(tiles.dither_seed, header.Integer("ZDITHER0", 0, {0, 10000}));
  if (header.Find("ZBLANK") != nullptr) {
    CL_ASSIGN_OR_RETURN(tiles.blank, header.Integer("ZBLANK", 0, {INT64_MIN, INT64_MAX}));
  }
  if (header.Find("ZSCALE") != nullptr) {
    CL_ASSIGN_OR_RETURN(tiles.scale, header.Real("ZSCALE", 1));
  }
  if (header.Find("ZZERO") != nullptr) {
    CL_ASSIGN_OR_RETURN(tiles.zero, header.Real("ZZERO", 0));
  }
  return absl::OkStatus();
}

// Tile lengths along each axis; returns the number of tiles.
absl::StatusOr<int64_t> ReadTileShape(const FitsHeader& header, const FitsHdu& hdu, FitsTiles& tiles) {
  constexpr int64_t kMaxTile = int64_t{1} << 28;  // pixels
  int64_t count = 1, pixels = 1;
  for (size_t i = 0; i < hdu.axes.size(); ++i) {
    const std::string key = absl::StrCat("ZTILE", i + 1);
    CL_ASSIGN_OR_RETURN(int64_t length, header.Integer(key, i == 0 ? hdu.axes[0] : 1, {1, INT64_MAX}));
    length = std::min(length, std::max<int64_t>(hdu.axes[i], 1));
    tiles.tile.push_back(length);
    if (__builtin_mul_overflow(pixels, length, &pixels) || pixels > kMaxTile) {
      return absl::InvalidArgumentError(
          absl::StrCat(header.Where(key), ": a tile of more than ", kMaxTile, " pixels is not supported"));
    }
    const int64_t along = (hdu.axes[i] - 1) / length + (hdu.axes[i] > 0 ? 1 : 0);
    if (__builtin_mul_overflow(count, along, &count)) {
      return absl::InvalidArgumentError(
          absl::StrCat(header.Where(absl::StrCat("ZNAXIS", i + 1)), ": too many tiles"));
    }
  }
  return hdu.axes.empty() ? 0 : count;
}

}  // namespace

absl::Status ReadFitsTable(const FitsHeader& header, FitsHdu& hdu) {
  if (hdu.axes.size() != 2 || hdu.bitpix != 8) {
    return absl::InvalidArgumentError(absl::StrCat(header.Where(hdu.bitpix != 8 ? "BITPIX" : "NAXIS"),
                                                   ": a binary table has BITPIX = 8 and NAXIS = 2"));
  }
  hdu.row_bytes = hdu.axes[0];
  hdu.rows = hdu.axes[1];
  // The data size was computed from the same numbers without overflow.
  const int64_t table = hdu.row_bytes * hdu.rows;
  CL_ASSIGN_OR_RETURN(const int64_t heap, header.Integer("THEAP", table, {0, INT64_MAX}));
  if (heap < table || heap > hdu.data_size) {
    return absl::InvalidArgumentError(absl::StrCat(header.Where("THEAP"),
                                                   ": the heap is outside the data, which are ", table,
                                                   " bytes of table in ", hdu.data_size));
  }
  hdu.heap_offset = hdu.data_offset + heap;
  hdu.heap_size = hdu.data_size - heap;
  CL_ASSIGN_OR_RETURN(const int64_t fields, header.RequiredInteger("TFIELDS", {0, 999}));
  int64_t offset = 0;
  for (int64_t i = 1; i <= fields; ++i) {
    CL_ASSIGN_OR_RETURN(FitsColumn column, ReadColumn(header, i));
    column.offset = offset;
    if (column.bytes > hdu.row_bytes - offset) {
      return absl::InvalidArgumentError(absl::StrCat(header.Where(absl::StrCat("TFORM", i)),
                                                     ": the columns are wider than ",
                                                     "the row of NAXIS1 = ", hdu.row_bytes, " bytes"));
    }
    offset += column.bytes;
    hdu.columns.push_back(std::move(column));
  }
  return absl::OkStatus();
}

absl::Status ReadFitsTiles(const FitsHeader& header, FitsHdu& hdu) {
  FitsTiles tiles;
  tiles.algorithm = header.Text("ZCMPTYPE");
  if (tiles.algorithm == "RICE_ONE") tiles.algorithm = "RICE_1";
  CL_RETURN_IF_ERROR(ReadParameters(header, tiles));
  CL_RETURN_IF_ERROR(ReadQuantisation(header, tiles));
  CL_ASSIGN_OR_RETURN(const int64_t count, ReadTileShape(header, hdu, tiles));
  if (count > hdu.rows) {
    return absl::InvalidArgumentError(absl::StrCat(header.Where("NAXIS2"), ": the compressed image has ",
                                                   count, " tiles, each of which needs a row"));
  }
  hdu.tiles = std::move(tiles);
  return absl::OkStatus();
}

}  // namespace cubeloom
