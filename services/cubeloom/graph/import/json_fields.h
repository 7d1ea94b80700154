// Reading members of JSON objects with errors that say where. Private to graph/import.
#ifndef CUBELOOM_GRAPH_IMPORT_JSON_FIELDS_H_
#define CUBELOOM_GRAPH_IMPORT_JSON_FIELDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/base/value.h"
#include "cubeloom/graph/import/foreign.h"

namespace cubeloom::graph {

// Scalars as text (null is ""), lists and maps as JSON.
std::string AsText(const Value& value);

// The member as text: "" when absent or null; InvalidArgument for lists and maps. `where` names the object
// ("nodeDataArray[3]").
absl::StatusOr<std::string> TextOf(const ForeignGraph& graph, const Value& object, absl::string_view where,
                                   absl::string_view key);
// true, 1, "1", "true"; false when absent.
bool FlagOf(const Value& object, absl::string_view key);
// The list, or an empty one when absent or null; InvalidArgument otherwise.
absl::StatusOr<const Value::List*> ListOf(const ForeignGraph& graph, const Value& object,
                                          absl::string_view where, absl::string_view key);
// The map likewise.
absl::StatusOr<const Value::Map*> MapOf(const ForeignGraph& graph, const Value& object,
                                        absl::string_view where, absl::string_view key);

// One field of a node. The value falls back to the default when it is empty.
absl::StatusOr<ForeignField> ReadField(const ForeignGraph& graph, const Value& value,
                                       absl::string_view where);
// One link of a "linkDataArray".
absl::StatusOr<ForeignLink> ReadLink(const ForeignGraph& graph, const Value& value, absl::string_view where);

// "<file>: <where>: <what>".
absl::Status PlaceError(const ForeignGraph& graph, absl::string_view where, absl::string_view what);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_IMPORT_JSON_FIELDS_H_
