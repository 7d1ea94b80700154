#include "cubeloom/resolve/infer.h"

#include "absl/strings/match.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/kernel/flow/flow.h"
#include "cubeloom/kernel/stats/stats.h"
#include "cubeloom/resolve/check.h"
#include "cubeloom/resolve/expand.h"
#include "cubeloom/wire/graph_text.h"
#include "gtest/gtest.h"

namespace cubeloom::resolve {
namespace {

struct Inferred {
  graph::PhysicalGraph physical;
  std::vector<BlockFacts> facts;
};

absl::StatusOr<Inferred> Infer(const std::string& nodes, const Shape& image, int items) {
  KernelCatalogue catalogue;
  EXPECT_TRUE(RegisterFlowKernels(catalogue).ok());
  EXPECT_TRUE(RegisterStatsKernels(catalogue).ok());
  auto graph = wire::ReadGraph("name: t\nnodes:\n- {id: img, source: {uri: \"*.fits\"}}\n" + nodes, "t.yaml");
  if (!graph.ok()) return graph.status();
  graph = ExpandComposites(*std::move(graph), catalogue);
  if (!graph.ok()) return graph.status();
  Sources sources;
  for (int i = 0; i < items; ++i) {
    SourceItem item;
    item.uri = item.name = "f" + std::to_string(i);
    item.desc.shape = image;
    item.described = true;
    sources["img"].push_back(item);
  }
  graph::UnrollFacts facts;
  facts.ports = OutputPorts(*graph, catalogue);
  facts.source_items["img"] = items;
  Inferred out;
  auto physical = graph::Unroll(*graph, facts);
  if (!physical.ok()) return physical.status();
  out.physical = *std::move(physical);
  auto blocks = InferBlocks(out.physical, sources, catalogue);
  if (!blocks.ok()) return blocks.status();
  out.facts = *std::move(blocks);
  return out;
}

const BlockFacts& FactsOf(const Inferred& inferred, absl::string_view id) {
  for (size_t b = 0; b < inferred.facts.size(); ++b) {
    if (inferred.physical.logical.nodes[inferred.physical.blocks[b].node].id == id) return inferred.facts[b];
  }
  static const BlockFacts none;
  ADD_FAILURE() << "no block " << id;
  return none;
}

TEST(InferBlocksTest, ShapesFlowAlongTheEdgesAndCostsFollowThem) {
  const auto inferred = Infer(
      "- {id: per, scatter: {over: img}}\n"
      "- {id: stats, in: per, kernel: image.statistics, inputs: {image: img}}\n",
      {1000, 2000}, 3);
  ASSERT_TRUE(inferred.ok()) << inferred.status();
  const BlockFacts& source = FactsOf(*inferred, "img");
  EXPECT_EQ(source.outputs[0].array.shape, (Shape{1000, 2000}));
  const BlockFacts& stats = FactsOf(*inferred, "stats");
  EXPECT_EQ(stats.outputs[0].kind, PayloadKind::kValue);
  EXPECT_EQ(stats.input_bytes, 8000000);
  EXPECT_EQ(stats.elements, 2000000);
  EXPECT_GT(stats.time_ns, 1000);
  EXPECT_LE(stats.memory, 8 << 20) << "a Reduce needs windows, not the whole image";
}

TEST(InferBlocksTest, AChunkGridGivesItsInstancesOneChunk) {
  const auto inferred = Infer(
      "- {id: one, kernel: flow.noop}\n"
      "- {id: tiles, in: per, scatter: {over: img, grid: [100, 100]}}\n"
      "- {id: per, scatter: {over: img}}\n",
      {1000, 2000}, 1);
  // The grid needs its number of chunks before unrolling.
  EXPECT_EQ(inferred.status().code(), absl::StatusCode::kFailedPrecondition) << inferred.status();
}

TEST(InferBlocksTest, AKernelThatRefusesItsInputIsNamed) {
  const auto inferred = Infer(
      "- {id: per, scatter: {over: img}}\n"
      "- {id: stats, in: per, kernel: image.statistics, inputs: {image: img}, args: {box: [0, 0, 5000, "
      "10]}}\n",
      {1000, 2000}, 1);
  EXPECT_FALSE(inferred.ok());
  EXPECT_TRUE(absl::StrContains(inferred.status().message(), "node 'stats'")) << inferred.status();
}

}  // namespace
}  // namespace cubeloom::resolve
