#include "cubeloom/kernel/api/infer_helpers.h"

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

InputDesc Arrays(const std::vector<Shape>& shapes) {
  InputDesc input;
  for (const Shape& shape : shapes) {
    ArrayDesc desc;
    desc.shape = shape;
    desc.unit = "Jy";
    desc.natural_chunk = shape;
    input.arrays.push_back(desc);
  }
  input.count = static_cast<int64_t>(shapes.size());
  return input;
}

class InferInputsTest : public testing::Test {
 protected:
  InferInputsTest() {
    info_.name = "test.infer";
    info_.inputs = {{"image", PayloadKind::kArray, "", false, false, {}},
                    {"masks", PayloadKind::kArray, "", true, true, {}},
                    {"absent", PayloadKind::kArray, "", true, false, {}}};
    inputs_ = {Arrays({{3, 4}}), Arrays({{3, 4}, {1, 4}}), InputDesc()};
  }
  KernelInfo info_;
  std::vector<InputDesc> inputs_;
};

TEST_F(InferInputsTest, EveryMessageNamesPortAndShapes) {
  const InferInputs in(info_, inputs_);
  const struct {
    absl::Status status;
    const char* message;
  } cases[] = {
      {in.Array("absent").status(), "input 'absent' needs an array, there is none"},
      {in.Array("typo").status(), "asks for the undeclared input 'typo'"},
      {in.Rank("image", 3, 3), "input 'image' must have 3 axes, it is 3x4"},
      {in.Rank("image", 3, 4), "input 'image' must have 3 to 4 axes, it is 3x4"},
      {in.SameShape("masks", "image"), "input 'masks' must have the shape of 'image', 3x4, it is 1x4"},
      {in.BroadcastsTo("masks", {2, 4}),
       "input 'masks' of shape 3x4 does not fit the shape 2x4 (axes must be equal or 1)"},
      {in.BroadcastsTo("image", {4}),
       "input 'image' of shape 3x4 does not fit the shape 4 (axes must be equal or 1)"},
      {ParamError("sigma", "is too large"), "parameter 'sigma' is too large"},
  };
  for (const auto& c : cases) EXPECT_EQ(c.status.message(), c.message);
}

TEST_F(InferInputsTest, GoodInputsPass) {
  const InferInputs in(info_, inputs_);
  EXPECT_TRUE(in.Has("image"));
  EXPECT_FALSE(in.Has("absent"));
  EXPECT_EQ(in.Count("masks"), 2);
  EXPECT_EQ((*in.Array("image"))->shape, (Shape{3, 4}));
  EXPECT_TRUE(in.Rank("image", 2, 3).ok());
  EXPECT_TRUE(in.Rank("absent", 5, 5).ok());
  EXPECT_TRUE(in.SameShape("absent", "image").ok());
  EXPECT_TRUE(in.BroadcastsTo("masks", {7, 3, 4}).ok());
}

TEST(BroadcastShapesTest, AxesMustBeEqualOrOne) {
  EXPECT_EQ(*BroadcastShapes({3, 1}, {2, 1, 4}), (Shape{2, 3, 4}));
  EXPECT_EQ(*BroadcastShapes({}, {5}), Shape{5});
  EXPECT_EQ(*BroadcastShapes({0}, {1}), Shape{0});
  EXPECT_FALSE(BroadcastShapes({3}, {4}).ok());
}

TEST(LikeArrayTest, KeepsTheHeaderButNotTheChunking) {
  const ArrayDesc desc = LikeArray(Arrays({{3, 4}}).arrays[0], DType::kU8);
  EXPECT_EQ(desc.dtype, DType::kU8);
  EXPECT_EQ(desc.unit, "Jy");
  EXPECT_EQ(desc.natural_chunk.rank(), 0);
}

}  // namespace
}  // namespace cubeloom
