// Copying boxes of elements of any dtype, validity included. Private to this module.
#ifndef CUBELOOM_KERNEL_IMAGE_TILE_COPY_H_
#define CUBELOOM_KERNEL_IMAGE_TILE_COPY_H_

#include <cstdint>

#include "cubeloom/array/chunk/chunk.h"

namespace cubeloom {

// A row-major block of elements being filled: memory for `box`, and its validity bits (nullptr: none are
// kept).
struct BlockTarget {
  Box box;
  std::byte* data = nullptr;
  uint8_t* validity = nullptr;
};

// Copies `chunk`, moved so that its origin comes to lie at `at`, into the target, which contains that box.
// Bits of invalid elements are cleared in `validity`.
void CopyInto(const Chunk& chunk, const Shape& at, const BlockTarget& target);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_IMAGE_TILE_COPY_H_
