#include "cubeloom/runtime/exec/chunk_store.h"

#include <utility>

#include "absl/types/span.h"
#include "cubeloom/base/status.h"

namespace cubeloom::runtime {

ChunkStore::ChunkStore(std::shared_ptr<MemoryBudget> budget, SpillPort* spill)
    : spill_(spill), allocator_(std::move(budget), [this](int64_t bytes) { return Spill(bytes); }) {}

ChunkStore::~ChunkStore() = default;

int64_t ChunkStore::resident_bytes() const {
  absl::MutexLock lock(&mu_);
  return resident_;
}

int64_t ChunkStore::spilled_bytes() const {
  absl::MutexLock lock(&mu_);
  return written_;
}

absl::Status ChunkStore::spill_error() const {
  absl::MutexLock lock(&mu_);
  return error_;
}

void ChunkStore::Touch(Entry& entry) {
  if (entry.listed) {
    lru_.splice(lru_.end(), lru_, entry.place);
    return;
  }
  entry.place = lru_.insert(lru_.end(), &entry);
  entry.listed = true;
  resident_ += static_cast<int64_t>(entry.block.size());
}

void ChunkStore::Unlist(Entry& entry) {
  if (!entry.listed) return;
  lru_.erase(entry.place);
  entry.listed = false;
  resident_ -= static_cast<int64_t>(entry.block.size());
}

ChunkStore::Entry* ChunkStore::Victim() {
  for (Entry* entry : lru_) {
    if (entry->readers == 0 && !entry->busy) return entry;
  }
  return nullptr;
}

// The lock is given up while the port writes; `busy` keeps the entry where it is.
absl::Status ChunkStore::WriteOut(Entry& entry) {
  entry.busy = true;
  const Buffer block = entry.block;
  const auto* bytes = block.data();
  const size_t size = entry.data_bytes + entry.validity_bytes;
  mu_.Unlock();
  absl::StatusOr<uint64_t> handle = spill_->Append(absl::MakeConstSpan(bytes, size));
  mu_.Lock();
  entry.busy = false;
  if (!handle.ok()) return handle.status();
  entry.handle = *handle;
  entry.on_disk = true;
  written_ += static_cast<int64_t>(size);
  return absl::OkStatus();
}

bool ChunkStore::Spill(int64_t bytes) {
  if (spill_ == nullptr) return false;
  int64_t freed = 0;
  absl::MutexLock lock(&mu_);
  while (freed < bytes) {
    Entry* const entry = Victim();
    if (entry == nullptr) break;
    if (!entry->on_disk) {
      if (absl::Status status = WriteOut(*entry); !status.ok()) {
        error_ = Annotate(status, "spilling a chunk");
        break;
      }
    }
    if (entry->readers > 0) continue;  // somebody came while it was written
    freed += static_cast<int64_t>(entry->block.size());
    Unlist(*entry);
    entry->block = Buffer();
  }
  return freed > 0;
}

void ChunkStore::Add(Entry& entry, Buffer block) {
  absl::MutexLock lock(&mu_);
  entry.block = std::move(block);
  Touch(entry);
}

absl::StatusOr<Buffer> ChunkStore::Pin(Entry& entry, const ReadContext& context) {
  absl::MutexLock lock(&mu_);
  auto idle = [&entry]() { return !entry.busy || entry.block; };
  mu_.Await(absl::Condition(&idle));
  if (!entry.block) {
    entry.busy = true;
    mu_.Unlock();
    absl::StatusOr<MutableBuffer> block = allocator_.Allocate(entry.data_bytes + entry.validity_bytes);
    absl::Status status = block.status();
    if (status.ok()) {
      status = spill_->Read(entry.handle, absl::MakeSpan(block->data(), block->size()));
    }
    mu_.Lock();
    entry.busy = false;
    if (!status.ok()) return Annotate(status, "reading a spilled chunk");
    entry.block = std::move(*block).Publish();
  }
  Touch(entry);
  ++entry.readers;
  return entry.block;
}

void ChunkStore::Unpin(Entry& entry) {
  absl::MutexLock lock(&mu_);
  --entry.readers;
}

void ChunkStore::Drop(Entries& entries) {
  std::vector<uint64_t> handles;
  {
    absl::MutexLock lock(&mu_);
    for (Entry& entry : entries) {
      auto idle = [&entry]() { return !entry.busy; };
      mu_.Await(absl::Condition(&idle));
      Unlist(entry);
      if (entry.on_disk) handles.push_back(entry.handle);
    }
  }
  for (uint64_t handle : handles) spill_->Delete(handle);
}

}  // namespace cubeloom::runtime
