#include "cubeloom/kernel/api/execute.h"

#include <atomic>
#include <cmath>
#include <numeric>

#include "cubeloom/kernel/testing/example_kernels.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using testing::HasSubstr;

ArrayPtr Ramp(const Shape& shape) {
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), 0.0f);
  return ArrayFromVector(shape, values);
}

// Counts reads and elements; fails or cancels at one of them.
class Observed : public Array {
 public:
  explicit Observed(ArrayPtr array) : array_(std::move(array)) {}
  const ArrayDesc& desc() const override { return array_->desc(); }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    elements += box.elements();
    if (++reads == fail_at) return absl::DataLossError("bad sector");
    if (reads == cancel_at) source.Cancel();
    return array_->Read(box, context);
  }
  int fail_at = 0, cancel_at = 0;
  mutable CancelSource source;
  mutable std::atomic<int> reads{0};
  mutable std::atomic<int64_t> elements{0};

 private:
  const ArrayPtr array_;
};

Args Bind(const Kernel& kernel, const Value::Map& given = {}) {
  return BindArgs(kernel.info(), given).value();
}

TEST(ExecuteReduceTest, SumsAllLeaves) {
  const auto kernel = MakeExampleSum();
  const Args args = Bind(*kernel, {{"scale", 2.0}});
  const std::vector<PortPayloads> inputs = {{Ramp({700, 1001})}, {}};
  const auto result = Execute(*kernel, args, inputs, {});
  ASSERT_TRUE(result.ok()) << result.status();
  const double n = 700700;
  EXPECT_EQ((*result)[0].value().Find("count")->integer(), 700700);
  EXPECT_EQ((*result)[0].value().Find("sum")->real(), n * (n - 1));
}

TEST(ExecuteReduceTest, LeavesOutsideTheRegionAreNotRead) {
  const auto kernel = MakeExampleSum();
  const Args args = Bind(*kernel, {{"region", Value::List{100, 103, 5, 7}}});
  const auto array = std::make_shared<Observed>(Ramp({2000, 1000}));
  const auto result = Execute(*kernel, args, std::vector<PortPayloads>{{ArrayPtr(array)}, {}}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)[0].value().Find("count")->integer(), 6);
  EXPECT_EQ((*result)[0].value().Find("sum")->real(), 2 * (100005.0 + 101005 + 102005) + 3);
  EXPECT_EQ(array->reads, 1);
  EXPECT_EQ(array->elements, 6);
}

TEST(ExecuteReduceTest, EmptyArraysAndEmptyRegionsGiveTheEmptyState) {
  const auto kernel = MakeExampleSum();
  const struct {
    Shape shape;
    Value::Map args;
  } cases[] = {{{0}, {}},
               {{3, 0, 5}, {}},
               {{10, 10}, {{"region", Value::List{3, 3, 0, 9}}}},
               {{10, 10}, {{"region", Value::List{30, 33, 0, 9}}}}};
  for (const auto& c : cases) {
    const auto result =
        Execute(*kernel, Bind(*kernel, c.args), std::vector<PortPayloads>{{Ramp(c.shape)}, {}}, {});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ((*result)[0].value().Find("count")->integer(), 0) << c.shape.ToString();
  }
}

TEST(ExecuteReduceTest, ASecondArrayOfTheSameShapeComesAlong) {
  const auto kernel = MakeExampleSum();
  const std::vector<PortPayloads> inputs = {{ArrayFromVector<float>({2, 2}, {1, 2, 3, 4})},
                                            {ArrayFromVector<uint8_t>({2, 2}, {0, 1, 0, 2})}};
  const auto result = Execute(*kernel, Bind(*kernel), inputs, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)[0].value().Find("sum")->real(), 10);
}

TEST(ExecuteReduceTest, ReadErrorsNameKernelPortAndBox) {
  const auto kernel = MakeExampleSum();
  for (const int threads : {1, 4}) {
    const auto pool = MakeThreadPool(threads, "reduce");
    const auto array = std::make_shared<Observed>(Ramp({1000, 1000}));
    array->fail_at = 3;
    ExecuteOptions options;
    options.executor = pool.get();
    const auto result =
        Execute(*kernel, Bind(*kernel), std::vector<PortPayloads>{{ArrayPtr(array)}, {}}, options);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(result.status().message()),
                HasSubstr("kernel 'example.sum': reading input 'array' (1000x1000 f32) at ["));
  }
}

TEST(ExecuteTest, ACancelledRunStopsAtTheNextPieceOfWork) {
  const auto sum = MakeExampleSum();
  const auto extrema = MakeExampleExtrema();
  const auto blur = MakeExampleBlur();
  const auto sorted = MakeExampleSorted();
  for (const Kernel* kernel :
       std::initializer_list<const Kernel*>{sum.get(), extrema.get(), blur.get(), sorted.get()}) {
    for (const int threads : {1, 4}) {
      const auto pool = MakeThreadPool(threads, "cancel");
      const auto array = std::make_shared<Observed>(Ramp({1000, 1000}));
      array->cancel_at = 2;
      ExecuteOptions options;
      options.executor = threads == 1 ? &InlineExecutor() : pool.get();
      options.context.cancel = array->source.token();
      options.force_chunk = {16, 1000};
      std::vector<PortPayloads> inputs(kernel->info().inputs.size());
      inputs[0] = {Payload(ArrayPtr(array))};
      const auto result = Execute(*kernel, Bind(*kernel), inputs, options);
      EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled) << kernel->info().name;
      EXPECT_LE(array->reads, 2 + threads) << kernel->info().name;
    }
  }
}

TEST(ExecuteMapTest, WritesInPlaceOrByCopyTheSame) {
  const auto kernel = MakeExampleBlur();
  const Args args = Bind(*kernel, {{"radius", 2}});
  const std::vector<PortPayloads> inputs = {{Ramp({37, 41})}};
  const auto whole = Execute(*kernel, args, inputs, {});
  ASSERT_TRUE(whole.ok()) << whole.status();
  const Digest expected = ContentDigest((*whole)[0], ReadContext()).value();
  for (const Shape& chunk : {Shape{1, 41}, Shape{16, 41}, Shape{5, 7}, Shape{1, 1}, Shape{100, 3}}) {
    ExecuteOptions options;
    options.force_chunk = chunk;
    const auto result = Execute(*kernel, args, inputs, options);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(ContentDigest((*result)[0], ReadContext()).value(), expected) << chunk.ToString();
  }
  const Chunk all = (*whole)[0].array()->Read({{18, 20}, {1, 1}}, ReadContext()).value();
  EXPECT_EQ(all.as<float>()[0], 18 * 41 + 20);  // the mean of a ramp is its middle
}

TEST(ExecuteMapTest, InvalidElementsCarryBitsAndOnlyWhereThereAreAny) {
  const auto kernel = MakeExampleThreshold();
  const Args args = Bind(*kernel, {{"limit", 2}});
  const std::vector<PortPayloads> some = {{ArrayFromVector<float>({5}, {1, std::nanf(""), 3, 2, 9})}};
  const auto result = Execute(*kernel, args, some, {});
  ASSERT_TRUE(result.ok()) << result.status();
  const Chunk chunk = (*result)[0].array()->Read(Box::Whole({5}), ReadContext()).value();
  EXPECT_EQ(chunk.dtype, DType::kBool);
  const bool valid[] = {true, false, true, true, true}, value[] = {false, false, true, false, true};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(chunk.valid(i), valid[i]);
    EXPECT_TRUE(!valid[i] || chunk.as<bool>()[i] == value[i]);
  }
  const auto none = Execute(*kernel, args, std::vector<PortPayloads>{{Ramp({5})}}, {});
  EXPECT_FALSE(static_cast<bool>((*none)[0].array()->Read(Box::Whole({5}), ReadContext())->validity));
}

TEST(ExecuteMapTest, BroadcastsInputsOfOtherShapes) {
  const auto kernel = MakeExampleAdd();
  const std::vector<PortPayloads> inputs = {{ArrayFromVector<float>({2, 1, 3}, {1, 2, 3, 4, 5, 6})},
                                            {ArrayFromVector<float>({2, 1}, {10, 20})}};
  for (const Shape& chunk : {Shape{}, Shape{1, 1, 2}}) {
    ExecuteOptions options;
    options.force_chunk = chunk;
    const auto result = Execute(*kernel, Bind(*kernel), inputs, options);
    ASSERT_TRUE(result.ok()) << result.status();
    const Chunk sum = (*result)[0].array()->Read(Box::Whole({2, 2, 3}), ReadContext()).value();
    const float expected[] = {11, 12, 13, 21, 22, 23, 14, 15, 16, 24, 25, 26};
    for (int i = 0; i < 12; ++i) EXPECT_EQ(sum.as<float>()[i], expected[i]);
  }
  const std::vector<PortPayloads> bad = {{Ramp({2, 3})}, {Ramp({4})}};
  EXPECT_EQ(Execute(*kernel, Bind(*kernel), bad, {}).status().message(),
            "kernel 'example.add': the shapes 2x3 and 4 do not fit each other (axes must be equal or 1)");
}

TEST(ExecuteMapTest, EmptyOutputsWork) {
  const auto kernel = MakeExampleBlur();
  const auto result = Execute(*kernel, Bind(*kernel), std::vector<PortPayloads>{{Ramp({0, 7})}}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*result)[0].array()->desc().shape, (Shape{0, 7}));
}

TEST(ExecuteMapTest, AWrongForcedChunkIsRefused) {
  const auto kernel = MakeExampleBlur();
  ExecuteOptions options;
  options.force_chunk = {5};
  EXPECT_EQ(
      Execute(*kernel, Bind(*kernel), std::vector<PortPayloads>{{Ramp({4, 7})}}, options).status().code(),
      absl::StatusCode::kInvalidArgument);
}

TEST(ExecuteTest, ProgressEndsAtOne) {
  const auto kernel = MakeExampleBlur();
  ExecuteOptions options;
  double last = 0;
  options.progress = [&](double fraction) {
    EXPECT_GT(fraction, last);
    last = fraction;
  };
  options.force_chunk = {3, 7};
  ASSERT_TRUE(Execute(*kernel, Bind(*kernel), std::vector<PortPayloads>{{Ramp({20, 20})}}, options).ok());
  EXPECT_EQ(last, 1.0);
}

TEST(ComputedArrayTest, ReadsComputeJustTheirBox) {
  const auto kernel = MakeExampleBlur();
  const Args args = Bind(*kernel);
  const auto source = std::make_shared<Observed>(Ramp({100, 100}));
  const std::vector<PortPayloads> inputs = {{Payload(ArrayPtr(source))}};
  const ArrayPtr computed = MakeComputedArray(*kernel, args, inputs, 0).value();
  EXPECT_EQ(source->reads, 0);
  const Chunk chunk = computed->Read({{50, 60}, {2, 3}}, ReadContext()).value();
  EXPECT_EQ(source->elements, 4 * 5);
  EXPECT_EQ(chunk.as<float>()[0], 5060);
  const auto stored = Execute(*kernel, args, inputs, {});
  EXPECT_EQ(ContentDigest(computed, ReadContext()).value(),
            ContentDigest((*stored)[0], ReadContext()).value());
}

TEST(ComputedArrayTest, BadBoxesOutputsAndCancelledReadsAreErrors) {
  const auto kernel = MakeExampleThreshold();
  const Args args = Bind(*kernel, {{"limit", 1}});
  const std::vector<PortPayloads> inputs = {{Ramp({10})}};
  EXPECT_EQ(MakeComputedArray(*kernel, args, inputs, 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(MakeComputedArray(*kernel, args, {}, 0).ok());
  const ArrayPtr computed = MakeComputedArray(*kernel, args, inputs, 0).value();
  EXPECT_EQ(computed->Read({{5}, {6}}, ReadContext()).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(computed->Read({{5, 1}, {6, 1}}, ReadContext()).status().code(), absl::StatusCode::kOutOfRange);
  CancelSource source;
  source.Cancel();
  EXPECT_EQ(computed->Read({{0}, {1}}, {&Allocator::Heap(), source.token()}).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace cubeloom
