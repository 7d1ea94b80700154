#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/references.h"
#include "cubeloom/graph/unroll/unroll.h"

namespace cubeloom::graph {

absl::StatusOr<Value> BindInstance(const PhysicalGraph& graph, DropId app, const Value& value,
                                   const std::map<std::string, std::vector<std::string>>& names) {
  const Block& block = graph.block(app);
  if (graph.node(app).in.empty()) return value;  // BindParameters has done everything
  const std::vector<int64_t> indices = graph.indices(app);
  const auto lookup = [&](absl::string_view reference) -> absl::StatusOr<std::optional<Value>> {
    const size_t dot = reference.rfind('.');
    const absl::string_view id = reference.substr(0, dot);
    const absl::string_view what = dot == absl::string_view::npos ? "" : reference.substr(dot + 1);
    for (size_t a = 0; a < block.axes.size(); ++a) {
      const Node& construct = graph.logical.nodes[block.axes[a].construct];
      if (construct.id != id || !IsConstruct(construct.kind)) continue;
      if (what == "index") return std::optional<Value>(Value(indices[a]));
      if (what == "count") return std::optional<Value>(Value(block.axes[a].count));
      if (what != "name") break;
      const auto it = names.find(construct.id);
      if (it == names.end()) return std::optional<Value>(Value(absl::StrCat(indices[a])));
      if (static_cast<size_t>(indices[a]) < it->second.size()) {
        return std::optional<Value>(Value(it->second[static_cast<size_t>(indices[a])]));
      }
      return absl::InternalError(absl::StrCat("construct '", id, "' has too few names"));
    }
    return std::optional<Value>();  // a port of a command
  };
  CL_ASSIGN_OR_RETURN_IN(Value bound, ReplaceReferences(value, Escapes::kReplace, lookup),
                         absl::StrCat("binding drop ", graph.ExternalId(app)));
  return bound;
}

}  // namespace cubeloom::graph
