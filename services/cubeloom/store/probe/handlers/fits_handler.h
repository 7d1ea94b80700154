// The FITS verbs of the probe helper.
#ifndef CUBELOOM_STORE_PROBE_HANDLERS_FITS_HANDLER_H_
#define CUBELOOM_STORE_PROBE_HANDLERS_FITS_HANDLER_H_

#include "cubeloom/store/probe/probe.h"

namespace cubeloom {

// Adds
//   fits.structure  fd 0 = the file; args {"name", "version", "number"} of an HduSelect, "all": true for
//   every HDU.
//                   Answers StructureToValue(). Two readers must agree on the chosen HDU: our own scan of the
//                   header cards, which knows the byte of every mistake, and CFITSIO.
//   fits.pixels     fd 0 = the file; args {"hdu", "first", "last"}: pixel range in FITS order, from 1,
//   inclusive.
//                   Answers a memfd with the physical values as f64, blanks as NaN. For HCOMPRESS and PLIO
//                   tiles.
void AddFitsHandlers(ProbeHandlers& handlers);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_PROBE_HANDLERS_FITS_HANDLER_H_
