#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cubeloom/cli/commands.h"
#include "cubeloom/cli/text_table.h"
#include "cubeloom/engine/catalogue.h"

namespace cubeloom::cli {
namespace {

const char* ShapeName(KernelShape shape) {
  switch (shape) {
    case KernelShape::kMap:
      return "map";
    case KernelShape::kReduce:
      return "reduce";
    case KernelShape::kTask:
      return "task";
    case KernelShape::kComposite:
      return "composite";
  }
  return "";
}

std::string PortNotes(const PortSpec& port) {
  std::vector<std::string> notes;
  if (port.optional) notes.emplace_back("optional");
  if (port.variadic) notes.emplace_back("any number");
  if (!port.accepts.empty()) {
    notes.push_back(
        absl::StrJoin(port.accepts, " ", [](std::string* out, DType t) { out->append(DTypeName(t)); }));
  }
  return absl::StrJoin(notes, ", ");
}

std::string Range(const ParamSpec& param) {
  if (!param.choices.empty()) return absl::StrJoin(param.choices, " | ");
  if (param.type == ParamType::kBool || param.type == ParamType::kString) return "";
  const bool low = param.min > -1e308, high = param.max < 1e308;
  if (low && high) return absl::StrFormat("%g to %g", param.min, param.max);
  if (low) return absl::StrFormat(">= %g", param.min);
  return high ? absl::StrFormat("<= %g", param.max) : "";
}

void PrintPorts(const char* title, const std::vector<PortSpec>& ports) {
  if (ports.empty()) return;
  std::vector<std::vector<std::string>> rows = {{title, "kind", "takes", "meaning"}};
  for (const PortSpec& port : ports) {
    rows.push_back({port.name, PayloadKindName(port.kind), PortNotes(port), port.doc});
  }
  std::printf("\n%s", TextTable(rows).c_str());
}

int PrintOne(const KernelInfo& info) {
  std::printf("%s (%s): %s\n", info.identity().c_str(), ShapeName(info.shape), info.summary.c_str());
  if (!info.doc.empty()) std::printf("\n%s\n", info.doc.c_str());
  PrintPorts("input", info.inputs);
  PrintPorts("output", info.outputs);
  if (!info.params.empty()) {
    std::vector<std::vector<std::string>> rows = {
        {"parameter", "type", "default", "unit", "range", "meaning"}};
    for (const ParamSpec& param : info.params) {
      const std::string value = param.required                  ? "(required)"
                                : param.default_value.is_null() ? "-"
                                                                : param.default_value.ToJson();
      rows.push_back({param.name, ParamTypeName(param.type), value, param.unit, Range(param), param.doc});
    }
    std::printf("\n%s", TextTable(rows).c_str());
  }
  std::printf("\nreference: %s\ntolerance: %s\n", info.reference.c_str(), info.tolerance.c_str());
  return kOk;
}

Value PortsToValue(const std::vector<PortSpec>& ports) {
  Value::List list;
  for (const PortSpec& port : ports) {
    Value::List accepts;
    for (const DType t : port.accepts) accepts.push_back(Value(DTypeName(t)));
    list.push_back(Value(Value::Map{{"name", Value(port.name)},
                                    {"kind", Value(PayloadKindName(port.kind))},
                                    {"optional", Value(port.optional)},
                                    {"variadic", Value(port.variadic)},
                                    {"accepts", Value(std::move(accepts))},
                                    {"doc", Value(port.doc)}}));
  }
  return Value(std::move(list));
}

Value InfoToValue(const KernelInfo& info) {
  Value::List params;
  for (const ParamSpec& param : info.params) {
    Value::List choices;
    for (const std::string& choice : param.choices) choices.push_back(Value(choice));
    params.push_back(Value(Value::Map{{"name", Value(param.name)},
                                      {"type", Value(ParamTypeName(param.type))},
                                      {"default", param.default_value},
                                      {"required", Value(param.required)},
                                      {"unit", Value(param.unit)},
                                      {"choices", Value(std::move(choices))},
                                      {"doc", Value(param.doc)}}));
  }
  return Value(Value::Map{{"name", Value(info.name)},
                          {"identity", Value(info.identity())},
                          {"shape", Value(ShapeName(info.shape))},
                          {"summary", Value(info.summary)},
                          {"doc", Value(info.doc)},
                          {"inputs", PortsToValue(info.inputs)},
                          {"outputs", PortsToValue(info.outputs)},
                          {"params", Value(std::move(params))},
                          {"reference", Value(info.reference)},
                          {"tolerance", Value(info.tolerance)}});
}

}  // namespace

int KernelsCommand(const KernelsFlags& flags) {
  const absl::StatusOr<KernelCatalogue> catalogue = engine::MakeCatalogue();
  if (!catalogue.ok()) return ReportError(catalogue.status());
  std::vector<const Kernel*> kernels = catalogue->List();
  if (!flags.name.empty()) {
    const absl::StatusOr<const Kernel*> kernel = catalogue->Get(flags.name);
    if (!kernel.ok()) return ReportError(kernel.status());
    kernels = {*kernel};
  }
  if (flags.json) {
    Value::List list;
    for (const Kernel* kernel : kernels) list.push_back(InfoToValue(kernel->info()));
    std::printf("%s\n", (flags.name.empty() ? Value(std::move(list)) : list[0]).ToJson(2).c_str());
    return kOk;
  }
  if (!flags.name.empty()) return PrintOne(kernels[0]->info());
  std::vector<std::vector<std::string>> rows = {{"kernel", "shape", "does"}};
  for (const Kernel* kernel : kernels) {
    rows.push_back({kernel->info().name, ShapeName(kernel->info().shape), kernel->info().summary});
  }
  std::printf("%s", TextTable(rows).c_str());
  return kOk;
}

}  // namespace cubeloom::cli
