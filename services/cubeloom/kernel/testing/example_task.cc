// example.sorted.
#include <algorithm>
#include <cmath>

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/testing/example_kernels.h"

namespace cubeloom {
namespace {

class ExampleSorted : public TaskKernel {
 public:
  ExampleSorted() {
    info_.name = "example.sorted";
    info_.shape = KernelShape::kTask;
    info_.summary = "The numbers of an array in ascending order.";
    info_.inputs = {{"array", PayloadKind::kArray, "numbers", false, false, {DType::kF64}}};
    info_.outputs = {{"table", PayloadKind::kTable, "one column", false, false, {}}};
    info_.ns_per_element = 100;
  }
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_RETURN_IF_ERROR(InferInputs(info_, inputs).Rank("array", 1, kMaxRank));
    return std::vector<OutputDesc>{KindOutput(PayloadKind::kTable)};
  }
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    const Array& array = *invocation.inputs[0][0].array();
    std::vector<double> values;
    // Merged leaf by leaf, so that the token is polled between pieces of bounded work.
    const ChunkGrid leaves = CanonicalLeaves(array.desc().shape, array.desc().dtype);
    for (int64_t leaf = 0; leaf < leaves.size(); ++leaf) {
      CL_RETURN_IF_ERROR(context.cancel.status());
      CL_ASSIGN_OR_RETURN(const Chunk chunk, array.Read(leaves.BoxOf(leaf), context.read()));
      const size_t sorted = values.size();
      ForEachRow(chunk, [&](int64_t offset, int64_t) {
        const double* row = chunk.as<double>() + offset;
        std::copy_if(row, row + chunk.box.extent[chunk.box.rank() - 1], std::back_inserter(values),
                     [](double v) { return !std::isnan(v); });
      });
      std::sort(values.begin() + static_cast<std::ptrdiff_t>(sorted), values.end());
      std::inplace_merge(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(sorted), values.end());
    }
    auto table = std::make_shared<Table>();
    table->columns.push_back({"value", "", "", std::move(values), {}});
    return std::vector<Payload>{Payload(TablePtr(std::move(table)))};
  }

 private:
  KernelInfo info_;
};

}  // namespace

std::unique_ptr<TaskKernel> MakeExampleSorted() { return std::make_unique<ExampleSorted>(); }

}  // namespace cubeloom
