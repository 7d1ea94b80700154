#include "cubeloom/kernel/api/tree_merger.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/executor.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

// The state is the expression that made it: "(0+1)".
class Expressions : public ReduceKernel {
 public:
  struct Text : State {
    std::string text;
  };
  static std::unique_ptr<State> Leaf(int64_t leaf) {
    auto state = std::make_unique<Text>();
    state->text = absl::StrCat(leaf);
    return state;
  }
  static std::string Of(const std::unique_ptr<State>& state) {
    return state == nullptr ? "none" : static_cast<const Text&>(*state).text;
  }

  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    return std::vector<OutputDesc>();
  }
  std::unique_ptr<State> NewState(const Invocation&, const Plan*) const override {
    return std::make_unique<Text>();
  }
  absl::Status Accumulate(const Call&, State&, const KernelContext&) const override {
    return absl::OkStatus();
  }
  absl::Status Merge(State& left, const State& right) const override {
    std::string& l = static_cast<Text&>(left).text;
    if (l == "bad") return absl::DataLossError("bad state");
    l = absl::StrCat("(", l, "+", static_cast<const Text&>(right).text, ")");
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Payload>> Finish(const Invocation&, const Plan*, State&,
                                              const KernelContext&) const override {
    return std::vector<Payload>();
  }
  absl::StatusOr<std::string> Encode(const State&) const override { return ""; }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view) const override { return Leaf(0); }

 private:
  const KernelInfo info_ = KernelInfo();
};

// The definition, directly.
std::string Expected(int64_t begin, int64_t width, int64_t leaves, int64_t skip) {
  if (begin >= leaves) return "none";
  if (width == 1) return skip > 0 && begin % skip == 0 ? "none" : absl::StrCat(begin);
  std::string left = Expected(begin, width / 2, leaves, skip);
  std::string right = Expected(begin + width / 2, width / 2, leaves, skip);
  if (left == "none") return right;
  return right == "none" ? left : absl::StrCat("(", left, "+", right, ")");
}

TEST(TreeMergerTest, TheTreeIsTheSameInAnyOrderOfLeaves) {
  const Expressions kernel;
  std::mt19937 random(1);
  for (const int64_t skip : {0, 1, 2, 3}) {
    for (int64_t leaves = 1; leaves <= 33; ++leaves) {
      const std::string expected = Expected(0, 64, leaves, skip);
      for (int trial = 0; trial < 5; ++trial) {
        std::vector<int64_t> order(static_cast<size_t>(leaves));
        std::iota(order.begin(), order.end(), 0);
        if (trial > 0) std::shuffle(order.begin(), order.end(), random);
        TreeMerger merger(&kernel, leaves);
        for (const int64_t leaf : order) {
          EXPECT_EQ(merger.Take().status().code(), absl::StatusCode::kFailedPrecondition);
          ASSERT_TRUE(
              merger.Add(leaf, skip > 0 && leaf % skip == 0 ? nullptr : Expressions::Leaf(leaf)).ok());
        }
        const auto root = merger.Take();
        ASSERT_TRUE(root.ok()) << root.status();
        EXPECT_EQ(Expressions::Of(*root), expected) << leaves << " leaves, skip " << skip;
      }
    }
  }
}

TEST(TreeMergerTest, WholeNodesGiveTheSameTree) {
  const Expressions kernel;
  const int64_t leaves = 11;
  for (int level = 0; level <= 4; ++level) {
    TreeMerger merger(&kernel, leaves);
    const int64_t nodes = ((leaves - 1) >> level) + 1;
    for (int64_t node = nodes - 1; node >= 0; --node) {
      auto state = std::make_unique<Expressions::Text>();
      state->text = Expected(node << level, int64_t{1} << level, leaves, 0);
      ASSERT_TRUE(merger.AddNode(level, node, std::move(state)).ok());
    }
    EXPECT_EQ(Expressions::Of(*merger.Take()), Expected(0, 16, leaves, 0)) << "level " << level;
  }
}

TEST(TreeMergerTest, LeavesOutsideOrGivenTwiceAreRefused) {
  const Expressions kernel;
  TreeMerger merger(&kernel, 3);
  const struct {
    int level;
    int64_t index;
  } outside[] = {{0, -1}, {0, 3}, {1, 2}, {-1, 0}, {3, 0}};
  for (const auto& c : outside) {
    EXPECT_EQ(merger.AddNode(c.level, c.index, nullptr).code(), absl::StatusCode::kInvalidArgument);
  }
  ASSERT_TRUE(merger.Add(1, nullptr).ok());
  EXPECT_EQ(merger.Add(1, nullptr).code(), absl::StatusCode::kFailedPrecondition);
  TreeMerger none(&kernel, 0);
  EXPECT_FALSE(none.Add(0, nullptr).ok());
  EXPECT_EQ(*none.Take(), nullptr);
}

TEST(TreeMergerTest, AFailedMergeIsReported) {
  const Expressions kernel;
  TreeMerger merger(&kernel, 2);
  auto bad = std::make_unique<Expressions::Text>();
  bad->text = "bad";
  ASSERT_TRUE(merger.Add(0, std::move(bad)).ok());
  EXPECT_EQ(merger.Add(1, Expressions::Leaf(1)).code(), absl::StatusCode::kDataLoss);
}

TEST(TreeMergerTest, ThreadsAgreeOnTheTree) {
  const Expressions kernel;
  const int64_t leaves = 1000;
  const auto pool = MakeThreadPool(4, "merge");
  TreeMerger merger(&kernel, leaves);
  ASSERT_TRUE(ParallelFor(*pool, leaves, CancelToken(), [&](int64_t i) {
                return merger.Add(i, Expressions::Leaf(i));
              }).ok());
  EXPECT_EQ(Expressions::Of(*merger.Take()), Expected(0, 1024, leaves, 0));
}

}  // namespace
}  // namespace cubeloom
