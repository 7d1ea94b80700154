// Arguments that the schema or the kernel must refuse.
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/testing/conformance_run.h"

namespace cubeloom {
namespace {

bool IsList(ParamType type) {
  return type == ParamType::kIntegerList || type == ParamType::kRealList || type == ParamType::kStringList;
}

bool IsNumeric(ParamType type) {
  return type == ParamType::kInteger || type == ParamType::kReal || type == ParamType::kIntegerList ||
         type == ParamType::kRealList;
}

// Values that a parameter must not take, by its schema.
std::vector<Value> BadValues(const ParamSpec& spec) {
  std::vector<Value> scalars;
  if (spec.type != ParamType::kBool) scalars.push_back(true);
  if (IsNumeric(spec.type)) {
    scalars.push_back("wrong");
    scalars.push_back(std::nan(""));
    if (spec.min > -1e300) scalars.push_back(std::floor(spec.min) - 1);
    if (spec.max < 1e300) scalars.push_back(std::ceil(spec.max) + 1);
    if (spec.type == ParamType::kInteger || spec.type == ParamType::kIntegerList) scalars.push_back(0.5);
  } else {
    scalars.push_back(1.5);
  }
  if (!spec.choices.empty()) scalars.push_back("no such choice");
  std::vector<Value> bad;
  for (Value& v : scalars) bad.push_back(IsList(spec.type) ? Value(Value::List{std::move(v)}) : std::move(v));
  if (IsList(spec.type)) bad.push_back(1);
  if (spec.type != ParamType::kMap) bad.push_back(Value(Value::Map()));
  return bad;
}

class ArgumentCheck {
 public:
  ArgumentCheck(const Kernel& kernel, const Inputs& inputs, std::vector<std::string>* violations)
      : kernel_(kernel), inputs_(inputs), violations_(violations) {}

  void Expect(const Value::Map& args, const std::string& name) {
    absl::StatusOr<Args> bound = BindArgs(kernel_.info(), args);
    absl::Status status = bound.status();
    if (bound.ok()) {
      const auto ports = BindInputs(kernel_.info(), inputs_);
      status = ports.ok() ? InferOutputs(kernel_, *bound, Describe(*ports)).status() : ports.status();
    }
    if (status.code() == absl::StatusCode::kInvalidArgument && absl::StrContains(status.message(), name))
      return;
    violations_->push_back(absl::StrCat("arguments ", Value(args).ToJson(),
                                        " must give InvalidArgument naming '", name, "', got ",
                                        status.ToString()));
  }

 private:
  const Kernel& kernel_;
  const Inputs& inputs_;
  std::vector<std::string>* const violations_;
};

}  // namespace

void CheckArguments(const Kernel& kernel, const ConformanceOptions& options, const ConformanceCase& first,
                    std::vector<std::string>* violations) {
  const Inputs inputs = first.inputs();
  ArgumentCheck check(kernel, inputs, violations);
  for (const ParamSpec& spec : kernel.info().params) {
    Value::Map others;  // good arguments, without this one
    for (const auto& [name, value] : first.args) {
      if (name != spec.name) others.emplace_back(name, value);
    }
    if (spec.required) check.Expect(others, spec.name);
    for (const Value& bad : BadValues(spec)) {
      Value::Map args = others;
      args.emplace_back(spec.name, bad);
      check.Expect(args, spec.name);
    }
  }
  Value::Map unknown = first.args;
  unknown.emplace_back("no_such_parameter", 1);
  check.Expect(unknown, "no_such_parameter");
  for (const BadArgument& bad : options.bad_args) check.Expect(bad.args, bad.names);
}

}  // namespace cubeloom
