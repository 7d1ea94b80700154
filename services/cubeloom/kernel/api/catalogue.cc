// KernelCatalogue and the checks of a kernel's declaration.
#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/kernel/api/param_check.h"

namespace cubeloom {
namespace {

// [a-z][a-z0-9_-]{0,62}, as the names of graph nodes.
bool IsName(absl::string_view name) {
  if (name.empty() || name.size() > 63 || !absl::ascii_islower(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-';
  });
}

absl::Status CheckKernelName(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos || !IsName(absl::string_view(name).substr(0, dot)) ||
      !IsName(absl::string_view(name).substr(dot + 1))) {
    return absl::InvalidArgumentError("its name must be family.name in lower case");
  }
  return absl::OkStatus();
}

template <typename Specs>
absl::Status CheckSpecNames(const Specs& specs, const char* what) {
  for (size_t i = 0; i < specs.size(); ++i) {
    if (!IsName(specs[i].name)) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, " ", i, " has the bad name '", specs[i].name, "'"));
    }
    for (size_t k = 0; k < i; ++k) {
      if (specs[k].name == specs[i].name) {
        return absl::InvalidArgumentError(absl::StrCat(what, " '", specs[i].name, "' is declared twice"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSpec(const ParamSpec& spec) {
  const bool text = spec.type == ParamType::kString || spec.type == ParamType::kStringList;
  if (!(spec.min <= spec.max)) return absl::InvalidArgumentError("its range is empty");
  if (!spec.choices.empty() && !text) return absl::InvalidArgumentError("only strings have choices");
  if (spec.default_value.is_null()) return absl::OkStatus();
  if (spec.required) return absl::InvalidArgumentError("it is required and has a default");
  return CheckParam(spec, spec.default_value).status();
}

bool ShapeIsTrue(const Kernel& kernel) {
  switch (kernel.info().shape) {
    case KernelShape::kMap:
      return dynamic_cast<const MapKernel*>(&kernel) != nullptr;
    case KernelShape::kReduce:
      return dynamic_cast<const ReduceKernel*>(&kernel) != nullptr;
    case KernelShape::kTask:
      return dynamic_cast<const TaskKernel*>(&kernel) != nullptr;
    case KernelShape::kComposite:
      return dynamic_cast<const CompositeKernel*>(&kernel) != nullptr;
  }
  return false;
}

absl::Status CheckPorts(const KernelInfo& info) {
  CL_RETURN_IF_ERROR(CheckSpecNames(info.inputs, "input port"));
  CL_RETURN_IF_ERROR(CheckSpecNames(info.outputs, "output port"));
  if (info.outputs.empty()) return absl::InvalidArgumentError("it has no output port");
  if (info.shape == KernelShape::kMap) {
    for (const PortSpec& port : info.outputs) {
      if (port.kind != PayloadKind::kArray) {
        return absl::InvalidArgumentError(
            absl::StrCat("output port '", port.name, "' of a Map must be an array"));
      }
    }
  }
  if (info.shape == KernelShape::kReduce) {
    const auto first = std::find_if(info.inputs.begin(), info.inputs.end(),
                                    [](const PortSpec& port) { return port.kind == PayloadKind::kArray; });
    if (first == info.inputs.end() || first->optional) {
      return absl::InvalidArgumentError(
          "a Reduce needs an array input, and its first one must not be optional");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckDeclaration(const Kernel& kernel) {
  const KernelInfo& info = kernel.info();
  CL_RETURN_IF_ERROR(CheckKernelName(info.name));
  if (info.major < 1) return absl::InvalidArgumentError("its major version is below 1");
  if (info.summary.empty()) return absl::InvalidArgumentError("it has no summary");
  if (!ShapeIsTrue(kernel))
    return absl::InvalidArgumentError("its class is not of the shape that it declares");
  if (!std::isfinite(info.ns_per_element) || info.ns_per_element < 0 || !std::isfinite(info.ns_fixed) ||
      info.ns_fixed < 0) {
    return absl::InvalidArgumentError("its cost model is not finite or below 0");
  }
  CL_RETURN_IF_ERROR(CheckPorts(info));
  CL_RETURN_IF_ERROR(CheckSpecNames(info.params, "parameter"));
  for (const ParamSpec& spec : info.params) {
    CL_RETURN_IF_ERROR_IN(CheckSpec(spec), absl::StrCat("parameter '", spec.name, "'"));
  }
  return absl::OkStatus();
}

absl::Status KernelCatalogue::Add(std::unique_ptr<const Kernel> kernel) {
  if (kernel == nullptr) return absl::InvalidArgumentError("kernel catalogue: no kernel given");
  const std::string& name = kernel->info().name;
  CL_RETURN_IF_ERROR_IN(CheckDeclaration(*kernel), absl::StrCat("kernel '", name, "'"));
  const auto at = std::lower_bound(kernels_.begin(), kernels_.end(), name,
                                   [](const auto& k, const std::string& n) { return k->info().name < n; });
  if (at != kernels_.end() && (*at)->info().name == name) {
    return absl::AlreadyExistsError(absl::StrCat("kernel '", name, "' is in the catalogue already"));
  }
  kernels_.insert(at, std::move(kernel));
  return absl::OkStatus();
}

const Kernel* KernelCatalogue::Find(absl::string_view name) const {
  const auto at = std::lower_bound(kernels_.begin(), kernels_.end(), name,
                                   [](const auto& k, absl::string_view n) { return k->info().name < n; });
  return at == kernels_.end() || (*at)->info().name != name ? nullptr : at->get();
}

absl::StatusOr<const Kernel*> KernelCatalogue::Get(absl::string_view name) const {
  if (const Kernel* found = Find(name)) return found;
  std::vector<std::string> known;
  for (const auto& kernel : kernels_) known.push_back(kernel->info().name);
  return absl::NotFoundError(absl::StrCat("unknown kernel '", name, "'", DidYouMean(name, known)));
}

std::vector<const Kernel*> KernelCatalogue::List() const {
  std::vector<const Kernel*> out;
  for (const auto& kernel : kernels_) out.push_back(kernel.get());
  return out;
}

}  // namespace cubeloom
