#include "bench/figure.h"

#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::bench {
namespace {

using ::testing::HasSubstr;

// Runs one figure with the given peer command and returns the printed line.
std::string LineOf(const std::string& peers, const Figure& figure, absl::StatusOr<double> value, int* calls) {
  setenv("CUBELOOM_BENCH_PEERS", peers.c_str(), 1);
  char name[] = "bench_x", quick[] = "--quick";
  char* argv[] = {name, quick};
  testing::internal::CaptureStdout();
  {
    Session session(2, argv);
    session.Run(figure, [&] {
      ++*calls;
      return value;
    });
    EXPECT_EQ(session.Finish(), value.ok() ? 0 : 1);
  }
  return testing::internal::GetCapturedStdout();
}

TEST(FigureTest, TargetAndRatioFollowTheBound) {
  struct Case {
    Bound bound;
    double value, target, peer;
    bool ok;
    double ratio;
  };
  const Case cases[] = {
      {Bound::kAtMost, 30, 35, 60, true, 2.0},    {Bound::kAtMost, 35, 35, 7, true, 0.2},
      {Bound::kAtMost, 36, 35, 72, false, 2.0},   {Bound::kAtLeast, 80, 70, 40, true, 2.0},
      {Bound::kAtLeast, 69, 70, 138, false, 0.5},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message() << c.value << " against " << c.target);
    const Figure figure = {.name = "n", .unit = "ms", .target = c.target, .bound = c.bound, .peer = "p"};
    const Outcome outcome = {.value = c.value, .peer_value = c.peer, .peer = "p 1", .note = ""};
    EXPECT_EQ(IsOk(figure, outcome), c.ok);
    EXPECT_DOUBLE_EQ(Ratio(figure, outcome).value_or(0), c.ratio);
  }
}

TEST(FigureTest, MedianOfOddAndEvenCounts) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(Median({5}), 5);
}

TEST(SessionTest, FigureWithoutPeerNeedsOnlyItsTarget) {
  int calls = 0;
  const std::string line = LineOf("", {.name = "start", .unit = "ms", .target = 50}, 20.0, &calls);
  EXPECT_EQ(
      line,
      "{\"name\":\"start\",\"value\":20.0,\"unit\":\"ms\",\"peer\":\"\",\"peer_value\":null,\"ratio\":null,"
      "\"target\":50.0,\"bound\":\"<=\",\"ok\":true,\"note\":\"\"}\n");
  EXPECT_EQ(calls, 4);  // warm-up and three
}

TEST(SessionTest, PeerIsAskedByNameAndInputAndNamesItself) {
  int calls = 0;
  const Figure figure = {.name = "sum", .unit = "ms", .target = 5, .peer = "shell", .peer_input = "a b.fits"};
  const std::string peer = "sh\t-c\twhile read -r name input; do echo 40 shell asked for $name $input; done";
  const std::string line = LineOf(peer, figure, 4.0, &calls);
  EXPECT_THAT(line,
              HasSubstr("\"peer\":\"shell asked for sum a b.fits\",\"peer_value\":40.0,\"ratio\":10.0"));
  EXPECT_THAT(line, HasSubstr("\"ok\":true"));
}

TEST(SessionTest, AbsentPeerIsNamedAndFallsShort) {
  const struct {
    const char *peers, *note;
  } cases[] = {
      {"", "peer dask not available"},
      {"sh\t-c\twhile read l; do echo absent no module dask; done", "peer dask: no module dask"},
      {"true", "peer dask: the peer program ended without an answer"},
      {"/nonexistent/peer", "peer dask: the peer program"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.peers);
    int calls = 0;
    const std::string line =
        LineOf(c.peers, {.name = "sum", .unit = "ms", .target = 5, .peer = "dask"}, 4.0, &calls);
    EXPECT_THAT(line, HasSubstr(c.note));
    EXPECT_THAT(line, HasSubstr("\"value\":4.0"));
    EXPECT_THAT(line, HasSubstr("\"ok\":false"));
  }
}

TEST(SessionTest, WrongResultEndsTheFigure) {
  int calls = 0;
  const std::string line =
      LineOf("", {.name = "sum", .unit = "ms", .target = 5}, absl::DataLossError("sum is 3, not 4"), &calls);
  EXPECT_THAT(line, HasSubstr("sum is 3, not 4"));
  EXPECT_THAT(line, HasSubstr("\"value\":null"));
  EXPECT_THAT(line, HasSubstr("\"ok\":false"));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace cubeloom::bench
