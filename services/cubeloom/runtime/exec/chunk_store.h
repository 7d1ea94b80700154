// Arrays that the kernels of a run make, kept within the memory budget.
//
// Chunks live in charged memory until the budget is short; then the least recently used ones are written to
// the SpillPort and given back, and read again when somebody asks for them. A chunk that was written once is
// clean and costs no second write. A chunk that a reader still holds is passed over: spilling it would free
// nothing.
//
// Thread-safe. I/O happens outside the lock. Arrays may outlive neither the store nor its ports.
#ifndef CUBELOOM_RUNTIME_EXEC_CHUNK_STORE_H_
#define CUBELOOM_RUNTIME_EXEC_CHUNK_STORE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/runtime/exec/memory.h"
#include "cubeloom/runtime/exec/ports.h"

namespace cubeloom::runtime {

class ChunkStore {
 public:
  // `spill` may be null: then nothing can be given back. The allocator is the store's own; it asks the store
  // to spill when the budget is short.
  ChunkStore(std::shared_ptr<MemoryBudget> budget, SpillPort* spill);
  ~ChunkStore();
  ChunkStore(const ChunkStore&) = delete;
  ChunkStore& operator=(const ChunkStore&) = delete;

  BudgetAllocator& allocator() { return allocator_; }
  // For ExecuteOptions::sink: outputs become arrays of this store, computed in place. The memory of chunks is
  // charged to the budget, not to the drop: it can be spilled.
  ArraySinkFactory SinkFactory();
  // What a Task made in memory, as an array of this store, where the budget is short enough for that to be
  // worth a copy; else `array` itself. Its elements are the same.
  absl::StatusOr<ArrayPtr> Adopt(ArrayPtr array, const ReadContext& context);
  // Tries to give back at least `bytes`; true when it gave back anything.
  bool Spill(int64_t bytes) ABSL_LOCKS_EXCLUDED(mu_);

  int64_t resident_bytes() const ABSL_LOCKS_EXCLUDED(mu_);
  int64_t spilled_bytes() const ABSL_LOCKS_EXCLUDED(mu_);  // written so far
  // Why spilling failed the last time (disk full); OK when it never did.
  absl::Status spill_error() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  friend class StoredArray;
  friend class StoredSink;

  // One chunk. Elements and validity bits lie in one block: [elements][bits].
  struct Entry {
    Buffer block;  // empty while only on disk
    size_t data_bytes = 0;
    size_t validity_bytes = 0;  // 0: all valid
    int64_t readers = 0;        // chunks given out from `block` that are still held
    uint64_t handle = 0;
    bool on_disk = false;
    bool busy = false;  // being written or read
    bool listed = false;
    std::list<Entry*>::iterator place;  // in lru_, when listed
  };
  using Entries = std::vector<Entry>;

  void Touch(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Unlist(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Entry* Victim() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status WriteOut(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Add(Entry& entry, Buffer block) ABSL_LOCKS_EXCLUDED(mu_);
  // The block of a chunk, with one more reader; it is read back when it must be.
  absl::StatusOr<Buffer> Pin(Entry& entry, const ReadContext& context) ABSL_LOCKS_EXCLUDED(mu_);
  void Unpin(Entry& entry) ABSL_LOCKS_EXCLUDED(mu_);
  void Drop(Entries& entries) ABSL_LOCKS_EXCLUDED(mu_);

  SpillPort* const spill_;
  BudgetAllocator allocator_;
  mutable absl::Mutex mu_;
  std::list<Entry*> lru_ ABSL_GUARDED_BY(mu_);  // resident entries, least recently used first
  int64_t resident_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t written_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mu_);
};

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_EXEC_CHUNK_STORE_H_
