#include "cubeloom/telemetry/log.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class VectorSink : public LogSink {
 public:
  void Write(LogLevel, absl::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

class LoggerTest : public testing::Test {
 protected:
  LogOptions Options() {
    LogOptions options;
    options.sink = &sink_;
    options.clock = &clock_;
    return options;
  }
  SimulatedClock clock_{absl::FromUnixMillis(1769860800250)};  // 2026-01-31T12:00:00.250Z
  VectorSink sink_;
};

TEST(LogLevelTest, ParsesNamesAndSuggests) {
  EXPECT_EQ(*ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(*ParseLogLevel("off"), LogLevel::kOff);
  for (const char* bad : {"", "WARNING", "3", "warn ing"}) EXPECT_FALSE(ParseLogLevel(bad).ok()) << bad;
  EXPECT_THAT(ParseLogLevel("waring").status().message(), HasSubstr("did you mean 'warning'?"));
  EXPECT_LT(ParseLogLevel(std::string(100000, '\n')).status().message().size(), 500u);
}

TEST_F(LoggerTest, EntryIsOneLineOfTimeLevelMessageAndFields) {
  Logger logger(Options());
  logger.Log(LogLevel::kWarning, "source changed while read",
             {{"uri", "a.fits"}, {"bytes", 2880}, {"f", 0.5}});
  EXPECT_THAT(sink_.lines, ElementsAre("2026-01-31T12:00:00.250Z W source changed while read "
                                       "uri=a.fits bytes=2880 f=0.5"));
}

TEST_F(LoggerTest, NothingForgesALineOrAField) {
  Logger logger(Options());
  logger.Log(LogLevel::kError, "a\nb", {{"x", "two words"}, {"y", "q\"\\\n"}, {"z", ""}, {"u", "é=1"}});
  EXPECT_THAT(sink_.lines, ElementsAre("2026-01-31T12:00:00.250Z E a\\nb x=\"two words\" y=\"q\\\"\\\\\\n\" "
                                       "z=\"\" u=\"é=1\""));
}

TEST_F(LoggerTest, LongLinesAreCutBetweenCharacters) {
  LogOptions options = Options();
  options.line_bytes = 29;
  Logger logger(options);
  logger.Log(LogLevel::kError, "aéé" + std::string(1000000, 'x'));
  // 28 bytes up to "a"; byte 29 is the first half of an "é".
  EXPECT_THAT(sink_.lines, ElementsAre("2026-01-31T12:00:00.250Z E a..."));
  sink_.lines.clear();
  logger.Log(LogLevel::kError, "ab");
  EXPECT_THAT(sink_.lines, ElementsAre("2026-01-31T12:00:00.250Z E ab"));
}

TEST_F(LoggerTest, IsQuietByDefaultButKeepsInfo) {
  Logger logger(Options());
  logger.Log(LogLevel::kDebug, "debug");
  logger.Log(LogLevel::kInfo, "info");
  EXPECT_THAT(sink_.lines, IsEmpty());
  EXPECT_THAT(logger.LastLines(10), ElementsAre(HasSubstr("I info")));
  logger.set_sink_level(LogLevel::kDebug);
  logger.Log(LogLevel::kDebug, "debug");
  EXPECT_THAT(sink_.lines, ElementsAre(HasSubstr("D debug")));
  logger.set_sink_level(LogLevel::kOff);
  logger.Log(LogLevel::kError, "error");
  logger.Log(LogLevel::kOff, "no such level");
  EXPECT_EQ(sink_.lines.size(), 1u);
}

TEST_F(LoggerTest, DisabledEntriesEvaluateNothing) {
  Logger logger(Options());
  int evaluated = 0;
  CL_LOG(logger, kDebug, "x", {{"n", ++evaluated}});
  EXPECT_EQ(evaluated, 0);
  CL_LOG(logger, kError, "x", {{"n", ++evaluated}, {"m", 1}});
  CL_LOG(logger, kError, "bare");
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(sink_.lines.size(), 2u);
}

TEST_F(LoggerTest, KeepsTheLastLinesOldestFirst) {
  LogOptions options = Options();
  options.kept_lines = 3;
  Logger logger(options);
  for (int i = 0; i < 10; ++i) logger.Log(LogLevel::kInfo, absl::StrCat("n", i));
  EXPECT_THAT(logger.LastLines(100), ElementsAre(HasSubstr("n7"), HasSubstr("n8"), HasSubstr("n9")));
  EXPECT_THAT(logger.LastLines(2), ElementsAre(HasSubstr("n8"), HasSubstr("n9")));
  EXPECT_THAT(logger.LastLines(0), IsEmpty());
}

TEST_F(LoggerTest, KeepsNothingWhenToldSo) {
  LogOptions options = Options();
  options.kept_lines = 0;
  Logger logger(options);
  EXPECT_FALSE(logger.Enabled(LogLevel::kInfo));
  logger.Log(LogLevel::kError, "x");
  EXPECT_THAT(logger.LastLines(10), IsEmpty());
  EXPECT_EQ(sink_.lines.size(), 1u);
}

TEST_F(LoggerTest, FiltersKeptLinesByOneWholeField) {
  Logger logger(Options());
  for (const char* drop : {"stats/3", "stats/31", "stats/3"})
    logger.Log(LogLevel::kInfo, "m", {{"drop", drop}});
  logger.Log(LogLevel::kInfo, "says drop=stats/3 only");
  EXPECT_EQ(logger.LastLines(10, {"drop", "stats/3"}).size(), 2u);
  EXPECT_EQ(logger.LastLines(1, {"drop", "stats/3"}).size(), 1u);
  EXPECT_THAT(logger.LastLines(10, {"drop", "stats"}), IsEmpty());
}

TEST_F(LoggerTest, SinkCanBeReplaced) {
  Logger logger(Options());
  VectorSink other;
  logger.set_sink(&other);
  logger.Log(LogLevel::kError, "x");
  EXPECT_THAT(sink_.lines, IsEmpty());
  EXPECT_EQ(other.lines.size(), 1u);
}

TEST_F(LoggerTest, LinesOfManyThreadsStayWhole) {
  Logger logger(Options());
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&logger] {
      for (int i = 0; i < 200; ++i) CL_LOG(logger, kWarning, "message", {{"key", "value"}});
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(sink_.lines.size(), 600u);
  for (const std::string& line : sink_.lines) {
    ASSERT_EQ(line, "2026-01-31T12:00:00.250Z W message key=value");
  }
  EXPECT_EQ(logger.LastLines(1000).size(), 256u);
}

TEST(StderrSinkTest, WritesWholeLines) {
  testing::internal::CaptureStderr();
  Logger logger;
  logger.Log(LogLevel::kWarning, "to stderr", {{"n", 1}});
  logger.Log(LogLevel::kInfo, "not shown");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, testing::EndsWith("Z W to stderr n=1\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("not shown")));
  EXPECT_FALSE(DefaultLogger().Enabled(LogLevel::kDebug));
}

}  // namespace
}  // namespace cubeloom
