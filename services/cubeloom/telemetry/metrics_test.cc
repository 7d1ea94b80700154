#include "cubeloom/telemetry/metrics.h"

#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(MetricRegistryTest, RefusesBadNamesLabelsAndBounds) {
  auto registry = MakeMetricRegistry();
  const MetricSpec kBad[] = {
      {"", "h", {}},
      {"1x", "h", {}},
      {"a-b", "h", {}},
      {"é", "h", {}},
      {"x", "h", {{"", "v"}}},
      {"x", "h", {{"a:b", "v"}}},
      {"x", "h", {{"0", "v"}}},
      {"x", "h", {{"__a", "v"}}},
      {"x", "h", {{"le", "v"}}},
      {"x", "h", {{"a", "1"}, {"a", "2"}}},
  };
  for (const MetricSpec& spec : kBad) {
    EXPECT_EQ(registry->GetCounter(spec).status().code(), absl::StatusCode::kInvalidArgument) << spec.name;
  }
  const std::vector<double> kBadBounds[] = {{}, {1, 1}, {2, 1}, {kNan}, {1, kInf}};
  for (const std::vector<double>& bounds : kBadBounds) {
    EXPECT_FALSE(registry->GetHistogram({"h", "", {}}, bounds).ok());
  }
  EXPECT_EQ(registry->ExposeText(), "");
}

TEST(MetricRegistryTest, AFamilyHasOneTypeOneSetOfLabelsAndBounds) {
  auto registry = MakeMetricRegistry();
  ASSERT_TRUE(registry->GetCounter({"c", "h", {{"a", "1"}}}).ok());
  EXPECT_FALSE(registry->GetGauge({"c", "h", {{"a", "1"}}}).ok());
  EXPECT_FALSE(registry->GetCounter({"c", "h", {}}).ok());
  EXPECT_FALSE(registry->GetCounter({"c", "h", {{"b", "1"}}}).ok());
  EXPECT_TRUE(registry->GetCounter({"c", "h", {{"a", "2"}}}).ok());
  ASSERT_TRUE(registry->GetHistogram({"h", "", {}}, {1, 2}).ok());
  EXPECT_FALSE(registry->GetHistogram({"h", "", {}}, {1, 3}).ok());
}

TEST(MetricRegistryTest, SameSpecGivesTheSameObjectInAnyLabelOrder) {
  auto registry = MakeMetricRegistry();
  Counter* a = *registry->GetCounter({"c", "h", {{"x", "1"}, {"y", "2"}}});
  Counter* b = *registry->GetCounter({"c", "other help", {{"y", "2"}, {"x", "1"}}});
  EXPECT_EQ(a, b);
}

TEST(MetricRegistryTest, NumberOfSeriesIsBounded) {
  auto registry = MakeMetricRegistry(2);
  ASSERT_TRUE(registry->GetGauge({"g", "", {{"a", "1"}}}).ok());
  ASSERT_TRUE(registry->GetGauge({"g", "", {{"a", "2"}}}).ok());
  EXPECT_EQ(registry->GetGauge({"g", "", {{"a", "3"}}}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(registry->GetGauge({"g", "", {{"a", "1"}}}).ok());
  EXPECT_TRUE(registry->GetGauge({"other", "", {}}).ok());
}

TEST(CounterTest, OnlyGrows) {
  auto registry = MakeMetricRegistry();
  Counter* c = *registry->GetCounter({"c", "", {}});
  c->Increment();
  c->Increment(2.5);
  c->Increment(-1);
  c->Increment(kNan);
  EXPECT_EQ(c->value(), 3.5);
}

TEST(GaugeTest, GoesUpAndDown) {
  auto registry = MakeMetricRegistry();
  Gauge* g = *registry->GetGauge({"g", "", {}});
  g->Set(5);
  g->Add(-7);
  EXPECT_EQ(g->value(), -2);
}

TEST(ExpositionTest, FollowsTheTextFormat) {
  auto registry = MakeMetricRegistry();
  (*registry->GetGauge({"z_gauge", "last\nline \\ \"q\"", {}}))->Set(-kInf);
  (*registry->GetCounter({"a_total", "Things.", {{"node", "b\"\\\n"}}}))->Increment(1234567);
  (*registry->GetCounter({"a_total", "Things.", {{"node", "a"}}}))->Increment(0.1);
  Histogram* h = *registry->GetHistogram({"m_seconds", "Times.", {{"k", "v"}}}, {0.5, 1});
  for (double value : {0.1, 0.5, 0.75, 2.0, kInf, kNan}) h->Observe(value);
  EXPECT_EQ(registry->ExposeText(),
            "# HELP a_total Things.\n"
            "# TYPE a_total counter\n"
            "a_total{node=\"a\"} 0.1\n"
            "a_total{node=\"b\\\"\\\\\\n\"} 1234567\n"
            "# HELP m_seconds Times.\n"
            "# TYPE m_seconds histogram\n"
            "m_seconds_bucket{k=\"v\",le=\"0.5\"} 2\n"
            "m_seconds_bucket{k=\"v\",le=\"1\"} 3\n"
            "m_seconds_bucket{k=\"v\",le=\"+Inf\"} 5\n"
            "m_seconds_sum{k=\"v\"} +Inf\n"
            "m_seconds_count{k=\"v\"} 5\n"
            "# HELP z_gauge last\\nline \\\\ \"q\"\n"
            "# TYPE z_gauge gauge\n"
            "z_gauge -Inf\n");
}

TEST(ExpositionTest, IsConsistentWhileThreadsCount) {
  auto registry = MakeMetricRegistry();
  constexpr int kThreads = 3, kTimes = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&registry] {
      Counter* c = *registry->GetCounter({"c", "", {}});
      Histogram* h = *registry->GetHistogram({"h", "", {}}, {1});
      for (int i = 0; i < kTimes; ++i) {
        c->Increment();
        h->Observe(i % 3);
      }
    });
  }
  for (int i = 0; i < 20; ++i) (void)registry->ExposeText();
  for (std::thread& t : threads) t.join();
  EXPECT_EQ((*registry->GetCounter({"c", "", {}}))->value(), kThreads * kTimes);
  EXPECT_THAT(registry->ExposeText(), testing::HasSubstr("h_count 6000\n"));
}

TEST(ExponentialBoundsTest, Grow) {
  EXPECT_EQ(ExponentialBounds(0.5, 2, 4), (std::vector<double>{0.5, 1, 2, 4}));
  EXPECT_TRUE(ExponentialBounds(1, 2, 0).empty());
}

}  // namespace
}  // namespace cubeloom
