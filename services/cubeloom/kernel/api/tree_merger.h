// Merges the states of canonical leaves in one fixed binary tree, whatever the order they arrive in.
//
// Definitions. Node (level, i) covers leaves [i * 2^level, (i + 1) * 2^level). Its state is
// Merge(left child, right child); a node whose right child covers no leaf is its left child unchanged. So
// the shape of the tree, and with it every rounding, depends on the number of leaves alone.
//
// Leaves may be skipped (region outside): a missing leaf is the empty state, and Merge is not called with it.
//
// Cost: at most one pending state per level and contiguous run of finished leaves; merging is done by the
// caller's thread outside the lock. A caller that has several neighbouring leaves merges them by itself and
// gives whole nodes, which takes the lock once a node.
#ifndef CUBELOOM_KERNEL_API_TREE_MERGER_H_
#define CUBELOOM_KERNEL_API_TREE_MERGER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Merge() of two sibling nodes where nullptr is the empty state: the merging rule of the tree.
absl::StatusOr<std::unique_ptr<ReduceKernel::State>> MergeSiblings(
    const ReduceKernel& kernel, std::unique_ptr<ReduceKernel::State> left,
    std::unique_ptr<ReduceKernel::State> right);

// Thread-safe. Each leaf in [0, leaves) is given exactly once.
class TreeMerger {
 public:
  TreeMerger(const ReduceKernel* kernel, int64_t leaves);
  // `state` may be nullptr for a skipped leaf. InvalidArgument for a leaf outside; FailedPrecondition for one
  // that was given before (as far as that can still be seen). A failed Merge makes the merger useless.
  absl::Status Add(int64_t leaf, std::unique_ptr<ReduceKernel::State> state) {
    return AddNode(0, leaf, std::move(state));
  }
  // A whole node at once: `state` is that of all its leaves, merged by the rule above.
  absl::Status AddNode(int level, int64_t index, std::unique_ptr<ReduceKernel::State> state);
  // The root once every leaf was added (nullptr when all were skipped); FailedPrecondition before.
  absl::StatusOr<std::unique_ptr<ReduceKernel::State>> Take();

 private:
  absl::Status Count(int level, int64_t index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const ReduceKernel* const kernel_;
  const int64_t leaves_;
  const int root_level_;  // the lowest level on which node 0 covers all leaves
  absl::Mutex mu_;
  std::map<std::pair<int, int64_t>, std::unique_ptr<ReduceKernel::State>> pending_ ABSL_GUARDED_BY(mu_);
  int64_t added_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_TREE_MERGER_H_
