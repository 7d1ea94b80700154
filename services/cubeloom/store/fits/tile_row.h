// Internal: the row of a tile in the table of a compressed image.
#ifndef CUBELOOM_STORE_FITS_TILE_ROW_H_
#define CUBELOOM_STORE_FITS_TILE_ROW_H_

#include <cstdint>

#include "absl/status/status.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/fits/structure.h"
#include "cubeloom/store/fits/tile_codec.h"

namespace cubeloom {

struct FitsTileRow {
  Tile tile;                     // without bytes and pixels
  int64_t offset = 0, size = 0;  // of the bytes in the file, checked against the heap
};

// The table has the columns that its algorithm needs, in types that ReadFitsTileRow knows; InvalidArgument
// otherwise.
absl::Status CheckFitsTileTable(const FitsHdu& hdu);

// Reads row `index` (from 0) of a checked table. DataLoss naming the byte when the descriptor points outside
// the heap or the tile has no bytes in any column.
absl::Status ReadFitsTileRow(const RandomReader& file, const FitsHdu& hdu, int64_t index, FitsTileRow& row);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_TILE_ROW_H_
