// WriteMessage: a protobuf message as YAML.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/value.h"
#include "cubeloom/wire/message_text.h"
#include "cubeloom/wire/scalar.h"

namespace cubeloom::wire {
namespace {

namespace pb = google::protobuf;
using Type = pb::FieldDescriptor::CppType;

constexpr size_t kLineWidth = 96;

// The part of YAML that is written: scalars (already quoted where needed), lists and maps.
struct Yaml {
  enum class Kind : uint8_t { kScalar, kList, kMap } kind = Kind::kScalar;
  std::string text;
  std::string key;  // within a map
  std::vector<Yaml> children;

  void Add(std::string name, Yaml child) {
    child.key = std::move(name);
    children.push_back(std::move(child));
  }
  void SortByKey() {
    std::sort(children.begin(), children.end(), [](const Yaml& a, const Yaml& b) { return a.key < b.key; });
  }
};

Yaml OfKind(Yaml::Kind kind) {
  Yaml yaml;
  yaml.kind = kind;
  return yaml;
}

Yaml ScalarYaml(std::string text) {
  Yaml yaml;
  yaml.text = std::move(text);
  return yaml;
}

// Plain where no YAML rule can read something else into it; otherwise in double quotes, as JSON escapes.
std::string Quote(const std::string& text) {
  bool plain = !text.empty() && (absl::ascii_isalpha(text[0]) || text[0] == '_' || text[0] == '/');
  for (char c : text)
    plain = plain && (absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/');
  // Words that other YAML readers take for booleans are quoted too.
  const std::string lower = absl::AsciiStrToLower(text);
  for (const char* word : {"yes", "no", "on", "off", "y", "n"}) plain = plain && lower != word;
  if (plain && ReadScalar(text).kind == Scalar::Kind::kText) return text;
  return Value(text).ToJson();
}

std::string NumberText(double number) {
  const Value value(number);
  if (number == 0 && std::signbit(number)) return value.ToJson();
  const absl::StatusOr<int64_t> integer = value.AsInt();
  return integer.ok() ? absl::StrCat(*integer) : value.ToJson();
}

Yaml ValueYaml(const pb::Value& value) {
  switch (value.kind_case()) {
    case pb::Value::kBoolValue:
      return ScalarYaml(value.bool_value() ? "true" : "false");
    case pb::Value::kNumberValue:
      return ScalarYaml(NumberText(value.number_value()));
    case pb::Value::kStringValue:
      return ScalarYaml(Quote(value.string_value()));
    case pb::Value::kListValue: {
      Yaml list = OfKind(Yaml::Kind::kList);
      for (const pb::Value& element : value.list_value().values()) list.Add("", ValueYaml(element));
      return list;
    }
    case pb::Value::kStructValue: {
      Yaml map = OfKind(Yaml::Kind::kMap);
      for (const auto& [key, element] : value.struct_value().fields()) {
        map.Add(key, ValueYaml(element));
      }
      map.SortByKey();
      return map;
    }
    default:
      return ScalarYaml("null");
  }
}

Yaml MessageYaml(const pb::Message& message);

// `index` is -1 for a singular field.
Yaml FieldYaml(const pb::Message& message, const pb::FieldDescriptor& field, int index) {
  const pb::Reflection& r = *message.GetReflection();
  switch (field.cpp_type()) {
    case Type::CPPTYPE_BOOL:
      return ScalarYaml(r.GetBool(message, &field) ? "true" : "false");
    case Type::CPPTYPE_INT32:
      return ScalarYaml(absl::StrCat(r.GetInt32(message, &field)));
    case Type::CPPTYPE_DOUBLE:
      return ScalarYaml(NumberText(r.GetDouble(message, &field)));
    case Type::CPPTYPE_STRING:
      return ScalarYaml(
          Quote(index < 0 ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, index)));
    case Type::CPPTYPE_MESSAGE:
      return MessageYaml(index < 0 ? r.GetMessage(message, &field)
                                   : r.GetRepeatedMessage(message, &field, index));
    default:
      return ScalarYaml("null");
  }
}

Yaml MapYaml(const pb::Message& message, const pb::FieldDescriptor& field) {
  Yaml map = OfKind(Yaml::Kind::kMap);
  const pb::Reflection& r = *message.GetReflection();
  for (int i = 0; i < r.FieldSize(message, &field); ++i) {
    const pb::Message& entry = r.GetRepeatedMessage(message, &field, i);
    const pb::Descriptor& type = *field.message_type();
    map.Add(entry.GetReflection()->GetString(entry, type.map_key()), FieldYaml(entry, *type.map_value(), -1));
  }
  map.SortByKey();
  return map;
}

Yaml MessageYaml(const pb::Message& message) {
  if (message.GetDescriptor() == pb::Value::descriptor())
    return ValueYaml(static_cast<const pb::Value&>(message));
  Yaml map = OfKind(Yaml::Kind::kMap);
  std::vector<const pb::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);  // ordered by number
  for (const pb::FieldDescriptor* field : fields) {
    Yaml child;
    if (field->is_map()) {
      child = MapYaml(message, *field);
    } else if (field->is_repeated()) {
      child.kind = Yaml::Kind::kList;
      const int size = message.GetReflection()->FieldSize(message, field);
      for (int i = 0; i < size; ++i) child.Add("", FieldYaml(message, *field, i));
    } else {
      child = FieldYaml(message, *field, -1);
    }
    map.Add(field->json_name(), std::move(child));
  }
  return map;
}

// On one line, or "" when that is longer than `width`.
std::string Flow(const Yaml& yaml, size_t width) {
  std::string out;
  if (yaml.kind == Yaml::Kind::kScalar) {
    out = yaml.text;
  } else {
    const bool list = yaml.kind == Yaml::Kind::kList;
    out = list ? "[" : "{";
    for (const Yaml& child : yaml.children) {
      if (out.size() > 1) out += ", ";
      if (!list) absl::StrAppend(&out, Quote(child.key), ": ");
      const std::string part = Flow(child, width);
      if (part.empty() || out.size() + part.size() > width) return "";
      out += part;
    }
    out += list ? "]" : "}";
  }
  return out.size() > width ? "" : out;
}

// `text` ends where the value begins: after "key:" or "-", or at the start of the document.
void Block(const Yaml& yaml, size_t indent, bool may_flow, std::string& text) {
  if (yaml.kind == Yaml::Kind::kScalar || yaml.children.empty()) {
    absl::StrAppend(&text, " ", yaml.kind == Yaml::Kind::kScalar ? yaml.text : Flow(yaml, kLineWidth), "\n");
    return;
  }
  const std::string flow = may_flow && indent < kLineWidth / 2 ? Flow(yaml, kLineWidth - indent) : "";
  if (!flow.empty()) {
    absl::StrAppend(&text, " ", flow, "\n");
    return;
  }
  // The first entry of a map in a list stands on the line of the "-".
  bool inline_first = absl::string_view(text).substr(text.empty() ? 0 : text.size() - 1) == "-";
  if (!inline_first && !text.empty()) text += "\n";
  for (const Yaml& child : yaml.children) {
    if (inline_first) {
      text += " ";
    } else {
      text.append(indent, ' ');
    }
    inline_first = false;
    absl::StrAppend(&text, yaml.kind == Yaml::Kind::kList ? "-" : absl::StrCat(Quote(child.key), ":"));
    // Parameters, labels and what is inside a node may stand on one line; nodes may not.
    Block(child, indent + 2, may_flow || (indent > 0 && yaml.kind == Yaml::Kind::kMap), text);
  }
}

}  // namespace

std::string WriteMessage(const pb::Message& message) {
  const Yaml yaml = MessageYaml(message);
  if (yaml.children.empty()) return "{}\n";
  std::string text;
  Block(yaml, 0, false, text);
  return text;
}

}  // namespace cubeloom::wire
