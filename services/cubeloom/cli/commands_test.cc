// Exit statuses and messages of the commands over run folders that are whole, damaged or missing.
#include "cubeloom/cli/commands.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gtest/gtest.h"

namespace cubeloom::cli {
namespace {

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    folder_.Write("graph.yaml",
                  "name: t\nparameters:\n  n: {type: integer, default: 2}\nnodes:\n"
                  "- {id: per, scatter: {count: \"${n}\"}}\n"
                  "- {id: wait, in: per, kernel: flow.sleep, args: {seconds: 0}}\n"
                  "- {id: all, kernel: value.collect, inputs: {values: wait}}\n"
                  "- {id: out, sink: {uri: all.json}, inputs: {v: all}}\n");
  }
  int Run(const std::string& out, const std::string& set = "n=2") {
    RunFlags flags;
    flags.request.file = folder_.File("graph.yaml");
    flags.request.out = folder_.File(out);
    flags.request.set = {set};
    flags.request.memory = int64_t{64} << 20;
    flags.request.cores = 1;
    flags.quiet = true;
    return Said([&] { return RunCommand(flags); });
  }
  int Verify(const std::string& a, const std::string& b, bool files = false) {
    return Said([&] { return VerifyCommand({folder_.File(a), folder_.File(b), files, false}); });
  }
  int Replay(const std::string& run, const std::string& drop) {
    return Said([&] { return ReplayCommand({folder_.File(run), drop, folder_.File("again")}); });
  }
  // Rewrites one file of a run folder.
  void Edit(const std::string& file, const std::string& from, const std::string& to) {
    const std::string path = folder_.File(file);
    const std::string text = absl::StrReplaceAll(ReadWholeFile(path), {{from, to}});
    std::ofstream(path, std::ios::trunc) << text;
  }
  template <typename F>
  int Said(F f) {
    ::testing::internal::CaptureStderr();
    ::testing::internal::CaptureStdout();
    const int status = f();
    error_ = ::testing::internal::GetCapturedStderr();
    output_ = ::testing::internal::GetCapturedStdout();
    return status;
  }

  const TempFolder folder_;
  std::string error_, output_;
};

TEST_F(CommandsTest, EqualRunsAreVerifiedAsSuch) {
  ASSERT_EQ(Run("a"), kOk) << error_;
  ASSERT_EQ(Run("b"), kOk) << error_;
  EXPECT_EQ(Verify("a", "b", true), kOk) << output_;
  EXPECT_TRUE(absl::StrContains(output_, "the runs gave the same files"));
  ASSERT_EQ(Run("c", "n=3"), kOk) << error_;
  EXPECT_EQ(Verify("a", "c"), kFailed);
  EXPECT_TRUE(absl::StrContains(output_, "parameter n: 2 / 3")) << output_;
}

TEST_F(CommandsTest, VerifyFindsDamagedOutputs) {
  ASSERT_EQ(Run("a"), kOk) << error_;
  ASSERT_EQ(Run("b"), kOk) << error_;
  std::ofstream(folder_.File("b/all.json"), std::ios::app) << "x";
  EXPECT_EQ(Verify("a", "b"), kOk) << "manifests only";
  EXPECT_EQ(Verify("a", "b", true), kFailed);
  EXPECT_TRUE(absl::StrContains(output_, "b/all.json' has changed since the run")) << output_;
  ASSERT_EQ(::remove(folder_.File("b/all.json").c_str()), 0);
  EXPECT_EQ(Verify("a", "b", true), kFailed);
  EXPECT_TRUE(absl::StrContains(output_, "b/all.json': No such file")) << output_;
}

TEST_F(CommandsTest, VerifyRefusesDamagedManifests) {
  ASSERT_EQ(Run("a"), kOk) << error_;
  const std::string good = ReadWholeFile(folder_.File("a/manifest.json"));
  const struct {
    std::string bytes;
    const char* message;
  } cases[] = {
      {"", "JSON"},
      {good.substr(0, good.size() / 2), "JSON"},
      {"[]", "is not an object"},
      {"{}", "'format' is missing"},
      {std::string(2000, '\0'), "JSON"},
      {absl::StrReplaceAll(good, {{"\"version\": 1", "\"version\": 9"}}), "has version 9"},
      {absl::StrReplaceAll(good, {{"\"outputs\": [", "\"outputs\": [3, "}}), "outputs[0]"},
  };
  for (const auto& c : cases) {
    folder_.Write("bad.json", c.bytes);
    EXPECT_EQ(Verify("a", "bad.json"), kUsage) << c.message;
    EXPECT_TRUE(absl::StrContains(error_, c.message)) << error_;
    EXPECT_TRUE(absl::StrContains(error_, "bad.json")) << error_;
  }
  EXPECT_EQ(Verify("a", "nothing-here"), kUsage);
  EXPECT_TRUE(absl::StrContains(error_, "nothing-here")) << error_;
}

TEST_F(CommandsTest, ReplayRunsOneDropOrSaysWhyNot) {
  ASSERT_EQ(Run("a", "n=3"), kOk) << error_;
  EXPECT_EQ(Replay("a", "wait/2"), kOk) << error_;
  for (const char* drop : {"wait/3", "nope", ""}) {
    EXPECT_EQ(Replay("a", drop), kUsage) << drop;
    EXPECT_TRUE(absl::StrContains(error_, absl::StrCat("no drop '", drop, "'"))) << error_;
  }
  EXPECT_EQ(Replay("nothing-here", "wait/0"), kUsage);
  EXPECT_TRUE(absl::StrContains(error_, "nothing-here/run.json")) << error_;
  Edit("a/run.json", "cubeloom-run", "other");
  EXPECT_EQ(Replay("a", "wait/0"), kUsage);
  EXPECT_TRUE(absl::StrContains(error_, "is no run record")) << error_;
}

TEST_F(CommandsTest, MistakesOfTheCallExitWithTwo) {
  for (const char* set : {"n", "=2", "m=2", "n=1.5", "n=0", "n=-1", "n=99999999999", "n=x"}) {
    EXPECT_EQ(Run("a", set), kUsage) << set;
    EXPECT_TRUE(absl::StrContains(error_, "error: ")) << set << ": " << error_;
    struct stat info {};
    EXPECT_NE(::stat(folder_.File("a").c_str(), &info), 0) << set;
  }
  RunFlags flags;
  flags.request.file = folder_.File("none.yaml");
  EXPECT_EQ(Said([&] { return RunCommand(flags); }), kUsage);
  EXPECT_TRUE(absl::StrContains(error_, "none.yaml")) << error_;
}

TEST_F(CommandsTest, ForeignGraphsAreImportedAndReadDirectly) {
  const std::string path = folder_.Write("pair.graph",
                                         R"({"modelData":{"schemaVersion":"OJS"},"nodeDataArray":[
          {"id":"1","name":"Make","category":"PythonApp","fields":[{"name":"execution_time","value":0}]},
          {"id":"2","name":"Datum","category":"Memory","fields":[]},
          {"id":"3","name":"Take","category":"PythonApp","fields":[{"name":"execution_time","value":0}]}],
         "linkDataArray":[{"from":"1","to":"2"},{"from":"2","to":"3"}]})");
  EXPECT_EQ(Said([&] { return ImportCommand({path, {}, folder_.File("pair.yaml"), false}); }), kOk);
  EXPECT_TRUE(absl::StrContains(error_, "PythonApp -> flow.noop: make, take")) << error_;
  for (const char* file : {"pair.graph", "pair.yaml"}) {
    ValidateFlags flags;
    flags.file = folder_.File(file);
    EXPECT_EQ(Said([&] { return ValidateCommand(flags); }), kOk) << error_;
    EXPECT_TRUE(absl::StrContains(output_, "valid: 3 nodes")) << output_;
  }
  EXPECT_EQ(Said([&] { return ImportCommand({folder_.File("graph.yaml"), {}, "", false}); }), kUsage);
  EXPECT_EQ(Said([&] { return ImportCommand({folder_.File("none"), {}, "", false}); }), kUsage);
}

}  // namespace
}  // namespace cubeloom::cli
