#include "cubeloom/base/ids.h"

#include <string>

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

constexpr std::array<uint8_t, 10> kZeros{};
constexpr std::array<uint8_t, 10> kOnes = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

TEST(RunIdTest, RefusesWhatIsNotCanonical) {
  const char* const kBad[] = {
      "",
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398",    // one short
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",  // one long
      "017f22e279b07cc398c4dc0c0c07398f",       // no dashes
      "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f",   // a brace
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",   // not hexadecimal
      "017f22e2079b0-7cc3-98c4-dc0c0c07398f",   // digit for a dash
      "017f22e2-79b0-7cc3-98c4-dc0c-c07398f",   // dash for a digit
      " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
  };
  for (const char* text : kBad) {
    absl::StatusOr<RunId> id = RunId::Parse(text);
    EXPECT_EQ(id.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(id.status().message().find(text), absl::string_view::npos) << id.status();
  }
}

TEST(RunIdTest, ErrorsAreShortAndPrintable) {
  const std::string long_text(100000, '\n');
  absl::Status status = RunId::Parse(long_text).status();
  EXPECT_LT(status.message().size(), 400u);
  EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
}

TEST(RunIdTest, MatchesTheExampleOfRfc9562) {
  // Appendix A.6: 2022-02-22T19:22:22Z, rand_a = CC3, rand_b = 18C4DC0C0C07398F.
  const std::array<uint8_t, 10> random = {0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
  EXPECT_EQ(RunId::Make(0x017f22e279b0, random).ToString(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(RunIdTest, VersionAndVariantAreFixed) {
  EXPECT_EQ(RunId::Make(0, kZeros).ToString(), "00000000-0000-7000-8000-000000000000");
  EXPECT_EQ(RunId::Make(~uint64_t{0}, kOnes).ToString(), "ffffffff-ffff-7fff-bfff-ffffffffffff");
}

TEST(RunIdTest, TextRoundTripsInEitherCase) {
  const RunId id = RunId::Make(0x017f22e279b0, kOnes);
  EXPECT_EQ(*RunId::Parse(id.ToString()), id);
  EXPECT_EQ(*RunId::Parse("017F22E2-79B0-7FFF-BFFF-FFFFFFFFFFFF"), id);
}

TEST(RunIdTest, SortsByCreationTime) {
  EXPECT_LT(RunId::Make(1000, kOnes), RunId::Make(1001, kZeros));
  EXPECT_LT(RunId::Make(255, kOnes), RunId::Make(256, kZeros));
  EXPECT_LT(RunId::Make(255, kOnes).ToString(), RunId::Make(256, kZeros).ToString());
}

}  // namespace
}  // namespace cubeloom
