#include "cubeloom/array/shape/dtype.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cubeloom {
namespace {

constexpr DType kAll[] = {DType::kBool, DType::kU8,  DType::kI8,  DType::kU16, DType::kI16,
                          DType::kU32,  DType::kI32, DType::kU64, DType::kI64, DType::kF32,
                          DType::kF64,  DType::kC64, DType::kC128};

TEST(DTypeTest, NamesSizesAndNumbersArePinned) {
  const char* kNames[] = {"bool", "u8",  "i8",  "u16", "i16", "u32", "i32",
                          "u64",  "i64", "f32", "f64", "c64", "c128"};
  const size_t kSizes[] = {1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 8, 16};
  for (int i = 0; i < 13; ++i) {
    EXPECT_EQ(static_cast<int>(kAll[i]), i + 1);
    EXPECT_STREQ(DTypeName(kAll[i]), kNames[i]);
    EXPECT_EQ(DTypeSize(kAll[i]), kSizes[i]);
    EXPECT_EQ(*ParseDType(kNames[i]), kAll[i]);
  }
}

TEST(DTypeTest, UnknownNamesAndNumbers) {
  for (const char* name : {"", "float", "F32", "f32 ", "f16", "?"}) {
    const absl::Status status = ParseDType(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("known are bool, u8"));
  }
  for (int number : {0, 14, 255}) {
    EXPECT_EQ(DTypeSize(static_cast<DType>(number)), 0u);
    EXPECT_STREQ(DTypeName(static_cast<DType>(number)), "?");
  }
}

TEST(DTypeTest, Families) {
  for (DType t : kAll) {
    EXPECT_EQ(IsFloat(t), t == DType::kF32 || t == DType::kF64);
    EXPECT_EQ(IsInteger(t), t >= DType::kU8 && t <= DType::kI64);
  }
}

TEST(DTypeTest, LosslessIsWhatNumpyCallsSafe) {
  // Row `from`, column `to`, in the order of kAll; as numpy.can_cast(from, to, 'safe') except that numpy
  // counts 64-bit integers as safe in f64 and c128, which they are not.
  const char* kTable[13] = {
      "1111111111111", "0101111111111", "0010101011111", "0001011111111", "0000101011111",
      "0000010110101", "0000001010101", "0000000100000", "0000000010000", "0000000001111",
      "0000000000101", "0000000000011", "0000000000001",
  };
  for (int a = 0; a < 13; ++a) {
    for (int b = 0; b < 13; ++b) {
      EXPECT_EQ(IsLossless(kAll[a], kAll[b]), kTable[a][b] == '1')
          << DTypeName(kAll[a]) << " to " << DTypeName(kAll[b]);
    }
  }
}

}  // namespace
}  // namespace cubeloom
