#include "cubeloom/array/chunk/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <numeric>

#include "cubeloom/base/cpu.h"

namespace cubeloom {
namespace {

std::string Hex(const Payload& payload) { return ToHex(ContentDigest(payload, ReadContext()).value()); }

float FloatOf(uint32_t bits) {
  float v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

template <typename T>
ArrayPtr MakeArray(const Shape& shape, const std::vector<T>& values,
                   const std::vector<uint8_t>& validity = {}) {
  ArrayDesc desc{DTypeOf<T>::value, shape, {}, "", {}};
  Chunk chunk{desc.dtype,
              Box::Whole(shape),
              ContiguousStrides(shape),
              Buffer::Copy(values.data(), values.size() * sizeof(T)),
              {}};
  if (!validity.empty()) chunk.validity = Buffer::Copy(validity.data(), validity.size());
  return MakeMemoryArray(desc, chunk).value();
}

ArrayPtr Image(const std::string& unit = "adu",
               std::vector<Attribute> attributes = {{"BUNIT", "adu", "unit"}, {"GAIN", 1.5, ""}}) {
  const std::vector<int16_t> values = {0, 1, 2, 3, 4, 5};
  ArrayDesc desc{DType::kI16, {2, 3}, {1, 3}, unit, std::move(attributes)};
  Chunk chunk{desc.dtype, Box::Whole({2, 3}), {3, 1}, Buffer::Copy(values.data(), 12), {}};
  return MakeMemoryArray(desc, chunk).value();
}

Table Sources() {
  return Table{{{"id", "", "number", std::vector<int64_t>{7, 99}, {0, 1}},
                {"flux", "Jy", "", std::vector<double>{1.5, -std::nan("")}, {}},
                {"name", "", "", std::vector<std::string>{"m31", ""}, {0, 0}}}};
}

std::vector<float> CountingFloats(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

// The digests are those of testdata/content_digest.py. They are part of the manifest format: a change here
// means that manifests written before no longer verify.
TEST(ContentDigestTest, IsPinned) {
  const std::vector<float> nan = {1.0f, FloatOf(0xffc00123), -2.0f};
  const std::vector<int16_t> hidden = {0, 1, 2, 3, 777, 5};
  const struct {
    const char* what;
    Payload payload;
    const char* hex;
  } kCases[] = {
      {"image", Image(), "22dabc86b0f23e3b744acf3631f9f7ff45ae6e8f3aab6a2672fcbdfe18ea8004"},
      {"nan", MakeArray<float>({3}, nan), "5beee0933c14c774d984e56a3b5e7d4d31547c0005de26cb1fcbac0fcd983f55"},
      {"invalid", MakeArray<int16_t>({2, 3}, hidden, {0xEF}),
       "506d496c6397d253d5b40b73af20320bd7cf4561eeaa91b544f459ad6c602160"},
      {"leaves", MakeArray<float>({300, 1000}, CountingFloats(300000)),
       "20ec22b3515db2d178817b9d4f2d83c289dec988bf4112c2ab59131fcb9ff3f7"},
      {"scalar", MakeArray<double>({}, {0.5}),
       "6d8dbf7c81521e7c1b39daf6ce86080f869dc34490409443fadfe266e2751da3"},
      {"empty", MakeArray<double>({0, 4}, {}),
       "cd2ea867726bfb95252265124a33ebc5d47e8609248b8eb8f3761d69dc153e79"},
      {"value",
       Value(Value::Map{{"a", Value()}, {"b", Value::List{true, -1, 0.25, "x"}}, {"c", Value::Map{}}}),
       "d672738818b18c7bbd317245cb6a2bf52434b5fab46e090d17ee26d7946538ee"},
      {"table", std::make_shared<const Table>(Sources()),
       "7fa2d635cec59452b402036c4698c77fedbca88ee5df05fc0ba7af6e2da66733"},
      {"blob", Blob{Buffer::Copy("\x89PNG", 4), "image/png"},
       "f3b6c33ee95348f36021a0c4fd880cf0bd68bdd6ca85b2901bdafb69ae8a155b"},
      {"hole", Hole{"worker lost"}, "8eaea3e510bf1d93691545c95956840aa53a9712358b508f59a926581343585d"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Hex(c.payload), c.hex) << c.what;
}

TEST(ContentDigestTest, EverythingThatIsContentCounts) {
  std::vector<std::string> digests = {
      Hex(Image()),
      Hex(Image("Jy")),
      Hex(Image("adu", {})),
      Hex(Image("adu", {{"GAIN", 1.5, ""}, {"BUNIT", "adu", "unit"}})),
      Hex(Image("adu", {{"BUNIT", "adu", ""}, {"GAIN", 1.5, ""}})),
      Hex(Image("adu", {{"BUNIT", "adu", "unit"}, {"GAIN", "1.5", ""}})),
      Hex(MakeArray<int16_t>({2, 3}, {0, 1, 2, 3, 4, 5})),
      Hex(MakeArray<int16_t>({3, 2}, {0, 1, 2, 3, 4, 5})),
      Hex(MakeArray<int16_t>({6}, {0, 1, 2, 3, 4, 5})),
      Hex(MakeArray<uint16_t>({6}, {0, 1, 2, 3, 4, 5})),
      Hex(MakeArray<int16_t>({6}, {0, 1, 2, 3, 4, 6})),
      Hex(MakeArray<int16_t>({6}, {0, 1, 2, 3, 4, 0}, {0x1F})),
      Hex(MakeArray<int16_t>({6}, {0, 1, 2, 3, 4, 0})),
      Hex(MakeArray<float>({1}, {0.0f})),
      Hex(MakeArray<float>({1}, {-0.0f})),
      Hex(Value(1)),
      Hex(Value(1.0)),
      Hex(Value("1")),
      Hex(Value(Value::List{1})),
  };
  std::sort(digests.begin(), digests.end());
  EXPECT_EQ(std::adjacent_find(digests.begin(), digests.end()), digests.end());
}

TEST(ContentDigestTest, NansInvalidBytesAndTruthsHaveOneForm) {
  const float kNans[] = {FloatOf(0x7f800001), FloatOf(0xffc00000), FloatOf(0x7fffffff)};
  for (float nan : kNans) {
    const float quiet = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(Hex(MakeArray<float>({2}, {1.0f, nan})), Hex(MakeArray<float>({2}, {1.0f, quiet})));
    const std::complex<float> odd(2.0f, nan), even(2.0f, quiet);
    EXPECT_EQ(Hex(MakeArray<std::complex<float>>({1}, {odd})),
              Hex(MakeArray<std::complex<float>>({1}, {even})));
  }
  EXPECT_EQ(Hex(MakeArray<int32_t>({3}, {1, 2, 3}, {0xFD})), Hex(MakeArray<int32_t>({3}, {1, 9, 3}, {0x05})));
  EXPECT_EQ(Hex(MakeArray<int32_t>({3}, {1, 2, 3}, {0x07})), Hex(MakeArray<int32_t>({3}, {1, 2, 3})));
  ArrayDesc desc{DType::kBool, {3}, {}, "", {}};
  const auto truths = [&](const char* bytes) {
    return MakeMemoryArray(desc, {DType::kBool, Box::Whole({3}), {1}, Buffer::Copy(bytes, 3), {}}).value();
  };
  // NOLINTNEXTLINE(bugprone-string-literal-with-embedded-nul): arrays of bytes, not texts
  EXPECT_EQ(Hex(truths("\0\2\xff")), Hex(truths("\0\1\1")));
}

// Reads give strided views here, contiguous ones above; validity is sliced at odd bits.
TEST(ContentDigestTest, DoesNotDependOnTheLayoutInMemory) {
  const Shape shape{40, 3000};
  std::vector<float> values = CountingFloats(shape.elements());
  std::vector<uint8_t> bits(static_cast<size_t>(shape.elements() / 8), 0xFF);
  for (size_t i = 0; i < values.size(); i += 997) values[i] = FloatOf(0x7fc00000 + static_cast<uint32_t>(i));
  for (size_t i = 0; i < bits.size(); i += 13) bits[i] = static_cast<uint8_t>(i);
  // The same elements inside a larger array.
  const Shape wide{42, 3011};
  std::vector<float> padded(static_cast<size_t>(wide.elements()), 5.0f);
  std::vector<uint8_t> padded_bits(static_cast<size_t>(wide.elements() / 8 + 1), 0);
  for (int64_t y = 0; y < shape[0]; ++y) {
    for (int64_t x = 0; x < shape[1]; ++x) {
      const int64_t from = y * shape[1] + x, to = (y + 2) * wide[1] + x + 7;
      padded[static_cast<size_t>(to)] = values[static_cast<size_t>(from)];
      if ((bits[static_cast<size_t>(from / 8)] >> (from % 8)) & 1)
        padded_bits[static_cast<size_t>(to / 8)] |= 1 << (to % 8);
    }
  }
  const ArrayPtr crop = MakeCrop(MakeArray(wide, padded, padded_bits), {{2, 7}, shape}).value();
  const std::string expected = Hex(MakeArray(shape, values, bits));
  const SimdLevel best = DetectedSimdLevel();
  for (SimdLevel level : {SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    SetSimdLevel(std::min(level, best));
    EXPECT_EQ(Hex(crop), expected);
  }
  SetSimdLevel(best);
}

TEST(ContentDigestTest, IsTheSameOnManyThreads) {
  const std::unique_ptr<Executor> pool = MakeThreadPool(4, "digest");
  const ArrayPtr array = MakeArray<float>({3000, 1000}, CountingFloats(3000000));  // 47 leaves
  EXPECT_EQ(ToHex(ContentDigest(array, ReadContext(), *pool).value()), Hex(array));
}

// Every leaf is the same memory, so that a large array costs none.
class RepeatingArray : public Array {
 public:
  RepeatingArray(int64_t leaves, int64_t leaf_bytes)
      : leaf_(Buffer::Copy(std::string(leaf_bytes, 'z').data(), leaf_bytes)) {
    desc_.dtype = DType::kU8;
    desc_.shape = {leaves, leaf_bytes};
  }
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext&) const override {
    return Chunk{desc_.dtype, box, ContiguousStrides(box.extent), leaf_, {}};
  }

 private:
  ArrayDesc desc_;
  const Buffer leaf_;
};

TEST(ContentDigestTest, ManyLeavesFormOneTree) {
  const int64_t leaves = 1100, bytes = 256 << 10;
  Sha256 leaf, whole;
  leaf.Update(std::string(1, '\0') + std::string(bytes, 'z'));
  const Digest root = MerkleRoot(std::vector<Digest>(leaves, leaf.Finish()));
  whole.Update("cubeloom.content.v1\x01\x02\x02");
  for (int64_t v : {leaves, bytes, int64_t{0}, int64_t{0}}) whole.Update(&v, sizeof v);
  whole.Update(root.data(), root.size());
  const ArrayPtr array = std::make_shared<RepeatingArray>(leaves, bytes);
  EXPECT_EQ(Hex(array), ToHex(whole.Finish()));
}

TEST(ContentDigestTest, AnAbsurdShapeAllocatesNothing) {
  CancelSource source;
  source.Cancel();
  const ArrayPtr array = std::make_shared<RepeatingArray>(int64_t{1} << 44, 256 << 10);
  EXPECT_EQ(ContentDigest(array, {&Allocator::Heap(), source.token()}).status().code(),
            absl::StatusCode::kCancelled);
}

TEST(ContentDigestTest, FailuresAreSaid) {
  const struct {
    Payload payload;
    const char* says;
  } kCases[] = {{Payload(), "empty payload"}, {ArrayPtr(), "no array"}, {TablePtr(), "no table"}};
  for (const auto& c : kCases) {
    const absl::Status status = ContentDigest(c.payload, ReadContext()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(c.says));
  }
  CancelSource source;
  source.Cancel();
  const absl::Status status = ContentDigest(Payload(Image()), {&Allocator::Heap(), source.token()}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST(PayloadTest, KindNames) {
  const char* kNames[] = {"none", "array", "table", "value", "blob", "hole"};
  for (int i = 0; i < 6; ++i) EXPECT_STREQ(PayloadKindName(static_cast<PayloadKind>(i)), kNames[i]);
  EXPECT_STREQ(PayloadKindName(static_cast<PayloadKind>(200)), "?");
  EXPECT_EQ(Payload(Value(1)).kind(), PayloadKind::kValue);
  EXPECT_EQ(Payload(Image()).kind(), PayloadKind::kArray);
  EXPECT_EQ(Payload().kind(), PayloadKind::kNone);
}

}  // namespace
}  // namespace cubeloom
