// The HDF5 verbs of the probe helper.
#ifndef CUBELOOM_STORE_PROBE_HANDLERS_HDF5_HANDLER_H_
#define CUBELOOM_STORE_PROBE_HANDLERS_HDF5_HANDLER_H_

#include "cubeloom/store/probe/probe.h"

namespace cubeloom {

// Adds
//   hdf5.structure  fd 0 = the file. args {"dataset": path}: one dataset ("" = /0/DATA of an IDIA file, else
//   the only
//                   numeric dataset that is no dimension scale); {"all": true}: every numeric dataset of at
//                   most 8 axes, by path. Answers {"datasets": [Hdf5DatasetToValue()...]}. For one dataset fd
//                   0 of the answer holds, when chunked, its Hdf5ChunkEntry table (row-major over the grid),
//                   when compact, its stored elements.
// Errors: NotFound (no such dataset; names what there is), InvalidArgument (no HDF5, nothing or too much to
// choose from, a type, layout or number of axes or chunks that is not supported), DataLoss (libhdf5 cannot
// read it, with its reason).
void AddHdf5Handlers(ProbeHandlers& handlers);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_PROBE_HANDLERS_HDF5_HANDLER_H_
