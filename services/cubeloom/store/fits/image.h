// Internal: the two kinds of FITS image arrays.
#ifndef CUBELOOM_STORE_FITS_IMAGE_H_
#define CUBELOOM_STORE_FITS_IMAGE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/store/fits/convert.h"
#include "cubeloom/store/fits/fits.h"

namespace cubeloom {

// What both need. `hdu` has has_pixels().
struct FitsImage {
  std::shared_ptr<const RandomReader> file;
  FitsHdu hdu;  // without its cards
  ArrayDesc desc;
  FitsConversion conversion;
  std::string where;  // "'x.fits': HDU 2"
};

// desc.dtype and the conversion to it.
void SetFitsConversion(const FitsHdu& hdu, FitsType type, ArrayDesc& desc, FitsConversion& conversion);

// Checks a box that a caller asks for: OutOfRange unless it lies inside the shape.
absl::Status CheckFitsBox(const FitsImage& image, const Box& box);

// Uncompressed pixels.
ArrayPtr MakePlainFitsImage(FitsImage image);
// Tile-compressed pixels; image.desc.natural_chunk is the tile. `probe` outlives the array.
ArrayPtr MakeTiledFitsImage(FitsImage image, Probe& probe, int64_t cache_bytes);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_IMAGE_H_
