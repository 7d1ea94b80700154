#include "cubeloom/engine/sink_plan.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

TEST(CanHoldTest, FormatsTakeWhatTheyCanStore) {
  EXPECT_TRUE(CanHold(SinkFormat::kFits, PayloadKind::kTable));
  EXPECT_TRUE(CanHold(SinkFormat::kJson, PayloadKind::kArray));
  EXPECT_FALSE(CanHold(SinkFormat::kCsv, PayloadKind::kValue));
  EXPECT_FALSE(CanHold(SinkFormat::kHdf5, PayloadKind::kTable));
  EXPECT_FALSE(CanHold(SinkFormat::kBytes, PayloadKind::kArray));
}

TEST(FolderOfTest, TakesThePartBeforeTheLastSlash) {
  EXPECT_EQ(FolderOf("a/b/c"), "a/b");
  EXPECT_EQ(FolderOf("c"), ".");
  EXPECT_EQ(FolderOf("/c"), "/");
}

TEST(MakeFoldersTest, MakesParentsAndRefusesFiles) {
  const std::string base = ::testing::TempDir() + "/make_folders";
  ASSERT_EQ(std::system(("rm -rf " + base).c_str()), 0);
  EXPECT_TRUE(MakeFolders(base + "/a/b").ok());
  EXPECT_TRUE(MakeFolders(base + "/a/b").ok()) << "again";
  std::ofstream(base + "/file") << "x";
  EXPECT_FALSE(MakeFolders(base + "/file").ok());
  EXPECT_FALSE(MakeFolders(base + "/file/below").ok());
}

}  // namespace
}  // namespace cubeloom::engine
