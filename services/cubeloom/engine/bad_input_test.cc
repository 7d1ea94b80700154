// Whole runs over bad input: each ends with words and leaves nothing half-written under a final name.
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cubeloom/engine/catalogue.h"
#include "cubeloom/engine/records.h"
#include "cubeloom/engine/run.h"
#include "cubeloom/store/fits/fits.h"
#include "cubeloom/store/testing/fault_store.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

// Local files, with something that happens when a file is first opened for writing.
class HookStore : public Store {
 public:
  explicit HookStore(std::function<void()> hook) : hook_(std::move(hook)) {}
  absl::StatusOr<ObjectStat> Stat(absl::string_view uri) const override { return LocalStore().Stat(uri); }
  absl::StatusOr<std::vector<std::string>> List(absl::string_view pattern) const override {
    return LocalStore().List(pattern);
  }
  absl::StatusOr<std::unique_ptr<RandomReader>> OpenRead(absl::string_view uri) const override {
    return LocalStore().OpenRead(uri);
  }
  absl::StatusOr<std::unique_ptr<StagedWriter>> OpenWrite(absl::string_view uri) const override {
    hook_();
    return LocalStore().OpenWrite(uri);
  }

 private:
  const std::function<void()> hook_;
};

// Graph texts say IN for the folder of the inputs and OUT for the run folder.
class BadRunTest : public ::testing::Test {
 protected:
  BadRunTest() : catalogue_(MakeCatalogue().value()) {
    ::setenv("CUBELOOM_PROBE", CL_BINARY_DIR "/bin/cubeloom-probe", 1);
    for (const char* name : {"a.fits", "b.fits", "c.fits"}) Image(name, 1.0f);
  }
  void Image(const std::string& name, float value) {
    FitsOutput hdu;
    hdu.array = ArrayFromVector<float>({48, 64}, std::vector<float>(48 * 64, value));
    EXPECT_TRUE(WriteFits(LocalStore(), in_.File(name), {hdu}).ok());
  }
  std::string Out(const std::string& name) const { return out_.File("run/" + name); }
  bool Exists(const std::string& name) const {
    struct stat info {};
    return ::stat(Out(name).c_str(), &info) == 0;
  }
  RunRequest Request(const std::string& text) {
    RunRequest request;
    request.file =
        out_.Write("graph.yaml",
                   absl::StrReplaceAll("name: t\n" + text, {{"IN", in_.path()}, {"OUT", out_.File("run")}}));
    request.out = out_.File("run");
    request.memory = int64_t{256} << 20;
    request.cores = 2;
    return request;
  }
  absl::StatusOr<RunResult> Run(const RunRequest& request) { return RunGraph(request, catalogue_); }

  const TempFolder in_, out_;
  KernelCatalogue catalogue_;
};

constexpr char kOne[] =
    "nodes:\n"
    "- {id: img, source: {uri: \"IN/a.fits\", single: true}}\n"
    "- {id: s, kernel: image.statistics, inputs: {image: img}}\n"
    "- {id: g, kernel: image.gaussian, inputs: {image: img}, args: {sigma: 1}}\n";
constexpr char kMany[] =
    "nodes:\n"
    "- {id: img, source: {uri: \"IN/*.fits\"}}\n"
    "- {id: per, scatter: {over: img}}\n"
    "- {id: s, in: per, kernel: image.statistics, inputs: {image: img}}\n"
    "- {id: all, kernel: table.from_values, inputs: {values: s}}\n"
    "- {id: out, sink: {uri: s.csv}, inputs: {table: all}}\n";

TEST_F(BadRunTest, OneFileHasOneUseHoweverItIsSpelled) {
  struct Case {
    const char* what;
    const char* nodes;
    const char* message;
  };
  const Case cases[] = {
      {"a dot",
       "- {id: x, sink: {uri: s.json}, inputs: {v: s}}\n- {id: y, sink: {uri: ./s.json}, inputs: {v: s}}\n",
       "'./s.json' is written by both x and y"},
      {"two slashes",
       "- {id: x, sink: {uri: d/s.json}, inputs: {v: s}}\n- {id: y, sink: {uri: d//s.json}, inputs: {v: "
       "s}}\n",
       "'d//s.json' is written by both x and y"},
      {"absolute",
       "- {id: x, sink: {uri: s.json}, inputs: {v: s}}\n"
       "- {id: y, sink: {uri: OUT/d/../s.json}, inputs: {v: s}}\n",
       "is written by both x and y"},
      {"a file URI",
       "- {id: x, sink: {uri: s.json}, inputs: {v: s}}\n- {id: y, sink: {uri: \"file://OUT/s.json\"}, "
       "inputs: {v: s}}\n",
       "is written by both x and y"},
      {"the manifest", "- {id: x, sink: {uri: manifest.json}, inputs: {v: s}}\n", "the run's own record"},
      {"the record", "- {id: x, sink: {uri: ./run.json}, inputs: {v: s}}\n", "the run's own record"},
      {"an input", "- {id: x, sink: {uri: IN/./a.fits}, inputs: {i: g}}\n", "is an input of source 'img'"},
      {"a file as folder",
       "- {id: x, sink: {uri: s.json}, inputs: {v: s}}\n- {id: y, sink: {uri: s.json/t.json}, inputs: {v: "
       "s}}\n",
       "which would be a folder for 'y'"},
      {"a folder", "- {id: x, sink: {uri: IN, format: json}, inputs: {v: s}}\n", "names a folder"},
      {"a folder by its slash", "- {id: x, sink: {uri: d/, format: json}, inputs: {v: s}}\n",
       "names a folder"},
      {"no such scheme", "- {id: x, sink: {uri: \"s3://b/s.json\"}, inputs: {v: s}}\n",
       "field 'sink.uri': 's3://b/s.json': scheme 's3'"},
      {"a persisted datum",
       "- {id: p, kernel: image.statistics, inputs: {image: g}, persist: true}\n"
       "- {id: x, sink: {uri: data/p_statistics.json}, inputs: {v: s}}\n",
       "'data/p_statistics.json' is written by both p:statistics and x"},
  };
  for (const Case& c : cases) {
    const auto result = Run(Request(std::string(kOne) + c.nodes));
    EXPECT_FALSE(result.ok()) << c.what;
    EXPECT_TRUE(absl::StrContains(result.status().message(), c.message)) << c.what << ": " << result.status();
    EXPECT_FALSE(Exists("")) << c.what << ": nothing runs, nothing is made";
  }
}

TEST_F(BadRunTest, ABadFileBecomesAHoleWhereAThresholdAllowsIt) {
  std::ofstream(in_.File("b.fits")) << "SIMPLE  = no image";
  EXPECT_FALSE(Run(Request(kMany)).ok());
  const auto result = Run(Request(std::string("errorThreshold: 0.5\n") + kMany));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kSucceededWithHoles) << result->report.status;
  ASSERT_EQ(result->report.failures.size(), 1u);
  EXPECT_TRUE(absl::StrContains(runtime::FormatFailure(result->report.failures[0]), "b.fits"));
  const std::string csv = ReadWholeFile(Out("s.csv"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3) << csv;
  EXPECT_TRUE(Exists(kManifestName));
}

TEST_F(BadRunTest, AFileThatIsGoneIsAHoleToo) {
  const auto result =
      Run(Request(absl::StrReplaceAll(std::string("errorThreshold: 0.5\n") + kMany,
                                      {{"uri: \"IN/*.fits\"", "list: [\"IN/a.fits\", \"IN/none.fits\"]"}})));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kSucceededWithHoles) << result->report.status;
  ASSERT_EQ(result->manifest.inputs.size(), 2u);
  EXPECT_EQ(result->manifest.inputs[0].sha256.size(), 64u);
  EXPECT_EQ(result->manifest.inputs[1].sha256, "") << "there is nothing to hash";
}

TEST_F(BadRunTest, AnInputThatChangesDuringTheRunIsNamed) {
  RunRequest request = Request(std::string(kOne) + "- {id: x, sink: {uri: s.json}, inputs: {v: s}}\n");
  HookStore store([this] { Image("a.fits", 2.0f); });
  request.store = &store;
  const auto result = Run(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kFailed);
  EXPECT_TRUE(absl::StrContains(result->report.status.message(), "a.fits' changed during the run"))
      << result->report.status;
}

TEST_F(BadRunTest, AFullDiskLeavesNoFileAndLosesNoMessage) {
  Faults faults;
  faults.no_space_after = 100;
  const std::unique_ptr<Store> store = MakeFaultStore(LocalStore(), faults);
  RunRequest request = Request(std::string(kOne) + "- {id: x, sink: {uri: g.fits}, inputs: {i: g}}\n");
  request.store = store.get();
  const auto result = Run(request);
  ASSERT_TRUE(result.ok()) << "what ran is reported: " << result.status();
  EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kFailed);
  ASSERT_EQ(result->report.failures.size(), 1u);
  EXPECT_TRUE(absl::StrContains(runtime::FormatFailure(result->report.failures[0]), "g.fits"));
  EXPECT_FALSE(result->records.ok()) << "the manifest did not fit either";
  EXPECT_EQ(RunProgram("ls -A " + out_.File("run")).output, "");
}

TEST_F(BadRunTest, AnUnwrittenManifestFailsTheRun) {
  Faults faults;
  const std::unique_ptr<Store> store = MakeFaultStore(LocalStore(), faults);
  RunRequest request = Request("nodes:\n- {id: idle, kernel: flow.noop}\n");
  request.store = store.get();
  faults.commit_fails = true;
  const auto result = Run(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kFailed);
  EXPECT_EQ(result->report.status, result->records);
  EXPECT_FALSE(result->records.ok());
}

TEST_F(BadRunTest, DropsThatAreNotThereAreNamedBeforeAnythingRuns) {
  RunRequest request = Request(kMany);
  request.only = {"s/0", "s/3"};
  const auto result = Run(request);
  EXPECT_FALSE(result.ok());
  EXPECT_TRUE(absl::StrContains(result.status().message(), "no drop 's/3'")) << result.status();
  EXPECT_FALSE(Exists(""));
}

TEST_F(BadRunTest, ADamagedRunRecordIsRefused) {
  ASSERT_TRUE(Run(Request("nodes:\n- {id: idle, kernel: flow.noop}\n")).ok());
  const std::string good = ReadWholeFile(Out(kRunRecordName));
  ASSERT_TRUE(ReadRunRecord(out_.File("run")).ok());
  const struct {
    std::string bytes;
    const char* message;
  } cases[] = {
      {"", "JSON"},
      {good.substr(0, good.size() / 2), "JSON"},
      {"[]", "is no run record"},
      {absl::StrReplaceAll(good, {{"cubeloom-run", "other"}}), "is no run record"},
      {absl::StrReplaceAll(good, {{"\"version\": 1", "\"version\": 7"}}), "has version 7"},
      {absl::StrReplaceAll(good, {{"\"set\": []", "\"set\": [3]"}}), "'set' is not a list of texts"},
      {absl::StrReplaceAll(good, {{"\"set\": []", "\"set\": 3"}}), "'set' is not a list"},
      {absl::StrReplaceAll(good, {{"\"startedIn\"", "\"other\""}}), "'startedIn' is not a folder"},
      {absl::StrReplaceAll(good, {{"\"allowCommands\": false", "\"allowCommands\": 1"}}), "allowCommands"},
  };
  for (const auto& c : cases) {
    std::ofstream(Out(kRunRecordName), std::ios::trunc) << c.bytes;
    const absl::StatusOr<RunRecord> record = ReadRunRecord(out_.File("run"));
    EXPECT_FALSE(record.ok()) << c.message;
    EXPECT_TRUE(absl::StrContains(record.status().message(), c.message)) << record.status();
    EXPECT_TRUE(absl::StrContains(record.status().message(), kRunRecordName)) << record.status();
  }
}

}  // namespace
}  // namespace cubeloom::engine
