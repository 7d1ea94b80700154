#include "cubeloom/kernel/image/axis_keywords.h"

#include <cmath>

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

ArrayDesc With(std::vector<Attribute> attributes) {
  ArrayDesc desc;
  desc.attributes = std::move(attributes);
  return desc;
}

TEST(ReadAxisTest, LinearKeywordsOrTheIndex) {
  const struct {
    const char* name;
    ArrayDesc desc;
    double start, step;
  } cases[] = {
      {"CDELT", With({{"CRVAL3", 10, ""}, {"CDELT3", 2.0, ""}, {"CRPIX3", 3.0, ""}}), 6, 2},
      {"CD", With({{"CRVAL3", 10, ""}, {"CD3_3", -2.0, ""}, {"CRPIX3", 1, ""}}), 10, -2},
      {"PC", With({{"CDELT3", 4, ""}, {"PC3_3", 0.5, ""}, {"CRPIX3", 1, ""}}), 0, 2},
      {"reference pixel 0 by default", With({{"CDELT3", 4, ""}}), 4, 4},
      {"none", With({}), 0, 1},
      {"step 0", With({{"CRVAL3", 10, ""}, {"CDELT3", 0, ""}}), 0, 1},
      {"step NaN", With({{"CRVAL3", 10, ""}, {"CDELT3", std::nan(""), ""}}), 0, 1},
      {"text", With({{"CRVAL3", "ten", ""}, {"CDELT3", 1, ""}}), 0, 1},
      {"another axis", With({{"CRVAL2", 10, ""}, {"CDELT2", 1, ""}}), 0, 1},
  };
  for (const auto& c : cases) {
    const LinearAxis axis = ReadAxis(c.desc, 3);
    EXPECT_EQ(axis.start, c.start) << c.name;
    EXPECT_EQ(axis.step, c.step) << c.name;
  }
}

TEST(RescaleAxisTest, APixelsPlaceOnTheSkyStays) {
  // World coordinate of the centre of new pixel 0: the mean of old pixels 4, 5, 6 (0-based).
  ArrayDesc desc = With({{"CRPIX1", 2.0, ""}, {"CDELT1", 0.25, ""}, {"CRVAL1", 7.0, ""}});
  const double want = 7 + (6 - 2) * 0.25;
  RescaleAxis(&desc.attributes, 1, 4, 3);
  EXPECT_DOUBLE_EQ(ReadAxis(desc, 1).At(0), want);
  EXPECT_DOUBLE_EQ(ReadAxis(desc, 1).step, 0.75);

  ArrayDesc cd = With({{"CRPIX1", 2.0, ""}, {"CD1_1", 0.25, ""}, {"CD2_1", 0.5, ""}, {"CD1_2", 9.0, ""}});
  RescaleAxis(&cd.attributes, 1, 0, 2);
  EXPECT_EQ(cd.Find("CD1_1")->value.real(), 0.5);
  EXPECT_EQ(cd.Find("CD2_1")->value.real(), 1.0);
  EXPECT_EQ(cd.Find("CD1_2")->value.real(), 9.0);
  EXPECT_EQ(cd.Find("CDELT1"), nullptr);

  ArrayDesc pc = With({{"CRPIX1", 2.0, ""}, {"CDELT1", 0.25, ""}, {"PC2_1", 0.5, ""}});
  RescaleAxis(&pc.attributes, 1, 0, 2);
  EXPECT_EQ(pc.Find("PC1_1")->value.real(), 2.0);
  EXPECT_EQ(pc.Find("PC2_1")->value.real(), 1.0);
  EXPECT_EQ(pc.Find("CDELT1")->value.real(), 0.25);
}

TEST(KeepAxesTest, KeywordsOfOtherAxesGo) {
  ArrayDesc desc;
  for (const char* name : {"NAXIS", "NAXIS2", "NAXIS3", "CTYPE1", "CTYPE4", "CD1_2", "CD3_1", "CD1_3",
                           "PC3_3", "PV2_4", "CD", "CRVAL", "TELESCOP", "DATE-OBS", "CUNIT3A", "P3"}) {
    desc.attributes.push_back({name, Value(1), ""});
  }
  KeepAxes(&desc.attributes, 2);
  std::vector<std::string> left;
  for (const Attribute& attribute : desc.attributes) left.push_back(attribute.name);
  EXPECT_EQ(left, (std::vector<std::string>{"NAXIS", "NAXIS2", "CTYPE1", "CD1_2", "PV2_4", "CD", "CRVAL",
                                            "TELESCOP", "DATE-OBS", "CUNIT3A", "P3"}));
}

}  // namespace
}  // namespace cubeloom
