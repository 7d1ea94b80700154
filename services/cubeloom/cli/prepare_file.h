// What unroll, plan and `validate --sources` begin with.
#ifndef CUBELOOM_CLI_PREPARE_FILE_H_
#define CUBELOOM_CLI_PREPARE_FILE_H_

#include "absl/status/statusor.h"
#include "cubeloom/cli/commands.h"
#include "cubeloom/engine/prepare.h"

namespace cubeloom::cli {

// Reads, checks, resolves and unrolls a graph file with this machine's cores and files.
absl::StatusOr<engine::Prepared> PrepareFile(const ValidateFlags& flags, const KernelCatalogue& catalogue);

}  // namespace cubeloom::cli

#endif  // CUBELOOM_CLI_PREPARE_FILE_H_
