#include "cubeloom/resolve/check.h"

#include "absl/strings/match.h"
#include "cubeloom/kernel/flow/flow.h"
#include "cubeloom/kernel/stats/stats.h"
#include "cubeloom/wire/graph_text.h"
#include "gtest/gtest.h"

namespace cubeloom::resolve {
namespace {

KernelCatalogue Catalogue() {
  KernelCatalogue catalogue;
  EXPECT_TRUE(RegisterFlowKernels(catalogue).ok());
  EXPECT_TRUE(RegisterStatsKernels(catalogue).ok());
  return catalogue;
}

absl::Status Check(const std::string& nodes) {
  const absl::StatusOr<graph::Graph> graph = wire::ReadGraph("name: t\nnodes:\n" + nodes, "t.yaml");
  if (!graph.ok()) return graph.status();
  return CheckKernels(*graph, Catalogue());
}

constexpr char kSource[] = "- {id: img, source: {uri: a.fits, single: true}}\n";

TEST(CheckKernelsTest, AGoodGraphPasses) {
  EXPECT_TRUE(Check(std::string(kSource) + "- {id: stats, kernel: image.statistics, inputs: {image: img}}\n"
                                           "- {id: out, sink: {uri: o.json}, inputs: {value: stats}}\n")
                  .ok());
}

// CheckStructure knows the ports of sources and commands; saying it twice would look like two mistakes.
TEST(CheckKernelsTest, PortsOfSourcesAreLeftToCheckStructure) {
  EXPECT_TRUE(
      Check(std::string(kSource) + "- {id: s, kernel: image.statistics, inputs: {image: \"img:dta\"}}\n")
          .ok());
}

TEST(CheckKernelsTest, EachMistakeIsNamedWithPlaceAndTheNearestKnownName) {
  struct Case {
    const char* what;
    const char* nodes;
    const char* message;
  };
  const Case cases[] = {
      {"unknown kernel", "- {id: s, kernel: image.statistic, inputs: {image: img}}\n",
       "did you mean 'image.statistics'"},
      {"unknown port", "- {id: s, kernel: image.statistics, inputs: {imag: img}}\n", "did you mean 'image'"},
      {"missing port", "- {id: s, kernel: image.statistics}\n", "needs this input"},
      {"unknown parameter", "- {id: s, kernel: flow.sleep, args: {second: 1}}\n", "did you mean 'seconds'"},
      {"wrong type", "- {id: s, kernel: flow.sleep, args: {seconds: soon}}\n", "seconds"},
      {"unknown deferred parameter",
       "- {id: s, scatter: {count: 2}}\n- {id: f, in: s, kernel: flow.sleep, args: {secnds: "
       "\"${s.index}\"}}\n",
       "did you mean 'seconds'"},
      {"kind mismatch",
       "- {id: s, kernel: image.statistics, inputs: {image: img}}\n"
       "- {id: u, kernel: image.statistics, inputs: {image: s}}\n",
       "gives value"},
      {"unknown output port",
       "- {id: w, kernel: flow.sleep}\n- {id: s, kernel: flow.sleep, inputs: {after: \"w:dne\"}}\n",
       "did you mean 'done'"},
      {"sink without input", "- {id: out, sink: {uri: o.json}}\n", "a sink needs an input"},
  };
  for (const Case& c : cases) {
    const absl::Status status = Check(std::string(kSource) + c.nodes);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.what;
    EXPECT_TRUE(absl::StrContains(status.message(), c.message)) << c.what << ": " << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "t.yaml:")) << c.what << ": " << status;
  }
}

TEST(CheckKernelsTest, AllMistakesAreListedUpToTwenty) {
  std::string nodes;
  for (int i = 0; i < 30; ++i) nodes += "- {id: k" + std::to_string(i) + ", kernel: no.such}\n";
  const std::string message(Check(nodes).message());
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 19);
}

}  // namespace
}  // namespace cubeloom::resolve
