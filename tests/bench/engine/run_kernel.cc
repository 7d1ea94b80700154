#include "bench/engine/run_kernel.h"

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/engine/noise_file.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/image/image.h"
#include "cubeloom/kernel/stats/stats.h"
#include "cubeloom/store/fits/fits.h"

namespace cubeloom::bench {
namespace {

std::unique_ptr<ProbeClient> StartProbe() {
  ProbeOptions options;
  options.program = ProgramPath("cubeloom-probe");
  std::unique_ptr<ProbeClient> probe = MakeProbeClient(options);
  (void)probe->Warm();  // a failure shows in the first call
  return probe;
}

}  // namespace

Engine::Engine() : pool_(MakeThreadPool(2, "bench")), probe_(StartProbe()) {
  absl::Status status = RegisterStatsKernels(kernels_);
  status.Update(RegisterImageKernels(kernels_));
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

absl::StatusOr<Outputs> Engine::Run(const std::string& path, const Call& call) {
  CL_ASSIGN_OR_RETURN(const ArrayPtr image, OpenFits({LocalStore(), *probe_}, path));
  return RunStep(call.kernel, call.args, {{call.port, image}});
}

absl::StatusOr<Outputs> Engine::RunStep(const std::string& name, const Value::Map& given,
                                        const Outputs& inputs) {
  CL_ASSIGN_OR_RETURN(const Kernel* kernel, kernels_.Get(name));
  CL_ASSIGN_OR_RETURN(const Args args, BindArgs(kernel->info(), given));
  std::vector<PortPayloads> ports;
  for (const PortSpec& port : kernel->info().inputs) {
    ports.emplace_back();
    if (const auto it = inputs.find(port.name); it != inputs.end()) ports.back().push_back(it->second);
  }
  Outputs results;
  if (kernel->info().shape != KernelShape::kComposite) {
    ExecuteOptions options;
    options.executor = pool_.get();
    CL_ASSIGN_OR_RETURN(const std::vector<Payload> out, Execute(*kernel, args, ports, options));
    for (size_t i = 0; i < out.size(); ++i) results[kernel->info().outputs[i].name] = out[i];
    return results;
  }
  CL_ASSIGN_OR_RETURN(const auto steps, static_cast<const CompositeKernel*>(kernel)->Expand(args));
  Outputs known, all;
  for (const auto& [port, payload] : inputs) known["$" + port] = payload;
  for (const CompositeKernel::Step& step : steps) {
    Outputs step_inputs;
    for (const auto& [port, from] : step.inputs) {
      if (const auto it = known.find(from); it != known.end()) step_inputs[port] = it->second;
    }
    CL_ASSIGN_OR_RETURN(results, RunStep(step.kernel, step.args, step_inputs));
    for (const auto& [port, payload] : results) known[absl::StrCat(step.name, ":", port)] = payload;
    all.insert(results.begin(), results.end());  // a composite's steps have ports of different names
  }
  return all;
}

}  // namespace cubeloom::bench
