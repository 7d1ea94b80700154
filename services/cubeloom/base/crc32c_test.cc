#include "cubeloom/base/crc32c.h"

#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

struct Vector {
  const char* what;
  std::string data;
  uint32_t crc;
};

std::string Counting(int from, int step) {
  std::string text;
  for (int i = 0; i < 32; ++i) text.push_back(static_cast<char>(from + step * i));
  return text;
}

// RFC 3720, appendix B.4; the checksums stand there byte by byte, least significant first.
std::vector<Vector> Vectors() {
  const unsigned char read[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                                  0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                                  0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0};
  return {{"nothing", "", 0},
          {"digits", "123456789", 0xe3069283u},
          {"32 bytes of zeroes", std::string(32, '\0'), 0x8a9136aau},
          {"32 bytes of ones", std::string(32, '\xff'), 0x62a8ab43u},
          {"32 bytes of incrementing 00..1f", Counting(0, 1), 0x46dd794eu},
          {"32 bytes of decrementing 1f..00", Counting(31, -1), 0x113fdb5cu},
          {"an iSCSI read command", std::string(reinterpret_cast<const char*>(read), 48), 0xd9963a56u}};
}

std::string RandomBytes(std::mt19937_64& rng, size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(rng());
  return text;
}

// Bit by bit from the definition.
uint32_t Slow(const std::string& text) {
  uint32_t crc = ~0u;
  for (char c : text) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

TEST(Crc32cTest, PublishedVectors) {
  for (const Vector& v : Vectors()) {
    EXPECT_EQ(Crc32c(v.data.data(), v.data.size()), v.crc) << v.what;
    EXPECT_EQ(ExtendCrc32cPortable(0, v.data.data(), v.data.size()), v.crc) << v.what;
  }
}

TEST(Crc32cTest, BothPathsEqualTheDefinitionAtEverySmallSize) {
  std::mt19937_64 rng(1);
  for (size_t size = 0; size < 2000; ++size) {
    const std::string text = RandomBytes(rng, size);
    const uint32_t expected = Slow(text);
    ASSERT_EQ(Crc32c(text.data(), size), expected) << size;
    ASSERT_EQ(ExtendCrc32cPortable(0, text.data(), size), expected) << size;
  }
}

TEST(Crc32cTest, BothPathsAgreeOnLargeUnalignedData) {
  std::mt19937_64 rng(2);
  const std::string text = RandomBytes(rng, 100000);
  for (int i = 0; i < 200; ++i) {
    const size_t from = rng() % text.size(), size = rng() % (text.size() - from);
    const uint32_t start = static_cast<uint32_t>(rng());
    ASSERT_EQ(ExtendCrc32c(start, text.data() + from, size),
              ExtendCrc32cPortable(start, text.data() + from, size))
        << "from " << from << " size " << size;
  }
}

TEST(Crc32cTest, ExtendingEqualsTheWhole) {
  std::mt19937_64 rng(3);
  const std::string text = RandomBytes(rng, 40000);
  const uint32_t whole = Crc32c(text.data(), text.size());
  for (size_t cut : {0, 1, 7, 8, 767, 768, 769, 12287, 12288, 12289, 39999, 40000}) {
    uint32_t crc = ExtendCrc32c(Crc32c(text.data(), cut), text.data() + cut, text.size() - cut);
    EXPECT_EQ(crc, whole) << cut;
  }
}

}  // namespace
}  // namespace cubeloom
