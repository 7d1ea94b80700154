#include "cubeloom/resolve/sources.h"

#include <sys/stat.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"
#include "cubeloom/resolve/infer.h"
#include "cubeloom/store/fits/fits.h"
#include "cubeloom/store/probe/handlers/fits_handler.h"
#include "cubeloom/wire/graph_text.h"
#include "gtest/gtest.h"

namespace cubeloom::resolve {
namespace {

TEST(ItemNameTest, DropsFoldersAndKnownExtensions) {
  EXPECT_EQ(ItemName("dir/a.b.fits.gz"), "a.b");
  EXPECT_EQ(ItemName("x.h5"), "x");
  EXPECT_EQ(ItemName("/d/noext"), "noext");
  EXPECT_EQ(ItemName(".fits"), ".fits");
}

class ResolveSourcesTest : public ::testing::Test {
 protected:
  ResolveSourcesTest()
      : folder_(::testing::TempDir() + "/resolve_sources"), probe_(MakeInProcessProbe(Handlers())) {
    EXPECT_EQ(std::system(("rm -rf " + folder_ + " && mkdir -p " + folder_).c_str()), 0);
    environment_ = {&LocalStore(), probe_.get(), ""};
  }
  static const ProbeHandlers& Handlers() {
    static const ProbeHandlers* handlers = [] {
      auto* made = new ProbeHandlers();
      AddFitsHandlers(*made);
      return made;
    }();
    return *handlers;
  }
  void Write(const std::string& name, const Shape& shape) {
    FitsOutput out;
    out.array =
        ArrayFromVector<float>(shape, std::vector<float>(static_cast<size_t>(shape.elements()), 1.0f));
    ASSERT_TRUE(WriteFits(LocalStore(), folder_ + "/" + name, {out}).ok());
  }
  absl::StatusOr<Sources> Resolve(const std::string& source) {
    const absl::StatusOr<graph::Graph> graph =
        wire::ReadGraph("name: t\nnodes:\n- {id: img, source: {" + source + "}}\n", "t.yaml");
    if (!graph.ok()) return graph.status();
    return ResolveSources(*graph, environment_, InlineExecutor(), CancelToken());
  }
  const std::string folder_;
  std::unique_ptr<Probe> probe_;
  Environment environment_;
};

TEST_F(ResolveSourcesTest, PatternsAreSortedAndDescribed) {
  Write("b.fits", {3, 4});
  Write("a.fits", {5, 6});
  const auto sources = Resolve("uri: \"" + folder_ + "/*.fits\"");
  ASSERT_TRUE(sources.ok()) << sources.status();
  const std::vector<SourceItem>& items = sources->at("img");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].name, "a");
  EXPECT_EQ(items[0].desc.shape, (Shape{5, 6}));
  EXPECT_EQ(items[1].desc.shape, (Shape{3, 4}));
  EXPECT_FALSE(items[0].identity.empty());
}

TEST_F(ResolveSourcesTest, ListsKeepTheirOrder) {
  Write("b.fits", {3, 4});
  Write("a.fits", {5, 6});
  const auto sources = Resolve("list: [\"" + folder_ + "/b.fits\", \"" + folder_ + "/a.fits\"]");
  ASSERT_TRUE(sources.ok()) << sources.status();
  EXPECT_EQ(sources->at("img")[0].name, "b");
}

TEST_F(ResolveSourcesTest, BadSourcesNameNodeAndFile) {
  Write("a.fits", {5, 6});
  std::ofstream(folder_ + "/empty.fits").close();
  std::ofstream(folder_ + "/text.fits") << "this is no image at all, whatever its name says";
  struct Case {
    const char* what;
    std::string source;
    const char* message;
  };
  const Case cases[] = {
      {"no match", "uri: \"" + folder_ + "/z*.fits\"", "matches no file"},
      {"missing file", "list: [\"" + folder_ + "/none.fits\"]", "none.fits"},
      {"empty file", "uri: \"" + folder_ + "/empty.fits\"", "empty"},
      {"wrong magic", "uri: \"" + folder_ + "/text.fits\"", "neither FITS nor HDF5"},
      {"missing HDU", "uri: \"" + folder_ + "/a.fits\", hdu: SCI", "SCI"},
      {"dataset of FITS", "uri: \"" + folder_ + "/a.fits\", dataset: /x", "select with `hdu`"},
      {"unknown format", "uri: \"" + folder_ + "/a.fits\", format: fit", "did you mean 'fits'"},
      {"single with two", "uri: \"" + folder_ + "/*.fits\", single: true", "`single` allows one"},
  };
  for (const Case& c : cases) {
    const auto sources = Resolve(c.source);
    EXPECT_FALSE(sources.ok()) << c.what;
    EXPECT_TRUE(absl::StrContains(sources.status().message(), c.message))
        << c.what << ": " << sources.status();
    EXPECT_TRUE(absl::StrContains(sources.status().message(), "node 'img'"))
        << c.what << ": " << sources.status();
  }
}

TEST_F(ResolveSourcesTest, AThresholdForgivesUnreadableFilesOfAList) {
  Write("b.fits", {3, 4});
  Write("c.fits", {3, 4});
  std::ofstream(folder_ + "/a.fits") << "no image";
  const std::string pattern = "source: {uri: \"" + folder_ + "/*.fits\"}";
  const struct {
    const char* what;
    std::string graph;
    const char* message;  // nullptr: it resolves
  } cases[] = {
      {"none", "nodes:\n- {id: img, " + pattern + "}\n", "a.fits"},
      {"of the graph", "errorThreshold: 0.4\nnodes:\n- {id: img, " + pattern + "}\n", nullptr},
      {"of the source", "nodes:\n- {id: img, " + pattern + ", errorThreshold: 0.4}\n", nullptr},
      {"of a gather",
       "nodes:\n- {id: img, " + pattern +
           "}\n- {id: all, kernel: value.collect, inputs: {values: img}, errorThreshold: 0.4}\n",
       nullptr},
      {"too small", "errorThreshold: 0.3\nnodes:\n- {id: img, " + pattern + "}\n",
       "1 of 3 files cannot be read, errorThreshold 0.3 allows 0"},
      {"the source allows none",
       "errorThreshold: 0.4\nnodes:\n- {id: img, " + pattern + ", errorThreshold: 0}\n", "a.fits"},
      {"missing in a list",
       "errorThreshold: 0.5\nnodes:\n- {id: img, source: {list: [\"" + folder_ + "/none\", \"" + folder_ +
           "/b.fits\"]}}\n",
       nullptr},
      {"all bad", "errorThreshold: 1\nnodes:\n- {id: img, source: {list: [\"" + folder_ + "/a.fits\"]}}\n",
       "1 of 1 files cannot be read"},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<graph::Graph> graph = wire::ReadGraph("name: t\n" + c.graph, "t.yaml");
    ASSERT_TRUE(graph.ok()) << c.what << ": " << graph.status();
    const auto sources = ResolveSources(*graph, environment_, InlineExecutor(), CancelToken());
    EXPECT_EQ(sources.ok(), c.message == nullptr) << c.what << ": " << sources.status();
    if (c.message != nullptr) {
      EXPECT_TRUE(absl::StrContains(sources.status().message(), c.message)) << c.what << sources.status();
    } else if (sources.ok()) {
      EXPECT_FALSE(sources->at("img")[0].described) << c.what;
      EXPECT_EQ(sources->at("img")[0].desc.shape, (Shape{3, 4})) << c.what;
    }
  }
}

}  // namespace
}  // namespace cubeloom::resolve
