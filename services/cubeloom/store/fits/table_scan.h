// Internal: the table part of ScanFits.
#ifndef CUBELOOM_STORE_FITS_TABLE_SCAN_H_
#define CUBELOOM_STORE_FITS_TABLE_SCAN_H_

#include "absl/status/status.h"
#include "cubeloom/store/fits/header_reader.h"
#include "cubeloom/store/fits/structure.h"

namespace cubeloom {

// Rows, columns and heap of a binary table whose data range was checked already.
absl::Status ReadFitsTable(const FitsHeader& header, FitsHdu& hdu);

// The tile facts of a table with ZIMAGE = T; hdu.axes holds ZNAXISn. Checks that the table has one row per
// tile.
absl::Status ReadFitsTiles(const FitsHeader& header, FitsHdu& hdu);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_TABLE_SCAN_H_
