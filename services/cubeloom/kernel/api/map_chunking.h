// Which output chunk a Map is computed in.
//
// Goals, in this order: input + converted input + output + scratch of one chunk stay within the given bytes;
// blocks of whole rows (narrower ones where a halo would make few rows read much more); blocks that take the
// inputs' natural chunks (file tiles) whole, so that no tile is decoded twice; an output of about 1 MiB; a
// size in bytes that is a multiple of kBufferAlignment, so that a sink can have the chunk computed in place.
// One element is always allowed. The choice depends on shapes and options alone, never on threads or the
// machine: it shows in the chunking of written files.
#ifndef CUBELOOM_KERNEL_API_MAP_CHUNKING_H_
#define CUBELOOM_KERNEL_API_MAP_CHUNKING_H_

#include "absl/status/statusor.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Bytes that computing `out` takes at once.
int64_t MapChunkBytes(const MapKernel& kernel, const Invocation& invocation, const Box& out);

// Internal when the kernel prefers a chunk of another rank. Cost: some hundred calls of InputBox().
absl::StatusOr<Shape> ChooseMapChunk(const MapKernel& kernel, const Invocation& invocation,
                                     int64_t chunk_bytes);

// InputBox() cut to the input's shape; Internal when its rank is not the input's.
absl::StatusOr<Box> CutInputBox(const MapKernel& kernel, const Invocation& invocation,
                                std::pair<int, int> input, const Box& out);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_MAP_CHUNKING_H_
