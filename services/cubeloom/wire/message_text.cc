#include "cubeloom/wire/message_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/value.h"
#include "cubeloom/wire/scalar.h"

namespace cubeloom::wire {
namespace {

namespace pb = google::protobuf;
using Type = pb::FieldDescriptor::CppType;

constexpr char kValueName[] = "google.protobuf.Value";

// What stands at a node, for "got ...".
std::string Got(const TextNode& node) {
  switch (node.kind) {
    case TextKind::kNull:
      return "nothing";
    case TextKind::kList:
      return "a list";
    case TextKind::kMap:
      return "a map";
    case TextKind::kScalar:
      break;
  }
  const bool longer = node.text.size() > 60;
  return absl::StrCat(Value(node.text.substr(0, 60)).ToJson(), longer ? "..." : "");
}

std::string Expected(absl::string_view what, const TextNode& node) {
  return absl::StrCat("expected ", what, ", got ", Got(node));
}

class Reader {
 public:
  Reader(const TextTree& tree, const TextVisitor& visitor) : tree_(tree), visitor_(visitor) {}

  void Fields(uint32_t n, const std::string& path, pb::Message& message);

 private:
  void Field(uint32_t n, const std::string& path, const pb::FieldDescriptor& field, pb::Message& message);
  void List(uint32_t n, const std::string& path, const pb::FieldDescriptor& field, pb::Message& message);
  void Map(uint32_t n, const std::string& path, const pb::FieldDescriptor& field, pb::Message& message);
  void One(uint32_t n, const std::string& path, const pb::FieldDescriptor& field, pb::Message& message);
  void Struct(uint32_t n, const std::string& path, pb::Message& message);
  void ValueScalar(const TextNode& node, const std::string& path, pb::Value& value);
  void ValueOf(uint32_t n, const std::string& path, pb::Value& value);
  bool MayTake(const TextNode& node, const std::string& path, const pb::FieldDescriptor& field,
               const pb::Message& message);

  void Problem(const TextNode& node, const std::string& path, const std::string& what) {
    visitor_.problem(path, node.where, what);
  }

  const TextTree& tree_;
  const TextVisitor& visitor_;
};

std::string Join(const std::string& path, absl::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
}

void Reader::Fields(uint32_t n, const std::string& path, pb::Message& message) {
  if (tree_[n].kind != TextKind::kMap) return Problem(tree_[n], path, Expected("a map of fields", tree_[n]));
  const pb::Descriptor& type = *message.GetDescriptor();
  for (uint32_t child = tree_[n].first; child != kNoText; child = tree_[child].next) {
    const TextNode& node = tree_[child];
    const pb::FieldDescriptor* field = type.FindFieldByCamelcaseName(node.key);
    if (field == nullptr) field = type.FindFieldByName(node.key);
    if (field != nullptr) {
      Field(child, Join(path, field->json_name()), *field, message);
      continue;
    }
    std::vector<std::string> names;
    names.reserve(static_cast<size_t>(type.field_count()));
    for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->json_name());
    visitor_.problem(Join(path, node.key), node.key_where, "unknown field" + DidYouMean(node.key, names));
  }
}

// False, with the problem told, if the field is set already under its other name, or another of its oneof is.
bool Reader::MayTake(const TextNode& node, const std::string& path, const pb::FieldDescriptor& field,
                     const pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  const bool again =
      field.is_repeated() ? reflection.FieldSize(message, &field) > 0 : reflection.HasField(message, &field);
  const pb::OneofDescriptor* oneof = field.real_containing_oneof();
  if (again) {
    visitor_.problem(path, node.key_where, "this field is given twice");
    return false;
  }
  if (oneof != nullptr && reflection.HasOneof(message, oneof)) {
    const std::string other = reflection.GetOneofFieldDescriptor(message, oneof)->json_name();
    visitor_.problem(
        path, node.key_where,
        absl::StrCat("expected one kind of node, got both '", other, "' and '", field.json_name(), "'"));
    return false;
  }
  return true;
}

void Reader::Field(uint32_t n, const std::string& path, const pb::FieldDescriptor& field,
                   pb::Message& message) {
  const TextNode& node = tree_[n];
  visitor_.field(path, node.key_where);
  if (!MayTake(node, path, field, message)) return;
  if (field.is_map()) return Map(n, path, field, message);
  if (field.is_repeated()) return List(n, path, field, message);
  const bool is_value = field.message_type() != nullptr && field.message_type()->full_name() == kValueName;
  if (node.kind == TextKind::kNull && !is_value) {
    if (field.real_containing_oneof() == nullptr) return;
    return Problem(node, path,
                   field.message_type() != nullptr ? "expected a map of fields, got nothing (write {})"
                                                   : Expected("text", node));
  }
  One(n, path, field, message);
}

void Reader::List(uint32_t n, const std::string& path, const pb::FieldDescriptor& field,
                  pb::Message& message) {
  if (tree_[n].kind == TextKind::kNull) return;
  if (tree_[n].kind != TextKind::kList) return Problem(tree_[n], path, Expected("a list", tree_[n]));
  size_t index = 0;
  for (uint32_t child = tree_[n].first; child != kNoText; child = tree_[child].next) {
    const std::string at = absl::StrCat(path, "[", index++, "]");
    visitor_.field(at, tree_[child].where);
    One(child, at, field, message);
  }
}

void Reader::Map(uint32_t n, const std::string& path, const pb::FieldDescriptor& field,
                 pb::Message& message) {
  if (tree_[n].kind == TextKind::kNull) return;
  if (tree_[n].kind != TextKind::kMap) return Problem(tree_[n], path, Expected("a map", tree_[n]));
  const pb::FieldDescriptor& value = *field.message_type()->map_value();
  for (uint32_t child = tree_[n].first; child != kNoText; child = tree_[child].next) {
    const TextNode& node = tree_[child];
    const std::string at = Join(path, node.key);
    visitor_.field(at, node.key_where);
    pb::Message& entry = *message.GetReflection()->AddMessage(&message, &field);
    entry.GetReflection()->SetString(&entry, field.message_type()->map_key(), node.key);
    One(child, at, value, entry);
  }
}

// One value of a singular field, or one more of a repeated field.
void Reader::One(uint32_t n, const std::string& path, const pb::FieldDescriptor& field,
                 pb::Message& message) {
  const TextNode& node = tree_[n];
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == Type::CPPTYPE_MESSAGE) {
    pb::Message& into = field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                            : *reflection.MutableMessage(&message, &field);
    return Struct(n, path, into);
  }
  if (field.cpp_type() == Type::CPPTYPE_STRING) {
    if (node.kind != TextKind::kScalar) return Problem(node, path, Expected("text", node));
    if (field.is_repeated()) return reflection.AddString(&message, &field, node.text);
    return reflection.SetString(&message, &field, node.text);
  }
  const Scalar scalar = node.kind == TextKind::kScalar ? ReadScalar(node.text) : Scalar{};
  const bool number = scalar.kind == Scalar::Kind::kNumber;
  switch (field.cpp_type()) {
    case Type::CPPTYPE_BOOL:
      if (scalar.kind != Scalar::Kind::kBool) return Problem(node, path, Expected("true or false", node));
      return reflection.SetBool(&message, &field, scalar.boolean);
    case Type::CPPTYPE_INT32:
      if (!number || std::trunc(scalar.number) != scalar.number || std::fabs(scalar.number) > INT32_MAX) {
        return Problem(node, path, Expected("an integer", node));
      }
      return reflection.SetInt32(&message, &field, static_cast<int32_t>(scalar.number));
    case Type::CPPTYPE_DOUBLE:
      if (!number) return Problem(node, path, Expected("a number", node));
      return reflection.SetDouble(&message, &field, scalar.number);
    default:
      return Problem(node, path, "this field has a type that text cannot give");
  }
}

void Reader::Struct(uint32_t n, const std::string& path, pb::Message& message) {
  if (message.GetDescriptor()->full_name() != kValueName) return Fields(n, path, message);
  ValueOf(n, path, static_cast<pb::Value&>(message));
}

void Reader::ValueScalar(const TextNode& node, const std::string& path, pb::Value& value) {
  const Scalar scalar = node.quoted ? Scalar{} : ReadScalar(node.text);
  switch (scalar.kind) {
    case Scalar::Kind::kNull:
      return value.set_null_value(pb::NULL_VALUE);
    case Scalar::Kind::kBool:
      return value.set_bool_value(scalar.boolean);
    case Scalar::Kind::kNumber:
      return value.set_number_value(scalar.number);
    case Scalar::Kind::kText:
      return value.set_string_value(node.text);
    case Scalar::Kind::kInexact:
      break;
  }
  value.set_string_value(node.text);
  Problem(node, path, Expected("a finite number, exact up to 2^53 (write larger integers in quotes)", node));
}

// Depth is bounded by the tree's.
void Reader::ValueOf(uint32_t n, const std::string& path, pb::Value& value) {
  const TextNode& node = tree_[n];
  switch (node.kind) {
    case TextKind::kNull:
      return value.set_null_value(pb::NULL_VALUE);
    case TextKind::kScalar:
      return ValueScalar(node, path, value);
    case TextKind::kList: {
      pb::ListValue& list = *value.mutable_list_value();
      for (uint32_t child = node.first; child != kNoText; child = tree_[child].next) {
        const std::string at = absl::StrCat(path, "[", list.values_size(), "]");
        ValueOf(child, at, *list.add_values());
      }
      return;
    }
    case TextKind::kMap: {
      auto& map = *value.mutable_struct_value()->mutable_fields();
      for (uint32_t child = node.first; child != kNoText; child = tree_[child].next) {
        ValueOf(child, Join(path, tree_[child].key), map[tree_[child].key]);
      }
      return;
    }
  }
}

}  // namespace

void ReadMessage(const TextTree& tree, uint32_t n, const TextVisitor& visitor, pb::Message& message) {
  Reader(tree, visitor).Fields(n, "", message);
}

}  // namespace cubeloom::wire
