// NumPy's .npy format (numpy.lib.format, versions 1 to 3): how arrays travel to and from commands.
#ifndef CUBELOOM_EXTHOST_NPY_H_
#define CUBELOOM_EXTHOST_NPY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/chunk.h"

namespace cubeloom::exthost {

// Writes the array in C order, little-endian, leaf by leaf. Invalid elements of integer arrays, for which the
// format has no word, are written as 0.
absl::Status WriteNpy(const std::string& path, const Array& array, const ReadContext& context);

// Reads a whole file into memory of the context's allocator. InvalidArgument or DataLoss, naming the file,
// for anything that is not a little-endian C-order array of a known dtype whose size is exactly the file's;
// nothing is allocated by what a header merely claims.
absl::StatusOr<ArrayPtr> ReadNpy(const std::string& path, const ReadContext& context);

// The header text of a file, parsed; exposed for tests. `header` is the Python dictionary.
struct NpyHeader {
  DType dtype = DType::kF32;
  Shape shape;
};
absl::StatusOr<NpyHeader> ParseNpyHeader(absl::string_view header);
bool IsNpy(absl::string_view first_bytes);  // has the magic

}  // namespace cubeloom::exthost

#endif  // CUBELOOM_EXTHOST_NPY_H_
