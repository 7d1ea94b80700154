#include "cubeloom/kernel/synth/synth.h"

#include <cmath>
#include <set>

#include "cubeloom/kernel/api/execute.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

class SynthTest : public ::testing::Test {
 protected:
  SynthTest() { EXPECT_TRUE(RegisterSynthKernels(catalogue_).ok()); }
  absl::StatusOr<Payload> RunKernel(const char* name, const std::vector<PortPayloads>& inputs,
                                    const Value::Map& given, Shape chunk = Shape()) {
    const Kernel* kernel = catalogue_.Find(name);
    absl::StatusOr<Args> args = BindArgs(kernel->info(), given);
    if (!args.ok()) return args.status();
    ExecuteOptions options;
    options.force_chunk = chunk;
    absl::StatusOr<std::vector<Payload>> out = Execute(*kernel, *args, inputs, options);
    if (!out.ok()) return out.status();
    return (*out)[0];
  }
  static std::vector<float> Pixels(const Payload& payload) {
    const ArrayPtr& array = payload.array();
    const Chunk chunk =
        MakeContiguous(*array->Read(Box::Whole(array->desc().shape), ReadContext()), Allocator::Heap())
            .value();
    return std::vector<float>(chunk.as<float>(), chunk.as<float>() + chunk.box.elements());
  }
  static Payload Flat(const Shape& shape, float value) {
    return Payload(ArrayFromVector<float>(shape, std::vector<float>(shape.elements(), value)));
  }
  KernelCatalogue catalogue_;
};

TEST_F(SynthTest, UniformNumbersNeverReachTheEndsAndStreamsDiffer) {
  std::set<double> seen;
  for (uint64_t n = 0; n < 1000; ++n) {
    const double u = UniformAt(7, 1, n);
    EXPECT_GT(u, 0);
    EXPECT_LT(u, 1);
    seen.insert(u);
    seen.insert(UniformAt(7, 2, n));
  }
  EXPECT_EQ(seen.size(), 2000u);
}

TEST_F(SynthTest, NoiseHasTheAskedMomentsAndDoesNotDependOnChunks) {
  const Shape shape{1000, 1000};
  const std::vector<PortPayloads> inputs = {{Flat(shape, 10)}, {Flat(shape, 2)}};
  const auto whole = RunKernel("synth.noise", inputs, {{"seed", Value(5)}});
  ASSERT_TRUE(whole.ok()) << whole.status();
  double sum = 0, squares = 0;
  const std::vector<float> pixels = Pixels(*whole);
  for (const float v : pixels) sum += v - 10.0, squares += (v - 10.0) * (v - 10.0);
  EXPECT_NEAR(sum / 1e6, 0, 4 * 2e-3);
  EXPECT_NEAR(std::sqrt(squares / 1e6), 2, 4 * 2 / std::sqrt(2e6));
  EXPECT_EQ(Pixels(*RunKernel("synth.noise", inputs, {{"seed", Value(5)}}, {7, 13})), pixels);
  EXPECT_NE(Pixels(*RunKernel("synth.noise", inputs, {{"seed", Value(6)}})), pixels);
}

TEST_F(SynthTest, InjectedHitsAreWhereTheTableSaysAndTheCheckCountsThem) {
  const Shape shape{64, 48};
  const auto hits = RunKernel("synth.cosmic_rays", {{Flat(shape, 1)}}, {{"count", Value(20)}});
  ASSERT_TRUE(hits.ok()) << hits.status();
  const int64_t rows = hits->table()->rows();
  ASSERT_GE(rows, 20);
  const auto image = RunKernel("synth.inject", {{Flat(shape, 0)}, {*hits}}, {}, {5, 7});
  ASSERT_TRUE(image.ok()) << image.status();
  int64_t touched = 0;
  for (const float v : Pixels(*image)) touched += v >= 20;
  EXPECT_EQ(touched, rows);
  const auto clean =
      RunKernel("synth.check_removal", {{Flat(shape, 0)}, {Flat(shape, 0)}, {Flat(shape, 1)}, {*hits}}, {});
  ASSERT_TRUE(clean.ok()) << clean.status();
  EXPECT_EQ(clean->value().Find("gone")->integer(), rows);
  const auto dirty =
      RunKernel("synth.check_removal", {{*image}, {Flat(shape, 0)}, {Flat(shape, 1)}, {*hits}}, {});
  EXPECT_EQ(dirty.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SynthTest, BadInputsAreNamed) {
  EXPECT_FALSE(RunKernel("synth.noise", {{Flat({2, 2}, 1)}, {Flat({2, 3}, 1)}}, {}).ok());
  EXPECT_FALSE(RunKernel("synth.cosmic_rays", {{Flat({4}, 1)}}, {}).ok());
  const auto hits = RunKernel("synth.cosmic_rays", {{Flat({64, 64}, 1)}}, {{"count", Value(50)}});
  ASSERT_TRUE(hits.ok());
  const auto outside = RunKernel("synth.inject", {{Flat({2, 2}, 0)}, {*hits}}, {});
  EXPECT_EQ(outside.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(outside.status().message().find("outside"), absl::string_view::npos);
}

}  // namespace
}  // namespace cubeloom
