// Running kernels of this module in tests, composites included.
#ifndef CUBELOOM_KERNEL_STATS_TEST_UTIL_H_
#define CUBELOOM_KERNEL_STATS_TEST_UTIL_H_

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/cpu.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/stats/stats.h"

namespace cubeloom {

inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInf = std::numeric_limits<float>::infinity();

inline const KernelCatalogue& TestCatalogue() {
  static const KernelCatalogue& catalogue = *[] {
    auto* c = new KernelCatalogue;
    if (!RegisterStatsKernels(*c).ok()) std::abort();
    return c;
  }();
  return catalogue;
}

using NamedPayloads = std::map<std::string, Payload>;

// Runs kernel `name` on inputs by port name and gives its outputs by port name. A composite is expanded and
// its steps are run in order, as the engine would.
inline absl::StatusOr<NamedPayloads> RunKernel(const std::string& name, const Value::Map& given,
                                               const NamedPayloads& inputs,
                                               const ExecuteOptions& options = {}) {
  CL_ASSIGN_OR_RETURN(const Kernel* kernel, TestCatalogue().Get(name));
  CL_ASSIGN_OR_RETURN(const Args args, BindArgs(kernel->info(), given));
  std::vector<PortPayloads> ports;
  for (const PortSpec& port : kernel->info().inputs) {
    ports.emplace_back();
    if (const auto it = inputs.find(port.name); it != inputs.end()) ports.back().push_back(it->second);
  }
  NamedPayloads results;
  if (kernel->info().shape != KernelShape::kComposite) {
    CL_ASSIGN_OR_RETURN(const std::vector<Payload> out, Execute(*kernel, args, ports, options));
    for (size_t i = 0; i < out.size(); ++i) results[kernel->info().outputs[i].name] = out[i];
    return results;
  }
  CL_RETURN_IF_ERROR(kernel->Infer(args, Describe(ports)).status());
  CL_ASSIGN_OR_RETURN(const auto steps, static_cast<const CompositeKernel*>(kernel)->Expand(args));
  NamedPayloads known;
  for (const auto& [port, payload] : inputs) known["$" + port] = payload;
  for (const CompositeKernel::Step& step : steps) {
    NamedPayloads step_inputs;
    for (const auto& [port, from] : step.inputs) {
      if (const auto it = known.find(from); it != known.end()) step_inputs[port] = it->second;
    }
    CL_ASSIGN_OR_RETURN(results, RunKernel(step.kernel, step.args, step_inputs, options));
    for (const auto& [port, payload] : results) known[absl::StrCat(step.name, ":", port)] = payload;
  }
  return results;
}

// The single output, as JSON text: equal text means equal bits of every real.
inline std::string JsonOf(const absl::StatusOr<NamedPayloads>& results, const std::string& port) {
  if (!results.ok()) return std::string(results.status().ToString());
  return results->at(port).value().ToJson();
}

// Calls f for each instruction set that this machine has.
template <typename F>
void ForEachSimdLevel(F&& f) {
  for (const SimdLevel level : {SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level > DetectedSimdLevel()) continue;
    SetSimdLevel(level);
    f();
  }
  SetSimdLevel(SimdLevel::kV4);
}

// A reproducible sequence in [0, 1).
class TestRandom {
 public:
  explicit TestRandom(uint64_t seed) : state_(seed * 2654435761u + 1) {}
  double Uniform() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }
  double Gauss() { return std::sqrt(-2 * std::log(1 - Uniform())) * std::cos(6.283185307179586 * Uniform()); }

 private:
  uint64_t state_;
};

// A view of an array whose reads are strided: the box lies in a wider buffer of garbage.
class StridedArray : public Array {
 public:
  StridedArray(ArrayPtr base, int64_t padding) : base_(std::move(base)), padding_(padding) {}
  const ArrayDesc& desc() const override { return base_->desc(); }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_ASSIGN_OR_RETURN(Chunk chunk, base_->Read(box, context));
    CL_ASSIGN_OR_RETURN(chunk, MakeContiguous(chunk, *context.allocator));
    const size_t size = DTypeSize(chunk.dtype);
    const int last = box.rank() - 1;
    Shape wide = box.extent;
    wide[last] += padding_;
    CL_ASSIGN_OR_RETURN(MutableBuffer buffer, context.allocator->Allocate(wide.elements() * size));
    std::memset(buffer.data(), 0x5a, buffer.size());
    Chunk out = chunk;
    out.strides = ContiguousStrides(wide);
    Chunk to = out;
    to.box = box;
    ForEachRow(to, [&](int64_t offset, int64_t linear) {
      std::memcpy(buffer.data() + offset * size, chunk.data.data() + linear * size, box.extent[last] * size);
    });
    out.data = std::move(buffer).Publish();
    return out;
  }

 private:
  const ArrayPtr base_;
  const int64_t padding_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_STATS_TEST_UTIL_H_
