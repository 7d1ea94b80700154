#include "cubeloom/exthost/process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cubeloom/exthost/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::exthost {
namespace {

using ::testing::HasSubstr;

// No such process, or only its entry in the process table until init looks.
bool Gone(pid_t pid) {
  if (kill(pid, 0) != 0) return true;
  const int fd = open(absl::StrCat("/proc/", pid, "/stat").c_str(), O_RDONLY);
  char text[512] = {};
  const ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  return n <= 0 || std::string(text).find(") Z") != std::string::npos;
}
bool SoonGone(pid_t pid) {
  for (int i = 0; i < 500 && !Gone(pid); ++i) absl::SleepFor(absl::Milliseconds(10));
  return Gone(pid);
}

class ProcessTest : public ::testing::Test {
 protected:
  absl::StatusOr<ProcessResult> Shell(const std::string& script) {
    options_.argv = {"sh", "-c", script};
    options_.folder = folder_.path();
    return RunProcess(options_);
  }
  // The number that a script wrote to `name`, 0 when there is none.
  int64_t Number(const std::string& name) {
    int64_t value = 0;
    const absl::StatusOr<std::string> text = ReadFile(folder_.path() + "/" + name, 100);
    return text.ok() && absl::SimpleAtoi(*text, &value) ? value : 0;
  }
  ScratchFolder folder_ = ScratchFolder::Make(::testing::TempDir(), "process").value();
  ProcessOptions options_;
};

TEST_F(ProcessTest, GivesExitCodeAndOutput) {
  const ProcessResult result = Shell("echo out; echo err >&2; exit 3").value();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.signal, 0);
  EXPECT_EQ(result.tail, "out\nerr\n");
  EXPECT_EQ(Shell("kill -11 $$").value().signal, SIGSEGV);
}

TEST_F(ProcessTest, KeepsOnlyTheEndOfLongOutput) {
  options_.tail_bytes = 100;
  const ProcessResult result =
      Shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done").value();
  EXPECT_EQ(result.tail.size(), 100u);
  EXPECT_THAT(result.tail, HasSubstr("line 19999\n"));
}

TEST_F(ProcessTest, InheritsNeitherEnvironmentNorDescriptorsNorInput) {
  options_.environment = {{"ONLY", "this"}, {"PATH", "/usr/bin:/bin"}};
  setenv("CUBELOOM_TEST_SECRET", "x", 1);
  EXPECT_EQ(Shell("echo $ONLY$CUBELOOM_TEST_SECRET; cat; pwd").value().tail,
            absl::StrCat("this\n", folder_.path(), "\n"));
  const File open = File::Create(folder_.path() + "/open").value();
  EXPECT_EQ(Shell("ls /proc/self/fd | wc -l").value().tail, "4\n");  // 0, 1, 2 and that of ls
}

TEST_F(ProcessTest, ProgramThatCannotStartIsNamed) {
  options_.folder = folder_.path();
  options_.argv = {"no-such-program-anywhere"};
  EXPECT_THAT(std::string(RunProcess(options_).status().message()),
              HasSubstr("'no-such-program-anywhere' was not found"));
  options_.argv = {folder_.path()};
  EXPECT_FALSE(RunProcess(options_).ok());
  ASSERT_TRUE(WriteFile(folder_.path() + "/text", "no program").ok());
  options_.argv = {folder_.path() + "/text"};
  EXPECT_FALSE(RunProcess(options_).ok());
  options_.argv = {"true"};
  options_.folder = "/no/such/folder";
  EXPECT_THAT(std::string(RunProcess(options_).status().message()), HasSubstr("/no/such/folder"));
  options_.argv = {"echo", std::string("a\0b", 3)};
  EXPECT_TRUE(absl::IsInvalidArgument(RunProcess(options_).status()));
}

TEST_F(ProcessTest, CancelKillsTheWholeGroup) {
  for (const char* script :
       {"sleep 60 & echo $! > child; wait", "trap '' TERM; sleep 60 & echo $! > child; wait; sleep 60"}) {
    CancelSource cancel;
    options_.cancel = cancel.token();
    options_.grace = absl::Milliseconds(50);
    std::thread later([&] {
      while (Number("child") == 0) absl::SleepFor(absl::Milliseconds(2));
      cancel.Cancel(absl::CancelledError("enough"));
    });
    const absl::Time start = absl::Now();
    const absl::StatusOr<ProcessResult> result = Shell(script);
    later.join();
    EXPECT_TRUE(absl::IsCancelled(result.status()));
    EXPECT_LT(absl::Now() - start, absl::Seconds(20));
    const auto child = static_cast<pid_t>(Number("child"));
    EXPECT_TRUE(SoonGone(child)) << script;
    unlink((folder_.path() + "/child").c_str());
  }
}

TEST_F(ProcessTest, WhatTheProcessLeavesBehindIsKilled) {
  const absl::Time start = absl::Now();
  EXPECT_EQ(Shell("sleep 60 & echo $! > child").value().exit_code, 0);
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
  const auto child = static_cast<pid_t>(Number("child"));
  ASSERT_GT(child, 0);
  EXPECT_TRUE(SoonGone(child));
}

TEST_F(ProcessTest, FileSizeLimitHolds) {
  options_.file_size = 10000;
  const ProcessResult result = Shell("head -c 100000 /dev/zero > big").value();
  EXPECT_TRUE(result.signal != 0 || result.exit_code != 0);
  EXPECT_LE(ReadFile(folder_.path() + "/big", 1 << 20).value().size(), 10000u);
}

}  // namespace
}  // namespace cubeloom::exthost
