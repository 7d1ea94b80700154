// The degree of parallelism: the most of a resource that can be in use at once, which is the largest weight
// of a set of drops of which none comes before another (an antichain).
//
// How it stays cheap for millions of drops. Let the classes be those of an equitable partition (refine.h) and
// give each class the summed weight of its members. A flow through the graph of classes spreads evenly over
// the members, because each has equally many neighbours in each class; so the smallest flow there is feasible
// in the whole graph too, and the largest antichain of classes is one of drops. By duality both are optimal:
// the width of the quotient is the width of the graph. (The linear-programming form of this argument: Grohe,
// Kersting, Mladenov and Selman, "Dimension reduction via colour refinement", ESA 2014.)
#ifndef CUBELOOM_PLAN_PARTITION_ANTICHAIN_H_
#define CUBELOOM_PLAN_PARTITION_ANTICHAIN_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/plan/partition/dag.h"
#include "cubeloom/plan/partition/refine.h"

namespace cubeloom::plan {

// Sums of weights stay below this.
inline constexpr int64_t kMaxWeight = int64_t{1} << 62;

struct Width {
  int64_t value = 0;
  bool exact = true;  // else `value` is a proven upper bound
  // Classes whose members together are an antichain of weight `value`; empty unless exact.
  std::vector<uint32_t> classes;
};

// The like drops of one graph, and their order; made once and used for several resources and subsets.
// Immutable. The view's arrays outlive it.
class Symmetry {
 public:
  // `group` (per vertex): drops of different groups are never taken as alike, so a weight may be given per
  // group. FailedPrecondition when the graph has a cycle.
  static absl::StatusOr<Symmetry> Make(const DagView& dag, absl::Span<const uint32_t> group);

  const Classes& classes() const { return classes_; }
  DagView quotient() const { return quotient_.view(); }
  absl::Span<const Vertex> order() const { return order_; }

  // The width for weights by group, each >= 0. InvalidArgument when a weight is negative, or all together are
  // kMaxWeight or more. Exact while there are at most `exact_classes` classes; beyond, the search for the
  // smallest flow ends after some rounds. Cost: that of a smallest flow through the graph of classes.
  absl::StatusOr<Width> WidthOf(absl::Span<const int64_t> weight_of_group,
                                size_t exact_classes = 50000) const;

 private:
  std::vector<Vertex> order_;
  Classes classes_;
  std::vector<uint32_t> group_of_class_;
  Dag quotient_;
  std::vector<Vertex> quotient_order_;
};

}  // namespace cubeloom::plan

#endif  // CUBELOOM_PLAN_PARTITION_ANTICHAIN_H_
