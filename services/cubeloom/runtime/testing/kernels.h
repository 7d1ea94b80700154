// Small kernels and in-memory ports for tests of the runtime.
#ifndef CUBELOOM_RUNTIME_TESTING_KERNELS_H_
#define CUBELOOM_RUNTIME_TESTING_KERNELS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/runtime/exec/ports.h"

namespace cubeloom::runtime {

// A Task of one output from a function: inputs by declared port. `optional` ports end in '?', variadic ones
// in '*'.
using TaskFunction =
    std::function<absl::StatusOr<Payload>(const Invocation& invocation, const KernelContext& context)>;
void AddTask(KernelCatalogue& catalogue, const std::string& name, const std::vector<std::string>& inputs,
             TaskFunction run, std::vector<ParamSpec> params = {});

// test.scale (Map: array f32 -> array f32, parameter "factor"), test.smear (Map with a halo of 1 along the
// slowest axis: sum of three rows), test.sum (Reduce: array -> value, sum in double), test.noop (Task: any?
// -> null value), test.add (Task: values* -> their sum), test.index (Task: x? , parameter "index" -> that
// value).
KernelCatalogue TestKernels();

// Sources by node id; a payload per instance, or a function for all.
class FakeSources : public SourcePort {
 public:
  using Make = std::function<absl::StatusOr<Payload>(int64_t instance)>;
  void Set(const std::string& node, Make make) { makers_[node] = std::move(make); }
  absl::StatusOr<Payload> Open(const graph::Node& node, int64_t instance,
                               const ReadContext& context) override;

 private:
  std::map<std::string, Make> makers_;
};

// Keeps what sinks get as text: values as JSON, arrays as their digest. Two calls for one URI replace each
// other.
class FakeSinks : public SinkPort {
 public:
  absl::StatusOr<SinkResult> Write(const SinkRequest& request) override;
  absl::StatusOr<SinkResult> Persist(const PersistRequest& request) override;
  std::map<std::string, std::string> files() const;

 private:
  mutable absl::Mutex mu_;
  std::map<std::string, std::string> files_ ABSL_GUARDED_BY(mu_);
};

// Spilled bytes in memory (outside every budget); can be told to fail.
class FakeSpill : public SpillPort {
 public:
  absl::StatusOr<uint64_t> Append(absl::Span<const std::byte> bytes) override;
  absl::Status Read(uint64_t handle, absl::Span<std::byte> out) override;
  void Delete(uint64_t handle) override;
  void FailAppends(absl::Status status);
  void Corrupt();  // every record from now on reads as DataLoss
  int64_t alive() const;
  int64_t appended() const;

 private:
  mutable absl::Mutex mu_;
  std::map<uint64_t, std::vector<std::byte>> records_ ABSL_GUARDED_BY(mu_);
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  bool corrupt_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_ ABSL_GUARDED_BY(mu_) = 1;
  int64_t appended_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace cubeloom::runtime

#endif  // CUBELOOM_RUNTIME_TESTING_KERNELS_H_
