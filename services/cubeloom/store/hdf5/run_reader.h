// A box of an array that lies dense in a file, read as few byte ranges.
#ifndef CUBELOOM_STORE_HDF5_RUN_READER_H_
#define CUBELOOM_STORE_HDF5_RUN_READER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom {

// Where the array lies. The caller has checked that all of it is inside the file.
struct DenseArray {
  const RandomReader* file = nullptr;
  int64_t offset = 0;  // of the first element, from the start of the file
  Shape shape;
  int64_t element_bytes = 1;
};

// The elements of `box` in row-major order of the box, piece by piece. A box is a sequence of runs, each
// contiguous in the file; runs that lie close together are fetched as one range of at most 256 KiB and picked
// from there.
class RunReader {
 public:
  // `array`, `box` and `allocator` outlive the reader; the box lies inside array.shape.
  RunReader(const DenseArray& array, const Box& box, Allocator& allocator);

  // The stored bytes of elements [at, at + count) of the box. Errors are those of the file.
  absl::Status Read(int64_t at, int64_t count, std::byte* out);

 private:
  int64_t Byte(int64_t element) const { return array_.offset + element * array_.element_bytes; }
  int64_t Start(int64_t run) const;  // its first element in the array
  int64_t CountClose(int64_t first, int64_t limit) const;
  absl::Status ReadSpan(int64_t first, int64_t count, std::byte* out);

  const DenseArray& array_;
  const Box& box_;
  Allocator& allocator_;
  Shape strides_;
  int outer_ = 0;       // axes from here on are one run
  int64_t length_ = 1;  // of a run, elements
  MutableBuffer scratch_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_RUN_READER_H_
