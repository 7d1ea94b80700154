#include "cubeloom/store/fits/test_support.h"

#include <fitsio.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

struct OpenFile {
  explicit OpenFile(const std::string& path, int hdu) {
    fits_open_diskfile(&file, path.c_str(), READONLY, &status);
    if (status == 0) fits_movabs_hdu(file, hdu + 1, nullptr, &status);
    EXPECT_EQ(status, 0) << path << " HDU " << hdu;
  }
  ~OpenFile() {
    int ignored = 0;
    if (file != nullptr) fits_close_file(file, &ignored);
    fits_clear_errmsg();
  }
  fitsfile* file = nullptr;
  int status = 0;
};

template <typename T>
double AsDouble(const Chunk& chunk, int64_t offset) {
  return static_cast<double>(chunk.as<T>()[offset]);
}

double Element(const Chunk& c, int64_t offset) {
  switch (c.dtype) {
    case DType::kBool:
      return AsDouble<uint8_t>(c, offset) != 0;
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
    default:
      return AsDouble<double>(c, offset);
  }
}

}  // namespace

FitsSource TestSource() {
  static ProbeClient* const probe = [] {
    ProbeOptions options;
    options.program = CL_BINARY_DIR "/bin/cubeloom-probe";
    return MakeProbeClient(options).release();
  }();
  return {LocalStore(), *probe};
}

std::vector<double> AllValues(const Chunk& chunk) {
  std::vector<double> out;
  if (chunk.box.rank() == 0) return {Element(chunk, 0)};
  ForEachRow(chunk, [&](int64_t offset, int64_t linear) {
    for (int64_t i = 0; i < chunk.box.extent[chunk.box.rank() - 1]; ++i) {
      out.push_back(chunk.valid(linear + i) ? Element(chunk, offset + i)
                                            : std::numeric_limits<double>::quiet_NaN());
    }
  });
  return out;
}

std::vector<double> AllValues(const ArrayPtr& array) {
  const absl::StatusOr<Chunk> chunk = array->Read(Box::Whole(array->desc().shape), {});
  EXPECT_TRUE(chunk.ok()) << chunk.status();
  return chunk.ok() ? AllValues(*chunk) : std::vector<double>();
}

std::vector<double> CfitsioPixels(const std::string& path, int hdu) {
  OpenFile f(path, hdu);
  int rank = 0, any = 0;
  long axes[9] = {};
  fits_get_img_dim(f.file, &rank, &f.status);
  fits_get_img_size(f.file, 9, axes, &f.status);
  LONGLONG count = rank > 0 ? 1 : 0;
  for (int i = 0; i < rank; ++i) count *= axes[i];
  std::vector<double> out(count);
  long first[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  double null = std::numeric_limits<double>::quiet_NaN();
  fits_read_pix(f.file, TDOUBLE, first, count, &null, out.data(), &any, &f.status);
  EXPECT_EQ(f.status, 0) << path << " HDU " << hdu;
  return out;
}

int CfitsioHduCount(const std::string& path) {
  OpenFile f(path, 0);
  int count = 0;
  fits_get_num_hdus(f.file, &count, &f.status);
  return count;
}

bool CfitsioHasImage(const std::string& path, int hdu) {
  OpenFile f(path, hdu);
  int type = 0, rank = 0;
  fits_get_hdu_type(f.file, &type, &f.status);
  fits_get_img_dim(f.file, &rank, &f.status);
  long axes[999] = {};
  fits_get_img_size(f.file, 999, axes, &f.status);
  bool pixels = rank > 0;
  for (int i = 0; i < rank; ++i) pixels = pixels && axes[i] > 0;
  return type == IMAGE_HDU && pixels;
}

std::string MakeHeader(const std::vector<std::string>& lines) {
  std::string out;
  for (std::string line : lines) {
    line.resize(80, ' ');
    out += line;
  }
  out += "END";
  out.resize((out.size() + 2879) / 2880 * 2880, ' ');
  return out;
}

std::string PadData(std::string data) {
  data.resize((data.size() + 2879) / 2880 * 2880, '\0');
  return data;
}

}  // namespace cubeloom
