// Graphs for this module's tests, and the naive answers to compare with.
#ifndef CUBELOOM_PLAN_PARTITION_RANDOM_DAGS_TEST_H_
#define CUBELOOM_PLAN_PARTITION_RANDOM_DAGS_TEST_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "cubeloom/plan/partition/dag.h"

namespace cubeloom::plan {

using Edges = std::vector<std::pair<Vertex, Vertex>>;

// Each pair with probability `density`, under shuffled numbers; about one edge in ten stands twice.
inline Edges RandomEdges(size_t vertices, double density, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Vertex> name(vertices);
  for (size_t v = 0; v < vertices; ++v) name[v] = static_cast<Vertex>(v);
  std::shuffle(name.begin(), name.end(), random);
  std::uniform_real_distribution<double> uniform;
  Edges edges;
  for (size_t a = 0; a < vertices; ++a) {
    for (size_t b = a + 1; b < vertices; ++b) {
      if (uniform(random) >= density) continue;
      edges.emplace_back(name[a], name[b]);
      if (uniform(random) < 0.1) edges.emplace_back(name[a], name[b]);
    }
  }
  return edges;
}

// before[a] has bit b when b can be reached from a. At most 64 vertices.
inline std::vector<uint64_t> Reachable(const DagView& dag) {
  std::vector<uint64_t> reach(dag.size(), 0);
  const std::vector<Vertex> order = TopologicalOrder(dag).value();
  for (auto v = order.rbegin(); v != order.rend(); ++v) {
    for (const Vertex to : dag.successors(*v)) reach[*v] |= reach[to] | uint64_t{1} << to;
  }
  return reach;
}

inline bool IsAntichain(const std::vector<uint64_t>& reach, uint64_t members) {
  for (size_t v = 0; v < reach.size(); ++v) {
    if ((members >> v & 1) != 0 && (reach[v] & members) != 0) return false;
  }
  return true;
}

// By trying every set of vertices. At most some 20 vertices.
inline int64_t NaiveWidth(const DagView& dag, absl::Span<const int64_t> weights) {
  const std::vector<uint64_t> reach = Reachable(dag);
  int64_t best = 0;
  for (uint64_t set = 0; set < uint64_t{1} << dag.size(); ++set) {
    int64_t sum = 0;
    for (size_t v = 0; v < dag.size(); ++v) sum += (set >> v & 1) != 0 ? weights[v] : 0;
    if (sum > best && IsAntichain(reach, set)) best = sum;
  }
  return best;
}

}  // namespace cubeloom::plan

#endif  // CUBELOOM_PLAN_PARTITION_RANDOM_DAGS_TEST_H_
