#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <random>
#include <tuple>
#include <type_traits>

#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/array/chunk/convert_run.h"
#include "cubeloom/base/cpu.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;
using AllTypes = std::tuple<bool, uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t,
                            float, double, std::complex<float>, std::complex<double>>;

Allocator& TestHeap() { return Allocator::Heap(); }

template <typename T>
struct IsComplexType : std::false_type {};
template <typename T>
struct IsComplexType<std::complex<T>> : std::true_type {};

// Calls f(T()) for every element type.
template <typename F>
void ForAllTypes(F f) {
  std::apply([&](auto... types) { (f(types), ...); }, AllTypes());
}

template <typename F>
void ForAllLevels(F f) {
  const SimdLevel best = DetectedSimdLevel();
  for (SimdLevel level : {SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    if (level > best) continue;
    SetSimdLevel(level);
    f();
  }
  SetSimdLevel(best);
}

template <typename T>
Chunk MakeChunk(const Shape& shape, const T* values) {
  return {DTypeOf<T>::value,
          Box::Whole(shape),
          ContiguousStrides(shape),
          Buffer::Copy(values, static_cast<size_t>(shape.elements()) * sizeof(T)),
          {}};
}

// Limits, small numbers, and random bits (no NaN, whose payload is not compared).
template <typename T>
T Sample(std::mt19937_64& engine) {
  if constexpr (IsComplexType<T>::value) {
    using Real = typename T::value_type;
    const Real re = Sample<Real>(engine);
    return T(re, Sample<Real>(engine));
  } else if constexpr (std::is_same_v<T, bool>) {
    return engine() % 2 != 0;
  } else {
    switch (engine() % 4) {
      case 0:
        return std::numeric_limits<T>::max();
      case 1:
        return std::numeric_limits<T>::lowest();
      case 2:
        return static_cast<T>(static_cast<int>(engine() % 128));
      default:
        break;
    }
    const uint64_t bits = engine();
    T value;
    std::memcpy(&value, &bits, sizeof value);
    if constexpr (std::is_floating_point_v<T>) return std::isfinite(value) ? value : T(0.1);
    return value;
  }
}

template <typename To, typename From>
To Reference(From v) {
  if constexpr (IsComplexType<To>::value && IsComplexType<From>::value) {
    return To(static_cast<typename To::value_type>(v.real()), static_cast<typename To::value_type>(v.imag()));
  } else if constexpr (IsComplexType<To>::value) {
    return To(static_cast<typename To::value_type>(v), 0);
  } else if constexpr (std::is_same_v<To, bool>) {
    return v != From(0);
  } else {
    return static_cast<To>(v);
  }
}

template <typename To, typename From>
bool InRange(From v) {
  if constexpr (std::is_integral_v<From> && std::is_integral_v<To> && !std::is_same_v<To, bool>) {
    // NOLINTNEXTLINE(bugprone-signed-char-misuse): both are numbers here, compared as wide ones
    return static_cast<__int128>(static_cast<To>(v)) == static_cast<__int128>(v);
  }
  return true;
}

// Whether numbers of From may become To at all.
template <typename To, typename From>
constexpr bool Allowed() {
  if (std::is_same_v<To, From>) return true;
  if (IsComplexType<From>::value) return IsComplexType<To>::value;
  return std::is_integral_v<From> || !std::is_integral_v<To>;
}

template <typename To, typename From>
void CheckPair(unsigned seed) {
  std::mt19937_64 engine(seed);
  constexpr int kCount = 203;  // vectors and a rest
  std::unique_ptr<From[]> in(new From[kCount]);
  for (int i = 0; i < kCount; ++i) {
    do {
      in[static_cast<size_t>(i)] = Sample<From>(engine);
    } while (Allowed<To, From>() && !IsComplexType<From>::value && !IsComplexType<To>::value &&
             !InRange<To>(in[static_cast<size_t>(i)]));
  }
  const absl::StatusOr<Chunk> out =
      ConvertChunk(MakeChunk({kCount}, in.get()), DTypeOf<To>::value, TestHeap());
  ASSERT_EQ(out.ok(), (Allowed<To, From>())) << out.status();
  if constexpr (Allowed<To, From>()) {
    ASSERT_EQ(out->dtype, DTypeOf<To>::value);
    for (int i = 0; i < kCount; ++i) {
      ASSERT_EQ(out->as<To>()[i], Reference<To>(in[static_cast<size_t>(i)])) << i;
    }
  } else {
    EXPECT_EQ(out.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(ConvertTest, EveryPairEqualsTheNaiveReferenceOnEveryInstructionSet) {
  ForAllLevels([] {
    ForAllTypes([](auto from) {
      using From = decltype(from);
      ForAllTypes([](auto to) {
        using To = decltype(to);
        SCOPED_TRACE(std::string(DTypeName(DTypeOf<From>::value)) + " to " + DTypeName(DTypeOf<To>::value));
        for (unsigned seed = 0; seed < 5; ++seed) CheckPair<To, From>(seed);
      });
    });
  });
}

TEST(ConvertTest, RefusedPairsAreNamed) {
  const float value = 1.5f;
  const absl::Status status = ConvertChunk(MakeChunk({1}, &value), DType::kI16, TestHeap()).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("f32 do not convert to i16"));
}

TEST(ConvertTest, RoundsToNearestEvenAndOverflowsToInfinity) {
  const struct {
    double in;
    float out;
  } kCases[] = {{16777217.0, 16777216.0f},
                {16777219.0, 16777220.0f},
                {1e39, INFINITY},
                {-1e39, -INFINITY},
                {1e-46, 0.0f},
                {0.1, 0.1f},
                {-0.0, -0.0f},
                {INFINITY, INFINITY}};
  for (const auto& c : kCases) {
    const Chunk out = ConvertChunk(MakeChunk({1}, &c.in), DType::kF32, TestHeap()).value();
    EXPECT_EQ(out.as<float>()[0], c.out) << c.in;
    EXPECT_EQ(std::signbit(out.as<float>()[0]), std::signbit(c.out)) << c.in;
  }
  const uint64_t big = UINT64_MAX;
  EXPECT_EQ(ConvertChunk(MakeChunk({1}, &big), DType::kF64, TestHeap())->as<double>()[0],
            18446744073709551616.0);
  const double nan = std::nan("");
  EXPECT_TRUE(std::isnan(ConvertChunk(MakeChunk({1}, &nan), DType::kF32, TestHeap())->as<float>()[0]));
}

TEST(ConvertTest, IntegersThatDoNotFitAreRefusedByPlaceAndValue) {
  ForAllLevels([] {
    std::vector<int32_t> values(4 * 50, 7);
    values[3 * 50 + 41] = 70000;
    Chunk chunk = MakeChunk({4, 50}, values.data());
    chunk.box.origin = {100, 200};
    absl::Status status = ConvertChunk(chunk, DType::kU16, TestHeap()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("[103, 241] = 70000 (i32) does not fit u16"));
    // Where it is not valid it does not matter.
    std::vector<uint8_t> bits(25, 0xFF);
    bits[(3 * 50 + 41) / 8] = static_cast<uint8_t>(~(1 << ((3 * 50 + 41) % 8)));
    chunk.validity = Buffer::Copy(bits.data(), bits.size());
    const Chunk out = ConvertChunk(chunk, DType::kU16, TestHeap()).value();
    EXPECT_EQ(out.as<uint16_t>()[0], 7);
    EXPECT_FALSE(out.valid(3 * 50 + 41));
    EXPECT_TRUE(out.valid(3 * 50 + 40));
  });
  const uint64_t big = UINT64_MAX;
  const int64_t negative = -1;
  EXPECT_THAT(std::string(ConvertChunk(MakeChunk({}, &big), DType::kI64, TestHeap()).status().message()),
              HasSubstr("[] = 18446744073709551615"));
  EXPECT_FALSE(ConvertChunk(MakeChunk({}, &negative), DType::kU64, TestHeap()).ok());
  EXPECT_FALSE(ConvertChunk(MakeChunk({}, &negative), DType::kU8, TestHeap()).ok());
}

TEST(ConvertTest, InvalidElementsBecomeNanInFloats) {
  const std::vector<float> values(20, 2.0f);
  Chunk chunk = MakeChunk({20}, values.data());
  const uint8_t bits[3] = {0xFE, 0xFF, 0x07};  // 0 and 19 are invalid
  chunk.validity = Buffer::Copy(bits, 3);
  for (DType to : {DType::kF32, DType::kF64}) {
    const Chunk out = ConvertChunk(chunk, to, TestHeap()).value();
    EXPECT_FALSE(out.validity);
    for (int i = 0; i < 20; ++i) {
      const double v = to == DType::kF32 ? out.as<float>()[i] : out.as<double>()[i];
      EXPECT_EQ(std::isnan(v), i == 0 || i == 19) << i;
    }
  }
  // Other types keep the bits.
  EXPECT_TRUE(ConvertChunk(chunk, DType::kC64, TestHeap())->validity);
}

TEST(ConvertTest, SameTypeSharesMemory) {
  const std::vector<float> values(6, 1.0f);
  const Chunk chunk = MakeChunk({2, 3}, values.data());
  EXPECT_EQ(ConvertChunk(chunk, DType::kF32, TestHeap())->data.data(), chunk.data.data());
}

TEST(ConvertTest, StridedChunksAndEmptyOnes) {
  std::vector<int16_t> values(6 * 7);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int16_t>(i);
  const Chunk whole = MakeChunk({6, 7}, values.data());
  const Chunk part = SubChunk(whole, {{1, 2}, {3, 2}}, TestHeap()).value();
  const Chunk out = ConvertChunk(part, DType::kF64, TestHeap()).value();
  EXPECT_TRUE(out.contiguous());
  EXPECT_EQ(out.box, part.box);
  EXPECT_EQ(std::vector<double>(out.as<double>(), out.as<double>() + 6),
            (std::vector<double>{9, 10, 16, 17, 23, 24}));
  const Chunk empty = SubChunk(whole, {{1, 2}, {0, 2}}, TestHeap()).value();
  EXPECT_EQ(ConvertChunk(empty, DType::kF64, TestHeap())->data.size(), 0u);
}

TEST(ConvertTest, AnyByteButZeroIsTrue) {
  const uint8_t bytes[4] = {0, 1, 2, 255};
  Chunk chunk = MakeChunk({4}, bytes);
  chunk.dtype = DType::kBool;
  const Chunk out = ConvertChunk(chunk, DType::kF32, TestHeap()).value();
  EXPECT_EQ(std::vector<float>(out.as<float>(), out.as<float>() + 4), (std::vector<float>{0, 1, 1, 1}));
}

}  // namespace
}  // namespace cubeloom
