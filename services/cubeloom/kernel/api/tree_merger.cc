#include "cubeloom/kernel/api/tree_merger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

int RootLevel(int64_t leaves) {
  int level = 0;
  while (level < 62 && (int64_t{1} << level) < leaves) ++level;
  return level;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReduceKernel::State>> MergeSiblings(
    const ReduceKernel& kernel, std::unique_ptr<ReduceKernel::State> left,
    std::unique_ptr<ReduceKernel::State> right) {
  if (right == nullptr) return left;
  if (left == nullptr) return right;
  CL_RETURN_IF_ERROR(kernel.Merge(*left, *right));
  return left;
}

TreeMerger::TreeMerger(const ReduceKernel* kernel, int64_t leaves)
    : kernel_(kernel), leaves_(leaves), root_level_(RootLevel(leaves)) {}

absl::Status TreeMerger::Count(int level, int64_t index) {
  if (level < 0 || level > root_level_ || index < 0 || leaves_ == 0 || index > (leaves_ - 1) >> level) {
    return absl::InvalidArgumentError(
        absl::StrCat("node ", index, " of level ", level, " is outside the tree of ", leaves_, " leaves"));
  }
  added_ += std::min(int64_t{1} << level, leaves_ - (index << level));
  if (added_ > leaves_ || pending_.count({level, index}) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("node ", index, " of level ", level, " was given to the tree before"));
  }
  return absl::OkStatus();
}

absl::Status TreeMerger::AddNode(int level, int64_t index, std::unique_ptr<ReduceKernel::State> state) {
  {
    absl::MutexLock lock(&mu_);
    CL_RETURN_IF_ERROR(Count(level, index));
  }
  // The way up: where the sibling is there already, or covers no leaf, go on as the parent.
  for (;; ++level, index >>= 1) {
    std::unique_ptr<ReduceKernel::State> sibling;
    const bool only_child = index % 2 == 0 && index + 1 > (leaves_ - 1) >> level;
    if (level == root_level_ || !only_child) {
      absl::MutexLock lock(&mu_);
      const auto found = level == root_level_ ? pending_.end() : pending_.find({level, index ^ 1});
      if (found == pending_.end()) {
        pending_[{level, index}] = std::move(state);
        return absl::OkStatus();
      }
      sibling = std::move(found->second);
      pending_.erase(found);
    }
    if (index % 2 != 0) std::swap(state, sibling);
    CL_ASSIGN_OR_RETURN(state, MergeSiblings(*kernel_, std::move(state), std::move(sibling)));
  }
}

absl::StatusOr<std::unique_ptr<ReduceKernel::State>> TreeMerger::Take() {
  absl::MutexLock lock(&mu_);
  if (leaves_ == 0) return std::unique_ptr<ReduceKernel::State>();
  const auto root = pending_.find({root_level_, 0});
  if (root == pending_.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the tree is not complete: ", added_, " of ", leaves_, " leaves were given"));
  }
  std::unique_ptr<ReduceKernel::State> state = std::move(root->second);
  pending_.erase(root);
  return state;
}

}  // namespace cubeloom
