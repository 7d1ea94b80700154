// The suite's own tools.
#include <atomic>
#include <cmath>
#include <cstring>

#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/testing/array_variants.h"
#include "cubeloom/kernel/testing/conformance_run.h"
#include "cubeloom/kernel/testing/example_kernels.h"
#include "cubeloom/kernel/testing/guard_allocator.h"
#include "cubeloom/kernel/testing/reduce_harness.h"
#include "cubeloom/kernel/testing/shuffling_executor.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

Digest DigestOf(const ArrayPtr& array) { return ContentDigest(array, ReadContext()).value(); }

TEST(GuardAllocatorTest, BlocksAreAlignedFilledAndChecked) {
  GuardAllocator allocator({0x5A, -1});
  for (const size_t bytes : {0, 1, 63, 64, 65, 4095, 4096, 4097}) {
    MutableBuffer block = allocator.Allocate(bytes).value();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % kBufferAlignment, 0u);
    for (size_t i = 0; i < bytes; ++i) EXPECT_EQ(block.data()[i], std::byte{0x5A});
  }
  EXPECT_EQ(allocator.damaged(), 0);
  for (const int64_t at : {-1, 100}) {
    MutableBuffer block = allocator.Allocate(100).value();
    block.data()[at] = std::byte{0};
  }
  EXPECT_EQ(allocator.damaged(), 2);
}

TEST(GuardAllocatorTest, RefusesFromTheGivenRequestOn) {
  GuardAllocator allocator({0, 2});
  EXPECT_TRUE(allocator.Allocate(1).ok());
  EXPECT_TRUE(allocator.Allocate(1).ok());
  EXPECT_EQ(allocator.Allocate(1).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(allocator.Allocate(1).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(allocator.requests(), 4);
}

TEST(GuardAllocatorTest, TheNextByteIsAFault) {
  const MutableBuffer block = AllocateBeforeGuard(10).value();
  volatile const std::byte* data = const_cast<MutableBuffer&>(block).data();
  EXPECT_EQ(static_cast<int>(data[9]), 0);
  EXPECT_DEATH((void)data[10], "");
}

TEST(SampleArrayTest, SeedsDecideAndFractionsHold) {
  SampleOptions options;
  options.nan_fraction = 0.5;
  const ArrayPtr a = SampleArray({50, 50}, options);
  EXPECT_EQ(DigestOf(a), DigestOf(SampleArray({50, 50}, options)));
  int nan = 0;
  const std::vector<double> values = ValuesOf(*a).value();
  for (const double v : values) nan += std::isnan(v);
  EXPECT_NEAR(nan, 1250, 150);
  options.seed = 2;
  EXPECT_NE(DigestOf(a), DigestOf(SampleArray({50, 50}, options)));
  for (const DType dtype : {DType::kBool, DType::kU8, DType::kI8, DType::kU16, DType::kI16, DType::kU32,
                            DType::kI32, DType::kU64, DType::kI64, DType::kF64}) {
    options.dtype = dtype;
    options.min = -1e30;
    options.max = 1e30;
    options.invalid_fraction = 0.1;
    EXPECT_EQ(SampleArray({10}, options)->desc().dtype, dtype);
  }
}

TEST(ArrayOfTest, RefusesValuesWithoutAnExactForm) {
  ArrayDesc desc;
  desc.dtype = DType::kU8;
  desc.shape = {1};
  for (const double bad : {-1.0, 256.0, 0.5, -0.0}) EXPECT_FALSE(ArrayOf(desc, {bad}).ok()) << bad;
  EXPECT_FALSE(ArrayOf(desc, {1, 2}).ok());
  const ArrayPtr blank = ArrayOf(desc, {std::nan("")}).value();
  EXPECT_FALSE(blank->Read({{0}, {1}}, ReadContext())->valid(0));
  EXPECT_TRUE(std::isnan(ValuesOf(*blank).value()[0]));
}

TEST(ArrayVariantsTest, EveryVariantHoldsTheSameContent) {
  SampleOptions options;
  options.dtype = DType::kI16;
  options.invalid_fraction = 0.3;
  for (const Shape& shape : {Shape{7}, Shape{5, 7}, Shape{3, 5, 7}}) {
    const ArrayPtr array = SampleArray(shape, options);
    const Digest expected = DigestOf(array);
    EXPECT_EQ(DigestOf(MakeGuarded(array)), expected);
    EXPECT_EQ(DigestOf(MakeStrided(array)), expected);
    EXPECT_EQ(DigestOf(MakeJittery(array, 1)), expected);
    EXPECT_EQ(DigestOf(WithNaturalChunk(array, shape)), expected);
    EXPECT_EQ(DigestOf(AsDType(AsDType(array, DType::kF64).value(), DType::kI16).value()), expected);
  }
  const Chunk strided = MakeStrided(SampleArray({5, 7}))->Read({{1, 2}, {3, 4}}, ReadContext()).value();
  EXPECT_FALSE(strided.contiguous());
  EXPECT_TRUE(std::isnan(strided.as<float>()[4]));
}

TEST(ArrayVariantsTest, HooksSeeEveryRead) {
  int64_t last = -1;
  const ArrayPtr hooked = MakeHooked(SampleArray({4}), [&](int64_t n, const Box&) {
    last = n;
    return n == 1 ? absl::DataLossError("second") : absl::OkStatus();
  });
  EXPECT_TRUE(hooked->Read({{0}, {4}}, ReadContext()).ok());
  EXPECT_FALSE(hooked->Read({{0}, {4}}, ReadContext()).ok());
  EXPECT_EQ(last, 1);
}

TEST(ShufflingExecutorTest, RunsEveryTaskBeforeItEnds) {
  std::atomic<int> runs{0};
  {
    const auto executor = MakeShufflingExecutor(3, 1);
    EXPECT_EQ(executor->concurrency(), 4);
    for (int i = 0; i < 100; ++i) executor->Execute([&] { ++runs; });
  }
  EXPECT_EQ(runs, 100);
}

TEST(ReduceHarnessTest, LeavesOneByOneGiveTheSameSum) {
  const auto kernel = MakeExampleExtrema();
  const Args args;
  const auto inputs = OnePerPort({SampleArray({300, 1000})});
  const auto harness = ReduceHarness::Make(*kernel, args, inputs).value();
  EXPECT_EQ(harness->leaves(), 5);
  const auto state = harness->NewState();
  for (int64_t leaf = 0; leaf < harness->leaves(); ++leaf) EXPECT_TRUE(*harness->Accumulate(leaf, *state));
  const auto whole = Execute(*kernel, args, inputs, {});
  EXPECT_EQ(Difference((*whole)[0], (*harness->Finish(*state))[0]), "");
}

TEST(DifferenceTest, SaysWhere) {
  EXPECT_EQ(Difference(Value(1), Value(1)), "");
  EXPECT_EQ(Difference(Value(1), Value(2)), "1 became 2");
  EXPECT_EQ(Difference(Value(1), SampleArray({1})), "value became array");
  EXPECT_EQ(Difference(ArrayFromVector<float>({2}, {1, 2}), ArrayFromVector<float>({2}, {1, 3})),
            "element 1 of 2 f32: 2.0 became 3.0");
  EXPECT_EQ(Difference(ArrayFromVector<float>({2}, {1, 2}), ArrayFromVector<float>({1}, {1})),
            "2 f32 became 1 f32");
}

}  // namespace
}  // namespace cubeloom
