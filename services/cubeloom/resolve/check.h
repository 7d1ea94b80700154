// Checks a graph against the kernel catalogue, before any file is opened.
#ifndef CUBELOOM_RESOLVE_CHECK_H_
#define CUBELOOM_RESOLVE_CHECK_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom::resolve {

// Kernels exist, ports exist and are fed, each edge joins ports of one kind, arguments have the declared
// names, types and ranges. Each error stands on a line of its own with file, line, node and field, and the
// nearest known name; up to 20 are listed. The graph has passed CheckStructure and BindParameters.
absl::Status CheckKernels(const graph::Graph& graph, const KernelCatalogue& catalogue);

// Output port names by node: {"data"} of sources, the declared ones of kernels, those of commands.
std::map<std::string, std::vector<std::string>> OutputPorts(const graph::Graph& graph,
                                                            const KernelCatalogue& catalogue);

// What a command's outputs are, by its media type (see exthost/command_host.h): array, table, value or blob.
PayloadKind CommandOutputKind(const graph::CommandSpec& command);

}  // namespace cubeloom::resolve

#endif  // CUBELOOM_RESOLVE_CHECK_H_
