// Attributes of HDF5 objects as values.
#ifndef CUBELOOM_STORE_PROBE_HANDLERS_HDF5_ATTRIBUTES_H_
#define CUBELOOM_STORE_PROBE_HANDLERS_HDF5_ATTRIBUTES_H_

#include <string>
#include <vector>

#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/probe/handlers/hdf5_driver.h"

namespace cubeloom {

// Larger attributes are left out: they are data, not description.
inline constexpr int64_t kMaxHdf5AttributeBytes = int64_t{1} << 20;

// The attributes of an object in order of creation, where the file knows it (else in the file's own order).
// Integers, floats, strings of both kinds (padding dropped), enums {FALSE, TRUE} as bool and other enums as
// integers; scalars and one axis; one axis of one element is that element (netCDF has no other scalars). An
// empty dataspace is null. What has no such form (references, compounds, two axes) or is too large is left
// out; so is one that cannot be read. `idia_bool`: integers of one unsigned byte, or of four signed ones, are
// bool, as in the IDIA schema's FITS cards.
std::vector<Attribute> ReadHdf5Attributes(hid_t object, bool idia_bool);

// The one element of a numeric attribute in the form of `type`, the stored type of a dataset; "" when there
// is no such attribute or it cannot be converted.
std::string ReadHdf5AttributeAs(hid_t object, const char* name, hid_t type);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_PROBE_HANDLERS_HDF5_ATTRIBUTES_H_
