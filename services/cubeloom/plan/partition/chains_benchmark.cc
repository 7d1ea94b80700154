// Planning graphs of 10 k to 10 M drops with the exact degree of parallelism, and random graphs without any
// symmetry. The result is checked before its time counts.
#include <chrono>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/figure.h"
#include "cubeloom/plan/partition/partition.h"

namespace cubeloom::plan {
namespace {

// Channels of 100 facets: a broadcast, a chain of four apps per facet, a fan-in per channel, and a gather of
// seven channels with a ragged last one. Groups: apps 0, data 1.
struct Imaging {
  explicit Imaging(Vertex channels) {
    const Vertex sky = Add(0), sky_data = Out(sky);
    std::vector<Vertex> mosaics;
    for (Vertex c = 0; c < channels; ++c) {
      const Vertex mosaic = Add(0);
      for (int f = 0; f < 100; ++f) {
        Vertex data = sky_data;
        for (int step = 0; step < 4; ++step) {
          const Vertex app = Add(0);
          edges.emplace_back(data, app);
          data = Out(app);
        }
        edges.emplace_back(data, mosaic);
      }
      mosaics.push_back(Out(mosaic));
    }
    const Vertex cube = Add(0);
    for (size_t first = 0; first < mosaics.size(); first += 7) {
      const Vertex average = Add(0);
      for (size_t c = first; c < std::min(first + 7, mosaics.size()); ++c)
        edges.emplace_back(mosaics[c], average);
      edges.emplace_back(Out(average), cube);
    }
    Out(cube);
  }
  Vertex Add(uint32_t kind) {
    group.push_back(kind);
    return static_cast<Vertex>(group.size() - 1);
  }
  Vertex Out(Vertex app) {
    const Vertex data = Add(1);
    edges.emplace_back(app, data);
    return data;
  }
  std::vector<uint32_t> group;
  std::vector<std::pair<Vertex, Vertex>> edges;
};

const std::vector<GroupCost>& Costs() {
  static const auto* const costs =
      new std::vector<GroupCost>{{1, {1000, 1 << 20, 0}, 0, false}, {0, {}, 100, true}};
  return *costs;
}

absl::StatusOr<double> PlanSeconds(const Dag& dag, const std::vector<uint32_t>& group, int64_t width) {
  const auto start = std::chrono::steady_clock::now();
  const CostedDag graph{dag.view(), group, Costs()};
  const Amounts limits = {8000, int64_t{16} << 30, 0};
  const absl::StatusOr<Symmetry> symmetry = Symmetry::Make(graph.dag, group);
  if (!symmetry.ok()) return symmetry.status();
  const absl::StatusOr<Bound> bound = LowerBound(graph, *symmetry, limits);
  if (!bound.ok()) return bound.status();
  const absl::StatusOr<Partition> partition = PartitionByChains(graph, *bound, limits);
  if (!partition.ok()) return partition.status();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!bound->width[kCores].exact || bound->width[kCores].value != 1000 * width ||
      partition->parts != bound->parts) {
    return absl::InternalError(absl::StrCat("width ", bound->width[kCores].value, ", ", partition->parts,
                                            " partitions; expected ", 1000 * width, " and ", bound->parts));
  }
  return seconds;
}

// 20 000 vertices in a random order with edges to later ones nearby: no two alike.
absl::StatusOr<double> RandomWidthSeconds(Vertex vertices) {
  std::mt19937_64 random(1);
  std::vector<std::pair<Vertex, Vertex>> edges;
  for (Vertex v = 0; v + 1 < vertices; ++v) {
    for (int k = 0; k < 3; ++k) {
      const Vertex most = std::min<Vertex>(vertices - 1 - v, 400);
      edges.emplace_back(v, v + 1 + static_cast<Vertex>(random() % most));
    }
  }
  const absl::StatusOr<Dag> dag = Dag::Make(vertices, edges);
  if (!dag.ok()) return dag.status();
  const auto start = std::chrono::steady_clock::now();
  const absl::StatusOr<Symmetry> symmetry = Symmetry::Make(dag->view(), std::vector<uint32_t>(vertices, 0));
  if (!symmetry.ok()) return symmetry.status();
  const absl::StatusOr<Width> width = symmetry->WidthOf(std::vector<int64_t>{1});
  if (!width.ok()) return width.status();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!width->exact || static_cast<int64_t>(width->classes.size()) != width->value)
    return absl::InternalError("the antichain does not prove the width");
  return seconds;
}

absl::StatusOr<double> PeakMemory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    int64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return static_cast<double>(kib) / 1024;
  }
  return absl::NotFoundError("no VmHWM in /proc/self/status");
}

int Main(int argc, char** argv) {
  bench::Session session(argc, argv);
  double small = 0, large = 0;
  const struct {
    const char* name;
    Vertex channels;
    double target;
    double* per_drop;
  } sizes[] = {{"plan 10 k drops", 12, 0.1, &small},
               {"plan 100 k drops", 125, 1, nullptr},
               {"plan 1 M drops", 1250, 10, nullptr},
               {"plan 10 M drops", 12500, 120, &large}};
  for (const auto& size : sizes) {
    const Imaging imaging(size.channels);
    const absl::StatusOr<Dag> dag = Dag::Make(imaging.group.size(), imaging.edges);
    if (!dag.ok()) return 1;
    session.Run({.name = size.name, .unit = "s", .target = size.target}, [&]() -> absl::StatusOr<double> {
      absl::StatusOr<double> seconds = PlanSeconds(*dag, imaging.group, int64_t{100} * size.channels);
      if (seconds.ok() && size.per_drop != nullptr)
        *size.per_drop = *seconds / static_cast<double>(imaging.group.size());
      return seconds;
    });
  }
  session.Run({.name = "plan 10 M drops: peak memory", .unit = "MiB", .target = 8192}, PeakMemory);
  session.Run({.name = "plan: time per drop, 10 M against 10 k", .unit = "x", .target = 2},
              [&]() -> absl::StatusOr<double> { return large / small; });
  session.Run({.name = "degree of parallelism, random graph of 20 k", .unit = "s", .target = 30},
              [] { return RandomWidthSeconds(20000); });
  return session.Finish();
}

}  // namespace
}  // namespace cubeloom::plan

int main(int argc, char** argv) { return cubeloom::plan::Main(argc, argv); }
