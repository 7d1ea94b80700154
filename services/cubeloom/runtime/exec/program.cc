#include "cubeloom/runtime/exec/program.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/unroll/unroll.h"

namespace cubeloom::runtime {
namespace {

using graph::NodeKind;
using graph::PhysicalGraph;

// As graph::Locate, without its final ": ".
std::string Where(const PhysicalGraph& graph, const graph::Node& node, absl::string_view field) {
  std::string text = graph::Locate(graph.logical, &node, field);
  if (text.size() > 2) text.resize(text.size() - 2);
  return text;
}

absl::Status Bad(const PhysicalGraph& graph, const graph::Node& node, const std::string& field,
                 const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(graph::Locate(graph.logical, &node, field), what));
}

std::vector<std::string> PortNames(const std::vector<PortSpec>& ports) {
  std::vector<std::string> names;
  for (const PortSpec& port : ports) names.push_back(port.name);
  return names;
}

int FindPort(const std::vector<PortSpec>& ports, absl::string_view name) {
  for (size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

absl::Status BindPorts(const PhysicalGraph& graph, const graph::Block& block, BlockProgram& program) {
  const graph::Node& node = *program.node;
  const KernelInfo& info = program.kernel->info();
  std::vector<bool> given(info.inputs.size(), false);
  for (const graph::Input& input : node.inputs) {
    int port = FindPort(info.inputs, input.port);
    if (port < 0 && input.port.empty() && info.inputs.size() == 1) port = 0;
    if (port < 0) {
      return Bad(graph, node, absl::StrCat("inputs.", input.port),
                 absl::StrCat("kernel '", info.name, "' has no input '", input.port, "'",
                              DidYouMean(input.port, PortNames(info.inputs))));
    }
    given[static_cast<size_t>(port)] = true;
    program.kernel_port.push_back(port);
  }
  for (size_t i = 0; i < given.size(); ++i) {
    if (!given[i] && !info.inputs[i].optional)
      return Bad(graph, node, "inputs",
                 absl::StrCat("kernel '", info.name, "' needs input '", info.inputs[i].name, "'"));
  }
  for (const std::string& name : block.ports) {
    const int port = FindPort(info.outputs, name);
    if (port < 0)
      return Bad(graph, node, "kernel", absl::StrCat("kernel '", info.name, "' has no output '", name, "'"));
    program.kernel_output.push_back(port);
  }
  return absl::OkStatus();
}

absl::Status PrepareKernel(const PhysicalGraph& graph, const graph::Block& block, const RunOptions& options,
                           BlockProgram& program) {
  const graph::Node& node = *program.node;
  CL_ASSIGN_OR_RETURN_IN(program.kernel, options.kernels->Get(node.kernel), Where(graph, node, "kernel"));
  program.what = program.kernel->info().identity();
  if (program.kernel->info().shape == KernelShape::kComposite)
    return Bad(graph, node, "kernel", absl::StrCat("composite '", node.kernel, "' was not expanded"));
  CL_RETURN_IF_ERROR(BindPorts(graph, block, program));
  program.args_per_instance = !node.in.empty() && HasReference(Value(node.args));
  if (program.args_per_instance) return absl::OkStatus();
  CL_ASSIGN_OR_RETURN_IN(program.args, BindArgs(program.kernel->info(), node.args),
                         Where(graph, node, "args"));
  return absl::OkStatus();
}

absl::Status PrepareBlock(const PhysicalGraph& graph, const graph::Block& block, const RunOptions& options,
                          const RunPorts& ports, BlockProgram& program) {
  const graph::Node& node = graph.logical.nodes[block.node];
  program.node = &node;
  if (node.resources.gpus > 0)
    return Bad(graph, node, "resources.gpus",
               absl::StrCat(node.resources.gpus, " GPUs asked for, this run has none"));
  if (node.persist && ports.sink == nullptr)
    return Bad(graph, node, "persist", "this run has no place to keep data in");
  if (node.timeout != absl::InfiniteDuration())
    program.timeout_ns = std::max<int64_t>(1, absl::ToInt64Nanoseconds(node.timeout));
  for (const graph::Link& link : block.links) program.link_grid.push_back(link.grid_axis >= 0);
  switch (node.kind) {
    case NodeKind::kSource:
      program.what = "source";
      return ports.source != nullptr ? absl::OkStatus()
                                     : Bad(graph, node, "source", "this run has no sources");
    case NodeKind::kSink:
      program.what = "sink";
      return ports.sink != nullptr ? absl::OkStatus() : Bad(graph, node, "sink", "this run has no sinks");
    case NodeKind::kCommand:
      program.what = "command";
      if (ports.command != nullptr) return absl::OkStatus();
      return Bad(graph, node, "command", "commands are not allowed in this run (--allow-commands)");
    case NodeKind::kKernel:
      return PrepareKernel(graph, block, options, program);
    default:
      return Bad(graph, node, "", absl::StrCat("a ", NodeKindName(node.kind), " node cannot run"));
  }
}

// Optional and variadic as the kernels' ports say.
void RefineLinks(const graph::Block& block, const BlockProgram& program, BlockPolicy& policy) {
  if (program.kernel == nullptr) return;
  for (size_t l = 0; l < block.links.size(); ++l) {
    const int port = program.kernel_port[block.links[l].port];
    const PortSpec& spec = program.kernel->info().inputs[static_cast<size_t>(port)];
    policy.links[l] = {spec.optional, spec.variadic};
  }
}

// Which blocks' data feed sinks, and which Maps can be pulled by their only consumer.
void LookDownstream(const PhysicalGraph& graph, Program& program) {
  std::vector<int64_t> consumers(graph.blocks.size(), 0);
  std::vector<bool> sunk(graph.blocks.size(), false);
  for (size_t c = 0; c < graph.blocks.size(); ++c) {
    std::vector<uint32_t> seen;
    for (const graph::Link& link : graph.blocks[c].links) {
      if (program.blocks[c].node->kind == NodeKind::kSink) sunk[link.producer] = true;
      if (std::find(seen.begin(), seen.end(), link.producer) != seen.end()) continue;
      seen.push_back(link.producer);
      ++consumers[link.producer];
    }
  }
  for (size_t b = 0; b < graph.blocks.size(); ++b) {
    BlockProgram& block = program.blocks[b];
    block.content_digest = sunk[b] || block.node->persist;
    block.pulls = block.node->streaming && !block.content_digest && consumers[b] == 1 &&
                  dynamic_cast<const MapKernel*>(block.kernel) != nullptr;
  }
}

absl::Status Include(const PhysicalGraph& graph, const RunOptions& options, Program& program) {
  if (options.only.empty()) return absl::OkStatus();
  program.included.assign(graph.drops(), false);
  std::vector<DropId> stack;
  for (const std::string& id : options.only) {
    const DropId drop = graph.FindDrop(id);
    if (drop == kNoId) return absl::NotFoundError(absl::StrCat("the graph has no drop '", id, "'"));
    stack.push_back(drop);
    if (graph.kind(drop) == graph::DropKind::kApp) {
      for (DropId data : graph.successors(drop)) program.included[data] = true;
    }
  }
  while (!stack.empty()) {
    const DropId drop = stack.back();
    stack.pop_back();
    if (program.included[drop] && graph.kind(drop) == graph::DropKind::kApp) continue;
    program.included[drop] = true;
    for (DropId need : graph.predecessors(drop)) {
      if (!program.included[need]) stack.push_back(need);
    }
    if (graph.kind(drop) != graph::DropKind::kApp) continue;
    for (DropId data : graph.successors(drop)) program.included[data] = true;
  }
  return absl::OkStatus();
}

}  // namespace

bool HasReference(const Value& value) {
  if (value.is_string()) return absl::StrContains(value.string(), "${");
  if (value.is_list()) return std::any_of(value.list().begin(), value.list().end(), HasReference);
  if (!value.is_map()) return false;
  return std::any_of(value.map().begin(), value.map().end(),
                     [](const auto& e) { return HasReference(e.second); });
}

absl::StatusOr<Program> MakeProgram(const PhysicalGraph& graph, const RunOptions& options,
                                    const RunPorts& ports) {
  if (options.kernels == nullptr) return absl::InvalidArgumentError("run: no kernel catalogue");
  CL_RETURN_IF_ERROR(graph::CheckRunnable(graph));
  Program program;
  program.blocks.resize(graph.blocks.size());
  program.policy = DefaultPolicy(graph);
  for (size_t b = 0; b < graph.blocks.size(); ++b) {
    CL_RETURN_IF_ERROR(PrepareBlock(graph, graph.blocks[b], options, ports, program.blocks[b]));
    RefineLinks(graph.blocks[b], program.blocks[b], program.policy[b]);
  }
  LookDownstream(graph, program);
  CL_RETURN_IF_ERROR(Include(graph, options, program));
  return program;
}

absl::StatusOr<Args> BindDropArgs(const PhysicalGraph& graph, const BlockProgram& block, DropId app,
                                  const RunOptions& options) {
  CL_ASSIGN_OR_RETURN(const Value bound,
                      graph::BindInstance(graph, app, Value(block.node->args), options.instance_names));
  return BindArgs(block.kernel->info(), bound.map());
}

}  // namespace cubeloom::runtime
