#include "cubeloom/kernel/testing/conformance.h"

#include "cubeloom/kernel/api/param_check.h"
#include "cubeloom/kernel/testing/conformance_run.h"
#include "gtest/gtest.h"

namespace cubeloom {

std::vector<std::string> FindViolations(const Kernel& kernel, const std::vector<ConformanceCase>& cases,
                                        const ConformanceOptions& options) {
  std::vector<std::string> violations;
  const absl::Status declaration = CheckDeclaration(kernel);
  if (!declaration.ok()) violations.push_back("declaration: " + declaration.ToString());
  if (cases.empty()) violations.push_back("no case was given");
  int64_t most_leaves = 0;
  for (const ConformanceCase& test_case : cases) {
    CaseRun run(kernel, test_case, &violations);
    if (!run.Prepare()) continue;
    CheckSchedules(run);
    CheckMachines(run);
    CheckMapChunks(run, options);
    CheckInputs(run, options);
    CheckSpecialInputs(run, options);
    CheckFailures(run);
    CheckStates(run, options, &most_leaves);
    CheckCancelling(run);
  }
  if (!cases.empty()) CheckArguments(kernel, options, cases[0], &violations);
  if (kernel.info().shape == KernelShape::kReduce && most_leaves < 3 && !options.allow_single_leaf) {
    violations.push_back("no case has 3 leaves: the merging was not tested");
  }
  return violations;
}

void RunConformance(const Kernel& kernel, const std::vector<ConformanceCase>& cases,
                    const ConformanceOptions& options) {
  for (const std::string& violation : FindViolations(kernel, cases, options)) {
    ADD_FAILURE() << kernel.info().identity() << ": " << violation;
  }
}

}  // namespace cubeloom
