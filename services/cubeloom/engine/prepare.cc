#include "cubeloom/engine/prepare.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/clock.h"
#include "cubeloom/base/status.h"
#include "cubeloom/engine/capacity.h"
#include "cubeloom/graph/import/import.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/resolve/check.h"
#include "cubeloom/resolve/expand.h"
#include "cubeloom/wire/graph_text.h"

namespace cubeloom::engine {
namespace {

using graph::Graph;
using graph::Node;
using graph::NodeKind;

// "name=value" texts as typed values; later ones win. Unknown names are left to BindParameters, which names
// the nearest known one.
absl::StatusOr<Value::Map> ParseSettings(const Graph& graph, const std::vector<std::string>& set) {
  Value settings{Value::Map{}};
  for (const std::string& text : set) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(absl::StrCat("--set '", text, "': expected name=value"));
    }
    const std::string name = text.substr(0, equals);
    Value value(text.substr(equals + 1));
    for (const graph::Parameter& parameter : graph.parameters) {
      if (parameter.name != name) continue;
      CL_ASSIGN_OR_RETURN_IN(value, graph::ParseParameterText(parameter, value.string()),
                             absl::StrCat("--set ", name));
    }
    settings.Set(name, std::move(value));
  }
  return settings.map();
}

// The errors of both checks, so that a user sees all mistakes at once.
absl::Status Both(const absl::Status& structure, const absl::Status& kernels) {
  if (structure.ok() || kernels.ok()) return structure.ok() ? kernels : structure;
  return absl::Status(structure.code(), absl::StrCat(structure.message(), "\n", kernels.message()));
}

absl::StatusOr<CheckedGraph> Check(Graph written, const std::vector<std::string>& set,
                                   const KernelCatalogue& catalogue) {
  CheckedGraph checked;
  CL_ASSIGN_OR_RETURN(const Value::Map overrides, ParseSettings(written, set));
  CL_ASSIGN_OR_RETURN(checked.bound, graph::BindParameters(written, overrides));
  CL_RETURN_IF_ERROR(
      Both(graph::CheckStructure(checked.bound), resolve::CheckKernels(checked.bound, catalogue)));
  CL_ASSIGN_OR_RETURN(checked.expanded, resolve::ExpandComposites(checked.bound, catalogue));
  for (const graph::Parameter& parameter : written.parameters) {
    Value value = parameter.default_value;
    for (const auto& [name, given] : overrides) {
      if (name == parameter.name) value = given;
    }
    checked.parameters.emplace_back(parameter.name, std::move(value));
  }
  checked.written = std::move(written);
  return checked;
}

// The chunk grid that a scatter over an array makes, from the inferred shape of the array.
absl::StatusOr<int64_t> GridChunks(const Graph& graph, const Node& scatter, const Shape& shape) {
  const std::vector<int64_t>& grid = scatter.scatter.grid;
  if (static_cast<int>(grid.size()) != shape.rank()) {
    return absl::InvalidArgumentError(absl::StrCat(graph::Locate(graph, &scatter, "scatter.grid"), "has ",
                                                   grid.size(), " extents, but '", scatter.scatter.over,
                                                   "' has shape ", shape.ToString()));
  }
  return ChunkGrid(shape, Shape(absl::MakeConstSpan(grid))).size();
}

std::vector<const Node*> GridScatters(const Graph& graph) {
  std::vector<const Node*> scatters;
  for (const Node& node : graph.nodes) {
    if (node.kind == NodeKind::kScatter && !node.scatter.grid.empty()) scatters.push_back(&node);
  }
  return scatters;
}

// The inferred shape of "node[:port]".
const ArrayDesc* FindArray(const graph::PhysicalGraph& physical,
                           const std::vector<resolve::BlockFacts>& facts, absl::string_view endpoint) {
  const size_t colon = endpoint.find(':');
  const absl::string_view id = endpoint.substr(0, colon);
  const absl::string_view port = colon == absl::string_view::npos ? "" : endpoint.substr(colon + 1);
  for (size_t b = 0; b < physical.blocks.size(); ++b) {
    if (physical.logical.nodes[physical.blocks[b].node].id != id) continue;
    for (size_t p = 0; p < physical.blocks[b].ports.size(); ++p) {
      if (!port.empty() && physical.blocks[b].ports[p] != port) continue;
      return facts[b].outputs[p].kind == PayloadKind::kArray ? &facts[b].outputs[p].array : nullptr;
    }
  }
  return nullptr;
}

// Counts of grid scatters depend on inferred shapes, which need an unrolled graph: start with one chunk each
// and repeat until no count changes. Shapes do not depend on counts but by nesting, so depth + 1 rounds are
// enough.
absl::Status UnrollAndInfer(Prepared& p, graph::UnrollFacts unroll_facts, const KernelCatalogue& catalogue) {
  const Graph& expanded = p.checked.expanded;
  const std::vector<const Node*> scatters = GridScatters(expanded);
  for (const Node* scatter : scatters) unroll_facts.grid_chunks[scatter->id] = 1;
  for (size_t round = 0; round <= scatters.size(); ++round) {
    CL_ASSIGN_OR_RETURN(p.physical, graph::Unroll(expanded, unroll_facts));
    CL_ASSIGN_OR_RETURN(p.facts, resolve::InferBlocks(p.physical, p.sources, catalogue));
    bool changed = false;
    for (const Node* scatter : scatters) {
      const ArrayDesc* array = FindArray(p.physical, p.facts, scatter->scatter.over);
      if (array == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(graph::Locate(expanded, scatter, "scatter.over"), "'",
                                                       scatter->scatter.over, "' is no array"));
      }
      CL_ASSIGN_OR_RETURN(const int64_t chunks, GridChunks(expanded, *scatter, array->shape));
      changed = changed || unroll_facts.grid_chunks[scatter->id] != chunks;
      unroll_facts.grid_chunks[scatter->id] = chunks;
    }
    if (!changed) return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CheckedGraph> CheckGraphFile(const std::string& file, const std::vector<std::string>& set,
                                            const KernelCatalogue& catalogue) {
  CL_ASSIGN_OR_RETURN(const std::string text, wire::ReadTextFile(file, wire::GraphTextLimits().max_bytes));
  return CheckGraphText(text, file, set, catalogue);
}

absl::StatusOr<CheckedGraph> CheckGraphText(const std::string& text, const std::string& name,
                                            const std::vector<std::string>& set,
                                            const KernelCatalogue& catalogue) {
  if (graph::IsForeignGraph(text)) {
    graph::ImportOptions options;
    options.file = name;
    options.set = set;
    CL_ASSIGN_OR_RETURN(graph::Imported imported, graph::ImportGraph(text, options));
    return Check(std::move(imported.graph), {}, catalogue);
  }
  CL_ASSIGN_OR_RETURN(Graph written, wire::ReadGraph(text, name));
  return Check(std::move(written), set, catalogue);
}

absl::StatusOr<Prepared> Prepare(CheckedGraph checked, const KernelCatalogue& catalogue,
                                 const resolve::Environment& environment, Executor& executor,
                                 const CancelToken& cancel) {
  Prepared p;
  p.checked = std::move(checked);
  const absl::Duration start = Clock::Real().Monotonic();
  CL_ASSIGN_OR_RETURN(p.sources, resolve::ResolveSources(p.checked.expanded, environment, executor, cancel));
  const absl::Duration resolved = Clock::Real().Monotonic();
  p.resolve_time = resolved - start;
  graph::UnrollFacts facts;
  facts.max_bytes = std::min(facts.max_bytes, LargestGraphBytes(ReadCapacity()));
  facts.ports = resolve::OutputPorts(p.checked.expanded, catalogue);
  for (const auto& [node, items] : p.sources) facts.source_items[node] = static_cast<int64_t>(items.size());
  CL_RETURN_IF_ERROR(UnrollAndInfer(p, std::move(facts), catalogue));
  p.unroll_time = Clock::Real().Monotonic() - resolved;
  for (const Node& node : p.checked.expanded.nodes) {
    const auto it = node.kind == NodeKind::kScatter ? p.sources.find(node.scatter.over) : p.sources.end();
    if (it == p.sources.end()) continue;
    for (const resolve::SourceItem& item : it->second) p.instance_names[node.id].push_back(item.name);
  }
  return p;
}

}  // namespace cubeloom::engine
