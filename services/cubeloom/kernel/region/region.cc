#include "cubeloom/kernel/region/region.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/portable_math.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr double kDegree = 0.017453292519943295;

struct Rotation {
  double c = 1, s = 0;
};

// Exact for multiples of 90 degrees, so that a border through pixel centres stays on them.
Rotation RotationOf(double degrees) {
  const double turns = degrees / 90;
  if (turns == std::floor(turns) && std::fabs(turns) < 1e9) {
    constexpr double kC[] = {1, 0, -1, 0};
    const auto quarter = static_cast<int>(((static_cast<int64_t>(turns) % 4) + 4) % 4);
    return {kC[quarter], kC[(quarter + 3) % 4]};
  }
  Rotation r;
  PortableSinCos(std::fmod(degrees, 360) * kDegree, &r.s, &r.c);
  return r;
}

bool InsideRotated(const Region& region, const Rotation& r, double x, double y) {
  const double dx = x - region.centre.x, dy = y - region.centre.y;
  const double u = dx * r.c + dy * r.s;
  const double v = -dx * r.s + dy * r.c;
  if (region.type == RegionType::kRectangle) {
    return std::fabs(u) <= region.width / 2 && std::fabs(v) <= region.height / 2;
  }
  const double a = u / (region.width / 2), b = v / (region.height / 2);
  return a * a + b * b <= 1;
}

// Rectangles and ellipses are convex: a row is one run. Tests each pixel of the row that can be inside.
std::vector<Span> ConvexRow(const Region& region, int64_t y, const Span& within) {
  const Rotation r = RotationOf(region.rotation);
  Span run{within.end, within.end};
  for (int64_t x = within.begin; x < within.end; ++x) {
    const bool inside = InsideRotated(region, r, static_cast<double>(x), static_cast<double>(y));
    if (inside && run.begin == within.end) run.begin = x;
    if (!inside && run.begin != within.end) {
      run.end = x;
      break;
    }
  }
  if (run.begin == within.end) return {};
  return {run};
}

void AddRun(double left, double right, const Span& within, std::vector<Span>* runs) {
  const double lo = std::max(std::ceil(left), static_cast<double>(within.begin));
  const double hi = std::min(std::floor(right) + 1, static_cast<double>(within.end));
  if (lo < hi) runs->push_back({static_cast<int64_t>(lo), static_cast<int64_t>(hi)});
}

std::vector<Span> MergeRuns(std::vector<Span> runs) {
  std::sort(runs.begin(), runs.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::vector<Span> merged;
  for (const Span& run : runs) {
    if (!merged.empty() && run.begin <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, run.end);
    } else {
      merged.push_back(run);
    }
  }
  return merged;
}

// Even-odd rule by the crossings of the row with half-open edges; then everything on the border itself.
std::vector<Span> PolygonRow(const Region& region, double y, const Span& within) {
  std::vector<double> crossings;
  std::vector<Span> runs;
  const size_t n = region.polygon.size();
  for (size_t i = 0; i < n; ++i) {
    const RegionPoint &p = region.polygon[i], &q = region.polygon[(i + 1) % n];
    if (p.y == q.y) {
      if (p.y == y) AddRun(std::min(p.x, q.x), std::max(p.x, q.x), within, &runs);
      continue;
    }
    if (y < std::min(p.y, q.y) || y > std::max(p.y, q.y)) continue;
    const double x = y == p.y ? p.x : y == q.y ? q.x : p.x + (y - p.y) * ((q.x - p.x) / (q.y - p.y));
    AddRun(x, x, within, &runs);
    if ((p.y <= y) != (q.y <= y)) crossings.push_back(x);
  }
  std::sort(crossings.begin(), crossings.end());
  for (size_t i = 0; i + 1 < crossings.size(); i += 2) AddRun(crossings[i], crossings[i + 1], within, &runs);
  return MergeRuns(std::move(runs));
}

// Half extents of the axis-parallel box around a rotated rectangle or ellipse.
RegionPoint HalfExtent(const Region& region) {
  const Rotation r = RotationOf(region.rotation);
  const double a = region.width / 2, b = region.height / 2;
  if (region.type == RegionType::kRectangle) {
    return {std::fabs(a * r.c) + std::fabs(b * r.s), std::fabs(a * r.s) + std::fabs(b * r.c)};
  }
  return {std::sqrt(a * a * r.c * r.c + b * b * r.s * r.s), std::sqrt(a * a * r.s * r.s + b * b * r.c * r.c)};
}

Span Cut(double low, double high, int64_t size) {
  // One pixel of slack on both sides for rounding; the exact test decides.
  const double lo = std::clamp(std::ceil(low) - 1, 0.0, static_cast<double>(size));
  const double hi = std::clamp(std::floor(high) + 2, 0.0, static_cast<double>(size));
  return {static_cast<int64_t>(lo), std::max(static_cast<int64_t>(lo), static_cast<int64_t>(hi))};
}

struct Bounds {
  double x0, x1, y0, y1;
};

Bounds BoundsOf(const Region& region) {
  if (region.type == RegionType::kPolygon) {
    Bounds b{region.polygon[0].x, region.polygon[0].x, region.polygon[0].y, region.polygon[0].y};
    for (const RegionPoint& p : region.polygon) {
      b = {std::min(b.x0, p.x), std::max(b.x1, p.x), std::min(b.y0, p.y), std::max(b.y1, p.y)};
    }
    return b;
  }
  const RegionPoint half = region.type == RegionType::kPoint ? RegionPoint{0.5, 0.5} : HalfExtent(region);
  return {region.centre.x - half.x, region.centre.x + half.x, region.centre.y - half.y,
          region.centre.y + half.y};
}

// Larger numbers could not be told from their neighbours by whole pixels.
absl::Status CheckReach(const char* parameter, std::initializer_list<double> values) {
  constexpr double kMost = 1e15;
  for (double v : values) {
    if (std::fabs(v) < kMost) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("parameter '", parameter, "': expected numbers within +-", kMost, ", got ", v));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRegion(const Region& region) {
  if (region.type == RegionType::kPolygon) {
    if (region.polygon.size() < 3) {
      return absl::InvalidArgumentError(absl::StrCat(
          "parameter 'points': a polygon needs at least 3 vertices, got ", region.polygon.size()));
    }
    for (const RegionPoint& p : region.polygon) {
      CL_RETURN_IF_ERROR(CheckReach("points", {p.x, p.y}));
    }
    return absl::OkStatus();
  }
  CL_RETURN_IF_ERROR(CheckReach("centre", {region.centre.x, region.centre.y}));
  if (region.type == RegionType::kPoint) return absl::OkStatus();
  CL_RETURN_IF_ERROR(CheckReach("size", {region.width, region.height}));
  if (region.width <= 0 || region.height <= 0) {
    return absl::InvalidArgumentError(absl::StrCat("parameter 'size': both sides must be above 0, got ",
                                                   region.width, " and ", region.height));
  }
  return CheckReach("rotation", {region.rotation});
}

std::vector<Span> RegionRow(const Region& region, int64_t y, int64_t nx) {
  const Bounds bounds = BoundsOf(region);
  if (static_cast<double>(y) < bounds.y0 - 1 || static_cast<double>(y) > bounds.y1 + 1) return {};
  const Span within = Cut(bounds.x0, bounds.x1, nx);
  switch (region.type) {
    case RegionType::kPolygon:
      return PolygonRow(region, static_cast<double>(y), within);
    case RegionType::kPoint: {
      const double x = std::floor(region.centre.x + 0.5);
      if (std::floor(region.centre.y + 0.5) != static_cast<double>(y) || x < 0 ||
          x >= static_cast<double>(nx))
        return {};
      return {{static_cast<int64_t>(x), static_cast<int64_t>(x) + 1}};
    }
    default:
      return ConvexRow(region, y, within);
  }
}

Box RegionBounds(const Region& region, const Shape& image) {
  const Bounds b = BoundsOf(region);
  const Span y = Cut(b.y0, b.y1, image[0]), x = Cut(b.x0, b.x1, image[1]);
  return {Shape{y.begin, x.begin}, Shape{y.end - y.begin, x.end - x.begin}};
}

std::vector<ParamSpec> RegionParams() {
  return {{"type",
           ParamType::kString,
           Value("rectangle"),
           false,
           "",
           "form of the region",
           -1e308,
           1e308,
           {"rectangle", "ellipse", "polygon", "point"}},
          {"centre", ParamType::kRealList, Value(), false, "pixel", "x, y of the centre (all but polygons)"},
          {"size", ParamType::kRealList, Value(), false, "pixel",
           "full width and height (rectangle), full axes along x and y (ellipse), before rotation"},
          {"rotation", ParamType::kReal, Value(0.0), false, "degree", "counter-clockwise, x towards y"},
          {"points", ParamType::kRealList, Value(), false, "pixel",
           "vertices of a polygon: x0, y0, x1, y1, ..."}};
}

absl::StatusOr<Region> RegionFromArgs(const Args& args) {
  Region region;
  const std::string& type = args.string("type");
  region.type = type == "ellipse"   ? RegionType::kEllipse
                : type == "polygon" ? RegionType::kPolygon
                : type == "point"   ? RegionType::kPoint
                                    : RegionType::kRectangle;
  const auto pair = [&](const char* name, double* a, double* b) -> absl::Status {
    const std::vector<double> values = args.has(name) ? args.reals(name) : std::vector<double>();
    if (values.size() != 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter '", name, "': a ", type, " needs 2 numbers, got ", values.size()));
    }
    *a = values[0];
    *b = values[1];
    return absl::OkStatus();
  };
  if (region.type == RegionType::kPolygon) {
    const std::vector<double> points = args.has("points") ? args.reals("points") : std::vector<double>();
    if (points.size() % 2 != 0) {
      return absl::InvalidArgumentError("parameter 'points': an odd number of coordinates");
    }
    for (size_t i = 0; i < points.size(); i += 2) region.polygon.push_back({points[i], points[i + 1]});
  } else {
    CL_RETURN_IF_ERROR(pair("centre", &region.centre.x, &region.centre.y));
    if (region.type != RegionType::kPoint) CL_RETURN_IF_ERROR(pair("size", &region.width, &region.height));
    region.rotation = args.real("rotation");
  }
  CL_RETURN_IF_ERROR(CheckRegion(region));
  return region;
}

}  // namespace cubeloom
