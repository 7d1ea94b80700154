#include "cubeloom/array/chunk/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

TablePtr Share(Table table) { return std::make_shared<const Table>(std::move(table)); }

Table SourceTable() {
  return Table{{{"id", "", "", std::vector<int64_t>{1, 2}, {0, 1}},
                {"flux", "Jy", "", std::vector<double>{1.5, std::nan("")}, {}},
                {"name", "", "", std::vector<std::string>{"a", "b"}, {}}}};
}

TEST(TableTest, MissingValuesAreNull) {
  const Table table = SourceTable();
  EXPECT_EQ(table.rows(), 2);
  EXPECT_EQ(table.Find("id")->At(0), Value(1));
  EXPECT_TRUE(table.Find("id")->At(1).is_null());
  EXPECT_EQ(table.Find("flux")->At(0), Value(1.5));
  EXPECT_TRUE(table.Find("flux")->At(1).is_null());
  EXPECT_EQ(table.Find("name")->At(1), Value("b"));
  EXPECT_EQ(table.Find("Flux"), nullptr);
  EXPECT_EQ(Table().rows(), 0);
  EXPECT_TRUE(Table().Check().ok());
}

TEST(TableTest, CheckNamesTheColumn) {
  Table unnamed = SourceTable(), ragged = SourceTable(), flags = SourceTable(), twice = SourceTable();
  unnamed.columns[1].name = "";
  ragged.columns[2].values = std::vector<std::string>{"a"};
  flags.columns[0].missing = {0};
  twice.columns[2].name = "id";
  const struct {
    Table table;
    const char* says;
  } kCases[] = {{unnamed, "column 1 has no name"},
                {ragged, "column 'name' has 1 rows, column 'id' has 2"},
                {flags, "column 'id' has 2 rows but 1 missing flags"},
                {twice, "two columns are named 'id'"}};
  EXPECT_TRUE(SourceTable().Check().ok());
  for (const auto& c : kCases) {
    EXPECT_EQ(c.table.Check().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(c.table.Check().message()), HasSubstr(c.says));
  }
}

TEST(ConcatTablesTest, MatchesColumnsByName) {
  const Table other{{{"name", "", "", std::vector<std::string>{"c"}, {1}},
                     {"id", "", "", std::vector<int64_t>{3}, {}},
                     {"flux", "Jy", "", std::vector<double>{2.5}, {}}}};
  const TablePtr all = ConcatTables({Share(SourceTable()), Share(other), Share(SourceTable())}).value();
  ASSERT_TRUE(all->Check().ok());
  EXPECT_EQ(all->rows(), 5);
  ASSERT_EQ(all->columns.size(), 3u);
  EXPECT_EQ(all->columns[0].name, "id");
  EXPECT_EQ(std::get<0>(all->columns[0].values), (std::vector<int64_t>{1, 2, 3, 1, 2}));
  EXPECT_EQ(all->columns[0].missing, (std::vector<uint8_t>{0, 1, 0, 0, 1}));
  EXPECT_TRUE(all->columns[1].missing.empty());
  EXPECT_EQ(all->columns[2].missing, (std::vector<uint8_t>{0, 0, 1, 0, 0}));
  EXPECT_TRUE(all->Find("name")->At(2).is_null());
}

TEST(ConcatTablesTest, EmptyTablesAndNone) {
  Table none = SourceTable();
  none.columns[0].values = std::vector<int64_t>{};
  none.columns[0].missing = {};
  none.columns[1].values = std::vector<double>{};
  none.columns[2].values = std::vector<std::string>{};
  EXPECT_EQ(ConcatTables({Share(none), Share(SourceTable())}).value()->rows(), 2);
  EXPECT_EQ(ConcatTables({Share(SourceTable()), Share(none)}).value()->rows(), 2);
  EXPECT_EQ(ConcatTables({}).value()->columns.size(), 0u);
}

TEST(ConcatTablesTest, MismatchesNameTableAndColumn) {
  Table type = SourceTable(), unit = SourceTable(), name = SourceTable(), fewer = SourceTable();
  type.columns[1].values = std::vector<int64_t>{1, 2};
  unit.columns[1].unit = "mJy";
  name.columns[2].name = "label";
  fewer.columns.pop_back();
  const struct {
    TablePtr second;
    const char* says;
  } kCases[] = {{Share(type), "table 1: column 'flux' holds integer values, in table 0 real"},
                {Share(unit), "table 1: column 'flux' has unit 'mJy', in table 0 'Jy'"},
                {Share(name), "table 1: no column 'name'"},
                {Share(fewer), "table 1: it has 2 columns, table 0 has 3"},
                {nullptr, "table 1 is absent"}};
  for (const auto& c : kCases) {
    const absl::Status status = ConcatTables({Share(SourceTable()), c.second}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace cubeloom
