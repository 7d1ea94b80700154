// One dataset of an open HDF5 file, as our reader needs to know it.
#ifndef CUBELOOM_STORE_PROBE_HANDLERS_HDF5_DESCRIBE_H_
#define CUBELOOM_STORE_PROBE_HANDLERS_HDF5_DESCRIBE_H_

#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/store/hdf5/structure.h"
#include "cubeloom/store/probe/handlers/hdf5_driver.h"

namespace cubeloom {

// InvalidArgument naming the dataset and what is not supported (a type that is no number, a virtual or
// external layout, more than 8 axes, too many chunks); DataLoss with libhdf5's reason.
absl::StatusOr<Hdf5Dataset> DescribeHdf5Dataset(const Hdf5File& file, hid_t dataset, const std::string& path);

// The Hdf5ChunkEntry of every chunk in row-major order of the grid, as bytes. The file only records raw reads
// afterwards, so this is the last thing to ask of it.
absl::StatusOr<std::string> ReadHdf5ChunkTable(Hdf5File& file, hid_t dataset, const Hdf5Dataset& described);

// The stored elements of a compact dataset.
absl::StatusOr<std::string> ReadHdf5CompactData(hid_t dataset, const Hdf5Dataset& described);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_PROBE_HANDLERS_HDF5_DESCRIBE_H_
