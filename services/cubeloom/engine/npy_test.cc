#include "cubeloom/engine/npy.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

TEST(NpyHeaderTest, IsPaddedTo64BytesAndSpellsShapesAsPythonDoes) {
  struct Case {
    Shape shape;
    const char* text;
  };
  const Case cases[] = {{{3, 4}, "'shape': (3, 4), }"}, {{5}, "'shape': (5,), }"}, {{}, "'shape': (), }"}};
  for (const Case& c : cases) {
    const std::string header = NpyHeader(DType::kF32, c.shape);
    EXPECT_EQ(header.size() % 64, 0u);
    EXPECT_NE(header.find(c.text), std::string::npos) << header;
    EXPECT_NE(header.find("'descr': '<f4'"), std::string::npos);
    EXPECT_EQ(static_cast<unsigned char>(header[8]) + 256 * static_cast<unsigned char>(header[9]) + 10,
              header.size());
  }
}

TEST(WriteNpyTest, ElementsFollowTheHeaderInRowOrder) {
  const std::string path = ::testing::TempDir() + "/x.npy";
  const ArrayPtr array = ArrayFromVector<int16_t>({2, 2}, {1, -2, 3, 4});
  ASSERT_TRUE(WriteNpy(LocalStore(), path, *array, ReadContext()).ok());
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string header = NpyHeader(DType::kI16, {2, 2});
  ASSERT_EQ(bytes.size(), header.size() + 8);
  int16_t values[4];
  std::memcpy(values, bytes.data() + header.size(), 8);
  EXPECT_EQ(values[1], -2);
  EXPECT_EQ(values[3], 4);
}

}  // namespace
}  // namespace cubeloom::engine
