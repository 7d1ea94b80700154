#include "cubeloom/resolve/check.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/resolve/instance_refs.h"

namespace cubeloom::resolve {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Input;
using graph::Node;
using graph::NodeKind;

constexpr size_t kMaxErrors = 20;

struct OutputPort {
  std::string name;
  PayloadKind kind;
};

class Checker {
 public:
  Checker(const Graph& graph, const KernelCatalogue& catalogue) : graph_(graph), catalogue_(catalogue) {
    for (const Node& node : graph.nodes) {
      nodes_[node.id] = &node;
      for (const auto& carry : node.loop.carry) carried_.insert(carry.second);
    }
  }

  absl::Status Run() {
    for (const Node& node : graph_.nodes) {
      if (node.kind == NodeKind::kKernel) CheckKernel(node);
      if (node.kind == NodeKind::kSink || node.kind == NodeKind::kCommand) CheckEndpoints(node);
      if (node.kind == NodeKind::kSink && node.inputs.empty()) {
        Fail(node, "inputs", "a sink needs an input");
      }
    }
    if (errors_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
  }

 private:
  void Fail(const Node& node, const std::string& field, const std::string& what) {
    if (errors_.size() < kMaxErrors)
      errors_.push_back(absl::StrCat(graph::Locate(graph_, &node, field), what));
  }

  std::vector<OutputPort> Outputs(const Node& node) const {
    std::vector<OutputPort> out;
    if (node.kind == NodeKind::kSource) out.push_back({"data", PayloadKind::kArray});
    if (node.kind == NodeKind::kCommand) {
      for (const std::string& port : node.command.outputs) {
        out.push_back({port, CommandOutputKind(node.command)});
      }
    }
    if (node.kind == NodeKind::kKernel) {
      const Kernel* kernel = catalogue_.Find(node.kernel);
      if (kernel == nullptr) return out;
      for (const PortSpec& port : kernel->info().outputs) out.push_back({port.name, port.kind});
    }
    return out;
  }

  // The kind that an endpoint gives, or kNone after an error was reported (or its kernel is unknown).
  PayloadKind Resolve(const Node& user, const std::string& field, const Endpoint& from) {
    const auto it = nodes_.find(from.node);
    if (it == nodes_.end()) return PayloadKind::kNone;  // CheckStructure reports it
    const std::vector<OutputPort> outputs = Outputs(*it->second);
    if (outputs.empty()) {
      if (it->second->kind == NodeKind::kSink || graph::IsConstruct(it->second->kind)) {
        Fail(user, field,
             absl::StrCat("'", from.node, "' is a ", graph::NodeKindName(it->second->kind),
                          " and has no output"));
      }
      return PayloadKind::kNone;
    }
    if (from.port.empty()) return outputs[0].kind;
    if (from.port == graph::kSelfPort) return PayloadKind::kNone;  // an order, no data
    std::vector<std::string> names;
    for (const OutputPort& port : outputs) {
      if (port.name == from.port) return port.kind;
      names.push_back(port.name);
    }
    if (it->second->kind != NodeKind::kKernel) return PayloadKind::kNone;  // CheckStructure reports it
    Fail(user, field,
         absl::StrCat("'", from.node, "' has no output port '", from.port, "'; it has ",
                      absl::StrJoin(names, ", "), DidYouMean(from.port, names)));
    return PayloadKind::kNone;
  }

  void CheckEndpoints(const Node& node) {
    for (const Input& input : node.inputs) {
      for (const Endpoint& from : input.from) Resolve(node, "inputs." + input.port, from);
    }
  }

  void CheckKernel(const Node& node) {
    const absl::StatusOr<const Kernel*> kernel = catalogue_.Get(node.kernel);
    if (!kernel.ok()) {
      Fail(node, "kernel", std::string(kernel.status().message()));
      return;
    }
    const KernelInfo& info = (*kernel)->info();
    CheckInputs(node, info);
    CheckArgs(node, info);
  }

  void CheckInputs(const Node& node, const KernelInfo& info) {
    std::vector<std::string> known;
    for (const PortSpec& port : info.inputs) known.push_back(port.name);
    for (const Input& input : node.inputs) {
      const auto spec = std::find_if(info.inputs.begin(), info.inputs.end(),
                                     [&](const PortSpec& port) { return port.name == input.port; });
      const std::string field = "inputs." + input.port;
      if (spec == info.inputs.end()) {
        Fail(node, field,
             absl::StrCat("kernel '", info.name, "' has no input port '", input.port, "'; it has ",
                          absl::StrJoin(known, ", "), DidYouMean(input.port, known)));
        continue;
      }
      if (input.from.size() > 1 && !spec->variadic) {
        Fail(node, field, absl::StrCat("takes one input, got ", input.from.size()));
      }
      for (const Endpoint& from : input.from) {
        const PayloadKind kind = Resolve(node, field, from);
        if (kind != PayloadKind::kNone && spec->kind != PayloadKind::kNone && kind != spec->kind) {
          Fail(node, field,
               absl::StrCat("takes ", PayloadKindName(spec->kind), ", but '", from.ToString(), "' gives ",
                            PayloadKindName(kind)));
        }
      }
    }
    for (const PortSpec& port : info.inputs) {
      const bool fed = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](const Input& input) { return input.port == port.name; }) ||
                       carried_.count(absl::StrCat(node.id, ":", port.name)) > 0;
      if (!fed && !port.optional) {
        Fail(node, "inputs." + port.name,
             absl::StrCat("kernel '", info.name, "' needs this input (", PayloadKindName(port.kind), ")"));
      }
    }
  }

  // Arguments that hold instance references can only be checked when the drop runs; their names are checked
  // now.
  void CheckArgs(const Node& node, const KernelInfo& info) {
    Value::Map fixed;
    std::vector<std::string> known, deferred;
    for (const ParamSpec& param : info.params) known.push_back(param.name);
    for (const auto& [name, value] : node.args) {
      if (!HasInstanceReference(value)) {
        fixed.emplace_back(name, value);
      } else if (std::find(known.begin(), known.end(), name) == known.end()) {
        Fail(node, "args." + name,
             absl::StrCat("kernel '", info.name, "' has no parameter '", name, "'", DidYouMean(name, known)));
      } else {
        deferred.push_back(name);
      }
    }
    KernelInfo relaxed = info;
    for (ParamSpec& param : relaxed.params) {
      if (std::find(deferred.begin(), deferred.end(), param.name) != deferred.end()) param.required = false;
    }
    const absl::StatusOr<Args> args = BindArgs(relaxed, fixed);
    if (!args.ok()) Fail(node, "args", std::string(args.status().message()));
  }

  const Graph& graph_;
  const KernelCatalogue& catalogue_;
  std::map<std::string, const Node*> nodes_;
  std::set<std::string> carried_;  // inputs that loops carry to, "node:input"
  std::vector<std::string> errors_;
};

}  // namespace

absl::Status CheckKernels(const Graph& graph, const KernelCatalogue& catalogue) {
  return Checker(graph, catalogue).Run();
}

PayloadKind CommandOutputKind(const graph::CommandSpec& command) {
  if (command.media_type == "application/x-npy") return PayloadKind::kArray;
  if (command.media_type == "text/csv") return PayloadKind::kTable;
  if (command.media_type == "application/json") return PayloadKind::kValue;
  return PayloadKind::kBlob;
}

std::map<std::string, std::vector<std::string>> OutputPorts(const Graph& graph,
                                                            const KernelCatalogue& catalogue) {
  std::map<std::string, std::vector<std::string>> ports;
  for (const Node& node : graph.nodes) {
    std::vector<std::string>& out = ports[node.id];
    if (node.kind == NodeKind::kSource) out = {"data"};
    if (node.kind == NodeKind::kCommand) out = node.command.outputs;
    if (node.kind != NodeKind::kKernel) continue;
    if (const Kernel* kernel = catalogue.Find(node.kernel)) {
      for (const PortSpec& port : kernel->info().outputs) out.push_back(port.name);
    }
  }
  return ports;
}

}  // namespace cubeloom::resolve
