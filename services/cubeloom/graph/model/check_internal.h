// Shared by the parts of CheckStructure; private to graph/model.
#ifndef CUBELOOM_GRAPH_MODEL_CHECK_INTERNAL_H_
#define CUBELOOM_GRAPH_MODEL_CHECK_INTERNAL_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/graph/model/problems.h"

namespace cubeloom::graph {

// What the checks of one graph share.
struct CheckContext {
  const Graph& graph;
  Problems& problems;
  absl::flat_hash_map<std::string, const Node*> by_id;  // first of equal ids
  std::vector<std::string> ids;                         // for "did you mean"

  const Node* Find(absl::string_view id) const {
    auto it = by_id.find(id);
    return it == by_id.end() ? nullptr : it->second;
  }
  template <typename... Parts>
  void Add(const Node& node, absl::string_view field, const Parts&... parts) {
    problems.Add(absl::StrCat(Locate(graph, &node, field), parts...));
  }
};

// The specification of one node alone: required fields, ranges.
void CheckSpec(CheckContext& context, const Node& node);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_MODEL_CHECK_INTERNAL_H_
