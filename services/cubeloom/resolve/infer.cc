#include "cubeloom/resolve/infer.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/resolve/check.h"

namespace cubeloom::resolve {
namespace {

using graph::Block;
using graph::Node;
using graph::NodeKind;
using graph::PhysicalGraph;

// Chunk windows of a Map or Reduce: the engine works in blocks of about this size on each core.
constexpr int64_t kWindowBytes = int64_t{8} << 20;
// Descriptions handed to Infer() for one variadic port; more inputs are only counted.
constexpr int64_t kMaxDescribed = 64;

int64_t ArrayBytes(const ArrayDesc& desc) {
  const absl::StatusOr<int64_t> elements = CheckedElements(desc.shape, desc.dtype);
  return elements.ok() ? *elements * static_cast<int64_t>(DTypeSize(desc.dtype)) : int64_t{1} << 62;
}

class Inferrer {
 public:
  Inferrer(const PhysicalGraph& graph, const Sources& sources, const KernelCatalogue& catalogue)
      : graph_(graph), sources_(sources), catalogue_(catalogue), facts_(graph.blocks.size()) {}

  absl::StatusOr<std::vector<BlockFacts>> Run() {
    for (size_t b = 0; b < graph_.blocks.size(); ++b) {
      const Node& node = graph_.logical.nodes[graph_.blocks[b].node];
      const absl::Status status = InferBlock(graph_.blocks[b], node, facts_[b]);
      if (!status.ok()) {
        return absl::Status(status.code(),
                            absl::StrCat(graph::Locate(graph_.logical, &node, ""), status.message()));
      }
    }
    return std::move(facts_);
  }

 private:
  absl::Status InferBlock(const Block& block, const Node& node, BlockFacts& facts) {
    if (node.kind == NodeKind::kSource) return InferSource(node, facts);
    if (node.kind == NodeKind::kData) {
      facts.outputs.resize(1);
      facts.known = false;
      facts.output_bytes = node.data.expected_size;
      return absl::OkStatus();
    }
    CollectInputs(block, facts);
    if (node.kind == NodeKind::kKernel) CL_RETURN_IF_ERROR(InferKernel(block, node, facts));
    if (node.kind == NodeKind::kCommand) {
      OutputDesc out;
      out.kind = CommandOutputKind(node.command);
      facts.outputs.assign(block.ports.size(), out);
      facts.known = out.kind != PayloadKind::kArray;
      facts.time_ns = 1e9;
    }
    if (node.kind == NodeKind::kSink) {
      facts.time_ns = 1e5 + static_cast<double>(facts.input_bytes);  // about 1 GB/s
      facts.memory = std::min(facts.input_bytes, kWindowBytes);
    }
    if (node.resources.memory > 0) facts.memory = node.resources.memory;
    return absl::OkStatus();
  }

  absl::Status InferSource(const Node& node, BlockFacts& facts) {
    const auto it = sources_.find(node.id);
    if (it == sources_.end() || it->second.empty()) return absl::InternalError("the source was not resolved");
    const SourceItem* largest = &it->second[0];
    for (const SourceItem& item : it->second) {
      if (item.described && ArrayBytes(item.desc) > ArrayBytes(largest->desc)) largest = &item;
    }
    OutputDesc out;
    out.array = largest->desc;
    facts.outputs = {out};
    facts.output_bytes = ArrayBytes(largest->desc);
    facts.elements = largest->desc.shape.elements();
    facts.time_ns = 3e5;  // opening: headers only
    return absl::OkStatus();
  }

  // How many producers feed instance 0 of `block` over `link`.
  int64_t Width(const Block& block, size_t link) const {
    if (!block.has_app()) return 0;
    return static_cast<int64_t>(graph_.InputsOf(block.app(0), link).size());
  }

  // Whether the link brings data of a block that was looked at before: no order, no control, no carry.
  bool Brings(const graph::Link& link) const {
    return !link.control() && link.producer_port != graph::kSelf &&
           link.producer_port < facts_[link.producer].outputs.size();
  }

  // What the consumer sees of its producer: inside a scatter over a chunk grid, the first chunk of the array.
  OutputDesc Seen(const Block& block, const graph::Link& link) const {
    OutputDesc from = facts_[link.producer].outputs[link.producer_port];
    if (link.grid_axis < 0 || from.kind != PayloadKind::kArray) return from;
    const Node& scatter = graph_.logical.nodes[block.axes[static_cast<size_t>(link.grid_axis)].construct];
    for (int a = 0; a < from.array.shape.rank() && a < static_cast<int>(scatter.scatter.grid.size()); ++a) {
      from.array.shape[a] = std::min(from.array.shape[a], scatter.scatter.grid[static_cast<size_t>(a)]);
    }
    return from;
  }

  void CollectInputs(const Block& block, BlockFacts& facts) {
    for (size_t l = 0; l < block.links.size(); ++l) {
      const graph::Link& link = block.links[l];
      if (!Brings(link)) continue;
      const OutputDesc from = Seen(block, link);
      if (from.kind != PayloadKind::kArray) continue;
      facts.input_bytes += ArrayBytes(from.array) * Width(block, l);
      facts.elements = std::max(facts.elements, from.array.shape.elements());
    }
  }

  // A kernel behind an array whose shape is not known yet: its kinds are declared, its shapes come at run
  // time.
  void AssumeKinds(const KernelInfo& info, BlockFacts& facts) const {
    facts.known = false;
    for (const PortSpec& port : info.outputs) {
      OutputDesc out;
      out.kind = port.kind;
      facts.outputs.push_back(std::move(out));
    }
    facts.time_ns = info.ns_fixed;
    facts.memory = kWindowBytes;
  }

  absl::Status InferKernel(const Block& block, const Node& node, BlockFacts& facts) {
    CL_ASSIGN_OR_RETURN(const Kernel* kernel, catalogue_.Get(node.kernel));
    const KernelInfo& info = kernel->info();
    for (const graph::Link& link : block.links) {
      if (link.control()) continue;
      const BlockFacts& producer = facts_[link.producer];
      const PayloadKind kind = Brings(link) ? producer.outputs[link.producer_port].kind : PayloadKind::kNone;
      if (kind == PayloadKind::kNone || (!producer.known && kind == PayloadKind::kArray)) {
        AssumeKinds(info, facts);
        return absl::OkStatus();
      }
    }
    std::vector<InputDesc> inputs(info.inputs.size());
    for (size_t l = 0; l < block.links.size(); ++l) {
      const graph::Link& link = block.links[l];
      if (link.control()) continue;
      const std::string& port = node.inputs[link.port].port;
      const OutputDesc from = Seen(block, link);
      for (size_t p = 0; p < info.inputs.size(); ++p) {
        if (info.inputs[p].name != port) continue;
        const int64_t width = Width(block, l);
        inputs[p].count += width;
        if (from.kind != PayloadKind::kArray) continue;
        for (int64_t i = 0; i < std::min(width, kMaxDescribed); ++i) inputs[p].arrays.push_back(from.array);
      }
    }
    CL_ASSIGN_OR_RETURN(const Args args, FirstArgs(block, node, info));
    CL_ASSIGN_OR_RETURN(facts.outputs, InferOutputs(*kernel, args, inputs));
    for (const OutputDesc& out : facts.outputs) {
      if (out.kind != PayloadKind::kArray) continue;
      facts.output_bytes += ArrayBytes(out.array);
      facts.elements = std::max(facts.elements, out.array.shape.elements());
    }
    facts.time_ns = info.ns_fixed + info.ns_per_element * static_cast<double>(facts.elements);
    const int64_t whole = facts.input_bytes + facts.output_bytes;
    facts.memory = info.shape == KernelShape::kTask ? whole : std::min(whole, kWindowBytes);
    return absl::OkStatus();
  }

  // The arguments of instance 0.
  absl::StatusOr<Args> FirstArgs(const Block& block, const Node& node, const KernelInfo& info) const {
    Value given(node.args);
    std::map<std::string, std::vector<std::string>> names;
    for (const auto& [id, items] : sources_) {
      for (const Node& scatter : graph_.logical.nodes) {
        if (scatter.kind == NodeKind::kScatter && scatter.scatter.over == id)
          names[scatter.id] = {items[0].name};
      }
    }
    CL_ASSIGN_OR_RETURN(given, graph::BindInstance(graph_, block.app(0), given, names));
    return BindArgs(info, given.map());
  }

  const PhysicalGraph& graph_;
  const Sources& sources_;
  const KernelCatalogue& catalogue_;
  std::vector<BlockFacts> facts_;
};

}  // namespace

absl::StatusOr<std::vector<BlockFacts>> InferBlocks(const PhysicalGraph& graph, const Sources& sources,
                                                    const KernelCatalogue& catalogue) {
  return Inferrer(graph, sources, catalogue).Run();
}

}  // namespace cubeloom::resolve
