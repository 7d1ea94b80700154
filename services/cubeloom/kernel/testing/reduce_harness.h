// A Reduce taken apart: leaf states one by one, for tests that put them together in their own way.
#ifndef CUBELOOM_KERNEL_TESTING_REDUCE_HARNESS_H_
#define CUBELOOM_KERNEL_TESTING_REDUCE_HARNESS_H_

#include <memory>
#include <string>
#include <vector>

#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// One invocation. Not thread-safe.
class ReduceHarness {
 public:
  using StatePtr = std::unique_ptr<ReduceKernel::State>;

  // Binds, infers and prepares; everything given must outlive it.
  static absl::StatusOr<std::unique_ptr<ReduceHarness>> Make(const ReduceKernel& kernel, const Args& args,
                                                             absl::Span<const PortPayloads> inputs);
  // The number of leaves of the array.
  int64_t leaves() const { return leaves_.size(); }
  StatePtr NewState() const;
  // Adds a leaf to a state; a leaf outside the region adds nothing and gives false.
  absl::StatusOr<bool> Accumulate(int64_t leaf, ReduceKernel::State& state,
                                  const CancelToken& cancel = {}) const;
  absl::StatusOr<std::vector<Payload>> Finish(ReduceKernel::State& state) const;

 private:
  explicit ReduceHarness(const ReduceKernel& kernel) : kernel_(kernel) {}

  const ReduceKernel& kernel_;
  std::vector<PortPayloads> inputs_;
  std::vector<OutputDesc> outputs_;
  Invocation invocation_;
  std::unique_ptr<ReduceKernel::Plan> plan_;
  ChunkGrid leaves_;
  Box region_;
};

// `kernel` with the state taken through Encode and Decode before every Merge, on both sides. It must outlive
// the result. A state that encodes differently after decoding makes Merge fail with Internal.
std::unique_ptr<ReduceKernel> MakeRoundTrip(const ReduceKernel& kernel);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TESTING_REDUCE_HARNESS_H_
