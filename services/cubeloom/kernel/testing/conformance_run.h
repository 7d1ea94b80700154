// What the parts of the conformance suite share: one case, runs of it, and how two runs are compared.
#ifndef CUBELOOM_KERNEL_TESTING_CONFORMANCE_RUN_H_
#define CUBELOOM_KERNEL_TESTING_CONFORMANCE_RUN_H_

#include <string>
#include <vector>

#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/testing/conformance.h"

namespace cubeloom {

using Results = absl::StatusOr<std::vector<Payload>>;
using Inputs = std::vector<PortPayloads>;

// One case with its plain run. Not thread-safe.
class CaseRun {
 public:
  // `violations` outlives it.
  CaseRun(const Kernel& kernel, const ConformanceCase& test_case, std::vector<std::string>* violations);

  // Binds the arguments, makes the inputs, runs once; false (with a violation) when that fails.
  bool Prepare();

  const Kernel& kernel() const { return kernel_; }
  const Args& args() const { return args_; }
  const Inputs& inputs() const { return inputs_; }
  const Results& expected() const { return expected_; }

  // Runs with other inputs or options and expects the plain run's results. `what` names the run.
  void ExpectSame(absl::string_view what, const Inputs& inputs, const ExecuteOptions& options);
  void ExpectSame(absl::string_view what, const Results& results) { ExpectEqual(what, expected_, results); }
  // Two runs: the same digests, or failures of the same code.
  void ExpectEqual(absl::string_view what, const Results& expected, const Results& results);
  void Violation(absl::string_view what, absl::string_view text);

  // A run with cheap options: what Execute() gives.
  Results Run(const Inputs& inputs, const ExecuteOptions& options) const;

 private:
  const Kernel& kernel_;
  const ConformanceCase& case_;
  std::vector<std::string>* const violations_;
  Args args_;
  Inputs inputs_;
  Results expected_ = absl::UnknownError("not run");
};

// "" when both hold the same content, else where they differ.
std::string Difference(const Payload& a, const Payload& b);

// Sinks that copy every chunk, so that a kernel writes to memory of the context's allocator.
ArraySinkFactory MakeCopyingSink();

// The parts. Each adds violations to the run.
void CheckSchedules(CaseRun& run);
void CheckMachines(CaseRun& run);
void CheckMapChunks(CaseRun& run, const ConformanceOptions& options);
void CheckInputs(CaseRun& run, const ConformanceOptions& options);
void CheckSpecialInputs(CaseRun& run, const ConformanceOptions& options);
void CheckFailures(CaseRun& run);
void CheckStates(CaseRun& run, const ConformanceOptions& options, int64_t* most_leaves);
void CheckCancelling(CaseRun& run);
// Arguments against the schema; `first` is the case whose inputs and other arguments are good.
void CheckArguments(const Kernel& kernel, const ConformanceOptions& options, const ConformanceCase& first,
                    std::vector<std::string>* violations);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TESTING_CONFORMANCE_RUN_H_
