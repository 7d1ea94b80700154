// References "${name}" in texts: finding and replacing them.
#ifndef CUBELOOM_GRAPH_MODEL_REFERENCES_H_
#define CUBELOOM_GRAPH_MODEL_REFERENCES_H_

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/base/value.h"
#include "cubeloom/graph/model/graph.h"

namespace cubeloom::graph {

// The value of a name; nullopt leaves the reference as it stands.
using ReferenceLookup = absl::FunctionRef<absl::StatusOr<std::optional<Value>>(absl::string_view name)>;

// What becomes of "$${", which stands for a plain "${".
enum class Escapes { kKeep, kReplace };

// Replaces the references in `text`. A text that is exactly one reference becomes the value itself, with its
// type; inside longer text, booleans, numbers and strings are written out, other values are InvalidArgument,
// as is "${" without "}" or with a malformed name.
absl::StatusOr<Value> ReplaceReferences(absl::string_view text, Escapes escapes, ReferenceLookup lookup);
// The same in all texts of a value, at any depth (keys of maps are left alone).
absl::StatusOr<Value> ReplaceReferences(const Value& value, Escapes escapes, ReferenceLookup lookup);

// Calls `visit(path, text)` for each text of a node that may hold references, and `visit_value(path, value)`
// for each argument or option; both may change what they get. Paths are those of Node::field_where.
void ForEachText(Node& node, absl::FunctionRef<void(const std::string& path, std::string& text)> visit,
                 absl::FunctionRef<void(const std::string& path, Value& value)> visit_value);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_MODEL_REFERENCES_H_
