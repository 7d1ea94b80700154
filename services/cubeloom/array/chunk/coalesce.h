// Long runs out of strided chunks; used inside this module only.
#ifndef CUBELOOM_ARRAY_CHUNK_COALESCE_H_
#define CUBELOOM_ARRAY_CHUNK_COALESCE_H_

#include "cubeloom/array/chunk/chunk.h"

namespace cubeloom {

// The same elements in the same order as a chunk of rank >= 1 with as few axes as possible (neighbouring axes
// without a gap between them become one), so that ForEachRow() gets the longest runs. Its box is no place in
// the array any more: only extents and strides mean something.
Chunk Coalesced(const Chunk& chunk);

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CHUNK_COALESCE_H_
