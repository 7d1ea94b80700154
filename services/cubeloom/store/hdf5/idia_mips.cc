#include "cubeloom/store/hdf5/idia_mips.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "cubeloom/base/status.h"

namespace cubeloom {

IdiaMips::IdiaMips(int64_t height, int64_t width) : height_(height), width_(width) {
  while (height_ > 0 && width_ > 0 &&
         (this->height(levels_) > kIdiaSmallest || this->width(levels_) > kIdiaSmallest)) {
    ++levels_;
  }
}

IdiaTile IdiaMips::TileAt(int level, int64_t row, int64_t column) const {
  IdiaTile tile{level, row, column, 0, 0};
  tile.height = std::clamp<int64_t>(height(level) - row * kIdiaTile, 0, kIdiaTile);
  tile.width = std::clamp<int64_t>(width(level) - column * kIdiaTile, 0, kIdiaTile);
  return tile;
}

absl::Status IdiaMips::Build(Io& io) const {
  // The one tile of the last level stands on all others.
  return BuildTile(io, TileAt(levels_, 0, 0)).status();
}

absl::StatusOr<IdiaMips::Sums> IdiaMips::BuildTile(Io& io, const IdiaTile& tile) const {
  Sums out;
  out.height = tile.height;
  out.width = tile.width;
  const auto pixels = static_cast<size_t>(tile.height * tile.width);
  std::vector<float> values(pixels);
  out.sum.resize(pixels);
  out.count.resize(pixels);
  if (pixels == 0) return out;
  if (tile.level == 0) {
    CL_RETURN_IF_ERROR(io.Load(tile, &values));
    for (size_t i = 0; i < pixels; ++i) {
      const bool finite = std::isfinite(values[i]);
      out.sum[i] = finite ? values[i] : 0;
      out.count[i] = finite;
    }
    return out;
  }
  for (int part = 0; part < 4; ++part) {
    const int64_t down = part / 2, right = part % 2;
    CL_ASSIGN_OR_RETURN(const Sums child,
                        BuildTile(io, TileAt(tile.level - 1, 2 * tile.row + down, 2 * tile.column + right)));
    for (int64_t y = 0; y < child.height; ++y) {
      for (int64_t x = 0; x < child.width; ++x) {
        const int64_t to = (down * kIdiaTile / 2 + y / 2) * tile.width + right * kIdiaTile / 2 + x / 2;
        out.sum[to] += child.sum[y * child.width + x];
        out.count[to] += child.count[y * child.width + x];
      }
    }
  }
  for (size_t i = 0; i < pixels; ++i) {
    values[i] = out.count[i] > 0 ? static_cast<float>(out.sum[i] / static_cast<double>(out.count[i]))
                                 : std::numeric_limits<float>::quiet_NaN();
  }
  CL_RETURN_IF_ERROR(io.Store(tile, values));
  return out;
}

}  // namespace cubeloom
