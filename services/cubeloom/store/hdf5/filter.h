// HDF5's filter pipeline, decoded within bounds that are known beforehand.
//
// A chunk goes through the filters in order when written, and through the same in reverse when read.
// Supported: deflate (zlib), shuffle (bytes of an element apart), fletcher32 (4 bytes of checksum behind the
// data). See the HDF5 File Format Specification, "Data Storage - Filter Pipeline Message".
#ifndef CUBELOOM_STORE_HDF5_FILTER_H_
#define CUBELOOM_STORE_HDF5_FILTER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/array/chunk/buffer.h"
#include "cubeloom/store/hdf5/structure.h"

namespace cubeloom {

// InvalidArgument naming the first filter that is not supported (szip, nbit, scale-offset, lzf, ...), or
// deflate twice. Sizes are then known at every stage of decoding.
absl::Status CheckHdf5Filters(const std::vector<Hdf5Filter>& filters);

struct Hdf5FilterJob {
  const std::vector<Hdf5Filter>& filters;  // passed CheckHdf5Filters()
  uint32_t mask = 0;                       // bit i: filter i was not applied
  int64_t raw_bytes = 0;                   // of the decoded chunk
  int element_bytes = 1;
};

// The decoded chunk, of exactly raw_bytes. DataLoss when the stored bytes cannot be that: nothing is
// allocated before the claim has passed the most that so many stored bytes can hold (deflate: 1032:1).
absl::StatusOr<Buffer> DecodeHdf5Chunk(const Hdf5FilterJob& job, Buffer stored, Allocator& allocator);

// HDF5's Fletcher checksum: over big-endian 16-bit words, an odd last byte as the high half of a word.
uint32_t Hdf5Fletcher32Of(absl::Span<const std::byte> data);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_FILTER_H_
