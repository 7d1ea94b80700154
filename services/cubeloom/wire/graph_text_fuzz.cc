// Fuzz target: text -> model -> parameters -> checks -> drops. Whatever reads must write and read back to the
// same graph; whatever passes CheckStructure must unroll, or be refused in words; ids must be unique and
// found again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/wire/graph_text.h"

namespace cubeloom {
namespace {

[[noreturn]] void Die(const char* what, const std::string& more) {
  std::fprintf(stderr, "fuzz_graph_text: %s\n%s\n", what, more.c_str());
  std::abort();
}

void CheckRoundTrip(const graph::Graph& graph) {
  const std::string yaml = wire::ToYaml(graph);
  const absl::StatusOr<graph::Graph> again = wire::ReadGraph(yaml, "again.yaml");
  if (!again.ok()) Die("what was written does not read", yaml + again.status().ToString());
  const std::string before = wire::ToProto(graph).DebugString(), after = wire::ToProto(*again).DebugString();
  if (before != after) Die("what was written reads as another graph", yaml + before + after);
}

graph::UnrollFacts Facts(const graph::Graph& graph) {
  graph::UnrollFacts facts;
  facts.max_drops = 2000;
  facts.max_bytes = int64_t{1} << 20;
  for (const graph::Node& node : graph.nodes) {
    if (node.kind == graph::NodeKind::kKernel) facts.ports[node.id] = {"out", "more"};
    if (node.kind == graph::NodeKind::kSource && !node.source.single) facts.source_items[node.id] = 3;
    if (node.kind == graph::NodeKind::kScatter) facts.grid_chunks[node.id] = 2;
  }
  return facts;
}

// Loops and batches lead back to earlier blocks.
bool LeadsBack(const graph::PhysicalGraph& g) {
  for (const graph::Node& node : g.logical.nodes) {
    if (!node.loop.carry.empty() || node.scatter.batch > 0) return true;
  }
  return false;
}

void CheckDrops(const graph::PhysicalGraph& g) {
  if (g.out.size() != g.in.size() || g.in_offsets.back() != g.in.size() ||
      g.out_offsets.back() != g.out.size()) {
    Die("the arrays do not fit together", "");
  }
  const bool back = LeadsBack(g);
  for (DropId d = 0; d < g.drops(); ++d) {
    if (g.FindDrop(g.ExternalId(d)) != d) Die("an external id is not found", g.ExternalId(d));
    for (DropId from : g.predecessors(d)) {
      if (from >= d && !back) Die("a predecessor comes after its successor", g.ExternalId(d));
    }
    for (DropId to : g.successors(d)) {
      if ((to <= d && !back) || to >= g.drops())
        Die("a successor comes before its predecessor", g.ExternalId(d));
    }
  }
}

}  // namespace
}  // namespace cubeloom

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cubeloom;  // NOLINT
  wire::GraphTextLimits limits;
  limits.max_bytes = 1 << 16;
  limits.max_values = 20000;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<graph::Graph> graph = wire::ReadGraph(text, "input", limits);
  if (!graph.ok()) return 0;
  CheckRoundTrip(*graph);
  const absl::StatusOr<graph::Graph> bound = graph::BindParameters(*graph, {});
  if (!bound.ok() || !graph::CheckStructure(*bound).ok()) return 0;
  const absl::StatusOr<graph::PhysicalGraph> unrolled = graph::Unroll(*bound, Facts(*bound));
  if (unrolled.ok()) {
    CheckDrops(*unrolled);
  } else if (absl::IsInternal(unrolled.status()) || absl::IsFailedPrecondition(unrolled.status())) {
    Die("a checked graph does not unroll", unrolled.status().ToString());
  }
  return 0;
}
