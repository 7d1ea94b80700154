#include "cubeloom/graph/unroll/physical_graph.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cubeloom::graph {

DropKind PhysicalGraph::kind(DropId d) const {
  const Block& b = block(d);
  return b.has_app() && d < b.first_app + static_cast<uint64_t>(b.instances) ? DropKind::kApp
                                                                             : DropKind::kData;
}

int64_t PhysicalGraph::instance(DropId d) const {
  const Block& b = block(d);
  return kind(d) == DropKind::kApp ? d - b.first_app : (d - b.first_data) % b.instances;
}

int32_t PhysicalGraph::port(DropId d) const {
  const Block& b = block(d);
  return kind(d) == DropKind::kApp ? -1 : static_cast<int32_t>((d - b.first_data) / b.instances);
}

std::vector<int64_t> PhysicalGraph::indices(DropId d) const {
  const Block& b = block(d);
  std::vector<int64_t> indices(b.axes.size());
  int64_t rest = instance(d);
  for (size_t a = b.axes.size(); a-- > 0;) {
    indices[a] = rest % b.axes[a].count;
    rest /= b.axes[a].count;
  }
  return indices;
}

std::string PhysicalGraph::ExternalId(DropId d) const {
  std::string id = node(d).id;
  const int32_t p = port(d);
  if (p >= 0) absl::StrAppend(&id, ":", block(d).ports[p]);
  for (int64_t index : indices(d)) absl::StrAppend(&id, "/", index);
  return id;
}

DropId PhysicalGraph::FindDrop(absl::string_view external_id) const {
  std::vector<absl::string_view> parts = absl::StrSplit(external_id, '/');
  const size_t colon = parts[0].find(':');
  const absl::string_view name = parts[0].substr(0, colon);
  const auto it = std::find_if(blocks.begin(), blocks.end(),
                               [&](const Block& b) { return logical.nodes[b.node].id == name; });
  if (it == blocks.end() || parts.size() != it->axes.size() + 1) return kNoId;
  int64_t instance = 0;
  for (size_t a = 0; a < it->axes.size(); ++a) {
    int64_t index = 0;
    const bool plain = absl::SimpleAtoi(parts[a + 1], &index) && absl::StrCat(index) == parts[a + 1];
    if (!plain || index < 0 || index >= it->axes[a].count) return kNoId;
    instance = instance * it->axes[a].count + index;
  }
  if (colon == absl::string_view::npos) return it->has_app() ? it->app(instance) : kNoId;
  const auto port = std::find(it->ports.begin(), it->ports.end(), parts[0].substr(colon + 1));
  return port == it->ports.end() ? kNoId : it->data(port - it->ports.begin(), instance);
}

absl::Span<const DropId> PhysicalGraph::InputsOf(DropId d, size_t link) const {
  const Block& b = block(d);
  const int64_t c = instance(d);
  size_t before = 0;
  for (size_t l = 0; l < link; ++l) before += static_cast<size_t>(b.links[l].Last(c) - b.links[l].First(c));
  return predecessors(d).subspan(before, static_cast<size_t>(b.links[link].Last(c) - b.links[link].First(c)));
}

}  // namespace cubeloom::graph
