// The engine's own cost: a Reduce over a 10^8 element f32 "file" (reads copy, as pread does), against the
// same copies and additions written by hand; a cheap Map against memcpy; the tree merger alone. Answers are
// checked first.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/api/tree_merger.h"

namespace cubeloom {
namespace {

constexpr int64_t kLeafWords = 32768;  // 64-bit words of a canonical leaf of f32

const std::vector<uint64_t>& Data() {
  static const auto& data = *[] {
    auto* v = new std::vector<uint64_t>(50'000'000);
    for (size_t i = 0; i < v->size(); ++i) (*v)[i] = i * 0x9e3779b97f4a7c15u >> 7;
    return v;
  }();
  return data;
}

uint64_t AddWords(const uint64_t* words, int64_t count) {
  uint64_t a = 0, b = 0, c = 0, d = 0;
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) a += words[i], b += words[i + 1], c += words[i + 2], d += words[i + 3];
  for (; i < count; ++i) a += words[i];
  return a + b + c + d;
}

// 10000 x 10000 f32 whose reads copy into the reader's memory.
class FileLike : public Array {
 public:
  FileLike() { desc_.shape = {10000, 10000}; }
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    const size_t bytes = static_cast<size_t>(box.elements()) * 4;
    CL_ASSIGN_OR_RETURN(MutableBuffer memory, context.allocator->Allocate(bytes));
    const std::byte* from = reinterpret_cast<const std::byte*>(Data().data());
    std::memcpy(memory.data(), from + (box.origin[0] * 10000 + box.origin[1]) * 4, bytes);
    return Chunk{DType::kF32, box, ContiguousStrides(box.extent), std::move(memory).Publish(), Buffer()};
  }

 private:
  ArrayDesc desc_;
};

// Adds the elements' bits as 64-bit words.
class AddBits : public ReduceKernel {
 public:
  struct Sum : State {
    uint64_t sum = 0;
  };
  explicit AddBits(bool order_free) : order_free_(order_free) {
    info_.name = "benchmark.add";
    info_.shape = KernelShape::kReduce;
    info_.inputs = {{"array", PayloadKind::kArray, "", false, false, {DType::kF32}}};
    info_.outputs = {{"sum", PayloadKind::kValue, "", false, false, {}}};
  }
  const KernelInfo& info() const override { return info_; }
  bool order_free() const override { return order_free_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    return std::vector<OutputDesc>{KindOutput(PayloadKind::kValue)};
  }
  std::unique_ptr<State> NewState(const Invocation&, const Plan*) const override {
    return std::make_unique<Sum>();
  }
  absl::Status Accumulate(const Call& call, State& state, const KernelContext&) const override {
    const Chunk& chunk = (*call.in)[0][0];
    static_cast<Sum&>(state).sum += AddWords(chunk.as<uint64_t>(), chunk.box.elements() / 2);
    return absl::OkStatus();
  }
  absl::Status Merge(State& left, const State& right) const override {
    static_cast<Sum&>(left).sum += static_cast<const Sum&>(right).sum;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Payload>> Finish(const Invocation&, const Plan*, State& state,
                                              const KernelContext&) const override {
    return std::vector<Payload>{Value(static_cast<int64_t>(static_cast<Sum&>(state).sum))};
  }
  absl::StatusOr<std::string> Encode(const State&) const override {
    return absl::UnimplementedError("benchmark");
  }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view) const override {
    return absl::UnimplementedError("benchmark");
  }

 private:
  const bool order_free_;
  KernelInfo info_;
};

void CheckAnswer(bool ok) {
  if (!ok) std::abort();
}

void BM_ReduceFile(benchmark::State& state) {
  const AddBits kernel(state.range(1) != 0);
  const auto pool = MakeThreadPool(static_cast<int>(state.range(0)), "bench");
  ExecuteOptions options;
  options.executor = pool.get();
  const std::vector<PortPayloads> inputs = {{ArrayPtr(std::make_shared<FileLike>())}};
  const int64_t expected = static_cast<int64_t>(AddWords(Data().data(), static_cast<int64_t>(Data().size())));
  for (auto _ : state) {
    const auto result = Execute(kernel, Args(), inputs, options);
    CheckAnswer(result.ok() && (*result)[0].value().integer() == expected);
  }
  state.SetBytesProcessed(state.iterations() * 400'000'000);
}
BENCHMARK(BM_ReduceFile)
    ->Args({1, 0})
    ->Args({2, 0})
    ->Args({2, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// The same by hand: each thread copies the next leaf into its own buffer and adds it.
void BM_ReduceByHand(benchmark::State& state) {
  const int64_t words = static_cast<int64_t>(Data().size());
  const uint64_t expected = AddWords(Data().data(), words);
  for (auto _ : state) {
    std::atomic<int64_t> next{0};
    std::atomic<uint64_t> total{0};
    const auto work = [&] {
      std::vector<uint64_t> buffer(kLeafWords);
      for (int64_t at; (at = next.fetch_add(kLeafWords)) < words;) {
        const int64_t count = std::min(kLeafWords, words - at);
        std::memcpy(buffer.data(), Data().data() + at, static_cast<size_t>(count) * 8);
        total += AddWords(buffer.data(), count);
      }
    };
    std::vector<std::thread> threads;
    for (int64_t i = 1; i < state.range(0); ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    CheckAnswer(total == expected);
  }
  state.SetBytesProcessed(state.iterations() * 400'000'000);
}
BENCHMARK(BM_ReduceByHand)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

// Copies its input: what is left is the engine and the sink.
class CopyMap : public MapKernel {
 public:
  CopyMap() {
    info_.name = "benchmark.copy";
    info_.shape = KernelShape::kMap;
    info_.inputs = {{"array", PayloadKind::kArray, "", false, false, {DType::kF32}}};
    info_.outputs = {{"array", PayloadKind::kArray, "", false, false, {}}};
  }
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    return std::vector<OutputDesc>{ArrayOutput(LikeArray(inputs[0].arrays[0], DType::kF32))};
  }
  absl::Status Run(const Call& call, const KernelContext&) const override {
    std::memcpy(call.data[0], (*call.in)[0][0].data.data(), static_cast<size_t>(call.out.elements()) * 4);
    return absl::OkStatus();
  }

 private:
  KernelInfo info_;
};

void BM_MapFile(benchmark::State& state) {
  const CopyMap kernel;
  const auto pool = MakeThreadPool(static_cast<int>(state.range(0)), "bench");
  ExecuteOptions options;
  options.executor = pool.get();
  const std::vector<PortPayloads> inputs = {{ArrayPtr(std::make_shared<FileLike>())}};
  for (auto _ : state) {
    const auto result = Execute(kernel, Args(), inputs, options);
    CheckAnswer(result.ok());
    const Chunk last = (*result)[0].array()->Read({{9999, 9998}, {1, 2}}, ReadContext()).value();
    CheckAnswer(std::memcmp(last.data.data(), &Data().back(), 8) == 0);
  }
  state.SetBytesProcessed(state.iterations() * 400'000'000);
}
BENCHMARK(BM_MapFile)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_TreeMerger(benchmark::State& state) {
  const AddBits kernel(false);
  const int64_t leaves = 100'000;
  const auto pool = MakeThreadPool(static_cast<int>(state.range(0)), "bench");
  for (auto _ : state) {
    TreeMerger merger(&kernel, leaves);
    const absl::Status status = ParallelFor(*pool, leaves, CancelToken(), [&](int64_t leaf) {
      auto sum = std::make_unique<AddBits::Sum>();
      sum->sum = static_cast<uint64_t>(leaf);
      return merger.Add(leaf, std::move(sum));
    });
    const auto root = merger.Take();
    CheckAnswer(status.ok() && static_cast<AddBits::Sum&>(**root).sum == 4999950000u);
  }
  state.SetItemsProcessed(state.iterations() * leaves);
}
BENCHMARK(BM_TreeMerger)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace cubeloom

BENCHMARK_MAIN();
