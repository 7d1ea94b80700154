// Internal: the mip-maps of one plane, built tile by tile.
//
// Level 0 is the plane, level k has ceil(n / 2^k) pixels a side; each is the mean of the finite pixels among
// the 2^k x 2^k that it covers, NaN when there is none. Tiles are 512 x 512 at every level. A tile of level k
// is put together from four of level k - 1, depth first, so that a plane of any size needs a few tiles of
// memory for each level, and sums are formed in one fixed tree.
#ifndef CUBELOOM_STORE_HDF5_IDIA_MIPS_H_
#define CUBELOOM_STORE_HDF5_IDIA_MIPS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace cubeloom {

inline constexpr int64_t kIdiaTile = 512;      // pixels
inline constexpr int64_t kIdiaSmallest = 128;  // mip-maps end when both sides are at most that

// Pixels of one tile; at the right and upper edge it is smaller.
struct IdiaTile {
  int level = 0;
  int64_t row = 0, column = 0;    // of the tile in its level's grid
  int64_t height = 0, width = 0;  // pixels
};

class IdiaMips {
 public:
  // Level 0 pixels of a tile, row-major; and what takes the pixels of levels 1 and up.
  class Io {
   public:
    virtual ~Io() = default;
    virtual absl::Status Load(const IdiaTile& tile, std::vector<float>* pixels) = 0;
    virtual absl::Status Store(const IdiaTile& tile, const std::vector<float>& pixels) = 0;
  };

  IdiaMips(int64_t height, int64_t width);
  int levels() const { return levels_; }  // besides level 0
  int64_t height(int level) const { return ((height_ - 1) >> level) + 1; }
  int64_t width(int level) const { return ((width_ - 1) >> level) + 1; }

  // Loads every tile of level 0 once and stores every tile of the other levels once.
  absl::Status Build(Io& io) const;

 private:
  struct Sums {
    int64_t height = 0, width = 0;
    std::vector<double> sum;
    std::vector<int64_t> count;
  };
  absl::StatusOr<Sums> BuildTile(Io& io, const IdiaTile& tile) const;
  IdiaTile TileAt(int level, int64_t row, int64_t column) const;

  int64_t height_, width_;
  int levels_ = 0;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_IDIA_MIPS_H_
