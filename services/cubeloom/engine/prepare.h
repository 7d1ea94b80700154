// From a graph file to drops that can run: read, bind, check, expand, resolve, unroll, infer.
#ifndef CUBELOOM_ENGINE_PREPARE_H_
#define CUBELOOM_ENGINE_PREPARE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cubeloom/base/executor.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/graph/unroll/physical_graph.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/resolve/infer.h"
#include "cubeloom/resolve/sources.h"

namespace cubeloom::engine {

// A graph that was read and checked, but whose sources were not looked at.
struct CheckedGraph {
  graph::Graph written;   // as the user wrote it
  graph::Graph bound;     // parameters put in; composites still whole
  graph::Graph expanded;  // composites taken apart
  Value::Map parameters;  // final values
};

// Reads and checks a graph file, in our format or a foreign one (graph/import), told by content. `set` holds
// "name=value" texts. All errors name file, line, node and field.
absl::StatusOr<CheckedGraph> CheckGraphFile(const std::string& file, const std::vector<std::string>& set,
                                            const KernelCatalogue& catalogue);
// The same for a text; `name` stands for the file in messages.
absl::StatusOr<CheckedGraph> CheckGraphText(const std::string& text, const std::string& name,
                                            const std::vector<std::string>& set,
                                            const KernelCatalogue& catalogue);

struct Prepared {
  CheckedGraph checked;
  graph::PhysicalGraph physical;
  resolve::Sources sources;
  std::vector<resolve::BlockFacts> facts;  // by block
  std::map<std::string, std::vector<std::string>>
      instance_names;  // item names by scatter, for ${scatter.name}
  absl::Duration resolve_time, unroll_time;
};

// Lists sources, reads their headers, unrolls and infers. `executor` reads headers in parallel.
absl::StatusOr<Prepared> Prepare(CheckedGraph checked, const KernelCatalogue& catalogue,
                                 const resolve::Environment& environment, Executor& executor,
                                 const CancelToken& cancel);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_PREPARE_H_
