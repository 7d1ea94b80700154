// Unrolling 10 M drops: rate and memory, after the result has been checked.
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bench/figure.h"
#include "cubeloom/graph/unroll/unroll.h"

namespace cubeloom::graph {
namespace {

Node Make(const std::string& id, const std::string& in, NodeKind kind, const std::string& from = "") {
  Node node;
  node.id = id;
  node.in = in;
  node.kind = kind;
  node.kernel = kind == NodeKind::kKernel ? "k" : "";
  if (!from.empty()) node.inputs = {{"x", {{from, ""}}}};
  return node;
}

// channels x facets with a broadcast in, a chain of three, a fan-in per channel, and a ragged gather of
// those: 8 drops per (channel, facet), 2 per channel, 2 per 7 channels, and 6 more.
Graph Imaging(int64_t channels, int64_t facets) {
  Graph graph;
  graph.nodes = {Make("sky", "", NodeKind::kKernel),
                 Make("channel", "", NodeKind::kScatter),
                 Make("facet", "channel", NodeKind::kScatter),
                 Make("grid", "facet", NodeKind::kKernel, "sky"),
                 Make("clean", "facet", NodeKind::kKernel, "grid"),
                 Make("restore", "facet", NodeKind::kKernel, "clean"),
                 Make("weigh", "facet", NodeKind::kKernel, "restore"),
                 Make("mosaic", "channel", NodeKind::kKernel, "weigh"),
                 Make("seven", "", NodeKind::kGather),
                 Make("average", "seven", NodeKind::kKernel, "mosaic"),
                 Make("cube", "", NodeKind::kKernel, "average"),
                 Make("last", "", NodeKind::kKernel, "cube")};
  graph.nodes[1].scatter.count = channels;
  graph.nodes[2].scatter.count = facets;
  graph.nodes[8].gather.width = 7;
  return graph;
}

absl::StatusOr<double> MeasureRate(const Graph& graph, const UnrollFacts& facts, int64_t channels,
                                   int64_t facets) {
  const auto start = std::chrono::steady_clock::now();
  const absl::StatusOr<PhysicalGraph> g = Unroll(graph, facts);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!g.ok()) return g.status();
  const int64_t gathers = (channels + 6) / 7;
  const int64_t drops = 8 * channels * facets + 2 * channels + 2 * gathers + 6;
  const int64_t edges = (4 + 4 + 1) * channels * facets + channels + channels + gathers + gathers + 4;
  if (g->drops() != static_cast<size_t>(drops) || g->edges() != static_cast<size_t>(edges)) {
    return absl::InternalError(absl::StrCat("expected ", drops, " drops and ", edges, " edges, got ",
                                            g->drops(), " and ", g->edges()));
  }
  const DropId last = g->FindDrop(absl::StrCat("average/", gathers - 1));
  if (g->predecessors(last).size() != static_cast<size_t>(channels - 7 * (gathers - 1))) {
    return absl::InternalError("the last gather has the wrong number of inputs");
  }
  return static_cast<double>(drops) / seconds / 1e6;
}

// Peak resident memory of this process, in MiB.
absl::StatusOr<double> PeakMemory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    int64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return static_cast<double>(kib) / 1024;
  }
  return absl::NotFoundError("no VmHWM in /proc/self/status");
}

int Main(int argc, char** argv) {
  bench::Session session(argc, argv);
  constexpr int64_t kChannels = 12500, kFacets = 100;
  const Graph graph = Imaging(kChannels, kFacets);
  UnrollFacts facts;
  for (const Node& node : graph.nodes) {
    if (node.kind == NodeKind::kKernel) facts.ports[node.id] = {"out"};
  }
  session.Run(
      {.name = "unroll 10 M drops", .unit = "M drops/s", .target = 5, .bound = bench::Bound::kAtLeast},
      [&] { return MeasureRate(graph, facts, kChannels, kFacets); });
  session.Run({.name = "unroll 10 M drops: peak memory", .unit = "MiB", .target = 2048}, PeakMemory);
  return session.Finish();
}

}  // namespace
}  // namespace cubeloom::graph

int main(int argc, char** argv) { return cubeloom::graph::Main(argc, argv); }
