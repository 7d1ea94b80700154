#include "cubeloom/store/fits/tile_cache.h"

namespace cubeloom {

std::shared_ptr<TileCache::Entry> TileCache::Find(int64_t tile, bool create) {
  absl::MutexLock lock(&mu_);
  const auto it = slots_.find(tile);
  if (it != slots_.end()) {
    order_.splice(order_.end(), order_, it->second.place);
    return it->second.entry;
  }
  if (!create) return nullptr;
  Slot slot;
  slot.entry = std::make_shared<Entry>();
  slot.place = order_.insert(order_.end(), tile);
  return slots_.emplace(tile, std::move(slot)).first->second.entry;
}

void TileCache::Account(int64_t tile, int64_t bytes) {
  absl::MutexLock lock(&mu_);
  const auto it = slots_.find(tile);
  if (it == slots_.end()) return;  // evicted while it was being decoded
  bytes_ += bytes - it->second.bytes;
  it->second.bytes = bytes;
  while (bytes_ > max_bytes_ && !order_.empty()) {
    const auto oldest = slots_.find(order_.front());
    bytes_ -= oldest->second.bytes;
    slots_.erase(oldest);
    order_.pop_front();
  }
}

}  // namespace cubeloom
