#include "cubeloom/resolve/expand.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/status.h"
#include "cubeloom/resolve/instance_refs.h"

namespace cubeloom::resolve {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Input;
using graph::Node;
using graph::NodeKind;

constexpr int kMaxDepth = 8;  // of composites made of composites

absl::StatusOr<std::vector<Input>> StepInputs(const Node& node, const CompositeKernel::Step& step) {
  std::vector<Input> inputs;
  for (const auto& [port, from] : step.inputs) {
    if (!from.empty() && from[0] == '$') {
      for (const Input& given : node.inputs) {
        if (given.port == from.substr(1)) inputs.push_back({port, given.from});
      }
      continue;  // an optional input that the user left out
    }
    const size_t colon = from.find(':');
    const std::string name = from.substr(0, colon);
    const std::string id = name.empty() ? node.id : absl::StrCat(node.id, ".", name);
    inputs.push_back({port, {Endpoint{id, colon == std::string::npos ? "" : from.substr(colon + 1)}}});
  }
  return inputs;
}

absl::Status ExpandNode(const Graph& graph, const Node& node, const CompositeKernel& kernel,
                        std::vector<Node>* out) {
  Value::Map given;
  for (const auto& [name, value] : node.args) {
    if (HasInstanceReference(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat(graph::Locate(graph, &node, "args." + name), "kernel '", node.kernel,
                       "' is made of other kernels; its arguments cannot depend on the instance"));
    }
    given.emplace_back(name, value);
  }
  CL_ASSIGN_OR_RETURN_IN(const Args args, BindArgs(kernel.info(), given),
                         absl::StripSuffix(graph::Locate(graph, &node, "args"), ": "));
  CL_ASSIGN_OR_RETURN_IN(const std::vector<CompositeKernel::Step> steps, kernel.Expand(args),
                         absl::StripSuffix(graph::Locate(graph, &node, "kernel"), ": "));
  for (const CompositeKernel::Step& step : steps) {
    Node made = node;
    made.kernel = step.kernel;
    made.args = step.args;
    if (!step.name.empty()) {
      made.id = absl::StrCat(node.id, ".", step.name);
      made.persist = false;
    }
    CL_ASSIGN_OR_RETURN(made.inputs, StepInputs(node, step));
    out->push_back(std::move(made));
  }
  return absl::OkStatus();
}

std::string Signature(const Node& node) {
  std::string key =
      absl::StrCat(node.in, "|", node.kernel, "|", Value(node.args).ToJson(), "|", node.streaming);
  for (const Input& input : node.inputs) {
    absl::StrAppend(&key, "|", input.port, "=");
    for (const Endpoint& from : input.from) absl::StrAppend(&key, from.ToString(), ",");
  }
  return key;
}

// Canonical arguments (declared order, defaults filled), so that an explicit default equals an absent one.
absl::Status CanonicalArgs(const KernelCatalogue& catalogue, Node& node) {
  for (const auto& [name, value] : node.args) {
    if (HasInstanceReference(value)) return absl::OkStatus();
  }
  CL_ASSIGN_OR_RETURN(const Kernel* kernel, catalogue.Get(node.kernel));
  CL_ASSIGN_OR_RETURN(const Args args, BindArgs(kernel->info(), node.args));
  node.args = args.values();
  return absl::OkStatus();
}

// One round of dropping generated twins. True when something was dropped.
bool DropTwins(Graph& graph, const std::set<std::string>& user_ids) {
  std::map<std::string, std::string> keep;  // signature -> id
  for (const Node& node : graph.nodes) {
    if (node.kind == NodeKind::kKernel && user_ids.count(node.id) != 0)
      keep.emplace(Signature(node), node.id);
  }
  std::map<std::string, std::string> replaced;
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    if (node.kind == NodeKind::kKernel && user_ids.count(node.id) == 0) {
      const auto [it, fresh] = keep.emplace(Signature(node), node.id);
      if (!fresh) {
        replaced[node.id] = it->second;
        continue;
      }
    }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  for (Node& node : graph.nodes) {
    for (Input& input : node.inputs) {
      for (Endpoint& from : input.from) {
        const auto it = replaced.find(from.node);
        if (it != replaced.end()) from.node = it->second;
      }
    }
  }
  return !replaced.empty();
}

}  // namespace

absl::StatusOr<Graph> ExpandComposites(Graph graph, const KernelCatalogue& catalogue) {
  std::set<std::string> user_ids;
  for (const Node& node : graph.nodes) user_ids.insert(node.id);
  bool expanded = true;
  for (int depth = 0; expanded; ++depth) {
    if (depth == kMaxDepth) {
      return absl::InternalError(
          absl::StrCat(graph.file, ": composite kernels nest deeper than ", kMaxDepth));
    }
    expanded = false;
    std::vector<Node> nodes;
    for (const Node& node : graph.nodes) {
      const Kernel* kernel = node.kind == NodeKind::kKernel ? catalogue.Find(node.kernel) : nullptr;
      if (kernel != nullptr && kernel->info().shape == KernelShape::kComposite) {
        CL_RETURN_IF_ERROR(ExpandNode(graph, node, static_cast<const CompositeKernel&>(*kernel), &nodes));
        expanded = true;
      } else {
        nodes.push_back(node);
      }
    }
    graph.nodes = std::move(nodes);
  }
  for (Node& node : graph.nodes) {
    if (node.kind != NodeKind::kKernel) continue;
    CL_RETURN_IF_ERROR_IN(CanonicalArgs(catalogue, node),
                          absl::StripSuffix(graph::Locate(graph, &node, "args"), ": "));
  }
  while (DropTwins(graph, user_ids)) {
  }
  return graph;
}

}  // namespace cubeloom::resolve
