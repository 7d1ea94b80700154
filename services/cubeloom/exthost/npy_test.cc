#include "cubeloom/exthost/npy.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/exthost/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::exthost {
namespace {

using ::testing::HasSubstr;

class NpyTest : public ::testing::Test {
 protected:
  std::string Path() { return folder_.path() + "/x.npy"; }
  std::string Written(const Array& array) {
    EXPECT_TRUE(WriteNpy(Path(), array, {}).ok());
    return ReadFile(Path(), 1 << 20).value();
  }
  absl::Status Reading(const std::string& bytes) {
    EXPECT_TRUE(WriteFile(Path(), bytes).ok());
    return ReadNpy(Path(), {}).status();
  }
  ScratchFolder folder_ = ScratchFolder::Make(::testing::TempDir(), "npy").value();
};

TEST_F(NpyTest, WritesWhatNumpyWrites) {
  const ArrayPtr array = ArrayFromVector<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const std::string bytes = Written(*array);
  ASSERT_EQ(bytes.size(), 128u + 24u);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(bytes.substr(10, 59), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
  EXPECT_EQ(bytes[127], '\n');
}

TEST_F(NpyTest, EveryShapeComesBack) {
  for (const Shape& shape :
       std::vector<Shape>{{}, {5}, {0}, {3, 0, 2}, {2, 3}, {300, 500}, {2, 2, 2, 2, 2, 2, 2, 2}}) {
    std::vector<int32_t> values(static_cast<size_t>(shape.elements()));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(i * 7);
    Written(*ArrayFromVector<int32_t>(shape, values));
    const absl::StatusOr<ArrayPtr> back = ReadNpy(Path(), {});
    ASSERT_TRUE(back.ok()) << shape.ToString() << " " << back.status();
    EXPECT_EQ((*back)->desc().shape, shape);
    EXPECT_EQ((*back)->desc().dtype, DType::kI32);
    const Chunk chunk = (*back)->Read(Box::Whole(shape), {}).value();
    for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(chunk.as<int32_t>()[i], values[i]);
  }
}

TEST_F(NpyTest, InvalidIntegersAreWrittenAsZero) {
  ArrayDesc desc;
  desc.dtype = DType::kU8;
  desc.shape = {4};
  const uint8_t values[] = {7, 8, 9, 10}, bits = 0b1101;
  Chunk chunk{DType::kU8,           Box::Whole({4}), {1}, Buffer::Copy(values, 4), Buffer::Copy(&bits, 1),
              ScaleState::kPhysical};
  const std::string bytes = Written(*MakeMemoryArray(desc, chunk).value());
  EXPECT_EQ(bytes.substr(bytes.size() - 4), std::string("\x07\x00\x09\x0a", 4));
}

std::string File1(const std::string& header, const std::string& data) {
  const auto n = static_cast<unsigned>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(n & 255) + static_cast<char>(n >> 8) +
         header + data;
}

TEST_F(NpyTest, BadFilesAreRefusedWithWords) {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_TRUE(Reading(File1(good, "12345678")).ok());
  const struct {
    std::string bytes;
    const char* message;
  } kCases[] = {
      {"", "ends at byte 0"},
      {"\x93NUMPY", "ends at byte 6"},
      {"not numpy at all", "is no .npy file"},
      {File1(good, "1234"), "needs 8 bytes, the file has 4"},
      {File1(good, "123456789"), "needs 8 bytes, the file has 9"},
      {File1("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "12345678"), "dtype '>f4'"},
      {File1("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "12345678"), "dtype"},
      {File1("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", "12345678"), "Fortran order"},
      {File1("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "12345678"), "shape is (-2,)"},
      {File1("{'descr': '<f4', 'fortran_order': False, 'shape': 2, }", "12345678"), "shape is 2"},
      {File1("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 9), }", ""),
       "has over 2^63"},
      {File1("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", "1234"),
       "more than 8 axes"},
      {File1("{'descr': '<f4', 'fortran_order': False, ", "1234"), "without 'shape'"},
      {File1("{'descr': '<f4', 'shape': (1,), }", "1234"), "without 'fortran_order'"},
      {std::string("\x93NUMPY\x09\x00\x00\x00\x00\x00", 12), "version 9"},
      {std::string("\x93NUMPY\x02\x00\xff\xff\xff\x7f", 12), "header of 2147483647 bytes"},
  };
  for (const auto& c : kCases) {
    const absl::Status status = Reading(c.bytes);
    EXPECT_FALSE(status.ok()) << c.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace cubeloom::exthost
