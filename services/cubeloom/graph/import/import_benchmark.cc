// Importing a generated EAGLE file of 10 MB, after the result has been checked.
#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/figure.h"
#include "cubeloom/graph/import/import.h"

namespace cubeloom::graph {
namespace {

// One field as EAGLE 6.4 writes it.
std::string Field(const std::string& id, const char* name, const char* value, const char* usage) {
  return absl::StrCat(
      R"({"name":")", name, R"(","value":")", value, R"(","defaultValue":"","description":"",)",
      R"("readonly":false,"type":"Unknown","precious":false,"options":[],"positional":false,)",
      R"("encoding":"pickle","id":")", id, R"(","parameterType":"ConstraintParameter","usage":")", usage,
      R"("})");
}

std::string Id(int64_t n) {
  return absl::StrCat(absl::Hex(n, absl::kZeroPad8), "-1100-4a9e-b612-5e406cef281e");
}

void AddNode(int64_t n, std::string& text) {
  const bool app = n % 2 == 0;
  absl::StrAppend(
      &text, n == 0 ? "" : ",", R"({"category":")", app ? "DALiuGEApp" : "Memory", R"(","categoryType":")",
      app ? "Application" : "Data", R"(","isGroup":false,"color":"#2c2c2c","drawOrderHint":0,"id":")", Id(n),
      R"(","name":"Step )", n,
      R"(","description":"","comment":"","x":426.661526848515,"y":331.7269629898679,)",
      R"("repositoryUrl":"","commitHash":"","paletteDownloadUrl":"","dataHash":"","parentId":null,)",
      R"("fields":[)");
  const char* const names[] = {"persist",  "streaming", "group_end", app ? "execution_time" : "data_volume",
                               "num_cpus", "dropclass"};
  int k = 0;
  for (const char* name : names)
    absl::StrAppend(&text, Field(absl::StrCat(Id(n), k++), name, "1", "NoPort"), ",");
  absl::StrAppend(&text, Field(absl::StrCat(Id(n), "p"), "io", "", "InputOutput"),
                  R"(],"inputAppFields":[],"outputAppFields":[],"inputApplicationName":"",)",
                  R"("inputApplicationType":"None","inputApplicationId":null,"outputApplicationName":"",)",
                  R"("outputApplicationType":"None","outputApplicationId":null})");
}

// A chain of applications and data.
std::string Chain(int64_t nodes) {
  std::string text = R"({"modelData":{"schemaVersion":"OJS","filePath":"chain.graph"},"nodeDataArray":[)";
  for (int64_t n = 0; n < nodes; ++n) AddNode(n, text);
  text += R"(],"linkDataArray":[)";
  for (int64_t n = 1; n < nodes; ++n) {
    absl::StrAppend(&text, n == 1 ? "" : ",", R"({"from":")", Id(n - 1), R"(","fromPort":")", Id(n - 1),
                    R"(p","to":")", Id(n), R"(","toPort":")", Id(n),
                    R"(p","loop_aware":"0","closesLoop":false,"comment":""})");
  }
  return text + "]}";
}

absl::StatusOr<double> Measure(const std::string& text, int64_t nodes) {
  const auto start = std::chrono::steady_clock::now();
  const absl::StatusOr<Imported> imported = ImportGraph(text, {});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!imported.ok()) return imported.status();
  const Graph& graph = imported->graph;
  if (graph.nodes.size() != static_cast<size_t>(nodes)) return absl::InternalError("wrong number of nodes");
  for (size_t n = 1; n < graph.nodes.size(); ++n) {
    if (graph.nodes[n].inputs.size() != 1 || graph.nodes[n].inputs[0].from[0].node != graph.nodes[n - 1].id) {
      return absl::InternalError(absl::StrCat("node ", n, " has the wrong input"));
    }
  }
  return seconds * 1e3;
}

int Main(int argc, char** argv) {
  bench::Session session(argc, argv);
  int64_t nodes = 1000;
  nodes = nodes * 10'000'000 / static_cast<int64_t>(Chain(nodes).size());
  const std::string text = Chain(nodes);
  session.Run({.name = "import an EAGLE graph of 10 MB", .unit = "ms", .target = 200},
              [&] { return Measure(text, nodes); });
  return session.Finish();
}

}  // namespace
}  // namespace cubeloom::graph

int main(int argc, char** argv) { return cubeloom::graph::Main(argc, argv); }
