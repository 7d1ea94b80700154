// For the tests of store/hdf5: a probe of the built helper, files made by libhdf5, and libhdf5 as the oracle.
#ifndef CUBELOOM_STORE_HDF5_TEST_SUPPORT_H_
#define CUBELOOM_STORE_HDF5_TEST_SUPPORT_H_

#ifndef H5_USE_110_API
#define H5_USE_110_API
#endif
#include <hdf5.h>

#include <string>
#include <vector>

#include "cubeloom/store/hdf5/hdf5.h"

namespace cubeloom {

// Local files and one shared client of the helper program in the build folder.
Hdf5Source TestHdf5Source();

// As doubles, real parts of complex numbers; NaN where invalid. The second form dies on an error.
std::vector<double> Hdf5Values(const Chunk& chunk);
std::vector<double> Hdf5Values(const ArrayPtr& array);
std::vector<double> Hdf5Values(const ArrayPtr& array, const Box& box);

// How a test dataset is made.
struct TestDataset {
  std::string path = "/data";
  hid_t type = H5T_IEEE_F32LE;
  Shape shape = {7, 10};
  Shape chunk;  // empty: contiguous
  bool compact = false;
  bool shuffle = false, fletcher = false;
  int deflate = 0;
  double fill = 0;         // set as fill value when not 0
  bool write = true;       // false: nothing is written
  bool unlimited = false;  // along the first axis
};

// A file of these datasets with values (index * 37) % 199 - 60, clamped to the type, made by libhdf5.
struct TestFile {
  std::vector<TestDataset> datasets;
  bool latest = false;  // newest file format in place of the oldest
  hsize_t user_block = 0;
};
void MakeTestFile(const std::string& path, const TestFile& file);

// What libhdf5 reads from a box, as doubles.
std::vector<double> LibraryValues(const std::string& path, const std::string& dataset, const Box& box);
// The extents by libhdf5.
Shape LibraryShape(const std::string& path, const std::string& dataset);

// Runs python3 with h5py and numpy; status 77 when they are not there. `code` sees the path as `path`.
int RunH5py(const std::string& path, const std::string& code, std::string* output);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_TEST_SUPPORT_H_
