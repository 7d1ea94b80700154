// The loops over elements on every instruction set of this machine, against plain ones.
#include "cubeloom/store/hdf5/element.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "cubeloom/base/cpu.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

class ElementTest : public ::testing::TestWithParam<SimdLevel> {
 protected:
  void SetUp() override {
    if (GetParam() > DetectedSimdLevel())
      GTEST_SKIP() << "this machine has no x86-64-v" << static_cast<int>(GetParam());
    SetSimdLevel(GetParam());
  }
  void TearDown() override { SetSimdLevel(DetectedSimdLevel()); }
};

std::string Bytes(size_t size) {
  std::string out(size, '\0');
  uint32_t state = 5;
  for (char& c : out) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

TEST_P(ElementTest, BytesAreSwapped) {
  for (const int bytes : {1, 2, 4, 8}) {
    for (const int64_t count : {0, 1, 3, 16, 33, 257}) {
      const std::string in = Bytes(static_cast<size_t>(count * bytes));
      std::string out = in;
      SwapHdf5Bytes(&out[0], count, bytes);
      for (size_t i = 0; i < in.size(); ++i) {
        const size_t element = i / bytes * bytes;
        ASSERT_EQ(out[i], in[element + bytes - 1 - (i - element)]) << bytes << " " << count;
      }
    }
  }
}

TEST_P(ElementTest, HalvesAreExact) {
  Hdf5Type type;
  type.bytes = 2;
  type.half = true;
  const Hdf5Elements elements(type, {});
  std::vector<float> data(65536);
  for (uint32_t i = 0; i < 65536; ++i) {
    const auto half = static_cast<uint16_t>(i);
    std::memcpy(reinterpret_cast<char*>(data.data()) + 2 * 65536 + 2 * i, &half, 2);
  }
  elements.Convert(data.data(), 65536);
  for (int i = 0; i < 65536; ++i) {
    const int exponent = (i >> 10) & 31, mantissa = i & 1023;
    const double sign = i & 0x8000 ? -1 : 1;
    if (exponent == 31 && mantissa != 0) {
      ASSERT_TRUE(std::isnan(data[i])) << i;
      continue;
    }
    const double expected = exponent == 31  ? INFINITY
                            : exponent == 0 ? std::ldexp(mantissa, -24)
                                            : std::ldexp(1024 + mantissa, exponent - 25);
    ASSERT_EQ(data[i], sign * expected) << i;
    ASSERT_EQ(std::signbit(data[i]), sign < 0) << i;
  }
}

TEST_P(ElementTest, MissingFloatsBecomeNaN) {
  Hdf5Type type;
  type.dtype = DType::kF64;
  type.bytes = 8;
  const double missing = 1e20, nan = std::numeric_limits<double>::quiet_NaN();
  const Hdf5Elements elements(type, {std::string(reinterpret_cast<const char*>(&missing), 8),
                                     std::string(reinterpret_cast<const char*>(&nan), 8)});
  EXPECT_FALSE(elements.needs_validity());
  std::vector<double> data(101, 2.0);
  for (size_t i = 0; i < data.size(); i += 3) data[i] = missing;
  elements.Convert(data.data(), 101);
  for (size_t i = 0; i < data.size(); ++i) EXPECT_EQ(std::isnan(data[i]), i % 3 == 0) << i;
}

TEST_P(ElementTest, MissingIntegersAreCountedAndMarked) {
  for (const DType dtype : {DType::kU8, DType::kI16, DType::kU32, DType::kI64}) {
    Hdf5Type type;
    type.dtype = dtype;
    type.bytes = static_cast<int>(DTypeSize(dtype));
    type.big_endian = type.bytes > 1;
    std::string missing(static_cast<size_t>(type.bytes), '\0');
    missing.back() = 7;  // 7 in big-endian
    const Hdf5Elements elements(type, {missing});
    EXPECT_TRUE(elements.needs_validity());
    const int64_t count = 77;
    std::string data;
    for (int64_t i = 0; i < count; ++i) {
      std::string element(static_cast<size_t>(type.bytes), '\0');
      element.back() = static_cast<char>(i % 9);
      data += element;
    }
    elements.Convert(&data[0], count);
    std::vector<uint8_t> bits(11, 0xFF);
    EXPECT_EQ(elements.MarkMissing(data.data(), count, nullptr, 0), 8);
    EXPECT_EQ(elements.MarkMissing(data.data(), count, bits.data(), 3), 8);
    for (int64_t i = 0; i < count; ++i) {
      EXPECT_EQ((bits[(i + 3) >> 3] >> ((i + 3) & 7)) & 1, i % 9 == 7 ? 0 : 1) << i;
    }
    EXPECT_EQ(bits[0] & 7, 7);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, ElementTest,
                         ::testing::Values(SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4));

}  // namespace
}  // namespace cubeloom
