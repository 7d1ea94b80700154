// A chunk, and the mask beside it, as blocks of contiguous elements in row-major order.
//
// Definitions. The elements of a chunk are numbered row-major within its box, whatever its strides. Block b
// is the elements [b * kBlockElements, ...), the last one short. Where the chunk is contiguous and nothing
// masks it, a block is the chunk's own memory; else it is gathered into scratch, with NaN for every element
// that the mask leaves out or the validity bitmap calls invalid. So a loop over blocks sees the same elements
// in the same places, and gives the same bits, however the chunk lies in memory.
#ifndef CUBELOOM_KERNEL_STATS_BLOCK_READER_H_
#define CUBELOOM_KERNEL_STATS_BLOCK_READER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/kernel/stats/block_moments.h"

namespace cubeloom {

// T is float or double. Not thread-safe; the chunks must outlive it. Cost of a gathered block: a copy of it,
// plus about one cycle per element for a mask or bitmap.
template <typename T>
class BlockReader {
 public:
  struct Block {
    const T* data = nullptr;
    int64_t size = 0;
    int64_t first = 0;     // row-major number of its first element
    int64_t excluded = 0;  // elements that the mask left out (they read as NaN)
  };

  // `image` holds elements of type T; `mask` is nullptr or a chunk of bool or u8 over the same box, nonzero =
  // use. Scratch comes from `allocator`.
  static absl::StatusOr<BlockReader> Make(const Chunk& image, const Chunk* mask, Allocator& allocator);

  int64_t blocks() const { return (elements_ + kBlockElements - 1) / kBlockElements; }
  // Valid until the next call. 0 <= index < blocks().
  Block Get(int64_t index);

 private:
  BlockReader() = default;

  int64_t elements_ = 0;
  const T* direct_ = nullptr;  // set: no gathering
  Chunk image_, mask_;         // coalesced (array/chunk/coalesce.h)
  bool masked_ = false;
  const uint8_t* validity_ = nullptr;
  MutableBuffer scratch_;  // a block of T, then one of mask bytes
};

extern template class BlockReader<float>;
extern template class BlockReader<double>;

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_BLOCK_READER_H_
