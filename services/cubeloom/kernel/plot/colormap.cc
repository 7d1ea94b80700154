#include "cubeloom/kernel/plot/colormap.h"

#include <algorithm>
#include <cmath>

#include "absl/types/span.h"
#include "cubeloom/base/portable_math.h"

namespace cubeloom {
namespace {

constexpr Color kGreyScale[] = {{0, 0, 0}, {255, 255, 255}};
constexpr Color kHeat[] = {{0, 0, 0}, {140, 10, 20}, {235, 110, 20}, {255, 225, 100}, {255, 255, 255}};
// Nine samples of the map, evenly spaced.
constexpr Color kViridis[] = {{68, 1, 84},    {71, 44, 122}, {59, 81, 139},  {44, 113, 142}, {33, 144, 141},
                              {39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37}};

absl::Span<const Color> ColorTable(const std::string& name) {
  if (name == "heat") return kHeat;
  if (name == "viridis") return kViridis;
  return kGreyScale;
}

double Asinh(double x) { return PortableLog(x + std::sqrt(x * x + 1)); }

}  // namespace

std::vector<std::string> ColormapNames() { return {"grey", "heat", "viridis"}; }

Color ColormapAt(const std::string& name, double t) {
  const absl::Span<const Color> table = ColorTable(name);
  const double at = std::clamp(t, 0.0, 1.0) * static_cast<double>(table.size() - 1);
  const size_t i = std::min(static_cast<size_t>(at), table.size() - 2);
  const double f = at - static_cast<double>(i);
  const auto mix = [f](uint8_t a, uint8_t b) { return static_cast<uint8_t>(std::lround(a + (b - a) * f)); };
  return {mix(table[i].r, table[i + 1].r), mix(table[i].g, table[i + 1].g), mix(table[i].b, table[i + 1].b)};
}

std::vector<std::string> StretchNames() { return {"linear", "sqrt", "log", "asinh"}; }

double Stretch(const std::string& name, double t) {
  t = std::clamp(t, 0.0, 1.0);
  if (name == "sqrt") return std::sqrt(t);
  if (name == "log") return PortableLog(1000 * t + 1) / PortableLog(1001);
  if (name == "asinh") return Asinh(t / 0.1) / Asinh(10);
  return t;
}

}  // namespace cubeloom
