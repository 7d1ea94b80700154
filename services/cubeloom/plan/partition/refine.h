// The coarsest equitable partition of a graph: which drops are alike.
//
// A partition into classes is *equitable* when all vertices of a class have, for every class B, equally many
// successors in B and equally many predecessors in B (an edge that stands twice counts twice). Unrolled
// graphs have few classes however many drops they have; a random graph has as many as vertices.
//
// Found by colour refinement (1-dimensional Weisfeiler-Leman): sweeps along the edges and against them colour
// each vertex by its own colour and those of its neighbours, until a sweep each way splits no class. Along a
// topological order one sweep carries a difference through the whole graph, so few are needed.
#ifndef CUBELOOM_PLAN_PARTITION_REFINE_H_
#define CUBELOOM_PLAN_PARTITION_REFINE_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "cubeloom/plan/partition/dag.h"

namespace cubeloom::plan {

struct Classes {
  std::vector<uint32_t>
      class_of;  // per vertex, 0 .. count - 1, numbered by first vertex in topological order
  std::vector<Vertex> representative;  // per class, its first vertex in that order
  std::vector<uint32_t> size;          // per class
  size_t count() const { return representative.size(); }
};

// `order` is a topological order; `color` (per vertex) tells what must not be mixed from the start. The
// result is verified to be equitable. Colours are 64-bit hashes, so two unlike vertices could share one by
// chance; should the check find that, every vertex is a class of its own: still right, only slower to use.
// Pure: the same on every machine. Cost: O(sweeps * edges), 20 bytes a vertex.
Classes Refine(const DagView& dag, absl::Span<const Vertex> order, absl::Span<const uint32_t> color);

// The graph of the classes: an edge where any member has one; it is acyclic. Each edge once.
Dag Quotient(const DagView& dag, const Classes& classes);

}  // namespace cubeloom::plan

#endif  // CUBELOOM_PLAN_PARTITION_REFINE_H_
