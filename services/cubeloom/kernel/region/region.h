// Regions of interest in an image, and the masks they make.
//
// Points are (x, y) in pixels, 0-based, pixel centres at integers. A pixel belongs to a region when its
// centre lies inside or on the border (closed), as in CARTA. Angles are degrees, counter-clockwise, x towards
// y.
#ifndef CUBELOOM_KERNEL_REGION_REGION_H_
#define CUBELOOM_KERNEL_REGION_REGION_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/array/shape/shape.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

struct RegionPoint {
  double x = 0, y = 0;
};

enum class RegionType : uint8_t { kRectangle, kEllipse, kPolygon, kPoint };

struct Region {
  RegionType type = RegionType::kRectangle;
  RegionPoint centre;            // all but polygons
  double width = 0, height = 0;  // rectangle: full sides; ellipse: full axes, along x and y before rotation
  double rotation = 0;           // degrees
  std::vector<RegionPoint> polygon;  // at least 3 vertices; may cross itself (even-odd rule)
};

// Finite numbers, positive sides, enough vertices; errors name the parameter.
absl::Status CheckRegion(const Region& region);

// A half-open run of pixels [begin, end) of one row.
struct Span {
  int64_t begin = 0, end = 0;
};
// The runs of row `y` that belong to the region, in order and disjoint, cut to [0, nx).
std::vector<Span> RegionRow(const Region& region, int64_t y, int64_t nx);
// The smallest box {y, x} of pixels that can belong to the region, cut to the image; empty when there is
// none.
Box RegionBounds(const Region& region, const Shape& image);

// The parameters type, centre, size, rotation, points of the kernels that take a region, and how to read
// them.
std::vector<ParamSpec> RegionParams();
absl::StatusOr<Region> RegionFromArgs(const Args& args);

// Adds image.region_mask (a region -> u8 mask) and image.bit_mask (data-quality bits -> u8 mask).
absl::Status RegisterRegionKernels(KernelCatalogue& catalogue);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_REGION_REGION_H_
