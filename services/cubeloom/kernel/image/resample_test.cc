#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

TEST(ResampleTest, BlocksAreMeansOfFinitePixelsAndEdgeBlocksAreSmaller) {
  const Payload image = ArrayOfType<float>({3, 5}, {1, 2, 3, 4, 5,     //
                                                    6, 7, kNan, 8, 9,  //
                                                    10, 11, kInf, kNan, 12});
  const auto out = RunKernel("image.resample", {{image}}, {{"factor", Numbers({2})}});
  ExpectClose(Values(out), {4, 5, 7, 10.5, kNan, 12}, 0, "factor 2");
  EXPECT_EQ((*out)[0].array()->desc().shape, (Shape{2, 3}));
  ExpectClose(Values(RunKernel("image.resample", {{image}}, {{"factor", Numbers({3, 1})}})),
              {17.0 / 3, 20.0 / 3, 3, 6, 26.0 / 3}, 1e-7, "factor [3, 1]");
  ExpectClose(Values(RunKernel("image.resample", {{image}}, {{"factor", Numbers({1000})}})), {6.5}, 1e-7,
              "one block");
  for (const Shape& chunk : {Shape{1, 1}, Shape{2, 2}}) {
    ExpectClose(Values(RunKernel("image.resample", {{image}}, {{"factor", Numbers({2})}}, chunk)),
                Values(out), 0, "chunks");
  }
}

TEST(ResampleTest, CoordinatesFollow) {
  ArrayDesc desc;
  desc.shape = {4, 6};
  desc.attributes = {{"CRPIX1", 3.0, ""}, {"CDELT1", -0.5, ""}, {"CRPIX2", 2, ""}, {"CDELT2", 0.5, ""}};
  const std::vector<float> zeros(24);
  Chunk chunk{
      DType::kF32, Box::Whole(desc.shape), ContiguousStrides(desc.shape), Buffer::Copy(zeros.data(), 96), {},
      {}};
  const Payload image(MakeMemoryArray(desc, chunk).value());
  const auto out = RunKernel("image.resample", {{image}}, {{"factor", Numbers({2, 3})}});
  ASSERT_TRUE(out.ok()) << out.status();
  const ArrayDesc& got = (*out)[0].array()->desc();
  EXPECT_DOUBLE_EQ(got.Find("CRPIX1")->value.real(), 2.5 / 3 + 0.5);
  EXPECT_DOUBLE_EQ(got.Find("CDELT1")->value.real(), -1.5);
  EXPECT_DOUBLE_EQ(got.Find("CRPIX2")->value.real(), 1.25);
  EXPECT_DOUBLE_EQ(got.Find("CDELT2")->value.real(), 1.0);
}

TEST(ResampleTest, BadFactorsAreNamed) {
  const Payload image = ArrayOfType<float>({1, 1}, {1});
  ExpectRefused(RunKernel("image.resample", {{image}}, {}), "factor");
  ExpectRefused(RunKernel("image.resample", {{image}}, {{"factor", Numbers({0})}}), "factor");
  ExpectRefused(RunKernel("image.resample", {{image}}, {{"factor", Numbers({1, 2, 3})}}), "factor");
  ExpectRefused(RunKernel("image.resample", {{image}}, {{"factor", Value(Value::List{})}}), "factor");
}

}  // namespace
}  // namespace cubeloom
