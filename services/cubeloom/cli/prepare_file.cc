#include "cubeloom/cli/prepare_file.h"

#include <memory>
#include <utility>

#include "cubeloom/base/executor.h"
#include "cubeloom/engine/capacity.h"

namespace cubeloom::cli {

absl::StatusOr<engine::Prepared> PrepareFile(const ValidateFlags& flags, const KernelCatalogue& catalogue) {
  absl::StatusOr<engine::CheckedGraph> checked = engine::CheckGraphFile(flags.file, flags.set, catalogue);
  if (!checked.ok()) return checked.status();
  const std::unique_ptr<ProbeClient> probe = MakeProbeClient();
  const resolve::Environment environment{&LocalStore(), probe.get(), ""};
  const std::unique_ptr<Executor> executor = MakeThreadPool(engine::ReadCapacity().cores, "prepare");
  return engine::Prepare(*std::move(checked), catalogue, environment, *executor, CancelToken());
}

}  // namespace cubeloom::cli
