// Every image of every real file at hand, against CFITSIO: equal to the last bit.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/store/fits/test_support.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

// Files that the standard or CFITSIO itself refuses.
bool Readable(const std::string& path) {
  for (const char* bad : {"badMPE.fits", "badfitskeys.mt"}) {
    if (absl::EndsWith(path, bad)) return false;
  }
  return true;
}

std::vector<std::string> RealFiles() {
  std::vector<std::string> files;
  for (const std::string& folder : {SharedData("fits"), std::string("/usr/share/python-drizzle/test_data"),
                                    std::string("/usr/lib/eso-midas/22FEB/test/prim")}) {
    if (folder.empty() || !std::filesystem::exists(folder)) continue;
    for (const char* pattern : {"/*.fits", "/*.fit", "/*.tfits", "/*.mt"}) {
      const auto found = LocalStore().List(folder + pattern);
      if (found.ok()) files.insert(files.end(), found->begin(), found->end());
    }
  }
  return files;
}

// Equal as numbers, NaN to NaN; returns the number of differences.
int64_t PixelDifferences(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return -1;
  int64_t n = 0;
  for (size_t i = 0; i < a.size(); ++i) n += !(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])));
  return n;
}

TEST(RealFilesTest, PixelsEqualCfitsio) {
  int images = 0;
  const std::vector<std::string> files = RealFiles();
  if (files.empty()) GTEST_SKIP() << "shared data not present: fits/*.fits";
  for (const std::string& file : files) {
    if (!Readable(file)) continue;
    const auto list = ListFitsImages(TestSource(), file);
    ASSERT_TRUE(list.ok()) << list.status();
    size_t expected = 0;
    for (int i = 0; i < CfitsioHduCount(file); ++i) expected += CfitsioHasImage(file, i) ? 1 : 0;
    EXPECT_EQ(list->size(), expected) << file;
    for (const FitsImageInfo& info : *list) {
      FitsSelect select;
      select.hdu.number = info.number;
      select.type = FitsType::kFloat64;
      const auto array = OpenFits(TestSource(), file, select);
      ASSERT_TRUE(array.ok()) << array.status();
      EXPECT_EQ(PixelDifferences(AllValues(*array), CfitsioPixels(file, info.number)), 0)
          << file << " HDU " << info.number;
      ++images;
    }
  }
  EXPECT_GT(images, 0);
  RecordProperty("images", images);
}

struct Known {
  const char* name;
  Shape shape;
  DType dtype;
  int64_t nans;
};

TEST(RealFilesTest, SharedImagesHaveTheStatedShapes) {
  if (SharedData("fits").empty()) GTEST_SKIP() << "shared data not present: fits";
  for (const Known& k : std::vector<Known>{{"sep_image", {256, 256}, DType::kF32, 0},
                                           {"sdss_fpC-005754-r3-0280", {1489, 2048}, DType::kU16, 0},
                                           {"iraf_m51_devpix", {512, 512}, DType::kI16, 0},
                                           {"kira_2mass_j1180244", {1026, 510}, DType::kF64, 4218},
                                           {"decam_z_cutout", {251, 245}, DType::kF32, 0},
                                           {"toros_eso085-030", {682, 1024}, DType::kU16, 0},
                                           {"saao_a8280271", {520, 536}, DType::kU16, 0},
                                           {"mpdaf_cube", {1595, 10, 20}, DType::kF64, 0},
                                           {"M17_SWex_unittest", {5, 31, 31}, DType::kF32, 2568}}) {
    const auto array = OpenFits(TestSource(), SharedData(absl::StrCat("fits/", k.name, ".fits")));
    ASSERT_TRUE(array.ok()) << array.status();
    const ArrayDesc& desc = (*array)->desc();
    const ArrayPtr squeezed = SqueezeLeading(*array, k.shape.rank()).value();
    EXPECT_EQ(squeezed->desc().shape, k.shape) << k.name << " " << desc.shape.ToString();
    EXPECT_EQ(desc.dtype, k.dtype) << k.name << " " << DTypeName(desc.dtype);
    int64_t nans = 0, saturated = 0;
    for (const double v : AllValues(*array)) nans += std::isnan(v), saturated += v == 65535;
    EXPECT_EQ(nans, k.nans) << k.name;
    if (std::strcmp(k.name, "toros_eso085-030") == 0) {
      EXPECT_EQ(saturated, 67);
    }
  }
}

TEST(RealFilesTest, HubbleExposureByExtensionName) {
  const std::string file = "/usr/share/python-drizzle/test_data/j8bt06nyq_flt.fits";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "package python-drizzle-testdata not installed";
  FitsSelect select;
  select.hdu.name = "sci";
  const ArrayPtr sci = OpenFits(TestSource(), file, select).value();
  EXPECT_EQ(sci->desc().shape, (Shape{1024, 1024}));
  EXPECT_EQ(sci->desc().dtype, DType::kF32);
  EXPECT_EQ(sci->desc().unit, "ELECTRONS");
  EXPECT_EQ(sci->desc().Find("EXTNAME")->value, Value("SCI"));
  EXPECT_EQ(sci->desc().Find("NAXIS1"), nullptr);
  select.hdu.name = "DQ";
  EXPECT_EQ(OpenFits(TestSource(), file, select).value()->desc().dtype, DType::kI16);
  select.hdu.name = "NOPE";
  const absl::Status none = OpenFits(TestSource(), file, select).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound) << none;
}

}  // namespace
}  // namespace cubeloom
