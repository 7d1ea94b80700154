#include "cubeloom/base/quantity.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

// Every refusal is InvalidArgument, says what was read, and stays short.
template <typename T>
void ExpectRefused(const absl::StatusOr<T>& result, absl::string_view text) {
  ASSERT_FALSE(result.ok()) << text;
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_NE(result.status().message().find(text.substr(0, 40)), absl::string_view::npos) << result.status();
  EXPECT_LT(result.status().message().size(), 250u) << result.status();
}

TEST(ParseBytesTest, RefusesWhatIsNoSize) {
  for (const char* text : {"",
                           "Gi",
                           "-1",
                           "+1",
                           " 1",
                           "1 ",
                           "1 Gi",
                           "1e3",
                           "0x10",
                           "nan",
                           "inf",
                           "1.5",
                           "0.1Gi",
                           ".5Gi",
                           "5.Gi",
                           "1..5G",
                           "1gi",
                           "1K",
                           "1ki",
                           "1Gib",
                           "1GiBB",
                           "1Zi",
                           "1Gi2Mi",
                           "8192Pi",
                           "9224P",
                           "1,5G",
                           "1.5.5",
                           "1kiB",
                           "1m",
                           "1GB2",
                           "1BB",
                           "9223372036854775808",
                           "99999999999999999999999999999999999999999999",
                           "1.00000000000000000001Gi"}) {
    ExpectRefused(ParseBytes(text), text);
  }
  ExpectRefused(ParseBytes(std::string(100000, '9')), std::string(100000, '9'));
}

TEST(ParseBytesTest, ReadsEveryUnitExactly) {
  struct Case {
    const char* text;
    int64_t bytes;
  };
  const Case kCases[] = {{"0", 0},
                         {"1536", 1536},
                         {"007", 7},
                         {"12B", 12},
                         {"2Gi", int64_t{2} << 30},
                         {"256MiB", int64_t{256} << 20},
                         {"1Ki", 1024},
                         {"1Ti", int64_t{1} << 40},
                         {"8191Pi", int64_t{8191} << 50},
                         {"1.5G", 1500000000},
                         {"1.50GB", 1500000000},
                         {"1.5Gi", 1610612736},
                         {"0.5Ki", 512},
                         {"0.0009765625Ki", 1},
                         {"3k", 3000},
                         {"3kB", 3000},
                         {"2M", 2000000},
                         {"4T", 4000000000000},
                         {"1P", 1000000000000000},
                         {"1.000", 1},
                         {"9223372036854775807", std::numeric_limits<int64_t>::max()}};
  for (const Case& c : kCases) {
    absl::StatusOr<int64_t> bytes = ParseBytes(c.text);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(*bytes, c.bytes) << c.text;
  }
}

TEST(ParseCoresTest, RefusesWhatIsNoAmount) {
  for (const char* text : {"", "-1", "+2", "nan", "inf", "1e3", "m", "0.5m", "500M", "2 ", "1.", ".5",
                           "2cores", "99999999999", "0x2"}) {
    ExpectRefused(ParseCores(text), text);
  }
}

TEST(ParseCoresTest, ReadsWholeFractionalAndMilli) {
  EXPECT_EQ(*ParseCores("2"), 2.0);
  EXPECT_EQ(*ParseCores("0"), 0.0);
  EXPECT_EQ(*ParseCores("0.5"), 0.5);
  EXPECT_EQ(*ParseCores("500m"), 0.5);
  EXPECT_EQ(*ParseCores("1m"), 0.001);
  EXPECT_EQ(*ParseCores("1500m"), 1.5);
}

TEST(ParseDurationTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "-1s", "+1s", "inf", "-inf", "90", "s", "1d", "1s ", " 1s", "1.5.5s", "1e3s",
                           "1S", "9999999999999999999999h", "1 s"}) {
    ExpectRefused(ParseDuration(text), text);
  }
}

TEST(ParseDurationTest, ReadsSumsOfUnits) {
  EXPECT_EQ(*ParseDuration("90s"), absl::Seconds(90));
  EXPECT_EQ(*ParseDuration("1.5h"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("2m30s"), absl::Seconds(150));
  EXPECT_EQ(*ParseDuration("250ms"), absl::Milliseconds(250));
  EXPECT_EQ(*ParseDuration("0s"), absl::ZeroDuration());
}

TEST(FormatBytesTest, OneDigitAndTheRightUnit) {
  struct Case {
    double bytes;
    const char* text;
  };
  const Case kCases[] = {{0, "0 B"},
                         {1023, "1023 B"},
                         {1024, "1.0 KiB"},
                         {1536, "1.5 KiB"},
                         {1024.0 * 1024 - 1, "1.0 MiB"},
                         {256.0 * 1024 * 1024, "256.0 MiB"},
                         {-1536, "-1.5 KiB"},
                         {1e30, "867361737988.4 EiB"}};
  for (const Case& c : kCases) EXPECT_EQ(FormatBytes(c.bytes), c.text);
  EXPECT_EQ(FormatBytes(std::numeric_limits<double>::quiet_NaN()), "nan B");
}

TEST(NearestNameTest, FindsTyposAndNothingFarAway) {
  const std::vector<std::string> names = {"image.gaussian", "image.statistics", "image.histogram", "sigma",
                                          "sink"};
  struct Case {
    const char* name;
    const char* nearest;
  };
  const Case kCases[] = {{"image.gausian", "image.gaussian"},
                         {"image.guassian", "image.gaussian"},
                         {"image.statistic", "image.statistics"},
                         {"imagestatistics", "image.statistics"},
                         {"sigmaa", "sigma"},
                         {"isgma", "sigma"},
                         {"sigma", "sigma"},
                         {"zzz", ""},
                         {"", ""},
                         {"table.concat", ""}};
  for (const Case& c : kCases) EXPECT_EQ(NearestName(c.name, names), c.nearest) << c.name;
}

TEST(NearestNameTest, TiesGoToTheFirstAndHugeNamesAreSkipped) {
  EXPECT_EQ(NearestName("cat", {"car", "can"}), "car");
  EXPECT_EQ(NearestName("cat", {"can", "car"}), "can");
  const std::string huge(100000, 'x');
  EXPECT_EQ(NearestName(huge, {huge}), "");
  EXPECT_EQ(NearestName("sigma", {huge, "sigmas"}), "sigmas");
}

TEST(NearestNameTest, SwapCountsOneEvenAtTheLimit) {
  // Distance 1 of a length of 3: just within a third.
  EXPECT_EQ(NearestName("abc", {"acb"}), "acb");
  EXPECT_EQ(NearestName("abc", {"cba"}), "");
}

TEST(DidYouMeanTest, IsAClauseOrNothing) {
  EXPECT_EQ(DidYouMean("sigmma", {"sigma"}), "; did you mean 'sigma'?");
  EXPECT_EQ(DidYouMean("other", {"sigma"}), "");
}

}  // namespace
}  // namespace cubeloom
