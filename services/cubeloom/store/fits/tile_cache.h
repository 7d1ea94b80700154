// Internal: decoded tiles that the next read will want again.
#ifndef CUBELOOM_STORE_FITS_TILE_CACHE_H_
#define CUBELOOM_STORE_FITS_TILE_CACHE_H_

#include <cstdint>
#include <list>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/array/chunk/buffer.h"

namespace cubeloom {

// Pixels of one tile, dense. Immutable.
struct TilePixels {
  Buffer data;
  Buffer validity;
  int64_t bytes() const { return static_cast<int64_t>(data.size() + validity.size()); }
};

// Least recently used tiles go first when the sum of bytes exceeds the limit. Thread-safe; a tile that many
// threads ask for at once is decoded by one of them.
class TileCache {
 public:
  explicit TileCache(int64_t max_bytes) : max_bytes_(max_bytes) {}

  // The tile, decoded by `decode` (absl::StatusOr<TilePixels>()) when it is not there. `keep` false: the
  // caller will not come back for it, so that it is looked up but not stored. Failures are not stored.
  template <typename Decode>
  absl::StatusOr<TilePixels> Get(int64_t tile, bool keep, const Decode& decode) {
    const std::shared_ptr<Entry> entry = Find(tile, keep);
    if (entry == nullptr) return decode();
    absl::MutexLock lock(&entry->mu);
    if (!entry->ready) {
      absl::StatusOr<TilePixels> pixels = decode();
      if (!pixels.ok()) return pixels;
      entry->pixels = *std::move(pixels);
      entry->ready = true;
      Account(tile, entry->pixels.bytes());
    }
    return entry->pixels;
  }

 private:
  struct Entry {
    absl::Mutex mu;
    bool ready ABSL_GUARDED_BY(mu) = false;
    TilePixels pixels ABSL_GUARDED_BY(mu);
  };
  struct Slot {
    std::shared_ptr<Entry> entry;
    std::list<int64_t>::iterator place;  // in order_
    int64_t bytes = 0;                   // 0 until decoded
  };

  std::shared_ptr<Entry> Find(int64_t tile, bool create);
  void Account(int64_t tile, int64_t bytes);

  const int64_t max_bytes_;
  absl::Mutex mu_;
  absl::flat_hash_map<int64_t, Slot> slots_ ABSL_GUARDED_BY(mu_);
  std::list<int64_t> order_ ABSL_GUARDED_BY(mu_);  // oldest use first
  int64_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_TILE_CACHE_H_
