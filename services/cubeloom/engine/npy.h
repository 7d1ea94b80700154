// NumPy's .npy format, version 1.0 (numpy.lib.format): arrays for Python users, one header and raw elements.
#ifndef CUBELOOM_ENGINE_NPY_H_
#define CUBELOOM_ENGINE_NPY_H_

#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom::engine {

// Writes the array in C order, little-endian, by canonical leaves, and commits. Invalid elements of integer
// arrays, for which the format has no word, are written as 0.
absl::Status WriteNpy(Store& store, const std::string& uri, const Array& array, const ReadContext& context);

// The header (magic, version, dictionary, padding to 64 bytes) for a dtype and shape.
std::string NpyHeader(DType dtype, const Shape& shape);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_NPY_H_
