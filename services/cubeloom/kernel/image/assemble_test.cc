// image.crop and array.assemble.
#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

TEST(CropTest, ABoxOfAnyDtypeWithItsValidity) {
  SampleOptions options;
  options.dtype = DType::kI16;
  options.invalid_fraction = 0.4;
  const ArrayPtr array = SampleArray({5, 7, 9}, options);
  const std::vector<double> all = ValuesOf(*array).value();
  std::vector<double> want;
  for (size_t z = 1; z < 4; ++z) {
    for (size_t y = 2; y < 6; ++y) {
      for (size_t x = 3; x < 8; ++x) want.push_back(all[(z * 7 + y) * 9 + x]);
    }
  }
  const Value::Map args = {{"box", Numbers({1, 2, 3, 3, 4, 5})}};
  for (const Shape& chunk : {Shape(), Shape{2, 3, 2}}) {
    ExpectClose(Values(RunKernel("image.crop", {{Payload(array)}}, args, chunk)), want, 0, "crop");
  }
}

TEST(CropTest, SqueezeDropsAPlanesAxisAndTheHeaderFollows) {
  ArrayDesc desc;
  desc.shape = {2, 3, 4};
  desc.attributes = {{"CRPIX1", 1.0, ""}, {"CRPIX3", 1.0, ""}, {"CTYPE3", "FREQ", ""}};
  const std::vector<float> values(24, 1);
  const Chunk chunk{
      DType::kF32, Box::Whole(desc.shape), ContiguousStrides(desc.shape), Buffer::Copy(values.data(), 96), {},
      {}};
  const Payload cube(MakeMemoryArray(desc, chunk).value());
  const Value box = Numbers({1, 0, 2, 1, 3, 2});
  const auto out = RunKernel("image.crop", {{cube}}, {{"box", box}, {"squeeze", true}});
  ASSERT_TRUE(out.ok()) << out.status();
  const ArrayDesc& got = (*out)[0].array()->desc();
  EXPECT_EQ(got.shape, (Shape{3, 2}));
  EXPECT_EQ(got.Find("CRPIX1")->value.real(), -1);
  EXPECT_EQ(got.Find("CTYPE3"), nullptr);
  const auto kept = RunKernel("image.crop", {{cube}}, {{"box", box}});
  EXPECT_EQ((*kept)[0].array()->desc().shape, (Shape{1, 3, 2}));
  EXPECT_EQ((*kept)[0].array()->desc().Find("CRPIX3")->value.real(), 0);
}

TEST(CropTest, BoxesOutsideAreRefused) {
  const Payload image = ArrayOfType<float>({2, 2}, {1, 2, 3, 4});
  for (const Value& box : {Numbers({0, 0, 2}), Numbers({0, 0, 3, 1}), Numbers({0, 0, 0, 1}),
                           Numbers({2, 0, 1, 1}), Numbers({9e15, 0, 9e15, 1})}) {
    ExpectRefused(RunKernel("image.crop", {{image}}, {{"box", box}}), "box");
  }
}

TEST(AssembleTest, TilesOfAGridGiveTheArrayBack) {
  SampleOptions options;
  options.dtype = DType::kU16;
  options.invalid_fraction = 0.3;
  const Shape shape{4, 7, 9}, grid{2, 3, 5};
  const ArrayPtr array = SampleArray(shape, options);
  const ChunkGrid chunks(shape, grid);
  PortPayloads tiles;
  for (int64_t i = 0; i < chunks.size(); ++i) tiles.emplace_back(MakeCrop(array, chunks.BoxOf(i)).value());
  const Value::Map args = {{"grid", Numbers({2, 3, 5})}};
  for (const Shape& chunk : {Shape(), Shape{1, 1, 1}, Shape{3, 7, 4}, shape}) {
    const auto out = RunKernel("array.assemble", {tiles, {Payload(array)}}, args, chunk);
    ExpectClose(Values(out), ValuesOf(*array).value(), 0, "in chunks of " + chunk.ToString());
  }
  PortPayloads missing(tiles.begin(), tiles.end() - 1);
  ExpectRefused(RunKernel("array.assemble", {missing, {Payload(array)}}, args), "tiles");
  PortPayloads swapped = tiles;
  std::swap(swapped[0], swapped[1]);
  ExpectRefused(RunKernel("array.assemble", {swapped, {Payload(array)}}, args), "tiles");
  ExpectRefused(RunKernel("array.assemble", {tiles, {Payload(array)}}, {{"grid", Numbers({2, 3})}}), "grid");
}

}  // namespace
}  // namespace cubeloom
