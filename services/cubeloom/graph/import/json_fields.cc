#include "cubeloom/graph/import/json_fields.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom::graph {
namespace {

const Value& Member(const Value& object, absl::string_view key) {
  static const Value* const kNull = new Value();
  const Value* found = object.Find(key);
  return found == nullptr ? *kNull : *found;
}

absl::Status WrongKind(const ForeignGraph& graph, const Value& value, absl::string_view where,
                       absl::string_view key, absl::string_view expected) {
  const std::string text = AsText(value);
  return PlaceError(graph, where,
                    absl::StrCat("field '", key, "': expected ", expected, ", got ", value.type_name(), " ",
                                 text.substr(0, 60), text.size() > 60 ? "..." : ""));
}

}  // namespace

std::string AsText(const Value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.string();
  if (value.is_real() && value.AsInt().ok()) return absl::StrCat(*value.AsInt());
  return value.ToJson();
}

absl::Status PlaceError(const ForeignGraph& graph, absl::string_view where, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(graph.file, graph.file.empty() ? "" : ": ", where, where.empty() ? "" : ": ", what));
}

absl::StatusOr<std::string> TextOf(const ForeignGraph& graph, const Value& object, absl::string_view where,
                                   absl::string_view key) {
  const Value& value = Member(object, key);
  if (value.is_list() || value.is_map()) return WrongKind(graph, value, where, key, "text or a number");
  return AsText(value);
}

bool FlagOf(const Value& object, absl::string_view key) {
  const Value& value = Member(object, key);
  return value.is_bool() ? value.boolean() : IsTrue(AsText(value));
}

absl::StatusOr<const Value::List*> ListOf(const ForeignGraph& graph, const Value& object,
                                          absl::string_view where, absl::string_view key) {
  static const Value::List* const kEmpty = new Value::List();
  const Value& value = Member(object, key);
  if (value.is_null()) return kEmpty;
  if (!value.is_list()) return WrongKind(graph, value, where, key, "a list");
  return &value.list();
}

absl::StatusOr<const Value::Map*> MapOf(const ForeignGraph& graph, const Value& object,
                                        absl::string_view where, absl::string_view key) {
  static const Value::Map* const kEmpty = new Value::Map();
  const Value& value = Member(object, key);
  if (value.is_null()) return kEmpty;
  if (!value.is_map()) return WrongKind(graph, value, where, key, "an object");
  return &value.map();
}

absl::StatusOr<ForeignField> ReadField(const ForeignGraph& graph, const Value& value,
                                       absl::string_view where) {
  if (!value.is_map()) return PlaceError(graph, where, "expected fields that are objects");
  ForeignField field;
  CL_ASSIGN_OR_RETURN(field.id, TextOf(graph, value, where, "id"));
  CL_ASSIGN_OR_RETURN(field.name, TextOf(graph, value, where, "name"));
  if (field.name.empty()) {
    CL_ASSIGN_OR_RETURN(field.name, TextOf(graph, value, where, "text"));
  }
  field.value = AsText(Member(value, "value"));
  if (field.value.empty()) field.value = AsText(Member(value, "defaultValue"));
  const Value& usage = Member(value, "usage");
  if (usage.is_string()) {
    field.input = usage.string() == "InputPort" || usage.string() == "InputOutput";
    field.output = usage.string() == "OutputPort" || usage.string() == "InputOutput";
  }
  return field;
}

absl::StatusOr<ForeignLink> ReadLink(const ForeignGraph& graph, const Value& value, absl::string_view where) {
  if (!value.is_map()) return PlaceError(graph, where, "expected an object");
  ForeignLink link;
  CL_ASSIGN_OR_RETURN(link.from, TextOf(graph, value, where, "from"));
  CL_ASSIGN_OR_RETURN(link.to, TextOf(graph, value, where, "to"));
  for (const auto& [key, id] : {std::pair("from", &link.from), std::pair("to", &link.to)}) {
    if (id->empty()) return PlaceError(graph, where, absl::StrCat("field '", key, "' is missing"));
  }
  CL_ASSIGN_OR_RETURN(link.from_port, TextOf(graph, value, where, "fromPort"));
  CL_ASSIGN_OR_RETURN(link.to_port, TextOf(graph, value, where, "toPort"));
  link.loop_aware = FlagOf(value, "loop_aware") || FlagOf(value, "loopAware");
  link.closes_loop = FlagOf(value, "closesLoop");
  return link;
}

}  // namespace cubeloom::graph
