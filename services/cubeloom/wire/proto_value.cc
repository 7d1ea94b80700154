#include "cubeloom/wire/proto_value.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace cubeloom::wire {
namespace {

namespace pb = google::protobuf;

constexpr int64_t kExact = int64_t{1} << 53;

Value FromNumber(double number) {
  const bool integral = std::fabs(number) <= static_cast<double>(kExact) && std::trunc(number) == number;
  if (integral && !(number == 0 && std::signbit(number))) return Value(static_cast<int64_t>(number));
  return Value(number);
}

}  // namespace

Value FromProtoValue(const pb::Value& value) {
  switch (value.kind_case()) {
    case pb::Value::kBoolValue:
      return Value(value.bool_value());
    case pb::Value::kNumberValue:
      return FromNumber(value.number_value());
    case pb::Value::kStringValue:
      return Value(value.string_value());
    case pb::Value::kListValue: {
      Value::List list;
      list.reserve(static_cast<size_t>(value.list_value().values_size()));
      for (const pb::Value& element : value.list_value().values()) list.push_back(FromProtoValue(element));
      return Value(std::move(list));
    }
    case pb::Value::kStructValue: {
      Value::Map map;
      for (const auto& [key, element] : value.struct_value().fields())
        map.emplace_back(key, FromProtoValue(element));
      std::sort(map.begin(), map.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      return Value(std::move(map));
    }
    default:
      return Value();
  }
}

pb::Value ToProtoValue(const Value& value) {
  pb::Value out;
  if (value.is_bool()) {
    out.set_bool_value(value.boolean());
  } else if (value.is_int() && (value.integer() > kExact || value.integer() < -kExact)) {
    out.set_string_value(std::to_string(value.integer()));
  } else if (value.is_number()) {
    out.set_number_value(value.real());
  } else if (value.is_string()) {
    out.set_string_value(value.string());
  } else if (value.is_list()) {
    pb::ListValue& list = *out.mutable_list_value();
    for (const Value& element : value.list()) *list.add_values() = ToProtoValue(element);
  } else if (value.is_map()) {
    auto& fields = *out.mutable_struct_value()->mutable_fields();
    for (const auto& [key, element] : value.map()) fields[key] = ToProtoValue(element);
  } else {
    out.set_null_value(pb::NULL_VALUE);
  }
  return out;
}

}  // namespace cubeloom::wire
