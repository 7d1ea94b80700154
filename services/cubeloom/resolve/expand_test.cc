#include "cubeloom/resolve/expand.h"

#include <set>

#include "absl/strings/match.h"
#include "cubeloom/kernel/flow/flow.h"
#include "cubeloom/kernel/stats/stats.h"
#include "cubeloom/wire/graph_text.h"
#include "gtest/gtest.h"

namespace cubeloom::resolve {
namespace {

absl::StatusOr<graph::Graph> Expand(const std::string& nodes) {
  KernelCatalogue catalogue;
  EXPECT_TRUE(RegisterFlowKernels(catalogue).ok());
  EXPECT_TRUE(RegisterStatsKernels(catalogue).ok());
  absl::StatusOr<graph::Graph> graph = wire::ReadGraph("name: t\nnodes:\n" + nodes, "t.yaml");
  if (!graph.ok()) return graph.status();
  return ExpandComposites(*std::move(graph), catalogue);
}

std::multiset<std::string> Kernels(const graph::Graph& graph) {
  std::multiset<std::string> kernels;
  for (const graph::Node& node : graph.nodes) {
    if (!node.kernel.empty()) kernels.insert(node.kernel);
  }
  return kernels;
}

constexpr char kImageSource[] = "- {id: img, source: {uri: a.fits, single: true}}\n";

TEST(ExpandCompositesTest, AHistogramBecomesItsRangeAndItsBins) {
  const auto graph =
      Expand(std::string(kImageSource) + "- {id: hist, kernel: image.histogram, inputs: {image: img}}\n");
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(Kernels(*graph), (std::multiset<std::string>{"image.histogram_bins", "image.statistics"}));
  ASSERT_NE(graph->Find("hist"), nullptr);
  EXPECT_EQ(graph->Find("hist")->kernel, "image.histogram_bins") << "the last step keeps the node's id";
}

TEST(ExpandCompositesTest, StatisticsBesideAHistogramAreComputedOnce) {
  for (const char* order : {"stats first", "histogram first"}) {
    const std::string stats = "- {id: stats, kernel: image.statistics, inputs: {image: img}}\n";
    const std::string hist = "- {id: hist, kernel: image.histogram, inputs: {image: img}}\n";
    const auto graph = Expand(kImageSource + (order[0] == 's' ? stats + hist : hist + stats));
    ASSERT_TRUE(graph.ok()) << graph.status();
    EXPECT_EQ(Kernels(*graph).count("image.statistics"), 1u) << order;
    ASSERT_NE(graph->Find("stats"), nullptr) << "the user's node is the one that stays";
    bool uses = false;
    for (const graph::Input& input : graph->Find("hist")->inputs) {
      for (const graph::Endpoint& from : input.from) uses = uses || from.node == "stats";
    }
    EXPECT_TRUE(uses) << order;
  }
}

TEST(ExpandCompositesTest, DifferentInputsOrConstructsAreNotShared) {
  const auto graph = Expand(
      "- {id: a, source: {uri: a.fits, single: true}}\n- {id: b, source: {uri: b.fits, single: true}}\n"
      "- {id: ha, kernel: image.histogram, inputs: {image: a}}\n- {id: hb, kernel: image.histogram, inputs: "
      "{image: b}}\n");
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(Kernels(*graph).count("image.statistics"), 2u);
}

TEST(ExpandCompositesTest, InstanceDependentArgumentsOfACompositeAreRefused) {
  const auto graph = Expand(
      std::string(kImageSource) +
      "- {id: s, scatter: {count: 2}}\n"
      "- {id: hist, in: s, kernel: image.histogram, inputs: {image: img}, args: {bins: \"${s.index}\"}}\n");
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(graph.status().message(), "node 'hist'")) << graph.status();
}

}  // namespace
}  // namespace cubeloom::resolve
