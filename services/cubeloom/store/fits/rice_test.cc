#include "cubeloom/store/fits/rice.h"

#include <cstring>
#include <string>
#include <vector>

#include "cubeloom/store/fits/tile_codec.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

// Exactly as much memory as the decoder may read, so that a sanitizer sees a byte more.
absl::Status Decode(const std::vector<uint8_t>& stream, int bytes, int64_t count, std::vector<int32_t>* out) {
  std::vector<uint8_t> padded = stream;
  padded.resize(stream.size() + kRicePadding, 0xA5);
  padded.shrink_to_fit();
  out->assign(count, -77);
  return DecodeRice({padded.data(), stream.size(), bytes, 32}, count, out->data());
}

TEST(RiceTest, DecodesHandMadeStreams) {
  std::vector<int32_t> out;
  // First pixel 7, then fs code 0: all equal.
  ASSERT_TRUE(Decode({7, 0}, 1, 5, &out).ok());
  EXPECT_EQ(out, (std::vector<int32_t>{7, 7, 7, 7, 7}));
  // Two-byte pixels: first -1 (0xFFFF), code 1 (fs = 0): zig-zag 0, 1, 2 = "1" "01" "001": 0001 1010 01.. ->
  // -1, -2, -1.
  ASSERT_TRUE(Decode({0xFF, 0xFF, 0x1A, 0x40}, 2, 3, &out).ok());
  EXPECT_EQ(out, (std::vector<int32_t>{-1, -2, -1}));
  // Plain differences: one-byte pixels, code 7 (fs = 6): 111 then 8 bits each: zig-zag 3 = -2, 4 = +2.
  ASSERT_TRUE(Decode({10, 0xE0, 0x60, 0x80}, 1, 2, &out).ok());
  EXPECT_EQ(out, (std::vector<int32_t>{8, 10}));
}

TEST(RiceTest, ATruncatedStreamIsDataLossAtEveryLength) {
  std::vector<uint8_t> whole = {0, 0, 0, 5};
  uint32_t state = 1;
  for (int i = 0; i < 200; ++i)
    whole.push_back(static_cast<uint8_t>((state = state * 1664525u + 1013904223u) >> 24) & 0x5F);
  std::vector<int32_t> out;
  for (const int bytes : {1, 2, 4}) {
    for (size_t length = 0; length < whole.size(); ++length) {
      const std::vector<uint8_t> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      const absl::Status status = Decode(part, bytes, 100000, &out);
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << length;
    }
  }
}

TEST(RiceTest, LongRunsOfZerosEnd) {
  std::vector<int32_t> out;
  std::vector<uint8_t> zeros(10000, 0);
  zeros[4] = 0x10;  // code 2 (fs = 1), then zeros to the end
  EXPECT_EQ(Decode(zeros, 4, 32, &out).code(), absl::StatusCode::kDataLoss);
  zeros.back() = 1;  // a code of 80 000 zeros and a one: absurd, but the stream says so
  EXPECT_EQ(Decode(zeros, 4, 32, &out).code(), absl::StatusCode::kDataLoss);
}

TEST(RiceTest, KnowsTheShortestPossibleStream) {
  EXPECT_EQ(MinRiceBytes(32, 32, 1), 1 + 1);
  EXPECT_EQ(MinRiceBytes(3200, 32, 4), 4 + 63);
  std::vector<int32_t> out;
  EXPECT_TRUE(Decode(std::vector<uint8_t>(4 + 63, 0), 4, 3200, &out).ok());
}

TEST(DitherTest, FollowsTheStandardsSequence) {
  // The generator's 10 000th seed is 1043618065; the first value is 16807 / (2^31 - 1).
  DitherSequence first(0, 1);
  int64_t n = 0;
  const float* values = first.Next(3, &n);
  ASSERT_EQ(n, 3);
  // It starts at value int(500 * r[0]) = 0, as r[0] is below 1/500.
  EXPECT_FLOAT_EQ(values[0], 16807.0f / 2147483647.0f);
  DitherSequence late(9999, 10000);  // far in: goes round
  int64_t total = 0;
  for (int i = 0; i < 10; ++i) {
    late.Next(20000, &n);
    ASSERT_GE(n, 1);
    total += n;
  }
  EXPECT_GT(total, 50000);
}

TEST(TileCodecTest, RefusesClaimsThatTheBytesCannotHold) {
  TileFormat format;
  format.conversion.bitpix = 16;
  format.conversion.out = DType::kI16;
  const std::vector<uint8_t> bytes(16 + kRicePadding, 0);
  for (const char* algorithm : {"RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS", "UNKNOWN"}) {
    format.tiles.algorithm = algorithm;
    Tile tile;
    tile.bytes = absl::MakeConstSpan(bytes.data(), 16);
    tile.pixels = 1 << 28;
    class Nothing : public Allocator {
      absl::StatusOr<MutableBuffer> Allocate(size_t) override {
        ADD_FAILURE() << "asked for memory";
        return absl::ResourceExhaustedError("");
      }
    } nothing;
    EXPECT_FALSE(DecodeTile(format, tile, nothing).ok()) << algorithm;
  }
}

}  // namespace
}  // namespace cubeloom
