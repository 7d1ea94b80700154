// Native ids for foreign labels. Private to graph/import.
#ifndef CUBELOOM_GRAPH_IMPORT_NAMES_H_
#define CUBELOOM_GRAPH_IMPORT_NAMES_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "cubeloom/graph/import/foreign.h"

namespace cubeloom::graph {

// `[a-z][a-z0-9-]{0,40}` that resembles the label; "" when nothing of it remains.
std::string IdFromLabel(absl::string_view label);

// Hands out unique ids: "clean", "clean-2", "clean-3" ... in the order asked for. Not thread-safe.
class UniqueIds {
 public:
  std::string Take(absl::string_view base);

 private:
  absl::flat_hash_set<std::string> used_;
  absl::flat_hash_map<std::string, uint32_t> next_;
};

// One id per node, in file order: from its label, else its category.
std::vector<std::string> NativeIds(const ForeignGraph& graph, UniqueIds& ids);
inline std::vector<std::string> NativeIds(const ForeignGraph& graph) {
  UniqueIds ids;
  return NativeIds(graph, ids);
}

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_IMPORT_NAMES_H_
