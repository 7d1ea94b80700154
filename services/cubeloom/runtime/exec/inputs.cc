// From data drops to the payloads that an app drop takes.
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/runtime/exec/invoke.h"

namespace cubeloom::runtime {
namespace {

// The chunk of `array` that belongs to this drop, for a scatter over a grid of it.
absl::StatusOr<Payload> CutGrid(const InvokeShared& shared, DropId app, const graph::Link& link,
                                ArrayPtr array) {
  const graph::Block& block = shared.graph->block(app);
  const graph::Axis& axis = block.axes[static_cast<size_t>(link.grid_axis)];
  const graph::Node& scatter = shared.graph->logical.nodes[axis.construct];
  const std::vector<int64_t>& extents = scatter.scatter.grid;
  if (array->desc().shape.rank() > static_cast<int>(extents.size())) {
    CL_ASSIGN_OR_RETURN(array, SqueezeLeading(std::move(array), static_cast<int>(extents.size())));
  }
  const Shape& shape = array->desc().shape;
  if (shape.rank() != static_cast<int>(extents.size()))
    return absl::InvalidArgumentError(absl::StrCat("scatter '", scatter.id, "' has a grid of ",
                                                   extents.size(), " axes, the array is ", shape.ToString()));
  const ChunkGrid grid(shape, Shape(extents));
  if (grid.size() != axis.count)
    return absl::FailedPreconditionError(absl::StrCat("scatter '", scatter.id, "' was planned for ",
                                                      axis.count, " chunks, the array ", shape.ToString(),
                                                      " has ", grid.size()));
  const int64_t index = shared.graph->indices(app)[static_cast<size_t>(link.grid_axis)];
  CL_ASSIGN_OR_RETURN(ArrayPtr chunk, MakeCrop(std::move(array), grid.BoxOf(index)));
  return Payload(std::move(chunk));
}

std::string PayloadText(const Payload& payload) {
  switch (payload.kind()) {
    case PayloadKind::kArray:
      return absl::StrCat("array ", DTypeName(payload.array()->desc().dtype), " ",
                          payload.array()->desc().shape.ToString());
    case PayloadKind::kTable:
      return absl::StrCat("table of ", payload.table()->rows(), " rows, ", payload.table()->columns.size(),
                          " columns");
    case PayloadKind::kBlob:
      return absl::StrCat("blob of ", payload.blob().bytes.size(), " bytes");
    case PayloadKind::kNone:
      return "missing";
    default:
      return PayloadKindName(payload.kind());
  }
}

}  // namespace

DataDrops::DataDrops(const graph::PhysicalGraph& graph) : graph_(&graph) {
  DropId apps = 0;
  for (const graph::Block& block : graph.blocks) {
    if (block.has_app()) apps += static_cast<DropId>(block.instances);
    apps_before_.push_back(apps);
  }
  payloads_.resize(graph.drops() - apps);
  kinds_.resize(graph.drops() - apps, PayloadKind::kNone);
  digests_.resize(graph.drops() - apps);
}

absl::StatusOr<std::vector<PortPayloads>> GatherInputs(const InvokeShared& shared, DropId app) {
  const graph::Block& block = shared.graph->block(app);
  std::vector<PortPayloads> inputs(shared.graph->node(app).inputs.size());
  for (size_t l = 0; l < block.links.size(); ++l) {
    const graph::Link& link = block.links[l];
    PortPayloads& port = inputs[link.port];
    for (DropId data : shared.graph->InputsOf(app, l)) {
      const Payload& payload = shared.data->payload(data);
      if (payload.kind() == PayloadKind::kNone) continue;
      if (link.grid_axis < 0) {
        port.push_back(payload);
        continue;
      }
      if (payload.kind() != PayloadKind::kArray)
        return absl::InvalidArgumentError(absl::StrCat(
            "input '", shared.graph->node(app).inputs[link.port].port,
            "' is scattered over a grid, but is a ", PayloadKindName(payload.kind()), ", not an array"));
      CL_ASSIGN_OR_RETURN_IN(Payload chunk, CutGrid(shared, app, link, payload.array()),
                             absl::StrCat("input '", shared.graph->node(app).inputs[link.port].port, "'"));
      port.push_back(std::move(chunk));
    }
  }
  return inputs;
}

std::vector<std::string> DescribeInputs(const InvokeShared& shared, DropId app, int most) {
  std::vector<std::string> lines;
  if (shared.graph->kind(app) != graph::DropKind::kApp) return lines;
  const graph::Block& block = shared.graph->block(app);
  for (size_t l = 0; l < block.links.size(); ++l) {
    const std::string& port = shared.graph->node(app).inputs[block.links[l].port].port;
    const absl::Span<const DropId> inputs = shared.graph->InputsOf(app, l);
    for (size_t i = 0; i < inputs.size() && i < static_cast<size_t>(most); ++i) {
      lines.push_back(absl::StrCat(port, " <- ", shared.graph->ExternalId(inputs[i]), ": ",
                                   PayloadText(shared.data->payload(inputs[i]))));
    }
    if (inputs.size() > static_cast<size_t>(most))
      lines.push_back(absl::StrCat(port, " <- ... ", inputs.size() - static_cast<size_t>(most), " more"));
  }
  return lines;
}

}  // namespace cubeloom::runtime
