#include "cubeloom/graph/unroll/physical_graph.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cubeloom::graph {
namespace {

int64_t SaturatingTimes(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

// Sum of the lengths of pieces [from, to] of `digit`.
int64_t Pieces(const Digit& digit, int64_t from, int64_t to) {
  const int64_t pieces = digit.extent / digit.width + (digit.extent % digit.width != 0 ? 1 : 0);
  from = std::max<int64_t>(from, 0);
  to = std::min(to, pieces - 1);
  if (from > to) return 0;
  return (to == pieces - 1 ? digit.extent : (to + 1) * digit.width) - from * digit.width;
}

}  // namespace

bool Link::FansIn() const {
  return std::any_of(digits.begin(), digits.end(), [](const Digit& d) { return d.width > 1; });
}

int64_t Link::Count(int64_t c) const {
  int64_t product = 1;
  for (const Digit& digit : digits) {
    int64_t count = 0;
    digit.Take(c, &count);
    product *= count;
  }
  return product;
}

int64_t Link::Total(int64_t instances) const {
  int64_t total = 1, per = 1;
  for (const Digit& digit : digits) {
    // Every value of j stands for `group` values of the consumer's index, the last perhaps for fewer.
    const int64_t values = digit.per / digit.group + (digit.per % digit.group != 0 ? 1 : 0);
    const int64_t rest = digit.per - (values - 1) * digit.group;
    const int64_t last = values - 1 + digit.shift;
    int64_t sum = SaturatingTimes(digit.group, Pieces(digit, digit.shift, last - 1));
    if (__builtin_add_overflow(sum, SaturatingTimes(rest, Pieces(digit, last, last)), &sum)) sum = INT64_MAX;
    total = SaturatingTimes(total, sum);
    per = SaturatingTimes(per, digit.per);
  }
  return SaturatingTimes(total, instances / per);
}

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
  for (size_t l = 0; l < link; ++l) before += static_cast<size_t>(b.links[l].Count(c));
  return predecessors(d).subspan(before, static_cast<size_t>(b.links[link].Count(c)));
}

}  // namespace cubeloom::graph
