// How an edge crosses constructs, with counts: one digit per producer axis.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/unroll/layout.h"

namespace cubeloom::graph {
namespace {

bool IsEqual(const Digit& d) { return d.group == 1 && d.shift == 0 && d.width == 1 && d.per == d.extent; }
bool IsWhole(const Digit& d) { return d.per == 1 && d.shift == 0 && d.width == d.extent; }

class Router {
 public:
  Router(const Counts& counts, NodeId user, const Structure::Source& source)
      : c_(counts),
        s_(counts.structure),
        user_(user),
        source_(source),
        chain_(s_.chain(user)),
        own_(s_.chain(source.producer)),
        view_(s_.Look(source, chain_)) {
    const Node& producer = s_.node(source.producer);
    const bool list = producer.kind == NodeKind::kSource && !producer.source.single;
    digits_.resize(own_.size() + (list ? 1 : 0));
    int64_t stride = 1;
    for (size_t i = digits_.size(); i-- > 0;) {
      const int64_t count = c_.AxisCount(source.producer, i);
      digits_[i].width = digits_[i].extent = count;
      digits_[i].stride = stride;
      stride = SaturatedProduct(stride, count);
    }
    divs_.assign(chain_.size(), 1);
    for (size_t a = chain_.size(); a-- > 1;) divs_[a - 1] = SaturatedProduct(divs_[a], c_.counts[chain_[a]]);
  }

  absl::StatusOr<std::vector<Digit>> Run() {
    const size_t steps = view_.shared + view_.steps;
    for (size_t i = 0; i < steps; ++i) {
      const int64_t mine = c_.counts[chain_[i]], theirs = c_.counts[own_[i]];
      if (mine != theirs) {
        return Bad("loops '", s_.node(own_[i]).id, "' and '", s_.node(chain_[i]).id,
                   "' run in step here, but have ", theirs, " and ", mine,
                   " iterations; say '@first', '@last' or '@all'");
      }
      Equal(i, divs_[i], mine);
      if (own_[i] == source_.carrier) digits_[i].shift = -1;
    }
    const bool left = FixLoops(steps);
    for (const Selection& selection : view_.selections) CL_RETURN_IF_ERROR(Apply(selection));
    Enter(steps, left);
    return Merged();
  }

 private:
  template <typename... Parts>
  absl::Status Bad(const Parts&... parts) const {
    const Node& node = s_.node(user_);
    std::string field = source_.carrier != kNoId ? "loop.carry" : "branch.condition";
    if (source_.carrier == kNoId && source_.input != kNoInput)
      field = absl::StrCat("inputs.", node.inputs[source_.input].port);
    return absl::InvalidArgumentError(
        absl::StrCat(c_.At(user_, field), "from '", s_.node(source_.producer).id, "': ", parts...));
  }

  void Equal(size_t axis, int64_t div, int64_t per) {
    digits_[axis].div = div;
    digits_[axis].per = per;
    digits_[axis].width = 1;
  }

  // Loops that are left at one iteration; whether any loop is left at all.
  bool FixLoops(size_t steps) {
    bool left = view_.steps > 0;
    for (size_t i = steps; i < own_.size(); ++i) {
      if (s_.node(own_[i]).kind != NodeKind::kLoop) continue;
      left = true;
      const Iteration at = s_.Leaves(source_, own_[i]);
      if (at == Iteration::kAll) continue;
      digits_[i].width = 1;
      digits_[i].shift = at == Iteration::kLast ? digits_[i].extent - 1 : 0;
    }
    return left;
  }

  absl::Status Apply(const Selection& selection) {
    const auto at = static_cast<size_t>(selection.at);
    const Node& construct = s_.node(chain_[at]);
    switch (construct.kind) {
      case NodeKind::kGroupBy:
        Split(selection, divs_[at]);
        return absl::OkStatus();
      case NodeKind::kGather:
        return Pieces(selection, construct.gather.width);
      case NodeKind::kMkn: {
        const int64_t inputs = c_.Product(source_.producer, selection.picks);
        if (inputs != SaturatedProduct(construct.mkn.m, construct.mkn.k)) {
          return Bad("mkn '", construct.id, "' takes m * k = ", construct.mkn.m, " * ", construct.mkn.k,
                     " instances, got ", inputs);
        }
        return Pieces(selection, construct.mkn.m);
      }
      default:
        break;
    }
    const int64_t count = c_.ScatterCount(source_.producer, selection.picks);
    if (count != c_.counts[chain_[at]]) {
      return Bad("scatter '", construct.id, "' has ", c_.counts[chain_[at]], " instances, but ", count,
                 " are taken here");
    }
    Split(selection, SaturatedProduct(divs_[at], count / std::max<int64_t>(1, c_.Product(source_.producer,
                                                                                         selection.picks))));
    return absl::OkStatus();
  }

  // One consumer axis names an index of each picked axis, the last picked one fastest.
  void Split(const Selection& selection, int64_t div) {
    for (auto it = selection.picks.rbegin(); it != selection.picks.rend(); ++it) {
      const auto axis = static_cast<size_t>(*it);
      Equal(axis, div, digits_[axis].extent);
      div = SaturatedProduct(div, digits_[axis].extent);
    }
  }

  // One consumer axis takes pieces of `width` of the picked axes together, which must be adjacent for that.
  absl::Status Pieces(const Selection& selection, int64_t width) {
    const int64_t all = c_.Product(source_.producer, selection.picks);
    if (width == 0 || width >= all) return absl::OkStatus();
    const auto last = static_cast<size_t>(selection.picks.back());
    for (size_t i = static_cast<size_t>(selection.picks.front()); i <= last; ++i) {
      const bool picked = std::find(selection.picks.begin(), selection.picks.end(), static_cast<int>(i)) !=
                          selection.picks.end();
      if (!picked && digits_[i].extent > 1) {
        return Bad("pieces of ", width, " cannot be cut, because the instances are not adjacent: '",
                   s_.node(c_.AxisNode(source_.producer, i)).id, "' lies between them");
      }
      digits_[i].width = digits_[i].extent = digits_[i].per = 1;
      digits_[i].shift = 0;
    }
    const auto at = static_cast<size_t>(selection.at);
    digits_[last] = {divs_[at], c_.counts[chain_[at]], 1, 0, width, all, digits_[last].stride};
    return absl::OkStatus();
  }

  // Entering loops: data from outside reach all iterations, or one.
  void Enter(size_t steps, bool left) {
    for (size_t a = view_.shared; a < chain_.size(); ++a) {
      if (s_.node(chain_[a]).kind != NodeKind::kLoop || source_.carrier == chain_[a]) continue;
      const bool carried = source_.input != kNoInput && s_.IsCarriedTo(user_, source_.input, chain_[a]);
      Iteration at = carried ? Iteration::kFirst : Iteration::kAll;
      if (!left && source_.iteration != Iteration::kDefault) at = source_.iteration;
      if (at == Iteration::kAll) continue;
      if (a < steps) {  // in step: the producer's first iteration, and no digit but this one reads the axis
        digits_[a].div = digits_[a].per = digits_[a].width = 1;
      }
      const int64_t count = c_.counts[chain_[a]];
      conditions_.push_back({divs_[a], count, 1, at == Iteration::kLast ? 1 - count : 0, 1, 1, 0});
    }
  }

  // Adjacent digits of one kind become one, so that most links have one or two.
  std::vector<Digit> Merged() const {
    std::vector<Digit> merged = conditions_;
    const size_t first = merged.size();
    for (const Digit& d : digits_) {
      if (d.extent == 1 && d.per == 1 && d.shift == 0) continue;
      Digit* last = merged.size() > first ? &merged.back() : nullptr;
      const bool adjacent = last != nullptr && last->stride == SaturatedProduct(d.stride, d.extent);
      if (adjacent && IsEqual(*last) && IsEqual(d) && last->div == SaturatedProduct(d.div, d.per)) {
        last->div = d.div;
        last->per = last->extent = SaturatedProduct(last->per, d.per);
        last->stride = d.stride;
      } else if (adjacent && IsWhole(*last) && IsWhole(d)) {
        last->width = last->extent = SaturatedProduct(last->extent, d.extent);
        last->stride = d.stride;
      } else {
        merged.push_back(d);
      }
    }
    return merged;
  }

  const Counts& c_;
  const Structure& s_;
  const NodeId user_;
  const Structure::Source& source_;
  const absl::Span<const NodeId> chain_, own_;
  const View view_;
  std::vector<Digit> digits_;      // per producer axis
  std::vector<Digit> conditions_;  // stride 0
  std::vector<int64_t> divs_;      // per consumer axis the product of the counts behind it
};

}  // namespace

NodeId Counts::AxisNode(NodeId producer, size_t position) const {
  const absl::Span<const NodeId> own = structure.chain(producer);
  return position < own.size() ? own[position] : producer;
}

int64_t Counts::Product(NodeId producer, const std::vector<int>& positions) const {
  int64_t product = 1;
  for (int i : positions) product = SaturatedProduct(product, AxisCount(producer, static_cast<size_t>(i)));
  return product;
}

int64_t Counts::ScatterCount(NodeId producer, const std::vector<int>& positions) const {
  int64_t product = Product(producer, positions);
  for (int i : positions) {
    const Node& node = structure.node(AxisNode(producer, static_cast<size_t>(i)));
    if (node.kind == NodeKind::kMkn) product = SaturatedProduct(product, node.mkn.n);
  }
  return product;
}

absl::StatusOr<std::vector<Digit>> MakeDigits(const Counts& counts, NodeId user,
                                              const Structure::Source& source) {
  return Router(counts, user, source).Run();
}

}  // namespace cubeloom::graph
