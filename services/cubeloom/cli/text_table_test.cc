#include "cubeloom/cli/text_table.h"

#include "gtest/gtest.h"

namespace cubeloom::cli {
namespace {

TEST(TextTableTest, ColumnsAlignAndLinesHaveNoTrailingBlanks) {
  EXPECT_EQ(TextTable({{"node", "drops"}, {"a", "1"}, {"longer", "12"}}, {1}),
            "node    drops\na           1\nlonger     12\n");
  EXPECT_EQ(TextTable({{"x", ""}, {"µµ", "1"}}), "x\nµµ  1\n");
  EXPECT_EQ(TextTable({}), "");
}

}  // namespace
}  // namespace cubeloom::cli
