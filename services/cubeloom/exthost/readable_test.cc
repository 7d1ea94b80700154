#include "cubeloom/exthost/readable.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace cubeloom::exthost {
namespace {

TEST(ReadableTest, ShowsWhatIsNoTextAsNumbers) {
  const struct {
    std::string output, shown;
  } cases[] = {
      {"", ""},
      {" \n\t ", ""},
      {"  one\r\ntwo \n", "one\ntwo"},
      {"a\tb", "a\tb"},
      {"47 Tucan\xc3\xa6 \xe2\x9c\x93 \xf0\x9f\x94\xad", "47 Tucan\xc3\xa6 \xe2\x9c\x93 \xf0\x9f\x94\xad"},
      {"\x1b[2Jx", "\\x1b[2Jx"},
      {std::string("a\0b", 3), "a\\x00b"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "1m",
       "\\xc2\\x9b1m"},                              // a control character of eight bits
      {"\xff\xfe", "\\xff\\xfe"},                    // no UTF-8
      {"\xe2\x9c", "\\xe2\\x9c"},                    // cut
      {"\xc0\xaf", "\\xc0\\xaf"},                    // longer than needed
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // half of a pair
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond the last character
  };
  for (const auto& c : cases) EXPECT_EQ(Readable(c.output), c.shown) << c.output;
}

TEST(ReadableTest, KeepsTheLastLinesOnly) {
  std::string output;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&output, "line ", i, "\n");
  const std::string shown = Readable(output);
  EXPECT_EQ(shown.substr(0, 8), "line 80\n");
  EXPECT_EQ(shown.substr(shown.size() - 8), "\nline 99");
  EXPECT_EQ(Readable(std::string(100000, 'x')), std::string(2000, 'x'));
  EXPECT_EQ(Readable("a\nb"), "a\nb");
}

}  // namespace
}  // namespace cubeloom::exthost
