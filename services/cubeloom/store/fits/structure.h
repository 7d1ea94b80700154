// What a FITS file holds and where: HDUs, shapes, scaling, byte offsets, tables, tile compression.
//
// The structure is read from the headers alone (ScanFits) and travels from the probe helper as a Value.
// Axes here are in FITS order (NAXIS1, the fastest, first); arrays made from it are reversed.
#ifndef CUBELOOM_STORE_FITS_STRUCTURE_H_
#define CUBELOOM_STORE_FITS_STRUCTURE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom {

// Which HDU of a file. Everything unset: the first one that holds an image with pixels.
struct HduSelect {
  std::string name;            // EXTNAME, without regard to case; "" = any
  std::optional<int> version;  // EXTVER, with a name
  std::optional<int> number;   // position in the file, 0 = primary; excludes a name

  bool any() const { return name.empty() && !number.has_value(); }
  std::string ToString() const;  // "HDU 'SCI' version 2", "HDU 3", "the first image"
};
// "SCI", "SCI,2" or "1" as users write it; "" selects the first image.
absl::StatusOr<HduSelect> ParseHduSelect(absl::string_view text);

// One column of a binary table.
struct FitsColumn {
  std::string name;  // TTYPEn
  std::string unit;  // TUNITn
  char type = 0;     // of TFORMn: L X B I J K A E D C M P Q
  char element = 0;  // of what a P or Q descriptor points to
  int64_t repeat = 1;
  int64_t offset = 0;  // in the row, bytes
  int64_t bytes = 0;   // in the row
  double scale = 1, zero = 0;
  std::optional<int64_t> null;
};

// The tile compression of an image that is stored as a binary table (standard 4.0, section 10).
struct FitsTiles {
  std::string algorithm;              // RICE_1, GZIP_1, GZIP_2, HCOMPRESS_1, PLIO_1, NOCOMPRESS
  std::vector<int64_t> tile;          // ZTILEn, FITS order, each within 1..the axis
  std::string quantiser;              // ZQUANTIZ; "" = none stated
  int64_t dither_seed = 0;            // ZDITHER0, 1..10000
  int64_t rice_block = 32;            // BLOCKSIZE, pixels
  int64_t rice_bytes = 4;             // BYTEPIX
  std::optional<int64_t> blank;       // ZBLANK
  std::optional<double> scale, zero;  // ZSCALE and ZZERO as keywords, for all tiles
};

enum class HduKind : uint8_t { kImage, kTable, kAsciiTable, kOther };

// One header-data unit.
struct FitsHdu {
  int number = 0;
  std::string name;                // EXTNAME, "" = none
  int version = 1;                 // EXTVER
  HduKind kind = HduKind::kImage;  // a tile-compressed image is kImage with `tiles`
  int bitpix = 0;                  // of the image; of a compressed one ZBITPIX
  std::vector<int64_t> axes;       // NAXISn or ZNAXISn
  int64_t header_offset = 0, data_offset = 0, data_size = 0;  // bytes in the file, without padding
  double bscale = 1, bzero = 0;
  std::optional<int64_t> blank;  // integers only
  // Tables, also those that hold a compressed image.
  int64_t rows = 0, row_bytes = 0, heap_offset = 0, heap_size = 0;  // heap_offset: in the file
  std::vector<FitsColumn> columns;
  std::optional<FitsTiles> tiles;
  std::vector<Attribute> cards;  // the whole header in order, END left out; empty when not asked for

  bool has_pixels() const;  // an image of at least one axis and no axis of length 0
  const FitsColumn* Column(absl::string_view column_name) const;  // TTYPE compares without case
};

struct FitsStructure {
  int64_t file_size = 0;
  std::vector<FitsHdu> hdus;
  int64_t trailing_bytes = 0;  // behind the last HDU: ignored by the standard
};

// Reads the headers of `file`. With `select`, stops at that HDU and keeps only its cards, so that what lies
// behind it can neither cost time nor fail; NotFound when there is none. Without, reads the whole file.
//
// Cost: one read of 64 KiB per HDU and more for long headers; memory for the kept cards.
// Errors: InvalidArgument (no FITS file, impossible keyword values), DataLoss (truncated header or data).
// Each names file, HDU, keyword, value and byte. Sizes are checked against the file before they are believed.
absl::StatusOr<FitsStructure> ScanFits(const RandomReader& file, const HduSelect* select);

// The selected HDU; NotFound naming what there is, InvalidArgument when it is not an image with pixels and
// `select` has no preference that says otherwise.
absl::StatusOr<const FitsHdu*> FindHdu(const FitsStructure& structure, const HduSelect& select,
                                       absl::string_view uri);

// To the probe's answer and back. FromValue checks types, not meaning; it fails with Internal.
Value StructureToValue(const FitsStructure& structure);
absl::StatusOr<FitsStructure> StructureFromValue(const Value& value);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_STRUCTURE_H_
