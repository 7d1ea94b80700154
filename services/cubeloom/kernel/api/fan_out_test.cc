#include "cubeloom/kernel/api/fan_out.h"

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

TEST(FanOutTest, EveryIndexRunsOnceAndWorkersAreExclusive) {
  for (const int threads : {1, 2, 4}) {
    const auto pool = MakeThreadPool(threads, "fan");
    const int64_t count = 500;
    std::vector<std::atomic<int>> runs(count);
    std::vector<std::atomic<int>> inside(FanOutWorkers(*pool, count));
    std::atomic<double> most{0};
    const FanOutOptions options{pool.get(), CancelToken(),
                                [&](double done) { most = std::max(most.load(), done); }};
    const absl::Status status = FanOut(count, options, [&](int worker, int64_t index) {
      EXPECT_EQ(inside[worker].fetch_add(1), 0);
      runs[index]++;
      inside[worker]--;
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok());
    for (const auto& r : runs) EXPECT_EQ(r, 1);
    EXPECT_EQ(most, 1.0);
  }
}

TEST(FanOutTest, TheSmallestFailureWins) {
  const auto pool = MakeThreadPool(4, "fan");
  for (int trial = 0; trial < 50; ++trial) {
    const absl::Status status = FanOut(100, {pool.get(), CancelToken(), nullptr}, [&](int, int64_t index) {
      return index % 10 == 3 ? absl::DataLossError(absl::StrCat("index ", index)) : absl::OkStatus();
    });
    EXPECT_EQ(status.message(), "index 3");
  }
}

TEST(FanOutTest, NoIndexStartsAfterCancel) {
  CancelSource source;
  int runs = 0;
  const absl::Status status =
      FanOut(100, {&InlineExecutor(), source.token(), nullptr}, [&](int, int64_t index) {
        if (++runs == 7) source.Cancel();
        return absl::OkStatus();
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(runs, 7);
  EXPECT_EQ(
      FanOut(0, {&InlineExecutor(), source.token(), nullptr}, [](int, int64_t) { return absl::OkStatus(); })
          .code(),
      absl::StatusCode::kCancelled);
  EXPECT_TRUE(FanOut(0, FanOutOptions(), [](int, int64_t) { return absl::InternalError("never"); }).ok());
}

}  // namespace
}  // namespace cubeloom
