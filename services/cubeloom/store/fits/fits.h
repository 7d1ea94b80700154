// FITS images as arrays, and arrays and tables as FITS files.
//
// Reading: the structure comes from the probe helper; pixels are read as byte ranges by the calling thread
// and converted by our own vector code, so that many threads read one image at once. Axes are reversed:
// NAXIS1 is the last axis of the shape.
//
// dtype of the array by the header (scaling is applied once; numbers in brackets are exact integers):
//   BITPIX 8 | 16 | 32 | 64, BSCALE 1, BZERO 0                    u8 | i16 | i32 | i64
//   the same with BZERO -128 | 32768 | 2^31 | 2^63                i8 | u16 | u32 | u64
//   other BSCALE, BZERO                                           f32 | f32 | f64 | f64
//   BITPIX -32 | -64                                              f32 | f64
// BLANK gives NaN in float output, a cleared validity bit in integer output.
//
// Everything is read as it was when the file was opened, or fails with DataLoss "changed while read".
#ifndef CUBELOOM_STORE_FITS_FITS_H_
#define CUBELOOM_STORE_FITS_FITS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/array/chunk/table.h"
#include "cubeloom/base/cancel.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/fits/structure.h"
#include "cubeloom/store/probe/probe.h"

namespace cubeloom {

// Where files come from. Both outlive the arrays opened through them (compressed images ask the probe again).
struct FitsSource {
  Store& store;
  Probe& probe;
};

// What the elements become.
enum class FitsType : uint8_t {
  kNatural,  // the table above
  kFloat32,  // f32, whatever is stored; rounds once
  kFloat64,  // f64; exact but for 64-bit integers beyond 2^53
};

struct FitsSelect {
  HduSelect hdu;  // default: the first image with pixels
  FitsType type = FitsType::kNatural;
  // For gzip'ed files (any name; known by their first bytes): they are inflated once, into an unlinked file
  // in this folder (empty: $TMPDIR, else /tmp), which costs disk and page cache, no memory.
  std::string scratch_folder;
  int64_t max_inflated_bytes = int64_t{64} << 30;  // more is refused with ResourceExhausted
  // Decoded tiles of a tile-compressed image that are kept for the next read, bytes over all threads.
  int64_t tile_cache_bytes = int64_t{32} << 20;
  CancelToken cancel;  // stops inflating
};

// Opens one image. Reads no pixels. The array's attributes are the header cards in order without those that
// state structure, scaling and storage (IsStructuralFitsKeyword); unit is BUNIT; natural_chunk the tile of a
// compressed image. Errors: NotFound (file, HDU), InvalidArgument (no FITS, impossible header, not an image,
// more than 8 axes), DataLoss (truncated, the helper failed). All name file, HDU, keyword, value, byte where
// there is one.
absl::StatusOr<ArrayPtr> OpenFits(const FitsSource& source, absl::string_view uri,
                                  const FitsSelect& select = {});

// One image of a file, without pixels.
struct FitsImageInfo {
  int number = 0;    // of the HDU
  std::string name;  // EXTNAME
  int version = 1;   // EXTVER
  bool compressed = false;
  ArrayDesc desc;  // of FitsType::kNatural
};
// All images with pixels, in file order. Fails where any header of the file is wrong.
absl::StatusOr<std::vector<FitsImageInfo>> ListFitsImages(const FitsSource& source, absl::string_view uri);

// The structure as the probe tells it: one HDU with its cards (`select`), or all of them (null).
absl::StatusOr<FitsStructure> ReadFitsStructure(const FitsSource& source, absl::string_view uri,
                                                const HduSelect* select);

// One HDU to write: an array, or a table.
struct FitsOutput {
  ArrayPtr array;              // every dtype but complex; bool is written as u8
  TablePtr table;              // a binary table: K (64-bit), D and A columns
  std::string name;            // EXTNAME; "" = none, or what the cards say
  std::optional<int> version;  // EXTVER
  // Further header cards, in order, after the structural ones. For an array these follow its own attributes.
  // Those that state structure are left out; of cards with one keyword (COMMENT, HISTORY and blank apart) the
  // last counts.
  std::vector<Attribute> cards;
};

// Writes a file of these HDUs, the first image as primary (a table gets an empty primary before it). Streams
// by row groups of at most some MiB, holds nothing whole. Bytes are a function of the input alone: no dates.
// Every HDU has CHECKSUM and DATASUM.
//
// Invalid elements: NaN in floats; in integers BLANK = an attribute BLANK of the array, else the smallest
// stored value (the largest for u8), and InvalidArgument when a valid element has that value. Errors:
// InvalidArgument naming HDU, keyword or column; those of the store and of reading the arrays. Nothing
// appears under `uri` unless all went well.
absl::Status WriteFits(Store& store, absl::string_view uri, const std::vector<FitsOutput>& hdus,
                       const ReadContext& context = {});

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_FITS_H_
