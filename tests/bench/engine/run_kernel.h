// Running a kernel on a file as an application would, without graph and scheduler.
#ifndef CUBELOOM_TESTS_BENCH_ENGINE_RUN_KERNEL_H_
#define CUBELOOM_TESTS_BENCH_ENGINE_RUN_KERNEL_H_

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/base/executor.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/store/probe/probe.h"

namespace cubeloom::bench {

using Outputs = std::map<std::string, Payload>;  // by port

// A running process: kernels, two threads, a probe helper that has started. For one thread.
class Engine {
 public:
  // The kernels of kernel/stats and kernel/image.
  Engine();
  // Opens the file's image, runs the kernel on it as input `port`, composites by their steps, and gives the
  // outputs.
  struct Call {
    const char* kernel;
    const char* port;
    Value::Map args;
  };
  absl::StatusOr<Outputs> Run(const std::string& path, const Call& call);

 private:
  absl::StatusOr<Outputs> RunStep(const std::string& name, const Value::Map& args, const Outputs& inputs);

  KernelCatalogue kernels_;
  std::unique_ptr<Executor> pool_;
  std::unique_ptr<ProbeClient> probe_;
};

// Wall time of a block of code.
class Stopwatch {
 public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace cubeloom::bench

#endif  // CUBELOOM_TESTS_BENCH_ENGINE_RUN_KERNEL_H_
