// What the probe helper tells about an HDF5 file: its numeric datasets, and where their bytes lie.
//
// The helper asks libhdf5 and answers with a Value (names, types, attributes) and, beside it, one blob of
// bytes: the chunk table of a chunked dataset, or the elements of a compact one. Nothing in an answer is
// trusted: Parse functions check every field, and what depends on the file's size is checked before anything
// is allocated or read.
#ifndef CUBELOOM_STORE_HDF5_STRUCTURE_H_
#define CUBELOOM_STORE_HDF5_STRUCTURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/chunk.h"

namespace cubeloom {

// More chunks than this in one dataset are refused: their table alone would take 64 MiB.
inline constexpr int64_t kMaxHdf5Chunks = int64_t{1} << 22;

// Numbers of HDF5's filters that are decoded here.
inline constexpr int kHdf5Deflate = 1;
inline constexpr int kHdf5Shuffle = 2;
inline constexpr int kHdf5Fletcher32 = 3;

// One stored element. IEEE halves become f32; an enum {FALSE, TRUE} of bytes is bool; a compound of two equal
// floats named r and i (or real and imag) is complex.
struct Hdf5Type {
  DType dtype = DType::kF32;  // of the array
  int bytes = 4;              // of one stored element
  bool big_endian = false;
  bool half = false;  // stored as 16-bit float
};

enum class Hdf5Layout : uint8_t { kContiguous, kChunked, kCompact };

struct Hdf5Filter {
  int id = 0;
  std::string name;  // "deflate"; for messages and listings
  std::vector<int64_t> params;
};

// Where a chunk lies. A chunk without bytes was never written: it holds the fill value.
struct Hdf5ChunkEntry {
  uint64_t offset = 0;  // from the start of the file
  uint32_t size = 0;    // stored bytes
  uint32_t mask = 0;    // bit i: filter i was not applied
};
static_assert(sizeof(Hdf5ChunkEntry) == 16);  // its form in the blob, machine order

struct Hdf5Dataset {
  std::string path;
  Hdf5Type type;
  Shape shape;
  Hdf5Layout layout = Hdf5Layout::kContiguous;
  Shape chunk;                        // of kChunked
  std::vector<Hdf5Filter> filters;    // in the order of writing
  bool filters_partial = true;        // false: chunks that overhang the array are stored without filters
  std::string fill;                   // one stored element; "" = zeros
  std::vector<std::string> missing;   // stored elements that mean "no value" (_FillValue, missing_value)
  int64_t offset = -1;                // of kContiguous: from the start of the file; -1 = never written
  std::vector<Attribute> attributes;  // of an IDIA image with the FITS cards before the dataset's own
  bool idia = false;                  // DATA of a group with a SCHEMA_VERSION
};

Value Hdf5DatasetToValue(const Hdf5Dataset& dataset);
// Internal naming the first field that is missing or impossible: sizes that overflow, a chunk of no elements,
// a fill value of another size. A dataset that passes can be read as far as its numbers go; `uri` is for
// messages.
absl::StatusOr<Hdf5Dataset> Hdf5DatasetFromValue(const Value& value);

// Elements and bytes of a whole stored chunk.
int64_t Hdf5ChunkBytes(const Hdf5Dataset& dataset);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_STRUCTURE_H_
