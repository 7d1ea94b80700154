// HDF5 datasets as arrays, and arrays as HDF5 files.
//
// Reading: structure, attributes, filters and chunk offsets come from the probe helper; chunks are read as
// byte ranges and unfiltered (deflate, shuffle, fletcher32) by our own bounded code, so that many threads
// read one dataset at once. Axes keep HDF5's order (slowest first). The IDIA image schema (group "0": DATA,
// MipMaps, Statistics, cards as attributes) is understood: without a dataset name its DATA is opened, with
// the FITS cards as attributes.
#ifndef CUBELOOM_STORE_HDF5_HDF5_H_
#define CUBELOOM_STORE_HDF5_HDF5_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/probe/probe.h"

namespace cubeloom {

struct Hdf5Source {
  Store& store;
  Probe& probe;
};

struct Hdf5Select {
  std::string dataset;  // path; "" = "/0/DATA" of an IDIA file, else the only numeric dataset of the file
  int64_t chunk_cache_bytes = int64_t{32} << 20;  // decoded chunks kept for the next read, over all threads
};

// Opens one dataset. Reads no elements. Errors: NotFound (file, dataset; names what there is),
// InvalidArgument (no HDF5, unsupported type, layout or filter, more than 8 axes), DataLoss (truncated, the
// helper failed).
absl::StatusOr<ArrayPtr> OpenHdf5(const Hdf5Source& source, absl::string_view uri,
                                  const Hdf5Select& select = {});

struct Hdf5DatasetInfo {
  std::string path;
  ArrayDesc desc;
  bool chunked = false;
  std::vector<std::string> filters;
};
// All numeric datasets of a file, by path.
absl::StatusOr<std::vector<Hdf5DatasetInfo>> ListHdf5Datasets(const Hdf5Source& source,
                                                              absl::string_view uri);

// One dataset to write.
struct Hdf5Output {
  std::string path = "/DATA";  // groups are created
  ArrayPtr array;
  Shape chunk;      // empty: contiguous
  int deflate = 0;  // 0 = none, 1..9; needs a chunk shape
  bool shuffle = false;
};
// Writes a file of these datasets, attributes of the arrays included, at a temporary name, then commits.
// Bytes are a function of the input alone (no times). Streams by chunks.
absl::Status WriteHdf5(Store& store, absl::string_view uri, const std::vector<Hdf5Output>& datasets,
                       const ReadContext& context = {});

// Writes one image or cube in the IDIA schema 0.3 that CARTA reads: /0/DATA (chunks 512 x 512), cards as
// attributes of group /0, mip-maps, per-plane statistics and histograms.
absl::Status WriteIdiaHdf5(Store& store, absl::string_view uri, const ArrayPtr& array,
                           const ReadContext& context = {});

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_HDF5_H_
