#include "cubeloom/store/hdf5/test_support.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <fstream>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

template <typename T>
double AsDouble(const Chunk& chunk, int64_t offset) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<double>(chunk.as<T>()[offset]);
  } else {
    return static_cast<double>(chunk.as<T>()[offset].real());
  }
}

double Element(const Chunk& c, int64_t offset) {
  switch (c.dtype) {
    case DType::kBool:
    case DType::kU8:
      return AsDouble<uint8_t>(c, offset);
    case DType::kI8:
      return AsDouble<int8_t>(c, offset);
    case DType::kU16:
      return AsDouble<uint16_t>(c, offset);
    case DType::kI16:
      return AsDouble<int16_t>(c, offset);
    case DType::kU32:
      return AsDouble<uint32_t>(c, offset);
    case DType::kI32:
      return AsDouble<int32_t>(c, offset);
    case DType::kU64:
      return AsDouble<uint64_t>(c, offset);
    case DType::kI64:
      return AsDouble<int64_t>(c, offset);
    case DType::kF32:
      return AsDouble<float>(c, offset);
    case DType::kF64:
      return AsDouble<double>(c, offset);
    case DType::kC64:
      return AsDouble<std::complex<float>>(c, offset);
    default:
      return AsDouble<std::complex<double>>(c, offset);
  }
}

std::vector<hsize_t> Extents(const Shape& shape) { return {shape.begin(), shape.end()}; }

std::vector<double> TestValues(int64_t count, hid_t type) {
  std::vector<double> out(static_cast<size_t>(count));
  const bool is_unsigned = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
  const bool narrow = H5Tget_size(type) == 1;
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<double>((i * 37) % 199 - 60);
    if (is_unsigned) out[i] += 60;
    if (narrow) out[i] = std::min(out[i], 127.0);
  }
  return out;
}

hid_t Creation(const TestDataset& d) {
  const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
  if (d.compact) H5Pset_layout(plist, H5D_COMPACT);
  if (d.chunk.rank() > 0) H5Pset_chunk(plist, d.chunk.rank(), Extents(d.chunk).data());
  if (d.shuffle) H5Pset_shuffle(plist);
  if (d.deflate > 0) H5Pset_deflate(plist, static_cast<unsigned>(d.deflate));
  if (d.fletcher) H5Pset_fletcher32(plist);
  if (d.fill != 0) H5Pset_fill_value(plist, H5T_NATIVE_DOUBLE, &d.fill);
  return plist;
}

void MakeDataset(hid_t file, const TestDataset& d) {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  const hid_t plist = Creation(d);
  std::vector<hsize_t> extents = Extents(d.shape), limits = extents;
  if (d.unlimited) limits[0] = H5S_UNLIMITED;
  const hid_t space = d.shape.rank() == 0 ? H5Screate(H5S_SCALAR)
                                          : H5Screate_simple(d.shape.rank(), extents.data(), limits.data());
  const hid_t dataset = H5Dcreate2(file, d.path.c_str(), d.type, space, links, plist, H5P_DEFAULT);
  EXPECT_GE(dataset, 0) << d.path;
  const std::vector<double> values = d.write ? TestValues(d.shape.elements(), d.type) : std::vector<double>();
  if (!values.empty()) {
    EXPECT_GE(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0)
        << d.path;
  }
  H5Dclose(dataset);
  H5Sclose(space);
  H5Pclose(plist);
  H5Pclose(links);
}

}  // namespace

Hdf5Source TestHdf5Source() {
  static ProbeClient* const probe = [] {
    ProbeOptions options;
    options.program = CL_BINARY_DIR "/bin/cubeloom-probe";
    return MakeProbeClient(options).release();
  }();
  return {LocalStore(), *probe};
}

std::vector<double> Hdf5Values(const Chunk& chunk) {
  std::vector<double> out(static_cast<size_t>(chunk.box.elements()));
  if (chunk.box.rank() == 0) return {Element(chunk, 0)};
  const int64_t length = chunk.box.extent[chunk.box.rank() - 1];
  ForEachRow(chunk, [&](int64_t offset, int64_t linear) {
    for (int64_t i = 0; i < length; ++i) {
      out[linear + i] =
          chunk.valid(linear + i) ? Element(chunk, offset + i) : std::numeric_limits<double>::quiet_NaN();
    }
  });
  return out;
}

std::vector<double> Hdf5Values(const ArrayPtr& array, const Box& box) {
  const absl::StatusOr<Chunk> chunk = array->Read(box, {});
  EXPECT_TRUE(chunk.ok()) << chunk.status();
  return chunk.ok() ? Hdf5Values(*chunk) : std::vector<double>();
}

std::vector<double> Hdf5Values(const ArrayPtr& array) {
  return Hdf5Values(array, Box::Whole(array->desc().shape));
}

void MakeTestFile(const std::string& path, const TestFile& test) {
  const hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
  if (test.user_block > 0) H5Pset_userblock(creation, test.user_block);
  if (test.latest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access);
  ASSERT_GE(file, 0) << path;
  for (const TestDataset& d : test.datasets) MakeDataset(file, d);
  H5Fclose(file);
  H5Pclose(access);
  H5Pclose(creation);
}

std::vector<double> LibraryValues(const std::string& path, const std::string& dataset, const Box& box) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t id = H5Dopen2(file, dataset.c_str(), H5P_DEFAULT);
  const hid_t space = H5Dget_space(id);
  std::vector<double> out(static_cast<size_t>(box.elements()));
  const std::vector<hsize_t> start = Extents(box.origin), count = Extents(box.extent);
  hid_t memory = H5S_ALL;
  if (box.rank() > 0) {
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
    memory = H5Screate_simple(box.rank(), count.data(), nullptr);
  }
  EXPECT_GE(H5Dread(id, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, out.data()), 0)
      << path << " " << dataset;
  if (memory != H5S_ALL) H5Sclose(memory);
  H5Sclose(space);
  H5Dclose(id);
  H5Fclose(file);
  return out;
}

Shape LibraryShape(const std::string& path, const std::string& dataset) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t id = H5Dopen2(file, dataset.c_str(), H5P_DEFAULT);
  EXPECT_GE(id, 0) << path << " " << dataset;
  const hid_t space = H5Dget_space(id);
  hsize_t extents[H5S_MAX_RANK];
  const int rank = H5Sget_simple_extent_dims(space, extents, nullptr);
  Shape out;
  for (int a = 0; a < rank; ++a) out.push_back(static_cast<int64_t>(extents[a]));
  H5Sclose(space);
  H5Dclose(id);
  H5Fclose(file);
  return out;
}

int RunH5py(const std::string& path, const std::string& code, std::string* output) {
  const TempFolder folder;
  const std::string script = folder.Write(
      "check.py",
      absl::StrCat("import sys\ntry:\n  import h5py, numpy as np\nexcept ImportError:\n  sys.exit(77)\n",
                   "path = sys.argv[1]\n", code, "\n"));
  // The sanitizers of a test build are no business of Python.
  const ProgramResult result =
      RunProgram(absl::StrCat("env -u LD_PRELOAD /usr/bin/python3 ", script, " ", path, " 2>&1"));
  *output = result.output;
  return result.status == 127 ? 77 : result.status;
}

}  // namespace cubeloom
