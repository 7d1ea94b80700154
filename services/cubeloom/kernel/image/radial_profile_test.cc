#include "cubeloom/kernel/image/radial_bins.h"
#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

std::vector<double> Reals(const Table& table, const char* name) {
  return std::get<std::vector<double>>(table.Find(name)->values);
}
std::vector<int64_t> Counts(const Table& table) {
  return std::get<std::vector<int64_t>>(table.Find("count")->values);
}

Payload RadialImage() {
  std::vector<double> v = Pattern(15 * 17, 9);
  v[3 * 17 + 3] = kNan;
  return ArrayOfType<double>({15, 17}, v);
}

// numpy: bincount of floor(sqrt((x - 7.3)^2 + (y - 6.1)^2) / 1.5).
TEST(RadialProfileTest, EqualsNumpy) {
  const auto out =
      RunKernel("image.radial_profile", {{RadialImage()}}, {{"centre", Numbers({7.3, 6.1})}, {"bin", 1.5}});
  ASSERT_TRUE(out.ok()) << out.status();
  const Table& table = *(*out)[0].table();
  EXPECT_EQ(Counts(table), (std::vector<int64_t>{7, 22, 35, 46, 61, 55, 22, 6}));
  ExpectClose(Reals(table, "sum"), {89.375, 101.625, 522.625, 734.0, 903.75, 644.625, 222.75, 86.125}, 1e-14,
              "sum");
  ExpectClose(Reals(table, "mean"),
              {12.767857142857142, 4.619318181818182, 14.932142857142857, 15.956521739130435,
               14.815573770491802, 11.720454545454546, 10.125, 14.354166666666666},
              1e-14, "mean");
  ExpectClose(Reals(table, "sigma"),
              {42.17575012740762, 39.74508574880237, 36.92582916122125, 35.994156715123225,
               41.325389482923214, 38.96723727451153, 41.418361323957576, 32.92713704783133},
              1e-14, "sigma");
  ExpectClose(Reals(table, "radius"), {0.75, 2.25, 3.75, 5.25, 6.75, 8.25, 9.75, 11.25}, 0, "radius");
}

TEST(RadialProfileTest, DefaultsReachFromTheMiddleToTheCorner) {
  const auto out = RunKernel("image.radial_profile", {{RadialImage()}}, {});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ((*out)[0].table()->rows(), 11);  // floor(hypot(8, 7)) + 1
  int64_t pixels = 0;
  for (const int64_t n : Counts(*(*out)[0].table())) pixels += n;
  EXPECT_EQ(pixels, 15 * 17 - 1);
}

TEST(RadialProfileTest, MaskAndRadiusLeavePixelsOut) {
  std::vector<uint8_t> use(15 * 17, 0);
  use[6 * 17 + 7] = use[3 * 17 + 3] = 1;
  const auto out =
      RunKernel("image.radial_profile", {{RadialImage()}, {Payload(ArrayFromVector<uint8_t>({15, 17}, use))}},
                {{"centre", Numbers({7, 6})}, {"radius", 2.5}});
  ASSERT_TRUE(out.ok()) << out.status();
  const Table& table = *(*out)[0].table();
  EXPECT_EQ(Counts(table), (std::vector<int64_t>{1, 0, 0}));
  EXPECT_TRUE(std::isnan(Reals(table, "sigma")[0]));
  EXPECT_TRUE(std::isnan(Reals(table, "mean")[1]));
}

TEST(RadialProfileTest, BadArgumentsAreNamed) {
  ExpectRefused(RunKernel("image.radial_profile", {{RadialImage()}}, {{"centre", Numbers({1})}}), "centre");
  ExpectRefused(RunKernel("image.radial_profile", {{RadialImage()}}, {{"bin", 0.0}}), "bin");
  ExpectRefused(RunKernel("image.radial_profile", {{RadialImage()}}, {{"bin", 1e-6}}), "bin");
  ExpectRefused(RunKernel("image.radial_profile", {{ArrayOfType<float>({2, 1, 1}, {1, 2})}}, {}), "image");
  ExpectRefused(RunKernel("image.radial_profile",
                          {{RadialImage()}, {Payload(ArrayFromVector<uint8_t>({1, 1}, {1}))}}, {}),
                "mask");
}

TEST(RingsTest, DamagedStatesAreRefused) {
  Rings rings;
  rings.rings.resize(5);
  rings.rings[3] = {2, 6, 3, 0.5};
  const std::string bytes = rings.Encode();
  const auto back = Rings::Decode(bytes);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->Encode(), bytes);
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(Rings::Decode(bytes.substr(0, n)).status().code(), absl::StatusCode::kDataLoss) << n;
  }
  std::string huge = bytes;
  huge[7] = 0x7f;  // 2^55 rings
  EXPECT_EQ(Rings::Decode(huge).status().code(), absl::StatusCode::kDataLoss);
  std::string outside = bytes;
  outside[17] = 5;  // the index of the first ring that is not empty
  EXPECT_FALSE(Rings::Decode(outside).ok());
}

}  // namespace
}  // namespace cubeloom
