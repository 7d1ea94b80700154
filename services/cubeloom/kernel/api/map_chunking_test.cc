#include "cubeloom/kernel/api/map_chunking.h"

#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/testing/example_kernels.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

// An array that is only a description.
class Described : public Array {
 public:
  explicit Described(ArrayDesc desc) : desc_(std::move(desc)) {}
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box&, const ReadContext&) const override {
    return absl::InternalError("read");
  }

 private:
  const ArrayDesc desc_;
};

struct Instance {
  Instance(const MapKernel& kernel, const Shape& shape, const Shape& natural) {
    ArrayDesc desc;
    desc.shape = shape;
    desc.natural_chunk = natural;
    args = BindArgs(kernel.info(), {}).value();
    inputs = {{Payload(ArrayPtr(std::make_shared<Described>(desc)))}};
    InputDesc input;
    input.arrays = {desc};
    input.count = 1;
    outputs = InferOutputs(kernel, args, {input}).value();
    invocation = {&args, inputs, outputs};
  }
  Args args;
  std::vector<PortPayloads> inputs;
  std::vector<OutputDesc> outputs;
  Invocation invocation;
};

TEST(ChooseMapChunkTest, TakesWholeRowsWithinTheBytes) {
  const auto blur = MakeExampleBlur();
  const auto project = MakeExampleProject();
  const struct {
    const char* what;
    const MapKernel* kernel;
    Shape shape, natural;
    int64_t bytes;
    Shape expected;
  } cases[] = {
      {"about 1 MiB of whole rows", blur.get(), {1024, 1024}, {}, 4 << 20, {256, 1024}},
      {"an image smaller than that is one chunk", blur.get(), {100, 90}, {}, 4 << 20, {100, 90}},
      {"few bytes: one row", project.get(), {2, 1024, 1024}, {}, 17000, {1, 1024}},
      {"fewer: a part of a row, aligned", project.get(), {2, 1024, 1024}, {}, 4000, {1, 248}},
      {"a halo makes few rows dear: narrower", blur.get(), {1024, 1024}, {}, 17000, {7, 256}},
      {"not so wide that a band of them needs much", blur.get(), {900, 1 << 20}, {}, 4 << 20, {16, 16384}},
      {"odd rows: aligned to 64 bytes", blur.get(), {4000, 1001}, {}, 4 << 20, {256, 1001}},
      {"file tiles are taken whole", blur.get(), {1024, 1024}, {100, 100}, 4 << 20, {200, 1024}},
      {"a tile beyond the bytes does not bind", blur.get(), {1024, 1024}, {1024, 1024}, 1 << 20, {127, 1024}},
      {"planes of a cube", blur.get(), {50, 64, 64}, {}, 4 << 20, {50, 64, 64}},
      {"all z of a cube for an output row", project.get(), {256, 1024, 1024}, {}, 4 << 20, {3, 1024}},
      {"one element though it is over the bytes", project.get(), {4096, 64, 64}, {}, 100, {1, 1}},
      {"an empty image", blur.get(), {0, 7}, {}, 4 << 20, {1, 1}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    const Instance setup(*c.kernel, c.shape, c.natural);
    const absl::StatusOr<Shape> chunk = ChooseMapChunk(*c.kernel, setup.invocation, c.bytes);
    ASSERT_TRUE(chunk.ok()) << chunk.status();
    EXPECT_EQ(chunk->ToString(), c.expected.ToString());
    const int64_t taken = MapChunkBytes(*c.kernel, setup.invocation, Box::Whole(*chunk));
    EXPECT_TRUE(chunk->elements() <= 1 || taken <= c.bytes) << taken;
  }
}

// example.blur with a wish.
class Wishing : public MapKernel {
 public:
  explicit Wishing(Shape wish) : wish_(wish), blur_(MakeExampleBlur()) {}
  const KernelInfo& info() const override { return blur_->info(); }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    return blur_->Infer(args, inputs);
  }
  Box InputBox(const Invocation&, int, int, const Box& out) const override {
    return wish_[0] == 13 ? Box{{0}, {1}} : out;
  }
  Shape PreferredChunk(const Invocation&) const override { return wish_; }
  absl::Status Run(const Call& call, const KernelContext& context) const override {
    return blur_->Run(call, context);
  }

 private:
  const Shape wish_;
  const std::unique_ptr<MapKernel> blur_;
};

TEST(ChooseMapChunkTest, AKernelsPreferenceIsKeptWhereItFits) {
  const struct {
    Shape wish, expected;
  } cases[] = {{{32, 48}, {32, 48}}, {{5000, 5000}, {32, 1024}}, {{0, 100}, {1, 100}}};
  for (const auto& c : cases) {
    const Wishing kernel(c.wish);
    const Instance setup(kernel, {1024, 1024}, {});
    EXPECT_EQ(*ChooseMapChunk(kernel, setup.invocation, 300000), c.expected) << c.wish.ToString();
  }
  const Wishing bad({1, 2, 3});
  EXPECT_EQ(ChooseMapChunk(bad, Instance(bad, {10, 10}, {}).invocation, 1000).status().code(),
            absl::StatusCode::kInternal);
}

TEST(CutInputBoxTest, ABoxOfTheWrongRankIsTheKernelsFault) {
  const Wishing kernel({13, 13});
  const Instance setup(kernel, {100, 100}, {});
  const absl::Status status = CutInputBox(kernel, setup.invocation, {0, 0}, {{0, 0}, {1, 1}}).status();
  EXPECT_EQ(status.message(),
            "kernel 'example.blur' asked for the box [0:1] of input 'array' of shape 100x100");
}

}  // namespace
}  // namespace cubeloom
