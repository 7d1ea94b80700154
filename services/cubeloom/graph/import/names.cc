#include "cubeloom/graph/import/names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace cubeloom::graph {

std::string IdFromLabel(absl::string_view label) {
  constexpr size_t kLongest = 40;  // leaves room for numbers and suffixes
  std::string id;
  for (char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) {
      id += absl::ascii_tolower(byte);
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
    if (id.size() == kLongest) break;
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  if (!id.empty() && absl::ascii_isdigit(static_cast<unsigned char>(id[0]))) id = "n" + id;
  return id;
}

std::string UniqueIds::Take(absl::string_view base) {
  std::string id(base);
  uint32_t& next = next_.try_emplace(id, 2).first->second;
  while (!used_.insert(id).second) id = absl::StrCat(base, "-", next++);
  return id;
}

std::vector<std::string> NativeIds(const ForeignGraph& graph, UniqueIds& ids) {
  std::vector<std::string> all;
  all.reserve(graph.nodes.size());
  for (const ForeignNode& node : graph.nodes) {
    std::string base = IdFromLabel(node.name);
    if (base.empty()) base = IdFromLabel(node.category);
    all.push_back(ids.Take(base.empty() ? "node" : base));
  }
  return all;
}

}  // namespace cubeloom::graph
