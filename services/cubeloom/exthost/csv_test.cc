#include "cubeloom/exthost/csv.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::exthost {
namespace {

using ::testing::HasSubstr;

TEST(CsvTest, TableComesBackAsItWas) {
  Table table;
  Column id, flux, name;
  id.name = "id", flux.name = "flux, Jy", name.name = "the \"name\"";
  id.values = std::vector<int64_t>{1, -2, 9007199254740993};
  id.missing = {0, 1, 0};
  flux.values = std::vector<double>{0.1, std::numeric_limits<double>::quiet_NaN(),
                                    -std::numeric_limits<double>::infinity()};
  name.values = std::vector<std::string>{"a,b", "", "line\nbreak \"q\""};
  table.columns = {id, flux, name};
  const std::string text = TableToCsv(table);
  const TablePtr back = TableFromCsv(text).value();
  EXPECT_EQ(TableToCsv(*back), text);
  EXPECT_EQ(back->columns[0].At(2).integer(), 9007199254740993);
  EXPECT_TRUE(back->columns[0].At(1).is_null());
  EXPECT_TRUE(back->columns[1].At(1).is_null());
  EXPECT_EQ(back->columns[2].At(1).string(), "");
  EXPECT_EQ(back->columns[2].At(2).string(), "line\nbreak \"q\"");
}

TEST(CsvTest, ReadsWhatOtherToolsWrite) {
  const TablePtr table = TableFromCsv("x,y\r\n1,2.5\r\n,3\r\n").value();
  EXPECT_EQ(table->rows(), 2);
  EXPECT_TRUE(table->columns[0].At(1).is_null());
  EXPECT_EQ(table->columns[1].At(1).real(), 3.0);
  EXPECT_EQ(TableFromCsv("only").value()->rows(), 0);
}

TEST(CsvTest, BadTextSaysWhichLine) {
  const struct {
    const char* text;
    const char* message;
  } kCases[] = {{"", "line 1"},
                {"a,b\n1\n", "line 2: 1 fields, the first line has 2"},
                {"a,b\n1,2\n1,2,3\n", "line 3: 3 fields"},
                {"a\n\"open\n", "line 2: a quote does not end"},
                {"a\n\"x\"y\n", "line 2: a quote does not end"},
                {"a,a\n1,2\n", "two columns are named 'a'"},
                {"a,\n1,2\n", "has no name"}};
  for (const auto& c : kCases) {
    const absl::StatusOr<TablePtr> table = TableFromCsv(c.text);
    ASSERT_FALSE(table.ok()) << c.text;
    EXPECT_THAT(std::string(table.status().message()), HasSubstr(c.message)) << c.text;
  }
}

}  // namespace
}  // namespace cubeloom::exthost
