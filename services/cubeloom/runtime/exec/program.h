// A graph made ready to run: every block with its kernel, bound arguments and policies, everything checked
// that can be checked before the first drop runs.
#ifndef CUBELOOM_RUNTIME_EXEC_PROGRAM_H_
#define CUBELOOM_RUNTIME_EXEC_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/runtime/exec/run.h"
#include "cubeloom/runtime/sched/policy.h"

namespace cubeloom::runtime {

struct BlockProgram {
  const graph::Node* node = nullptr;
  const Kernel* kernel = nullptr;  // kernel blocks
  Args args;                       // bound, unless args_per_instance
  bool args_per_instance = false;  // they hold references to the drop's indices
  std::vector<int> kernel_port;    // by input of the node: the kernel's input port
  std::vector<int> kernel_output;  // by output port of the block: the kernel's output
  std::vector<bool> link_grid;     // by link: takes one chunk of an array
  bool pulls = false;              // streaming Map: outputs are computed when read
  bool content_digest = false;     // of its data: a sink takes them, or they are persisted
  int64_t timeout_ns = 0;          // per attempt; 0: none
  std::string what;                // kernel identity, "source", "sink" or "command"
};

struct Program {
  std::vector<BlockProgram> blocks;  // as PhysicalGraph::blocks
  std::vector<BlockPolicy> policy;
  std::vector<bool> included;  // for RunOptions::only; empty: all
};

// InvalidArgument that names file, node and field: unknown kernel, port or parameter, missing input, a
// request for what this machine has not (GPUs, commands, ports of the run).
absl::StatusOr<Program> MakeProgram(const graph::PhysicalGraph& graph, const RunOptions& options,
                                    const RunPorts& ports);

// Arguments of one drop of a block with args_per_instance.
absl::StatusOr<Args> BindDropArgs(const graph::PhysicalGraph& graph, const BlockProgram& block, DropId app,
                                  const RunOptions& options);

// Whether a string inside the value holds "${".
bool HasReference(const Value& value);

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_EXEC_PROGRAM_H_
