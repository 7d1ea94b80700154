// The FITS keywords that tie an array's axes to coordinates, and what cropping, binning and collapsing do to
// them.
//
// FITS axis n (1-based, fastest first) is array axis rank - n. Pixel p of FITS axis n has the 1-based centre
// p.
#ifndef CUBELOOM_KERNEL_IMAGE_AXIS_KEYWORDS_H_
#define CUBELOOM_KERNEL_IMAGE_AXIS_KEYWORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cubeloom/array/chunk/chunk.h"

namespace cubeloom {

// A linear axis: coordinate(k) = start + k * step for the 0-based index k. Without usable keywords the
// coordinate is the index itself (start 0, step 1, no unit).
struct LinearAxis {
  double start = 0, step = 1;
  std::string unit;

  double At(double k) const { return start + k * step; }
};
// From CRVALn, CRPIXn, CUNITn and CDELTn or CDn_n (times PCn_n where given). A step that is absent, zero or
// not finite, or a reference that is not finite, counts as "no keywords".
LinearAxis ReadAxis(const ArrayDesc& desc, int fits_axis);

// Index k of the new axis covers the old elements [offset + k * factor, offset + (k + 1) * factor): CRPIXn,
// and by the factor CDELTn, CDi_n or PCi_n.
void RescaleAxis(std::vector<Attribute>* attributes, int fits_axis, double offset, double factor);

// Removes the keywords of all FITS axes above `axes` (CTYPE3, CD3_1, CD1_3, PC3_3, ...).
void KeepAxes(std::vector<Attribute>* attributes, int axes);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_AXIS_KEYWORDS_H_
