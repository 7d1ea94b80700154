#include "cubeloom/array/codec/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/cpu.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

// Notes the largest request, so that a test can say that nothing was allocated.
class WatchedAllocator : public Allocator {
 public:
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    largest = std::max(largest, bytes);
    return Heap().Allocate(bytes);
  }
  size_t largest = 0;
};

std::string Text(const Buffer& buffer) {
  return std::string(reinterpret_cast<const char*>(buffer.data()), buffer.size());
}

// What float images look like: smooth with a little noise.
std::string Floats(size_t bytes, unsigned seed) {
  std::mt19937 engine(seed);
  std::string out(bytes, '\0');
  for (size_t i = 0; i + 4 <= bytes; i += 4) {
    const float v = 100.0f + static_cast<float>(i % 997) + static_cast<float>(engine() % 16) / 16;
    std::memcpy(&out[i], &v, 4);
  }
  return out;
}

std::string Noise(size_t bytes, unsigned seed) {
  std::mt19937 engine(seed);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(engine());
  return out;
}

const Codec kCodecs[] = {Codec::kNone, Codec::kZstd, Codec::kLz4, Codec::kZlib};

TEST(ParseCodecTest, Forms) {
  const struct {
    const char* text;
    Codec codec;
    int level, shuffle;
  } kCases[] = {{"none", Codec::kNone, 0, 0},
                {"zstd", Codec::kZstd, 0, 0},
                {"zstd:19", Codec::kZstd, 19, 0},
                {"lz4+shuffle4", Codec::kLz4, 0, 4},
                {"zlib:9+shuffle8", Codec::kZlib, 9, 8},
                {"none+shuffle2", Codec::kNone, 0, 2}};
  for (const auto& c : kCases) {
    const absl::StatusOr<CodecSpec> spec = ParseCodec(c.text);
    ASSERT_TRUE(spec.ok()) << spec.status();
    EXPECT_EQ(spec->codec, c.codec);
    EXPECT_EQ(spec->level, c.level);
    EXPECT_EQ(spec->shuffle, c.shuffle);
  }
}

TEST(ParseCodecTest, BadFormsNameTheText) {
  for (const char* text : {"", "gzip", "ZSTD", "zstd:", "zstd:x", "zstd:0", "zstd:-1", "zstd:20", "lz4:13",
                           "zlib:10", "none:1", "zstd+", "zstd+shuffle", "zstd+shuffle0", "zstd+shuffle256",
                           "zstd+bitshuffle4", "+shuffle4", "zstd+shuffle4+shuffle4", "zstd:3:4"}) {
    const absl::Status status = ParseCodec(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("codec '", text, "'")));
  }
}

TEST(CodecTest, NumbersArePinned) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(static_cast<int>(kCodecs[i]), i);
}

TEST(CodecTest, DecodeGivesBackWhatWasEncoded) {
  const size_t kSizes[] = {0, 1, 3, 7, 8, 255, 4096, 100003};
  for (Codec codec : kCodecs) {
    for (int level : {0, 1, 9}) {
      if (codec == Codec::kNone && level > 0) continue;
      for (int shuffle : {0, 1, 2, 3, 4, 8, 16}) {
        for (size_t size : kSizes) {
          for (const std::string& raw : {Floats(size, 1), Noise(size, 2), std::string(size, 'x')}) {
            const CodecSpec spec{codec, level, static_cast<uint8_t>(shuffle)};
            const Buffer packed = Encode(spec, raw.data(), raw.size(), Allocator::Heap()).value();
            const absl::StatusOr<Buffer> back =
                Decode(spec, packed.data(), packed.size(), {raw.size(), raw.size()}, Allocator::Heap());
            ASSERT_TRUE(back.ok()) << back.status() << " " << size;
            ASSERT_EQ(Text(*back), raw);
          }
        }
      }
    }
  }
}

TEST(CodecTest, ShuffleHelpsFloatsAndShortResultsTakeLittleMemory) {
  const std::string raw = Floats(1 << 20, 3);
  for (Codec codec : {Codec::kZstd, Codec::kLz4, Codec::kZlib}) {
    const size_t plain = Encode({codec, 0, 0}, raw.data(), raw.size(), Allocator::Heap())->size();
    const size_t shuffled = Encode({codec, 0, 4}, raw.data(), raw.size(), Allocator::Heap())->size();
    EXPECT_LT(shuffled, plain);
    EXPECT_LT(plain, raw.size());
  }
}

TEST(CodecTest, EncodeRefusesLevelsAndCodecsThatAreNot) {
  for (const CodecSpec& spec :
       {CodecSpec{static_cast<Codec>(4), 0, 0}, CodecSpec{static_cast<Codec>(255), 0, 0},
        CodecSpec{Codec::kZstd, 20, 0}, CodecSpec{Codec::kZlib, -1, 0}}) {
    EXPECT_EQ(Encode(spec, "x", 1, Allocator::Heap()).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(Decode({static_cast<Codec>(4), 0, 0}, "x", 1, {1, 1}, Allocator::Heap()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Encode({Codec::kLz4, 0, 0}, "x", size_t{1} << 31, Allocator::Heap()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(DecodeTest, ClaimsBeyondTheLimitAllocateNothing) {
  const std::string raw(1 << 20, '\0');  // a small bomb: a few bytes to a kilobyte packed
  for (Codec codec : {Codec::kZstd, Codec::kLz4, Codec::kZlib}) {
    const Buffer packed = Encode({codec, 0, 0}, raw.data(), raw.size(), Allocator::Heap()).value();
    WatchedAllocator watched;
    const absl::Status status =
        Decode({codec, 0, 0}, packed.data(), packed.size(), {raw.size(), raw.size() - 1}, watched).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr("claims 1048576 bytes, 1048575 are allowed"));
    EXPECT_EQ(watched.largest, 0u);
  }
}

TEST(DecodeTest, ClaimsThatTheBytesCannotHoldAllocateNothing) {
  const size_t absurd = size_t{1} << 40;
  const Buffer zstd = Encode({Codec::kZstd, 0, 0}, "0123456789", 10, Allocator::Heap()).value();
  const struct {
    Codec codec;
    std::string data;
    size_t claim;
  } kCases[] = {{Codec::kNone, "0123456789", absurd},
                {Codec::kNone, "0123456789", 9},
                {Codec::kLz4, "0123456789", absurd},
                {Codec::kLz4, "0123456789", 2816},
                {Codec::kZlib, "0123456789", absurd},
                {Codec::kZlib, "0123456789", 11363},
                {Codec::kZstd, Text(zstd), 9},
                {Codec::kZstd, "not zstd", 8},
                {Codec::kZstd, "", 0}};
  for (const auto& c : kCases) {
    WatchedAllocator watched;
    const absl::Status status =
        Decode({c.codec, 0, 0}, c.data.data(), c.data.size(), {c.claim, absurd}, watched).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << static_cast<int>(c.codec) << " " << c.claim;
    EXPECT_EQ(watched.largest, 0u);
  }
}

TEST(DecodeTest, WrongSizesAreDataLoss) {
  const std::string raw = Floats(5000, 4);
  for (Codec codec : {Codec::kZstd, Codec::kLz4, Codec::kZlib}) {
    const Buffer packed = Encode({codec, 0, 0}, raw.data(), raw.size(), Allocator::Heap()).value();
    for (size_t claim : {size_t{0}, size_t{1}, raw.size() - 1, raw.size() + 1, 2 * raw.size()}) {
      const absl::Status status =
          Decode({codec, 0, 0}, packed.data(), packed.size(), {claim, 1 << 20}, Allocator::Heap()).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << static_cast<int>(codec) << " " << claim;
    }
  }
  const Buffer one = Encode({Codec::kZlib, 0, 0}, "x", 1, Allocator::Heap()).value();
  EXPECT_FALSE(Decode({Codec::kZlib, 0, 0}, one.data(), one.size(), {0, 10}, Allocator::Heap()).ok());
}

TEST(DecodeTest, TruncatedExtendedAndNoisyDataAreDataLoss) {
  const std::string raw = Floats(3000, 5);
  for (Codec codec : {Codec::kZstd, Codec::kLz4, Codec::kZlib}) {
    const std::string packed = Text(*Encode({codec, 0, 4}, raw.data(), raw.size(), Allocator::Heap()));
    std::vector<std::string> bad = {"", packed + "x", Noise(packed.size(), 6),
                                    std::string(packed.size(), '\xff')};
    for (size_t length = 0; length < packed.size(); length += 37) bad.push_back(packed.substr(0, length));
    for (const std::string& data : bad) {
      const absl::Status status =
          Decode({codec, 0, 4}, data.data(), data.size(), {raw.size(), raw.size()}, Allocator::Heap())
              .status();
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << static_cast<int>(codec) << " " << data.size();
    }
  }
}

// One flipped bit may decode to other bytes (a checksum above finds that), but never to another size.
TEST(DecodeTest, FlippedBitsStayWithinTheClaim) {
  const std::string raw = Floats(2000, 7);
  for (Codec codec : {Codec::kZstd, Codec::kLz4, Codec::kZlib}) {
    const std::string packed = Text(*Encode({codec, 0, 0}, raw.data(), raw.size(), Allocator::Heap()));
    for (size_t bit = 0; bit < packed.size() * 8; bit += 3) {
      std::string data = packed;
      data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << (bit % 8)));
      const absl::StatusOr<Buffer> out =
          Decode({codec, 0, 0}, data.data(), data.size(), {raw.size(), raw.size()}, Allocator::Heap());
      if (out.ok()) {
        EXPECT_EQ(out->size(), raw.size());
      } else {
        EXPECT_EQ(out.status().code(), absl::StatusCode::kDataLoss);
      }
    }
  }
}

TEST(ShuffleTest, IsThatOfHdf5) {
  const char in[] = "a1b2c3d4e";  // four elements of 2 bytes and a rest
  char out[10] = {};
  Shuffle(in, 9, 2, out);
  EXPECT_STREQ(out, "abcd1234e");
  Shuffle(in, 9, 4, out);
  EXPECT_STREQ(out, "ac13bd24e");
  Shuffle(in, 9, 1, out);
  EXPECT_STREQ(out, in);
}

TEST(ShuffleTest, UnshuffleInvertsOnEveryInstructionSet) {
  const SimdLevel best = DetectedSimdLevel();
  for (SimdLevel level : {SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    SetSimdLevel(std::min(level, best));
    for (size_t element : {0, 1, 2, 3, 4, 8, 16, 255}) {
      for (size_t size : {0, 1, 7, 64, 1000, 4099}) {
        const std::string raw = Noise(size, static_cast<unsigned>(size + element));
        std::string naive = raw, shuffled(size, '\0'), back(size, '\0');
        const size_t count = element > 1 ? size / element : 0;
        for (size_t i = 0; i < count * element; ++i) naive[i % element * count + i / element] = raw[i];
        Shuffle(raw.data(), size, element, shuffled.data());
        ASSERT_EQ(shuffled, naive) << element << " " << size;
        Unshuffle(shuffled.data(), size, element, back.data());
        ASSERT_EQ(back, raw) << element << " " << size;
      }
    }
  }
  SetSimdLevel(best);
}

}  // namespace
}  // namespace cubeloom
