#include "cubeloom/store/fits/card.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/store/fits/checksum.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

struct Parsed {
  std::string card, name, json, comment;
};

TEST(FitsCardTest, ParsesEveryKindOfValue) {
  for (const Parsed& c :
       std::vector<Parsed>{{"SIMPLE  =                    T / yes", "SIMPLE", "true", "yes"},
                           {"GOOD    = F", "GOOD", "false", ""},
                           {"N       =                  -42 / count", "N", "-42", "count"},
                           {"BIG     = 9223372036854775808", "BIG", "9.223372036854776e+18", ""},
                           {"X       = 1.5D-3", "X", "0.0015", ""},
                           {"X       = +.5", "X", "0.5", ""},
                           {"X       = 1E999", "X", "\"1E999\"", ""},
                           {"X       = NaN", "X", "\"NaN\"", ""},
                           {"Z       = (1, -2.5) / complex", "Z", "[1.0,-2.5]", "complex"},
                           {"NONE    = / nothing", "NONE", "null", "nothing"},
                           {"S       = 'abc     '           / text", "S", "\"abc\"", "text"},
                           {"S       = '  it''s / quoted'", "S", "\"  it's / quoted\"", ""},
                           {"S       = ''", "S", "\"\"", ""},
                           {"S       = 'never closed", "S", "\"never closed\"", ""},
                           {"COMMENT   free = text / here", "COMMENT", "\"  free = text / here\"", ""},
                           {"HISTORY done", "HISTORY", "\"done\"", ""},
                           {"        blank keyword", "", "\"blank keyword\"", ""},
                           {"NOEQUAL value", "NOEQUAL", "\"value\"", ""},
                           {"HIERARCH ESO DET DIT = 2.0 / s", "ESO DET DIT", "2.0", "s"},
                           {"S       = 'caf\xe9'", "S", "\"caf?\"", ""},
                           {"", "", "\"\"", ""}}) {
    std::string card = c.card;
    card.resize(kFitsCard, ' ');
    const Attribute a = ParseFitsCard(card);
    EXPECT_EQ(a.name, c.name) << c.card;
    EXPECT_EQ(a.value.ToJson(), c.json) << c.card;
    EXPECT_EQ(a.comment, c.comment) << c.card;
    ParseFitsCard(c.card);  // shorter than a card: no read beyond it
  }
}

TEST(FitsCardTest, FormatsWhatItParses) {
  for (const Attribute& a : std::vector<Attribute>{{"T", Value(true), "yes"},
                                                   {"N", Value(int64_t{INT64_MIN}), ""},
                                                   {"X", Value(1e-300), "tiny"},
                                                   {"X", Value(-0.1), ""},
                                                   {"X", Value(1e22), ""},
                                                   {"S", Value("it's"), "c"},
                                                   {"NULLV", Value(), "undefined"},
                                                   {"eso lower", Value(3), ""},
                                                   {"HISTORY", Value("h"), ""}}) {
    const absl::StatusOr<std::string> card = FormatFitsCard(a);
    ASSERT_TRUE(card.ok()) << card.status();
    EXPECT_EQ(card->size(), 80u);
    const Attribute back = ParseFitsCard(*card);
    EXPECT_EQ(back.name, a.name);
    EXPECT_EQ(back.value, a.value) << *card;
    EXPECT_EQ(back.comment, a.comment);
  }
}

TEST(FitsCardTest, LongStringsGoOnWhereverTheyAreCut) {
  for (size_t length = 60; length < 220; ++length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) text += i % 3 == 0 ? '\'' : static_cast<char>('a' + i % 26);
    text.back() = 'z';
    const std::string cards = FormatFitsCard({"LONG", Value(text), "comment"}).value();
    ASSERT_EQ(cards.size() % kFitsCard, 0u);
    Attribute a = ParseFitsCard(cards.substr(0, kFitsCard));
    for (size_t at = kFitsCard; at < cards.size(); at += kFitsCard) {
      ASSERT_TRUE(ContinueFitsCard(cards.substr(at, kFitsCard), a)) << cards;
    }
    EXPECT_EQ(a.value, Value(text)) << cards;
  }
}

TEST(FitsCardTest, KnowsStructuralKeywords) {
  for (const char* name : {"SIMPLE", "NAXIS", "NAXIS3", "BSCALE", "ZTILE12", "TFORM1", "CHECKSUM", "END"}) {
    EXPECT_TRUE(IsStructuralFitsKeyword(name)) << name;
  }
  for (const char* name : {"OBJECT", "EXTNAME", "NAXISX", "TFORM", "CRVAL1", "", "COMMENT", "BUNIT"}) {
    EXPECT_FALSE(IsStructuralFitsKeyword(name)) << name;
  }
}

TEST(FitsChecksumTest, IsTheSameInAnyPieces) {
  std::string data(1001, '\0');
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7919);
  FitsChecksum whole;
  whole.Add(data.data(), data.size());
  for (const size_t step : {1, 2, 3, 5, 64, 999}) {
    FitsChecksum pieces;
    for (size_t at = 0; at < data.size(); at += step)
      pieces.Add(data.data() + at, std::min(step, data.size() - at));
    EXPECT_EQ(pieces.value(), whole.value()) << step;
  }
}

TEST(FitsChecksumTest, EncodesAsAppendixJDoes) {
  EXPECT_EQ(EncodeFitsChecksum(868229149), "hcHjjc9ghcEghc9g");  // the worked example of the convention
  for (const char c : EncodeFitsChecksum(0)) EXPECT_TRUE(std::isalnum(c)) << c;
}

}  // namespace
}  // namespace cubeloom
