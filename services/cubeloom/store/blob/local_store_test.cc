#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/testing/fault_store.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::Span<const std::byte> Bytes(absl::string_view text) {
  return absl::MakeSpan(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

absl::StatusOr<std::string> ReadText(const RandomReader& reader, int64_t offset, size_t size) {
  std::string out(size, '\0');
  const absl::Status status =
      reader.ReadAt(offset, absl::MakeSpan(reinterpret_cast<std::byte*>(&out[0]), out.size()));
  if (!status.ok()) return status;
  return out;
}

TEST(LocalPathTest, TakesPlainPathsAndFileUris) {
  struct Case {
    std::string uri, path;  // "" = refused
  };
  for (const Case& c : std::vector<Case>{{"a.fits", "a.fits"},
                                         {"/x/a b.fits", "/x/a b.fits"},
                                         {"file:///x/a%20b%2Ffits", "/x/a b/fits"},
                                         {"file://localhost/x", "/x"},
                                         {"file://host/x", ""},
                                         {"file:///x%2", ""},
                                         {"file:///x%00", ""},
                                         {"file:///x%zz", ""},
                                         {"s3://bucket/x", ""},
                                         {"https://host/x", ""},
                                         {"dir/a://b", "dir/a://b"},
                                         {"", ""}}) {
    const absl::StatusOr<std::string> path = LocalPath(c.uri);
    EXPECT_EQ(path.ok(), !c.path.empty()) << c.uri << ": " << path.status();
    if (path.ok()) {
      EXPECT_EQ(*path, c.path) << c.uri;
    }
  }
}

TEST(LocalStoreTest, ReadsRangesAndRefusesBeyondTheEnd) {
  TempFolder folder;
  const std::string file = folder.Write("a", "0123456789");
  const auto reader = LocalStore().OpenRead(file);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->stat().size, 10);
  EXPECT_EQ(ReadText(**reader, 3, 4).value(), "3456");
  EXPECT_EQ(ReadText(**reader, 10, 0).value(), "");
  for (const auto& [offset, size] :
       std::vector<std::pair<int64_t, size_t>>{{8, 3}, {-1, 1}, {11, 0}, {INT64_MAX, 1}}) {
    EXPECT_EQ(ReadText(**reader, offset, size).status().code(), absl::StatusCode::kOutOfRange) << offset;
  }
  EXPECT_TRUE((*reader)->CheckUnchanged().ok());
}

TEST(LocalStoreTest, IdentityChangesWithContent) {
  TempFolder folder;
  const std::string file = folder.Write("a", "one");
  const ObjectStat before = LocalStore().Stat(file).value();
  EXPECT_EQ(before.identity, LocalStore().OpenRead(file).value()->stat().identity);
  folder.Write("a", "three");
  EXPECT_NE(LocalStore().Stat(file)->identity, before.identity);
}

TEST(LocalStoreTest, SaysWhenTheFileChangesUnderTheReader) {
  TempFolder folder;
  const std::string file = folder.Write("a", std::string(10000, 'x'));
  const auto reader = LocalStore().OpenRead(file).value();
  std::filesystem::resize_file(file, 5000);
  EXPECT_EQ(ReadText(*reader, 0, 10).value(), "xxxxxxxxxx");
  const absl::Status gone = ReadText(*reader, 4000, 4000).status();
  EXPECT_EQ(gone.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(gone.message()), HasSubstr("changed while read: it now ends at byte 5000"));
  EXPECT_THAT(std::string(gone.message()), HasSubstr(file));
  EXPECT_EQ(reader->CheckUnchanged().code(), absl::StatusCode::kDataLoss);
  // Replacing by rename leaves an open reader with the old content.
  const std::string other = folder.Write("b", "old");
  const auto kept = LocalStore().OpenRead(other).value();
  folder.Write("c", "new");
  std::filesystem::rename(folder.File("c"), other);
  EXPECT_EQ(ReadText(*kept, 0, 3).value(), "old");
  EXPECT_TRUE(kept->CheckUnchanged().ok());
}

TEST(LocalStoreTest, RefusesWhatIsNoRegularFile) {
  TempFolder folder;
  const std::string fifo = folder.File("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  struct Case {
    std::string uri;
    absl::StatusCode code;
  };
  for (const Case& c : std::vector<Case>{{folder.path(), absl::StatusCode::kInvalidArgument},
                                         {fifo, absl::StatusCode::kInvalidArgument},
                                         {"/dev/null", absl::StatusCode::kInvalidArgument},
                                         {folder.File("none"), absl::StatusCode::kNotFound},
                                         {folder.File("no/such/folder"), absl::StatusCode::kNotFound},
                                         {"s3://bucket/key", absl::StatusCode::kInvalidArgument}}) {
    const absl::Status status = LocalStore().OpenRead(c.uri).status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.uri));
    EXPECT_EQ(LocalStore().Stat(c.uri).status().code(), c.code);
  }
}

TEST(LocalStoreTest, KeepsMoreFilesOpenThanTheSoftLimit) {
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  if (old.rlim_max < 512) GTEST_SKIP() << "the hard limit on descriptors is below 512";
  const rlimit low{64, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  TempFolder folder;
  const std::string file = folder.Write("a", "x");
  std::vector<std::unique_ptr<RandomReader>> open;
  for (int i = 0; i < 200; ++i) {
    auto reader = LocalStore().OpenRead(file);
    ASSERT_TRUE(reader.ok()) << reader.status();
    open.push_back(*std::move(reader));
  }
  open.clear();
  ::setrlimit(RLIMIT_NOFILE, &old);
}

TEST(LocalStoreTest, ListsByPatternSorted) {
  TempFolder folder;
  for (const char* d : {"d1", "d1/e", "d2", ".hidden"}) std::filesystem::create_directory(folder.File(d));
  for (const char* f : {"b.fits", "a.fits", "c.txt", ".dot.fits", "x[1].fits", "d1/p.fits", "d1/e/q.fits",
                        "d2/r.fits", ".hidden/h.fits"}) {
    folder.Write(f, "");
  }
  const auto list = [&](const std::string& pattern) {
    std::vector<std::string> names = LocalStore().List(folder.File(pattern)).value();
    for (std::string& n : names) n = n.substr(folder.path().size() + 1);
    return names;
  };
  EXPECT_THAT(list("*.fits"), ElementsAre("a.fits", "b.fits", "x[1].fits"));
  EXPECT_THAT(list("[ab].fits"), ElementsAre("a.fits", "b.fits"));
  EXPECT_THAT(list("x[1].fits"), ElementsAre("x[1].fits"));
  EXPECT_THAT(list("?.txt"), ElementsAre("c.txt"));
  EXPECT_THAT(list("d*/*.fits"), ElementsAre("d1/p.fits", "d2/r.fits"));
  EXPECT_THAT(list("**/*.fits"),
              ElementsAre("a.fits", "b.fits", "d1/e/q.fits", "d1/p.fits", "d2/r.fits", "x[1].fits"));
  EXPECT_THAT(list("d1/**"), ElementsAre("d1/e/q.fits", "d1/p.fits"));
  EXPECT_THAT(list("d1"), ElementsAre("d1/p.fits"));
  EXPECT_THAT(list("*.nothing"), IsEmpty());
  EXPECT_THAT(list("nothing.fits"), IsEmpty());
  EXPECT_EQ(LocalStore().List(folder.File("none/*.fits")).status().code(), absl::StatusCode::kNotFound);
}

TEST(LocalStoreTest, ListsAHundredThousandFiles) {
  TempFolder folder;
  for (int i = 0; i < 100000; ++i)
    std::fclose(std::fopen(folder.File(absl::StrCat("f", i, ".fits")).c_str(), "w"));
  const auto names = LocalStore().List(folder.File("*.fits"));
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(names->size(), 100000u);
  EXPECT_TRUE(std::is_sorted(names->begin(), names->end()));
}

TEST(StagedWriterTest, CommitReplacesAtOnce) {
  TempFolder folder;
  const std::string file = folder.Write("out", "old");
  auto writer = LocalStore().OpenWrite(file).value();
  ASSERT_TRUE(writer->Append(Bytes("hello world")).ok());
  ASSERT_TRUE(writer->WriteAt(6, Bytes("W")).ok());
  EXPECT_EQ(writer->WriteAt(11, Bytes("x")).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(writer->WriteAt(-1, Bytes("x")).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(writer->size(), 11);
  EXPECT_EQ(ReadWholeFile(file), "old");
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_EQ(ReadWholeFile(file), "hello World");
  EXPECT_EQ(folder.Listing(), "out");
  EXPECT_EQ(writer->Commit().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(StagedWriterTest, AbandonedLeavesNothing) {
  TempFolder folder;
  {
    auto writer = LocalStore().OpenWrite(folder.File("out")).value();
    ASSERT_TRUE(writer->Append(Bytes("half")).ok());
    EXPECT_NE(folder.Listing(), "");
  }
  EXPECT_EQ(folder.Listing(), "");
}

TEST(StagedWriterTest, NamesWhatCannotBeWritten) {
  TempFolder folder;
  for (const std::string& bad :
       {folder.path(), folder.File("no/such/x"), folder.path() + "/", std::string("/dev/null")}) {
    const absl::Status status = LocalStore().OpenWrite(bad).status();
    EXPECT_FALSE(status.ok()) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad));
  }
}

TEST(FaultStoreTest, StrikesWhereAsked) {
  TempFolder folder;
  const std::string file = folder.Write("a", "0123456789");
  Faults faults;
  const auto store = MakeFaultStore(LocalStore(), faults);
  const auto reader = store->OpenRead(file).value();
  EXPECT_EQ(ReadText(*reader, 0, 10).value(), "0123456789");
  EXPECT_EQ(faults.bytes_read, 10);
  faults.read_error_at = 5;
  EXPECT_EQ(ReadText(*reader, 0, 5).value(), "01234");
  EXPECT_EQ(ReadText(*reader, 0, 6).status().code(), absl::StatusCode::kDataLoss);
  faults.read_error_at = Faults::kNever;
  faults.changed = true;
  EXPECT_THAT(std::string(reader->CheckUnchanged().message()), HasSubstr("changed while read"));
  faults.no_space_after = 4;
  auto writer = store->OpenWrite(folder.File("out")).value();
  EXPECT_TRUE(writer->Append(Bytes("1234")).ok());
  EXPECT_EQ(writer->Append(Bytes("5")).code(), absl::StatusCode::kResourceExhausted);
  faults.commit_fails = true;
  EXPECT_FALSE(writer->Commit().ok());
  EXPECT_EQ(folder.Listing(), "a");
}

}  // namespace
}  // namespace cubeloom
