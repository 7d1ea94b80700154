#include "cubeloom/engine/manifest.h"

#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

Manifest Sample() {
  Manifest m;
  m.graph_name = "g";
  m.graph_sha256 = "aa";
  m.parameters = {{"sigma", Value(2.0)}};
  m.kernels = {"image.gaussian@1"};
  m.inputs = {{"frames", "a.fits", 10, "bb"}};
  m.outcome = "succeeded";
  m.drops = 3;
  m.states = {{"completed", Value(3)}};
  m.contents = {{"smooth:image/0", "array", "cc"}};
  m.outputs = {{"out/0", "a.json", 5, "dd"}};
  m.merkle_root = "ee";
  return m;
}

TEST(ManifestTest, JsonRoundTripKeepsEverything) {
  const std::string json = ManifestToJson(Sample());
  const absl::StatusOr<Manifest> back = ManifestFromJson(json, "m");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ManifestToJson(*back), json);
}

TEST(ManifestTest, OtherVersionsAndMalformedTextsAreRefusedWithTheField) {
  const std::string json = ManifestToJson(Sample());
  std::string newer = json;
  newer.replace(newer.find("\"version\": 1"), 12, "\"version\": 9");
  EXPECT_NE(ManifestFromJson(newer, "m").status().message().find("version 9"), absl::string_view::npos);
  std::string broken = json;
  broken.replace(broken.find("\"bytes\": 10"), 11, "\"bytes\": \"\"");
  EXPECT_NE(ManifestFromJson(broken, "m").status().message().find("inputs[0]: 'bytes'"),
            absl::string_view::npos);
  for (size_t cut = 0; cut < json.size() - 2; ++cut)
    EXPECT_FALSE(ManifestFromJson(json.substr(0, cut), "m").ok());
}

TEST(CompareManifestsTest, SaysWhichLevelDiffers) {
  EXPECT_TRUE(CompareManifests(Sample(), Sample()).same_files());
  Manifest other = Sample();
  other.outputs[0].sha256 = "ff";
  Comparison c = CompareManifests(Sample(), other);
  EXPECT_TRUE(c.same_results());
  EXPECT_FALSE(c.same_files());
  other = Sample();
  other.parameters[0].second = Value(3.0);
  other.contents[0].sha256 = "gg";
  c = CompareManifests(Sample(), other);
  ASSERT_EQ(c.graph.size(), 1u);
  EXPECT_NE(c.graph[0].find("sigma"), std::string::npos);
  ASSERT_EQ(c.contents.size(), 1u);
  EXPECT_NE(c.contents[0].find("smooth:image/0"), std::string::npos);
}

}  // namespace
}  // namespace cubeloom::engine
