#include "cubeloom/plan/partition/antichain.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/plan/partition/min_flow.h"

namespace cubeloom::plan {
namespace {

constexpr int64_t kRoundsBeyond = 30;  // of the search in graphs with too many classes

}  // namespace

absl::StatusOr<Symmetry> Symmetry::Make(const DagView& dag, absl::Span<const uint32_t> group) {
  Symmetry symmetry;
  CL_ASSIGN_OR_RETURN(symmetry.order_, TopologicalOrder(dag));
  symmetry.classes_ = Refine(dag, symmetry.order_, group);
  for (const Vertex v : symmetry.classes_.representative) symmetry.group_of_class_.push_back(group[v]);
  symmetry.quotient_ = Quotient(dag, symmetry.classes_);
  CL_ASSIGN_OR_RETURN(symmetry.quotient_order_, TopologicalOrder(symmetry.quotient_.view()));
  return symmetry;
}

absl::StatusOr<Width> Symmetry::WidthOf(absl::Span<const int64_t> weight_of_group,
                                        size_t exact_classes) const {
  std::vector<int64_t> weights(classes_.count());
  int64_t sum = 0;
  for (size_t c = 0; c < weights.size(); ++c) {
    const uint32_t group = group_of_class_[c];
    if (group >= weight_of_group.size())
      return absl::InvalidArgumentError(absl::StrCat("group ", group, " has no weight"));
    const int64_t weight = weight_of_group[group];
    if (weight < 0) return absl::InvalidArgumentError(absl::StrCat("group ", group, " has weight ", weight));
    const bool over = __builtin_mul_overflow(weight, int64_t{classes_.size[c]}, &weights[c]) ||
                      __builtin_add_overflow(sum, weights[c], &sum);
    if (over || sum >= kMaxWeight)
      return absl::InvalidArgumentError(absl::StrCat("the weights add up to more than ", kMaxWeight,
                                                     ", at group ", group, " of weight ", weight));
  }
  MinFlowOptions options;
  if (weights.size() > exact_classes) options.max_rounds = kRoundsBeyond;
  MinFlow flow = SolveMinFlow(quotient_.view(), quotient_order_, weights, options);
  return Width{flow.value, flow.minimal, std::move(flow.antichain)};
}

}  // namespace cubeloom::plan
