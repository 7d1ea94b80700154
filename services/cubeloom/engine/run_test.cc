#include "cubeloom/engine/run.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/engine/catalogue.h"
#include "cubeloom/engine/records.h"
#include "cubeloom/store/fits/fits.h"
#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

bool Exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

// A folder with three small images and a catalogue.
class RunGraphTest : public ::testing::Test {
 protected:
  RunGraphTest() : catalogue_(MakeCatalogue().value()) {
    ::setenv("CUBELOOM_PROBE", CL_BINARY_DIR "/bin/cubeloom-probe", 1);
    folder_ = absl::StrCat(::testing::TempDir(), "/run_graph_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    EXPECT_EQ(std::system(absl::StrCat("rm -rf ", folder_, " && mkdir -p ", folder_).c_str()), 0);
    for (int i = 0; i < 3; ++i) {
      std::vector<float> pixels(64 * 48);
      for (size_t p = 0; p < pixels.size(); ++p)
        pixels[p] = static_cast<float>(p % 97) + static_cast<float>(i);
      FitsOutput hdu;
      hdu.array = ArrayFromVector<float>({48, 64}, pixels);
      EXPECT_TRUE(WriteFits(LocalStore(), absl::StrCat(folder_, "/img", i, ".fits"), {hdu}).ok());
    }
  }
  RunRequest Request(const std::string& nodes, const std::string& out = "out") {
    const std::string file = folder_ + "/graph.yaml";
    std::ofstream(file) << "name: t\nnodes:\n- {id: img, source: {uri: \"" << folder_ << "/img*.fits\"}}\n"
                        << "- {id: per, scatter: {over: img}}\n"
                        << nodes;
    RunRequest request;
    request.file = file;
    request.out = folder_ + "/" + out;
    request.memory = int64_t{256} << 20;
    request.cores = 2;
    return request;
  }
  absl::StatusOr<RunResult> Run(const RunRequest& request) { return RunGraph(request, catalogue_); }

  KernelCatalogue catalogue_;
  std::string folder_;
};

constexpr char kGraph[] =
    "- {id: smooth, in: per, kernel: image.gaussian, inputs: {image: img}, args: {sigma: 1.5}}\n"
    "- {id: stats, in: per, kernel: image.statistics, inputs: {image: smooth}}\n"
    "- {id: out, in: per, sink: {uri: \"smooth/${per.name}.fits\"}, inputs: {image: smooth}}\n"
    "- {id: all, kernel: table.from_values, inputs: {values: stats}}\n"
    "- {id: csv, sink: {uri: stats.csv}, inputs: {table: all}}\n";

TEST_F(RunGraphTest, WritesOutputsManifestAndRecord) {
  const auto result = Run(Request(kGraph));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kSucceeded) << result->report.status;
  EXPECT_TRUE(Exists(folder_ + "/out/smooth/img1.fits"));
  const std::string csv = ReadText(folder_ + "/out/stats.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4) << csv;
  const auto manifest = ManifestFromJson(ReadText(folder_ + "/out/manifest.json"), "m");
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->outputs.size(), 4u);
  EXPECT_EQ(manifest->inputs.size(), 3u);
  EXPECT_EQ(manifest->inputs[0].sha256.size(), 64u);
  EXPECT_EQ(manifest->outcome, "succeeded");
  const auto record = ReadRunRecord(folder_ + "/out");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->file, folder_ + "/graph.yaml");
}

TEST_F(RunGraphTest, ManifestsAreEqualForAnyNumberOfCores) {
  RunRequest one = Request(kGraph, "one"), four = Request(kGraph, "four");
  one.cores = 1;
  four.cores = 4;
  ASSERT_TRUE(Run(one).ok());
  ASSERT_TRUE(Run(four).ok());
  EXPECT_EQ(ReadText(folder_ + "/one/manifest.json"), ReadText(folder_ + "/four/manifest.json"));
  EXPECT_EQ(ReadText(folder_ + "/one/smooth/img2.fits"), ReadText(folder_ + "/four/smooth/img2.fits"));
}

TEST_F(RunGraphTest, AFailedDropIsReportedAndItsConsumersWriteNothing) {
  const auto result = Run(Request(
      "- {id: bad, in: per, kernel: flow.fail, args: {index: \"${per.index}\", below: 1, message: no luck}}\n"
      "- {id: out, in: per, sink: {uri: \"${per.name}.json\"}, inputs: {value: bad}}\n"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kFailed);
  ASSERT_FALSE(result->report.failures.empty());
  EXPECT_EQ(result->report.failures[0].external_id, "bad/0");
  EXPECT_TRUE(absl::StrContains(runtime::FormatFailure(result->report.failures[0]), "no luck"));
  EXPECT_FALSE(Exists(folder_ + "/out/img0.json"));
}

TEST_F(RunGraphTest, ATolerantGatherGoesOnWithHoles) {
  RunRequest request = Request(
      "- {id: bad, in: per, kernel: flow.fail, args: {index: \"${per.index}\", below: 1}}\n"
      "- {id: all, kernel: value.collect, inputs: {values: bad}, errorThreshold: 0.5}\n"
      "- {id: out, sink: {uri: all.json}, inputs: {value: all}}\n");
  const auto result = Run(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kSucceededWithHoles) << result->report.status;
  EXPECT_EQ(ReadText(folder_ + "/out/all.json"), "[\n  null,\n  null\n]\n");
}

TEST_F(RunGraphTest, WhatCannotRunIsRefusedBeforeAnythingIsWritten) {
  struct Case {
    const char* what;
    const char* nodes;
    const char* message;
  };
  const Case cases[] = {
      {"two instances, one file",
       "- {id: stats, in: per, kernel: image.statistics, inputs: {image: img}}\n"
       "- {id: out, in: per, sink: {uri: \"s.json\"}, inputs: {value: stats}}\n",
       "s.json"},
      {"a value as FITS",
       "- {id: stats, in: per, kernel: image.statistics, inputs: {image: img}}\n"
       "- {id: out, in: per, sink: {uri: \"${per.name}.fits\"}, inputs: {value: stats}}\n",
       "cannot be written as fits"},
      {"unknown extension", "- {id: out, in: per, sink: {uri: \"${per.name}.xyz\"}, inputs: {image: img}}\n",
       "tells no format"},
      {"outside the run folder",
       "- {id: out, in: per, sink: {uri: \"../${per.name}.fits\"}, inputs: {image: img}}\n",
       "leaves the output folder"},
      {"a kernel that refuses its input",
       "- {id: m, in: per, kernel: image.moments, inputs: {cube: img}}\n"
       "- {id: out, in: per, sink: {uri: \"${per.name}.fits\"}, inputs: {image: m}}\n",
       "node 'm'"},
      {"a construct that is only planned",
       "- {id: l, in: per, loop: {count: 2}}\n- {id: n, in: l, kernel: flow.noop}\n",
       "node 'l', field 'loop': this version plans but does not run the construct 'loop'"},
  };
  for (const Case& c : cases) {
    const auto result = Run(Request(c.nodes));
    EXPECT_FALSE(result.ok()) << c.what;
    EXPECT_TRUE(absl::StrContains(result.status().message(), c.message)) << c.what << ": " << result.status();
    EXPECT_FALSE(Exists(folder_ + "/out")) << c.what;
  }
}

TEST_F(RunGraphTest, AnOutputFolderThatIsAFileIsNamed) {
  RunRequest request = Request(kGraph);
  std::ofstream(folder_ + "/out") << "x";
  const auto result = Run(request);
  EXPECT_FALSE(result.ok());
  EXPECT_TRUE(absl::StrContains(result.status().message(), folder_ + "/out")) << result.status();
}

TEST_F(RunGraphTest, ACancelledRunLeavesNoFileUnderAFinalName) {
  RunRequest request = Request(kGraph);
  CancelSource cancel;
  cancel.Cancel();
  request.cancel = cancel.token();
  const auto result = Run(request);
  if (result.ok()) {
    EXPECT_EQ(result->report.outcome, runtime::RunOutcome::kCancelled);
  }
  EXPECT_FALSE(Exists(folder_ + "/out/stats.csv"));
  EXPECT_FALSE(Exists(folder_ + "/out/smooth/img0.fits"));
}

TEST_F(RunGraphTest, ReplayRunsOneDropAndWhatItNeeds) {
  RunRequest request = Request(kGraph);
  request.only = {"out/1"};
  const auto result = Run(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(Exists(folder_ + "/out/smooth/img1.fits"));
  EXPECT_FALSE(Exists(folder_ + "/out/smooth/img0.fits"));
  EXPECT_FALSE(Exists(folder_ + "/out/stats.csv"));
}

TEST_F(RunGraphTest, AChunkGridCoversTheImageOnce) {
  const auto result =
      Run(Request("- {id: idle, in: per, kernel: flow.noop}\n"
                  "- {id: one, source: {uri: \"" +
                  folder_ +
                  "/img0.fits\", single: true}}\n"
                  "- {id: tiles, scatter: {over: one, grid: [20, 20]}}\n"
                  "- {id: sum, in: tiles, kernel: image.statistics, inputs: {image: one}}\n"
                  "- {id: all, kernel: table.from_values, inputs: {values: sum}}\n"
                  "- {id: out, sink: {uri: all.csv}, inputs: {table: all}}\n"));
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->report.outcome, runtime::RunOutcome::kSucceeded) << result->report.status;
  const std::string csv = ReadText(folder_ + "/out/all.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 3 * 4);
  int64_t pixels = 0;
  for (size_t at = csv.find('\n') + 1; at < csv.size(); at = csv.find('\n', at) + 1)
    pixels += std::atoll(&csv[at]);
  EXPECT_EQ(pixels, 48 * 64);
}

}  // namespace
}  // namespace cubeloom::engine
