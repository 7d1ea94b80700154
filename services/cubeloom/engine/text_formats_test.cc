#include "cubeloom/engine/text_formats.h"

#include <cmath>

#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

TEST(PayloadToJsonTest, ArraysNestByAxisAndNanIsNull) {
  const ArrayPtr array = ArrayFromVector<float>({2, 2}, {1, 2, NAN, 4});
  const absl::StatusOr<Value> value = PayloadToValue(Payload(array), ReadContext());
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->Find("values")->ToJson(), "[[1.0,2.0],[null,4.0]]");
  EXPECT_EQ(value->Find("shape")->ToJson(), "[2,2]");
}

TEST(PayloadToJsonTest, BlobsAndHugeArraysAreRefusedWithAHint) {
  EXPECT_FALSE(PayloadToJson(Payload(Blob{Buffer::Copy("x", 1), "image/png"}), ReadContext()).ok());
  const ArrayPtr array = ArrayFromVector<uint8_t>({(1 << 20) + 1}, std::vector<uint8_t>((1 << 20) + 1));
  const auto json = PayloadToJson(Payload(array), ReadContext());
  EXPECT_EQ(json.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(json.status().message().find(".fits"), absl::string_view::npos);
}

}  // namespace
}  // namespace cubeloom::engine
