#include "cubeloom/engine/spill_file.h"

#include <dirent.h>

#include <cstring>
#include <vector>

#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

std::vector<std::byte> Bytes(size_t size, int seed) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>((i * 31 + static_cast<size_t>(seed)) & 0xff);
  return bytes;
}

TEST(SpillFileTest, RecordsComeBackInAnyOrderAndRoomIsUsedAgain) {
  SpillFile spill(::testing::TempDir());
  std::vector<uint64_t> handles;
  for (int i = 0; i < 20; ++i) handles.push_back(*spill.Append(Bytes(1000 + static_cast<size_t>(i), i)));
  for (int i = 0; i < 20; i += 2) spill.Delete(handles[i]);
  for (int i = 0; i < 20; i += 2) handles[i] = *spill.Append(Bytes(900 + static_cast<size_t>(i), i + 100));
  for (int i = 19; i >= 0; --i) {
    const bool again = i % 2 == 0;
    const std::vector<std::byte> want =
        Bytes((again ? 900 : 1000) + static_cast<size_t>(i), again ? i + 100 : i);
    std::vector<std::byte> got(want.size());
    ASSERT_TRUE(spill.Read(handles[i], absl::MakeSpan(got)).ok());
    EXPECT_EQ(got, want) << i;
  }
}

TEST(SpillFileTest, NothingHasANameInTheFolder) {
  std::string folder = ::testing::TempDir() + "/spill_names";
  ASSERT_EQ(std::system(("rm -rf " + folder + " && mkdir -p " + folder).c_str()), 0);
  SpillFile spill(folder);
  ASSERT_TRUE(spill.Append(Bytes(10, 1)).ok());
  DIR* dir = opendir(folder.c_str());
  int names = 0;
  while (readdir(dir) != nullptr) ++names;
  closedir(dir);
  EXPECT_EQ(names, 2);  // "." and ".."
}

TEST(SpillFileTest, MissingFolderAndUnknownHandleAreErrors) {
  SpillFile nowhere("/nonexistent/folder");
  EXPECT_FALSE(nowhere.Append(Bytes(10, 1)).ok());
  SpillFile spill(::testing::TempDir());
  std::vector<std::byte> out(10);
  EXPECT_FALSE(spill.Read(5, absl::MakeSpan(out)).ok());
}

}  // namespace
}  // namespace cubeloom::engine
