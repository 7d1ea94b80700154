#include "cubeloom/kernel/api/scratch_pool.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

#if defined(__SANITIZE_ADDRESS__)
#define CL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CL_ASAN 1
#endif
#endif
#ifdef CL_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace cubeloom {
namespace {

void Poison(MutableBuffer& block, size_t from) {
#ifdef CL_ASAN
  ASAN_POISON_MEMORY_REGION(block.data() + from, block.size() - from);
#endif
}

void Unpoison(MutableBuffer& block) {
#ifdef CL_ASAN
  ASAN_UNPOISON_MEMORY_REGION(block.data(), block.size());
#endif
}

// 0 when nothing so large can exist.
size_t RoundUp(size_t bytes) {
  if (bytes > std::numeric_limits<size_t>::max() / 2) return 0;
  if (bytes == 0) bytes = 1;
  const size_t unit = bytes < (size_t{64} << 10) ? kBufferAlignment : 4096;
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

struct ScratchPool::State {
  State(Allocator& base_allocator, size_t keep) : base(base_allocator), keep_bytes(keep) {}

  // The youngest idle block that fits, or an empty one.
  MutableBuffer Reuse(size_t bytes) {
    absl::MutexLock lock(&mu);
    for (size_t i = idle.size(); i-- > 0;) {
      if (idle[i].size() < bytes || idle[i].size() - bytes > bytes / 4 + 4096) continue;
      MutableBuffer block = std::move(idle[i]);
      idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(i));
      idle_bytes -= block.size();
      return block;
    }
    return MutableBuffer();
  }

  void Return(MutableBuffer block) {
    {
      absl::MutexLock lock(&mu);
      if (!closed && idle_bytes + block.size() <= keep_bytes) {
        idle_bytes += block.size();
        Poison(block, 0);
        idle.push_back(std::move(block));
        return;
      }
    }
    Unpoison(block);
  }

  void Drop(bool close) {
    std::vector<MutableBuffer> blocks;
    absl::MutexLock lock(&mu);
    blocks.swap(idle);
    for (MutableBuffer& block : blocks) Unpoison(block);
    idle_bytes = 0;
    closed = closed || close;
  }

  // Owner of a block in use; gives it back to the pool, or to the base allocator when the pool is gone.
  struct Lease {
    Lease(std::shared_ptr<State> s, MutableBuffer b) : state(std::move(s)), block(std::move(b)) {}
    ~Lease() { state->Return(std::move(block)); }
    const std::shared_ptr<State> state;
    MutableBuffer block;
  };

  Allocator& base;
  const size_t keep_bytes;
  absl::Mutex mu;
  std::vector<MutableBuffer> idle ABSL_GUARDED_BY(mu);
  size_t idle_bytes ABSL_GUARDED_BY(mu) = 0;
  bool closed ABSL_GUARDED_BY(mu) = false;
};

ScratchPool::ScratchPool(Allocator& base, size_t keep_bytes)
    : state_(std::make_shared<State>(base, keep_bytes)) {}

ScratchPool::~ScratchPool() { state_->Drop(/*close=*/true); }

absl::StatusOr<MutableBuffer> ScratchPool::Allocate(size_t bytes) {
  if (state_->keep_bytes == 0) return state_->base.Allocate(bytes);
  const size_t size = RoundUp(bytes);
  if (size == 0) return absl::ResourceExhaustedError(absl::StrCat("scratch memory of ", bytes, " bytes"));
  MutableBuffer block = state_->Reuse(bytes);
  if (block.data() == nullptr) {
    absl::StatusOr<MutableBuffer> fresh = state_->base.Allocate(size);
    if (absl::IsResourceExhausted(fresh.status())) {
      state_->Drop(/*close=*/false);
      fresh = state_->base.Allocate(size);
    }
    if (!fresh.ok()) return fresh.status();
    block = *std::move(fresh);
  }
  std::byte* const data = block.data();
  Unpoison(block);
  Poison(block, bytes);
  const MemorySpace space = block.space();
  return MutableBuffer(std::make_shared<State::Lease>(state_, std::move(block)), data, bytes, space);
}

}  // namespace cubeloom
