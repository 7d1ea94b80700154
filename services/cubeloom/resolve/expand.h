// Composite kernels become the kernels they are made of, before unrolling.
#ifndef CUBELOOM_RESOLVE_EXPAND_H_
#define CUBELOOM_RESOLVE_EXPAND_H_

#include "absl/status/statusor.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom::resolve {

// Replaces each node that names a composite kernel by its steps: the step "" keeps the node's id, a step "s"
// gets
// "<node>.s". Composites may consist of composites. A generated node that equals another kernel node (same
// construct, kernel, arguments and inputs) is dropped in favour of that one, so that a histogram and the
// statistics beside it read the image once. Nodes of the user are never dropped. The graph must have passed
// CheckKernels.
absl::StatusOr<graph::Graph> ExpandComposites(graph::Graph graph, const KernelCatalogue& catalogue);

}  // namespace cubeloom::resolve

#endif  // CUBELOOM_RESOLVE_EXPAND_H_
