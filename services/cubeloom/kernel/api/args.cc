// Arguments: access after checking, and the checking itself.
#include <cassert>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/kernel/api/param_check.h"

namespace cubeloom {

const char* ParamTypeName(ParamType type) {
  switch (type) {
    case ParamType::kBool:
      return "bool";
    case ParamType::kInteger:
      return "integer";
    case ParamType::kReal:
      return "real";
    case ParamType::kString:
      return "string";
    case ParamType::kIntegerList:
      return "list of integers";
    case ParamType::kRealList:
      return "list of reals";
    case ParamType::kStringList:
      return "list of strings";
    case ParamType::kMap:
      return "map";
  }
  return "unknown";
}

namespace {

const Value* FindIn(const Value::Map& map, absl::string_view name) {
  for (const auto& [key, value] : map) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace

bool Args::has(absl::string_view name) const { return FindIn(values_, name) != nullptr; }

const Value& Args::value(absl::string_view name) const {
  static const Value& none = *new Value();
  const Value* found = FindIn(values_, name);
  assert(found != nullptr && "the kernel asks for a parameter that it does not declare");
  return found == nullptr ? none : *found;
}

bool Args::boolean(absl::string_view name) const { return value(name).boolean(); }
int64_t Args::integer(absl::string_view name) const { return value(name).integer(); }
double Args::real(absl::string_view name) const { return value(name).real(); }
const std::string& Args::string(absl::string_view name) const { return value(name).string(); }

std::vector<double> Args::reals(absl::string_view name) const {
  std::vector<double> out;
  for (const Value& v : value(name).list()) out.push_back(v.real());
  return out;
}

std::vector<int64_t> Args::integers(absl::string_view name) const {
  std::vector<int64_t> out;
  for (const Value& v : value(name).list()) out.push_back(v.integer());
  return out;
}

namespace {

std::string Shown(const Value& v) {
  std::string json = v.ToJson();
  if (json.size() > 60) json = absl::StrCat(json.substr(0, 57), "...");
  return absl::StrCat(v.type_name(), " ", json);
}

absl::Status Expected(const char* what, const Value& v) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what, ", got ", Shown(v)));
}

absl::Status CheckRange(const ParamSpec& spec, double x) {
  if (x >= spec.min && x <= spec.max) return absl::OkStatus();
  const std::string unit = spec.unit.empty() ? "" : absl::StrCat(" ", spec.unit);
  const bool low = spec.min > -1e308, high = spec.max < 1e308;
  std::string want = "finite";
  if (low && high)
    want = absl::StrCat("between ", spec.min, " and ", spec.max);
  else if (low)
    want = absl::StrCat("finite and at least ", spec.min);
  else if (high)
    want = absl::StrCat("finite and at most ", spec.max);
  return absl::InvalidArgumentError(absl::StrCat("is ", x, unit, ", must be ", want));
}

absl::StatusOr<Value> CheckInteger(const ParamSpec& spec, const Value& v) {
  int64_t i = 0;
  if (v.is_string()) {  // how 64-bit integers beyond 2^53 are written in user files
    if (!absl::SimpleAtoi(v.string(), &i)) return Expected("an integer", v);
  } else {
    if (!v.is_number()) return Expected("an integer", v);
    absl::StatusOr<int64_t> whole = v.AsInt();
    if (!whole.ok()) return Expected("an integer", v);
    i = *whole;
  }
  CL_RETURN_IF_ERROR(CheckRange(spec, static_cast<double>(i)));
  return Value(i);
}

absl::StatusOr<Value> CheckReal(const ParamSpec& spec, const Value& v) {
  if (!v.is_number()) return Expected("a number", v);
  CL_RETURN_IF_ERROR(CheckRange(spec, v.real()));
  return Value(v.real());
}

absl::StatusOr<Value> CheckString(const ParamSpec& spec, const Value& v) {
  if (!v.is_string()) return Expected("a string", v);
  if (spec.choices.empty()) return v;
  for (const std::string& choice : spec.choices) {
    if (choice == v.string()) return v;
  }
  return absl::InvalidArgumentError(absl::StrCat("is '", v.string(), "', must be one of ",
                                                 absl::StrJoin(spec.choices, ", "),
                                                 DidYouMean(v.string(), spec.choices)));
}

using ElementCheck = absl::StatusOr<Value> (*)(const ParamSpec&, const Value&);

absl::StatusOr<Value> CheckList(const ParamSpec& spec, const Value& v, ElementCheck check) {
  if (!v.is_list()) return Expected(absl::StrCat("a ", ParamTypeName(spec.type)).c_str(), v);
  Value::List out;
  out.reserve(v.list().size());
  for (size_t i = 0; i < v.list().size(); ++i) {
    CL_ASSIGN_OR_RETURN_IN(Value element, check(spec, v.list()[i]), absl::StrCat("element ", i));
    out.push_back(std::move(element));
  }
  return Value(std::move(out));
}

}  // namespace

absl::StatusOr<Value> CheckParam(const ParamSpec& spec, const Value& v) {
  switch (spec.type) {
    case ParamType::kBool:
      if (!v.is_bool()) return Expected("true or false", v);
      return v;
    case ParamType::kInteger:
      return CheckInteger(spec, v);
    case ParamType::kReal:
      return CheckReal(spec, v);
    case ParamType::kString:
      return CheckString(spec, v);
    case ParamType::kIntegerList:
      return CheckList(spec, v, CheckInteger);
    case ParamType::kRealList:
      return CheckList(spec, v, CheckReal);
    case ParamType::kStringList:
      return CheckList(spec, v, CheckString);
    case ParamType::kMap:
      if (!v.is_map()) return Expected("a map", v);
      return v;
  }
  return absl::InternalError("unknown parameter type");
}

namespace {

absl::Status CheckNames(const KernelInfo& info, const Value::Map& given) {
  std::vector<std::string> known;
  for (const ParamSpec& spec : info.params) known.push_back(spec.name);
  for (size_t i = 0; i < given.size(); ++i) {
    const std::string& name = given[i].first;
    bool found = false;
    for (const std::string& k : known) found = found || k == name;
    if (!found) {
      return absl::InvalidArgumentError(absl::StrCat(
          "unknown parameter '", name, "'", DidYouMean(name, known), " (",
          known.empty() ? "it has no parameters" : absl::StrCat("known: ", absl::StrJoin(known, ", ")), ")"));
    }
    for (size_t k = 0; k < i; ++k) {
      if (given[k].first == name)
        return absl::InvalidArgumentError(absl::StrCat("parameter '", name, "' is given twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Args> BindArgs(const KernelInfo& info, const Value::Map& given) {
  const auto context = [&info] { return absl::StrCat("kernel '", info.name, "'"); };
  CL_RETURN_IF_ERROR_IN(CheckNames(info, given), context());
  Value::Map bound;
  for (const ParamSpec& spec : info.params) {
    const Value* value = FindIn(given, spec.name);
    if (value == nullptr || value->is_null()) value = &spec.default_value;
    if (value->is_null()) {
      if (!spec.required) continue;
      return absl::InvalidArgumentError(absl::StrCat(context(), ": parameter '", spec.name, "' (",
                                                     ParamTypeName(spec.type),
                                                     ") is required and not given"));
    }
    CL_ASSIGN_OR_RETURN_IN(Value checked, CheckParam(spec, *value),
                           absl::StrCat(context(), ": parameter '", spec.name, "'"));
    bound.emplace_back(spec.name, std::move(checked));
  }
  return Args(std::move(bound));
}

}  // namespace cubeloom
