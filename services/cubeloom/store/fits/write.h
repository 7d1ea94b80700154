// Internal: the two kinds of HDU that WriteFits writes.
#ifndef CUBELOOM_STORE_FITS_WRITE_H_
#define CUBELOOM_STORE_FITS_WRITE_H_

#include <string>

#include "absl/status/status.h"
#include "cubeloom/store/fits/fits.h"
#include "cubeloom/store/fits/header_writer.h"

namespace cubeloom {

struct HduToWrite {
  const FitsOutput& output;
  bool primary = false;
  bool extended = false;  // of a primary: more HDUs follow
  const ReadContext& context;
};

absl::Status WriteFitsImage(StagedWriter& out, const HduToWrite& hdu);
absl::Status WriteFitsTable(StagedWriter& out, const HduToWrite& hdu);
// A primary HDU without data.
absl::Status WriteEmptyPrimary(StagedWriter& out);

// EXTNAME, EXTVER and the cards of the output.
void AddUserCards(const FitsOutput& output, FitsHeaderWriter& header);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_WRITE_H_
