// Internal: an open HDF5 dataset as an array.
#ifndef CUBELOOM_STORE_HDF5_DATASET_H_
#define CUBELOOM_STORE_HDF5_DATASET_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/hdf5/structure.h"

namespace cubeloom {

// What an array is made of. Checked by MakeHdf5Array().
struct Hdf5Parts {
  std::shared_ptr<const RandomReader> file;
  Hdf5Dataset dataset;
  ArrayDesc desc;
  std::vector<Hdf5ChunkEntry> chunks;  // of kChunked, one per chunk of the grid
  std::string compact;                 // of kCompact, the stored elements
  std::string where;                   // "'x.h5': dataset '/a'"
  int64_t cache_bytes = 0;
};

// The array. InvalidArgument: a filter that is not supported; DataLoss: elements or a chunk outside the file,
// an unfiltered chunk of another size, a table of another length. Errors start with `where`.
absl::StatusOr<ArrayPtr> MakeHdf5Array(Hdf5Parts parts);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_DATASET_H_
