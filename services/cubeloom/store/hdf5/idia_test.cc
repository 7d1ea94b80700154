// The IDIA schema: what is written equals a plain computation, opens as it was, and has fits2idia's
// structure.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/store/hdf5/idia_mips.h"
#include "cubeloom/store/hdf5/test_support.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Smooth in part, some NaN and infinities.
std::vector<float> Pixels(const Shape& shape) {
  std::vector<float> out(static_cast<size_t>(shape.elements()));
  uint32_t state = 1;
  for (size_t i = 0; i < out.size(); ++i) {
    state = state * 1664525 + 1013904223;
    out[i] = static_cast<float>(state >> 16) / 65536.0f + static_cast<float>(i % 1000);
    if (i % 97 == 5) out[i] = std::nanf("");
    if (i % 1001 == 7) out[i] = INFINITY;
  }
  return out;
}

ArrayPtr Image(const Shape& shape, std::vector<Attribute> attributes) {
  const std::vector<float> pixels = Pixels(shape);
  ArrayDesc desc;
  desc.dtype = DType::kF32;
  desc.shape = shape;
  desc.unit = "Jy/beam";
  desc.attributes = std::move(attributes);
  Chunk chunk{DType::kF32,
              Box::Whole(shape),
              ContiguousStrides(shape),
              Buffer::Copy(pixels.data(), pixels.size() * sizeof(float)),
              Buffer(),
              ScaleState::kPhysical};
  return MakeMemoryArray(std::move(desc), std::move(chunk)).value();
}

std::vector<Attribute> Cards() {
  return {{"OBJECT", Value("M17"), ""},  {"BUNIT", Value("Jy/beam"), ""},    {"CRVAL1", Value(275.25), ""},
          {"VELREF", Value(257), ""},    {"CELLSCAL", Value(true), ""},      {"HISTORY", Value("one"), ""},
          {"HISTORY", Value("two"), ""}, {"COMMENT", Value("a comment"), ""}};
}

struct Case {
  Shape shape;
  bool chunked;
};
const Case kCases[] = {{{40, 60}, false},        {{300, 700}, false},   {{513, 1030}, true},
                       {{3, 520, 530}, true},    {{5, 20, 300}, false}, {{2, 3, 33, 20}, false},
                       {{1, 1, 600, 512}, true}, {{1100, 2, 3}, false}};

bool Same(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))) return false;
  }
  return true;
}

class IdiaTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    shape_ = GetParam().shape;
    array_ = Image(shape_, Cards());
    pixels_ = Pixels(shape_);
    const absl::Status written = WriteIdiaHdf5(LocalStore(), path_, array_);
    ASSERT_TRUE(written.ok()) << written;
    height_ = shape_[shape_.rank() - 2];
    width_ = shape_[shape_.rank() - 1];
    depth_ = shape_.rank() > 2 ? shape_[shape_.rank() - 3] : 1;
    planes_ = shape_.elements() / (height_ * width_);
  }
  std::vector<double> Library(const std::string& dataset) const {
    return LibraryValues(path_, dataset, Box::Whole(LibraryShape(path_, dataset)));
  }
  // Statistics and histogram of [first, first + count), as fits2idia forms them.
  std::map<std::string, std::vector<double>> Expected(int64_t first, int64_t count, int64_t bins) const {
    float min = INFINITY, max = -INFINITY;
    double sum = 0, sum_sq = 0;
    int64_t bad = 0;
    for (int64_t i = first; i < first + count; ++i) {
      const float v = pixels_[i];
      if (!std::isfinite(v)) {
        ++bad;
        continue;
      }
      min = std::min(min, v), max = std::max(max, v), sum += v, sum_sq += double{v} * v;
    }
    std::vector<double> histogram(bins, 0);
    for (int64_t i = first; i < first + count; ++i) {
      if (!std::isfinite(pixels_[i])) continue;
      const double at = static_cast<double>(bins) * (double{pixels_[i]} - min) / (double{max} - min);
      ++histogram[std::min<int64_t>(bins - 1, static_cast<int64_t>(at))];
    }
    return {{"MIN", {min}},
            {"MAX", {max}},
            {"SUM", {sum}},
            {"SUM_SQ", {sum_sq}},
            {"NAN_COUNT", {static_cast<double>(bad)}},
            {"HISTOGRAM", histogram}};
  }
  void ExpectStatistics(const std::string& group, int64_t parts) const {
    const int64_t count = shape_.elements() / parts;
    const auto bins =
        std::max<int64_t>(2, static_cast<int64_t>(std::sqrt(static_cast<double>(height_ * width_))));
    for (const char* field : {"MIN", "MAX", "SUM", "SUM_SQ", "NAN_COUNT", "HISTOGRAM"}) {
      const std::vector<double> got = Library(absl::StrCat("/0/Statistics/", group, "/", field));
      std::vector<double> expected;
      for (int64_t part = 0; part < parts; ++part) {
        const auto all = Expected(part * count, count, bins);
        expected.insert(expected.end(), all.at(field).begin(), all.at(field).end());
      }
      ASSERT_EQ(got.size(), expected.size()) << group << field;
      for (size_t i = 0; i < got.size(); ++i) {
        // Sums are formed in another order and stored as float.
        const bool is_sum = absl::string_view(field).substr(0, 3) == "SUM";
        const double tolerance = is_sum ? std::abs(expected[i]) * 1e-6 : 0;
        ASSERT_NEAR(got[i], expected[i], tolerance) << group << field << i;
      }
    }
  }

  const TempFolder folder_;
  const std::string path_ = folder_.File("image.hdf5");
  Shape shape_;
  ArrayPtr array_;
  std::vector<float> pixels_;
  int64_t height_ = 0, width_ = 0, depth_ = 1, planes_ = 1;
};

TEST_P(IdiaTest, DataAndCardsComeBack) {
  const auto back = OpenHdf5(TestHdf5Source(), path_);
  ASSERT_TRUE(back.ok()) << back.status();
  const ArrayDesc& desc = (*back)->desc();
  EXPECT_EQ(desc.shape, shape_);
  EXPECT_EQ(desc.natural_chunk.rank() > 0, GetParam().chunked);
  EXPECT_EQ(desc.unit, "Jy/beam");
  EXPECT_TRUE(Same(Hdf5Values(*back), Hdf5Values(array_)));
  EXPECT_TRUE(Same(Library("/0/DATA"), Hdf5Values(array_)));
  std::vector<std::string> names;
  for (const Attribute& a : desc.attributes) names.push_back(a.name);
  EXPECT_THAT(
      names, ElementsAre("OBJECT", "BUNIT", "CRVAL1", "VELREF", "CELLSCAL", "HISTORY", "HISTORY", "COMMENT"));
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(desc.attributes[i].value, Cards()[i].value) << names[i];
}

TEST_P(IdiaTest, StatisticsEqualAPlainComputation) {
  ExpectStatistics("XY", planes_);
  if (depth_ > 1) ExpectStatistics("XYZ", planes_ / depth_);
}

TEST_P(IdiaTest, MipMapsAreMeansOfFinitePixels) {
  const IdiaMips mips(height_, width_);
  for (int level = 1; level <= mips.levels(); ++level) {
    const int64_t step = int64_t{1} << level, h = mips.height(level), w = mips.width(level);
    const std::string name = absl::StrCat("/0/MipMaps/DATA/DATA_XY_", step);
    Shape expected_shape = shape_;
    expected_shape[shape_.rank() - 2] = h;
    expected_shape[shape_.rank() - 1] = w;
    ASSERT_EQ(LibraryShape(path_, name), expected_shape);
    const std::vector<double> got = Library(name);
    for (int64_t i = 0; i < static_cast<int64_t>(got.size()); ++i) {
      const int64_t plane = i / (h * w), y0 = i / w % h * step, x0 = i % w * step;
      double sum = 0;
      int64_t count = 0;
      for (int64_t y = y0; y < std::min(y0 + step, height_); ++y) {
        for (int64_t x = x0; x < std::min(x0 + step, width_); ++x) {
          const float v = pixels_[(plane * height_ + y) * width_ + x];
          if (std::isfinite(v)) sum += v, ++count;
        }
      }
      if (count == 0) {
        ASSERT_TRUE(std::isnan(got[i]));
      } else {
        ASSERT_NEAR(got[i], sum / static_cast<double>(count), 1e-4) << level << " " << i;
      }
    }
  }
  EXPECT_LE(std::max(mips.height(mips.levels()), mips.width(mips.levels())), 128);
}

TEST_P(IdiaTest, SwizzledDataHasTheSpectralAxisFastest) {
  if (depth_ <= 1) return;
  const std::string name = shape_.rank() == 3 ? "/0/SwizzledData/ZYX" : "/0/SwizzledData/ZYXW";
  const std::vector<double> got = Library(name);
  ASSERT_EQ(got.size(), pixels_.size());
  for (int64_t i = 0; i < static_cast<int64_t>(got.size()); ++i) {
    const int64_t z = i % depth_, y = i / depth_ % height_, x = i / (depth_ * height_) % width_;
    const int64_t cube = i / (depth_ * height_ * width_);
    const float v = pixels_[((cube * depth_ + z) * height_ + y) * width_ + x];
    ASSERT_TRUE(got[i] == v || (std::isnan(got[i]) && std::isnan(v))) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, IdiaTest, ::testing::ValuesIn(kCases));

TEST(IdiaWriteTest, AttributesHaveTheTypesThatCartaReads) {
  const TempFolder folder;
  const std::string path = folder.File("image.hdf5");
  ASSERT_TRUE(WriteIdiaHdf5(LocalStore(), path, Image({30, 40}, Cards())).ok());
  std::string output;
  const int status = RunH5py(path, R"(
f = h5py.File(path, "r")
a = f["0"].attrs
assert list(a)[:9] == ["SCHEMA_VERSION", "HDF5_CONVERTER", "HDF5_CONVERTER_VERSION", "SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND"], list(a)
assert a["SCHEMA_VERSION"] == b"0.3" and a.get_id("SCHEMA_VERSION").get_type().is_variable_str() == False
assert a["SIMPLE"].dtype == np.uint8 and a["SIMPLE"] == 1 and a["CELLSCAL"].dtype == np.uint8
assert a["BITPIX"] == -32 and a["BITPIX"].dtype == np.int64
assert a["NAXIS1"] == 40 and a["NAXIS2"] == 30 and a["NAXIS"] == 2
assert a["CRVAL1"] == 275.25 and a["CRVAL1"].dtype == np.float64
assert all(np.shape(a[k]) == () for k in a)
s = f["0/Statistics/XY"]
assert s["MIN"].shape == () and s["MIN"].dtype == np.float32 and s["NAN_COUNT"].dtype == np.int64
assert s["HISTOGRAM"].shape == (34,) and s["HISTOGRAM"].dtype == np.int64
assert "MipMaps" not in f["0"] and "SwizzledData" not in f["0"]
)",
                             &output);
  if (status == 77) GTEST_SKIP() << "python3 with h5py (package python3-h5py) is not there";
  EXPECT_EQ(status, 0) << output;
}

TEST(IdiaWriteTest, IntegersBecomeFloatsAndInvalidOnesNaN) {
  const uint8_t bits[] = {0xFD};
  ArrayPtr plain = ArrayFromVector<int16_t>({2, 2}, {1, 2, 3, 4});
  Chunk chunk = plain->Read(Box::Whole({2, 2}), {}).value();
  chunk.validity = Buffer::Copy(bits, 1);
  const ArrayPtr array = MakeMemoryArray(plain->desc(), chunk).value();
  const TempFolder folder;
  const std::string path = folder.File("small.hdf5");
  ASSERT_TRUE(WriteIdiaHdf5(LocalStore(), path, array).ok());
  const std::vector<double> got = LibraryValues(path, "/0/DATA", Box::Whole({2, 2}));
  EXPECT_EQ(got[0], 1);
  EXPECT_TRUE(std::isnan(got[1]));
  EXPECT_THAT(LibraryValues(path, "/0/Statistics/XY/NAN_COUNT", Box()), ElementsAre(1));
}

TEST(IdiaWriteTest, AnImageWithoutFinitePixelsIsWritten) {
  const TempFolder folder;
  const std::string path = folder.File("blank.hdf5");
  const ArrayPtr array = ArrayFromVector<float>({3, 200}, std::vector<float>(600, NAN));
  ASSERT_TRUE(WriteIdiaHdf5(LocalStore(), path, array).ok());
  EXPECT_TRUE(std::isnan(LibraryValues(path, "/0/Statistics/XY/MIN", Box())[0]));
  EXPECT_THAT(LibraryValues(path, "/0/Statistics/XY/NAN_COUNT", Box()), ElementsAre(600));
  for (const double v : LibraryValues(path, "/0/MipMaps/DATA/DATA_XY_2", Box::Whole({2, 100})))
    EXPECT_TRUE(std::isnan(v));
}

TEST(IdiaWriteTest, WhatIsNoImageIsRefused) {
  const TempFolder folder;
  const std::string path = folder.File("none.hdf5");
  for (const ArrayPtr& array :
       {ArrayPtr(), ArrayFromVector<float>({3}, {1, 2, 3}), ArrayFromVector<float>({0, 3}, {}),
        ArrayFromVector<std::complex<float>>({1, 1}, {{1, 2}}),
        ArrayFromVector<float>({1, 1, 1, 1, 1}, {1})}) {
    const absl::Status status = WriteIdiaHdf5(LocalStore(), path, array);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("none.hdf5"));
  }
  EXPECT_EQ(folder.Listing(), "");
}

}  // namespace
}  // namespace cubeloom
