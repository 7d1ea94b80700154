// Internal: values as HDF5 attributes.
#ifndef CUBELOOM_STORE_HDF5_ATTRIBUTE_H_
#define CUBELOOM_STORE_HDF5_ATTRIBUTE_H_

#include "absl/status/statusor.h"
#include "cubeloom/store/hdf5/encode.h"
#include "cubeloom/store/hdf5/file_writer.h"

namespace cubeloom {

// The message of one attribute; strings of variable length go into `heap`. InvalidArgument naming the
// attribute when it has no form: no name, a map, a list of different kinds or of lists, more than 64 KiB.
absl::StatusOr<Hdf5Message> MakeHdf5Attribute(const Hdf5WriteAttribute& attribute, Hdf5AttributeStyle style,
                                              Hdf5Heap& heap);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_ATTRIBUTE_H_
