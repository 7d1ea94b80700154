// Files that are wrong: a clear error naming file, HDU, keyword, value or byte; never a crash or a big
// allocation.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cubeloom/store/fits/test_support.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

std::string Header(const std::string& bitpix, const std::string& naxis,
                   const std::vector<std::string>& more) {
  std::vector<std::string> cards = {"SIMPLE  =                    T", "BITPIX  = " + bitpix,
                                    "NAXIS   = " + naxis};
  cards.insert(cards.end(), more.begin(), more.end());
  return MakeHeader(cards);
}

struct Bad {
  std::string name, bytes;
  absl::StatusCode code;
  std::vector<std::string> words;  // all of them in the message, besides the file's name
};

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kLoss = absl::StatusCode::kDataLoss;

std::vector<Bad> PrimaryCases() {  // NOLINT(readability-function-size): a table
  const std::string data(2880, '\1');
  return {
      {"empty file", "", kInvalid, {"empty"}},
      {"one byte", "S", kInvalid, {"not a FITS file", "\"S\""}},
      {"wrong magic", std::string(4000, 'x'), kInvalid, {"not a FITS file"}},
      {"binary", std::string(3000, '\0'), kInvalid, {"not a FITS file"}},
      {"SIMPLE without value", "SIMPLE    " + std::string(4000, ' '), kInvalid, {"SIMPLE at byte 0"}},
      {"header cut",
       Header("8", "1", {"NAXIS1  = 5"}).substr(0, 240),
       kLoss,
       {"HDU 0", "no END card", "byte 240"}},
      {"missing END",
       absl::StrReplaceAll(Header("8", "1", {"NAXIS1  = 5"}), {{"END", "   "}}),
       kLoss,
       {"no END card"}},
      {"data cut",
       Header("8", "1", {"NAXIS1  = 5000"}) + data,
       kLoss,
       {"NAXIS1 = 5000 at byte 240", "truncated", "5760"}},
      {"no data", Header("-32", "2", {"NAXIS1  = 5", "NAXIS2  = 5"}), kLoss, {"truncated"}},
      {"NAXIS1 = 2^40",
       Header("16", "2", {"NAXIS1  = 1099511627776", "NAXIS2  = 4"}) + data,
       kLoss,
       {"NAXIS1 = 1099511627776 at byte 240", "truncated"}},
      {"overflow",
       Header("64", "2", {"NAXIS1  = 4294967296", "NAXIS2  = 4294967296"}) + data,
       kInvalid,
       {"beyond 2^63"}},
      {"overflow of one axis",
       Header("64", "1", {"NAXIS1  = 9223372036854775807"}) + data,
       kInvalid,
       {"NAXIS1 = 9223372036854775807", "beyond 2^63"}},
      {"NAXIS1 negative", Header("16", "1", {"NAXIS1  = -5"}) + data, kInvalid, {"NAXIS1 = -5 at byte 240"}},
      {"NAXIS1 no number",
       Header("16", "1", {"NAXIS1  = 'five'"}) + data,
       kInvalid,
       {"NAXIS1 = 'five'", "integer"}},
      {"NAXIS1 beyond all integers",
       Header("16", "1", {"NAXIS1  = 10000000000000000000"}) + data,
       kInvalid,
       {"NAXIS1", "expected an integer below 2^63"}},
      {"NAXIS1 real", Header("16", "1", {"NAXIS1  = 5.5"}) + data, kInvalid, {"NAXIS1 = 5.5"}},
      {"NAXIS2 missing", Header("16", "2", {"NAXIS1  = 5"}) + data, kInvalid, {"no NAXIS2 card"}},
      {"NAXIS absurd", Header("16", "1000000", {}) + data, kInvalid, {"NAXIS = 1000000 at byte 160"}},
      {"NAXIS negative", Header("16", "-1", {}) + data, kInvalid, {"NAXIS = -1"}},
      {"NAXIS missing",
       MakeHeader({"SIMPLE  =                    T", "BITPIX  = 8"}) + data,
       kInvalid,
       {"no NAXIS card"}},
      {"BITPIX missing",
       MakeHeader({"SIMPLE  =                    T", "NAXIS   = 0"}) + data,
       kInvalid,
       {"no BITPIX card"}},
      {"BITPIX unknown",
       Header("13", "1", {"NAXIS1  = 5"}) + data,
       kInvalid,
       {"BITPIX = 13 at byte 80", "-32"}},
      {"BITPIX huge", Header("99999999999999999999", "1", {"NAXIS1  = 5"}) + data, kInvalid, {"BITPIX"}},
      {"BSCALE no number",
       Header("16", "1", {"NAXIS1  = 5", "BSCALE  = 'x'"}) + data,
       kInvalid,
       {"BSCALE = 'x' at byte 320"}},
      {"BSCALE NaN",
       Header("16", "1", {"NAXIS1  = 5", "BSCALE  = NaN"}) + data,
       kInvalid,
       {"BSCALE", "finite"}},
      {"BZERO Inf", Header("16", "1", {"NAXIS1  = 5", "BZERO   = 1E999"}) + data, kInvalid, {"BZERO"}},
      {"BLANK no integer",
       Header("16", "1", {"NAXIS1  = 5", "BLANK   = 1.5"}) + data,
       kInvalid,
       {"BLANK = 1.5"}},
      {"PCOUNT negative",
       Header("16", "1", {"NAXIS1  = 5", "PCOUNT  = -8"}) + data,
       kInvalid,
       {"PCOUNT = -8"}},
      {"PCOUNT absurd",
       Header("16", "1", {"NAXIS1  = 5", "PCOUNT  = 9223372036854775807"}) + data,
       kInvalid,
       {"2^63"}},
      {"no pixels at all", Header("16", "0", {}), absl::StatusCode::kNotFound, {"no image with pixels"}},
      {"axis of length 0",
       Header("16", "2", {"NAXIS1  = 0", "NAXIS2  = 5"}),
       absl::StatusCode::kNotFound,
       {"no image"}},
      {"too many axes",
       Header("8", "9",
              {"NAXIS1  = 2", "NAXIS2  = 1", "NAXIS3  = 1", "NAXIS4  = 1", "NAXIS5  = 1", "NAXIS6  = 1",
               "NAXIS7  = 1", "NAXIS8  = 1", "NAXIS9  = 1"}) +
           data,
       kInvalid,
       {"NAXIS = 9", "at most 8"}},
  };
}

std::string Table(const std::vector<std::string>& more, const std::string& naxis1 = "8") {
  std::vector<std::string> cards = {"XTENSION= 'BINTABLE'", "BITPIX  = 8",
                                    "NAXIS   = 2",          "NAXIS1  = " + naxis1,
                                    "NAXIS2  = 3",          "PCOUNT  = 8",
                                    "GCOUNT  = 1",          "TFIELDS = 1",
                                    "TFORM1  = '1PB(8)'",   "TTYPE1  = 'COMPRESSED_DATA'"};
  for (const std::string& card : more) {
    bool replaced = false;
    for (std::string& old : cards) {
      if (old.substr(0, 8) == card.substr(0, 8)) old = card, replaced = true;
    }
    if (!replaced) cards.push_back(card);
  }
  return Header("8", "0", {}) + MakeHeader(cards) + std::string(2880, '\0');
}

std::vector<std::string> Tiled(std::vector<std::string> more) {
  std::vector<std::string> cards = {"ZIMAGE  = T", "ZCMPTYPE= 'RICE_1'", "ZBITPIX = 16",
                                    "ZNAXIS  = 2", "ZNAXIS1 = 4",        "ZNAXIS2 = 3"};
  cards.insert(cards.end(), more.begin(), more.end());
  return cards;
}

std::vector<Bad> TableCases() {
  return {
      {"TFORM wrong", Table({"TFORM1  = 'wrong'"}), kInvalid, {"HDU 1", "TFORM1 = 'wrong'"}},
      {"TFORM absurd", Table({"TFORM1  = '9223372036854775807E'"}), kInvalid, {"TFORM1"}},
      {"columns wider than the row", Table({"TFORM1  = '9A'"}), kInvalid, {"TFORM1 = '9A'", "NAXIS1 = 8"}},
      {"TFIELDS absurd", Table({"TFIELDS = 1000"}), kInvalid, {"TFIELDS = 1000"}},
      {"THEAP beyond", Table({"THEAP   = 1000"}), kInvalid, {"THEAP = 1000"}},
      {"THEAP inside the table", Table({"THEAP   = 3"}), kInvalid, {"THEAP = 3"}},
      {"table of 3 axes", Table({"NAXIS   = 3", "NAXIS3  = 1"}), kInvalid, {"NAXIS = 3"}},
      {"ZNAXIS missing",
       Table({"ZIMAGE  = T", "ZCMPTYPE= 'RICE_1'", "ZBITPIX = 16"}),
       kInvalid,
       {"no ZNAXIS card"}},
      {"ZBITPIX unknown", Table(Tiled({"ZBITPIX = 7"})), kInvalid, {"ZBITPIX = 7"}},
      {"more tiles than rows", Table(Tiled({"ZTILE1  = 1"})), kInvalid, {"NAXIS2 = 3", "12 tiles"}},
      {"ZNAXIS1 absurd", Table(Tiled({"ZNAXIS1 = 1099511627776"})), kInvalid, {"ZTILE1", "pixels"}},
      {"ZTILE1 zero", Table(Tiled({"ZTILE1  = 0"})), kInvalid, {"ZTILE1 = 0"}},
      {"ZTILE1 negative", Table(Tiled({"ZTILE1  = -1"})), kInvalid, {"ZTILE1 = -1"}},
      {"BYTEPIX wrong", Table(Tiled({"ZNAME1  = 'BYTEPIX'", "ZVAL1   = 3"})), kInvalid, {"ZVAL1 = 3"}},
      {"BLOCKSIZE zero", Table(Tiled({"ZNAME1  = 'BLOCKSIZE'", "ZVAL1   = 0"})), kInvalid, {"ZVAL1 = 0"}},
  };
}

void ExpectRefused(const std::vector<Bad>& cases) {
  TempFolder folder;
  for (const Bad& bad : cases) {
    const std::string file = folder.Write("bad.fits", bad.bytes);
    const absl::Status status = OpenFits(TestSource(), file).status();
    EXPECT_EQ(status.code(), bad.code) << bad.name << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file)) << bad.name;
    for (const std::string& word : bad.words) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(word)) << bad.name;
    }
  }
}

TEST(BadInputTest, WrongPrimaries) { ExpectRefused(PrimaryCases()); }
TEST(BadInputTest, WrongTables) { ExpectRefused(TableCases()); }

TEST(BadInputTest, MissingFileAndFolder) {
  TempFolder folder;
  EXPECT_EQ(OpenFits(TestSource(), folder.File("none.fits")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(OpenFits(TestSource(), folder.path()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(BadInputTest, OddButReadable) {
  TempFolder folder;
  const std::string data(5, 'a');
  // The last block is not filled up; comments with bytes that are not ASCII; an END with trailing text is no
  // END.
  for (const std::string& bytes : {Header("8", "1", {"NAXIS1  = 5"}) + data,
                                   Header("8", "1", {"NAXIS1  = 5", "OBJECT  = 'caf\xe9' / \xb5m"}) + data,
                                   Header("8", "1", {"NAXIS1  = 5", "END = 3"}) + data}) {
    const auto array = OpenFits(TestSource(), folder.Write("odd.fits", bytes));
    EXPECT_TRUE(array.ok()) << array.status();
  }
}

}  // namespace
}  // namespace cubeloom
