// Files that are wrong: a clear error naming file, dataset and byte; never a crash or a big allocation.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/store/hdf5/dataset.h"
#include "cubeloom/store/hdf5/filter.h"
#include "cubeloom/store/hdf5/structure.h"
#include "cubeloom/store/hdf5/test_support.h"
#include "cubeloom/store/testing/fault_store.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kLoss = absl::StatusCode::kDataLoss;

absl::Status OpenAndRead(const std::string& path, const std::string& dataset = "") {
  const auto array = OpenHdf5(TestHdf5Source(), path, {dataset});
  if (!array.ok()) return array.status();
  return (*array)->Read(Box::Whole((*array)->desc().shape), {}).status();
}

void ExpectError(const absl::Status& status, absl::StatusCode code, const std::vector<std::string>& words) {
  EXPECT_EQ(status.code(), code) << status;
  for (const std::string& word : words) EXPECT_THAT(std::string(status.message()), HasSubstr(word));
}

TEST(Hdf5BadInputTest, WhatIsNoHdf5FileIsRefused) {
  const TempFolder folder;
  const struct {
    const char* name;
    std::string bytes;
    absl::StatusCode code;
    const char* word;
  } cases[] = {
      {"empty", "", kInvalid, "no HDF5"},
      {"one byte", "\211", kInvalid, "no HDF5"},
      {"text", std::string(5000, 'x'), kInvalid, "no HDF5"},
      {"zeros", std::string(5000, '\0'), kInvalid, "no HDF5"},
      {"FITS", "SIMPLE  =                    T" + std::string(5000, ' '), kInvalid, "no HDF5"},
      {"signature only", "\211HDF\r\n\032\n", kLoss, "cannot open"},
      {"signature and nonsense", "\211HDF\r\n\032\n" + std::string(200, '\7'), kLoss, "cannot open"},
      {"signature at 512", std::string(512, '\0') + "\211HDF\r\n\032\n", kLoss, "cannot open"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string path = folder.Write("bad.h5", c.bytes);
    ExpectError(OpenAndRead(path), c.code, {"bad.h5", c.word});
    EXPECT_EQ(ListHdf5Datasets(TestHdf5Source(), path).status().code(), c.code);
  }
  ExpectError(OpenAndRead(folder.File("absent.h5")), absl::StatusCode::kNotFound, {"absent.h5"});
  EXPECT_FALSE(OpenAndRead(folder.path()).ok());
}

TestFile MixedFile(bool latest) {
  TestFile file;
  file.latest = latest;
  TestDataset plain, packed;
  plain.path = "/plain";
  packed.path = "/packed";
  packed.chunk = {3, 4};
  packed.deflate = 6;
  packed.shuffle = packed.fletcher = true;
  file.datasets = {plain, packed};
  return file;
}

// Cut anywhere, the file opens with an error or reads with one; a cut of unused bytes may also go well.
TEST(Hdf5BadInputTest, TruncatedAnywhereIsAnErrorOrHarmless) {
  const TempFolder folder;
  for (const bool latest : {false, true}) {
    const std::string whole = folder.File("whole.h5");
    MakeTestFile(whole, MixedFile(latest));
    const std::string bytes = ReadWholeFile(whole);
    for (size_t size = 0; size < bytes.size(); size += size < 100 ? 7 : 61) {
      const std::string cut = folder.Write("cut.h5", bytes.substr(0, size));
      for (const char* dataset : {"/plain", "/packed"}) {
        const absl::Status status = OpenAndRead(cut, dataset);
        EXPECT_TRUE(status.code() == kLoss || status.code() == kInvalid) << size << " " << status;
        EXPECT_THAT(std::string(status.message()), HasSubstr("cut.h5"));
      }
    }
  }
}

// Any byte set to anything: a value or a Status, and the helper still answers the next question.
TEST(Hdf5BadInputTest, ChangedBytesNeverCrashTheProgram) {
  const TempFolder folder;
  for (const bool latest : {false, true}) {
    const std::string whole = folder.File("whole.h5");
    MakeTestFile(whole, MixedFile(latest));
    const std::string bytes = ReadWholeFile(whole);
    for (size_t i = 0; i < 400; ++i) {
      std::string changed = bytes;
      changed[i * 7919 % bytes.size()] = static_cast<char>(i * 31 ^ 0xA5);
      changed[i * 104729 % bytes.size()] = '\xFF';
      const std::string path = folder.Write("changed.h5", changed);
      for (const char* dataset : {"/plain", "/packed"}) {
        const absl::Status status = OpenAndRead(path, dataset);
        EXPECT_TRUE(status.ok() || absl::StrContains(status.message(), "changed.h5")) << i << status;
      }
    }
    EXPECT_TRUE(OpenAndRead(whole, "/packed").ok());
  }
}

TEST(Hdf5BadInputTest, WhatIsNotThereIsNamed) {
  const TempFolder folder;
  const std::string path = folder.File("mixed.h5");
  MakeTestFile(path, MixedFile(false));
  ExpectError(OpenAndRead(path, "/other"), absl::StatusCode::kNotFound,
              {"mixed.h5", "/other", "/packed", "/plain"});
  ExpectError(OpenAndRead(path, "/plain/more"), absl::StatusCode::kNotFound, {"/plain/more"});
  ExpectError(OpenAndRead(path), kInvalid, {"mixed.h5", "name one", "/packed, /plain"});
  TestFile empty;
  MakeTestFile(path, empty);
  ExpectError(OpenAndRead(path), kInvalid, {"no numeric dataset"});
}

// Things that libhdf5 can make and this reader does not take.
TEST(Hdf5BadInputTest, UnsupportedThingsAreNamed) {
  const TempFolder folder;
  const std::string path = folder.File("odd.h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t extents[12] = {4, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  const auto make = [&](const char* name, hid_t type, int rank, hid_t creation) {
    const hid_t space = rank < 0 ? H5Screate(H5S_NULL) : H5Screate_simple(rank, extents, nullptr);
    const hid_t id = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    EXPECT_GE(id, 0) << name;
    H5Dclose(id);
    H5Sclose(space);
  };
  make("string", H5T_C_S1, 2, H5P_DEFAULT);
  make("null", H5T_IEEE_F32LE, -1, H5P_DEFAULT);
  make("axes", H5T_IEEE_F32LE, 12, H5P_DEFAULT);
  make("reference", H5T_STD_REF_OBJ, 1, H5P_DEFAULT);
  const hid_t narrow = H5Tcopy(H5T_STD_I32LE);
  H5Tset_precision(narrow, 12);
  make("precision", narrow, 1, H5P_DEFAULT);
  const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(external, "elsewhere.raw", 0, H5F_UNLIMITED);
  make("external", H5T_IEEE_F32LE, 2, external);
  const hid_t scaled = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[] = {2, 2};
  H5Pset_chunk(scaled, 2, chunk);
  H5Pset_scaleoffset(scaled, H5Z_SO_INT, 4);
  make("scaled", H5T_STD_I32LE, 2, scaled);
  H5Lcreate_external("/etc/passwd", "/", file, "outside", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_soft("/nowhere", file, "dangling", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_soft("/string", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Pclose(scaled);
  H5Pclose(external);
  H5Fclose(file);
  const struct {
    const char* name;
    absl::StatusCode code;
    const char* word;
  } cases[] = {
      {"/string", kInvalid, "string"},
      {"/soft", kInvalid, "string"},
      {"/null", kInvalid, "null dataspace"},
      {"/axes", kInvalid, "12 axes"},
      {"/reference", kInvalid, "reference"},
      {"/precision", kInvalid, "precision"},
      {"/external", kInvalid, "other files"},
      {"/scaled", kInvalid, "scaleoffset"},
      {"/outside", absl::StatusCode::kNotFound, "no dataset"},
      {"/dangling", absl::StatusCode::kNotFound, "no dataset"},
      {"/group", absl::StatusCode::kNotFound, "no dataset"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ExpectError(OpenAndRead(path, c.name), c.code, {"odd.h5", c.word});
  }
}

TEST(Hdf5BadInputTest, TooManyChunksAreRefused) {
  const TempFolder folder;
  const std::string path = folder.File("many.h5");
  TestDataset d;
  d.shape = {int64_t{1} << 40};
  d.chunk = {1};
  d.write = false;
  MakeTestFile(path, {{d}});
  ExpectError(OpenAndRead(path, "/data"), kInvalid, {"many.h5", "/data", "chunks"});
}

TEST(Hdf5BadInputTest, BoxesOutsideAreOutOfRange) {
  const TempFolder folder;
  const std::string path = folder.File("box.h5");
  MakeTestFile(path, {{TestDataset()}});
  const auto array = OpenHdf5(TestHdf5Source(), path);
  ASSERT_TRUE(array.ok());
  for (const Box& box : {Box{{0, 0}, {8, 10}}, Box{{-1, 0}, {1, 1}}, Box{{0}, {1}}, Box{{7, 10}, {1, 0}}}) {
    ExpectError((*array)->Read(box, {}).status(), absl::StatusCode::kOutOfRange, {"box.h5", "/data"});
  }
}

TEST(Hdf5BadInputTest, AChangeWhileReadingIsNoticed) {
  const TempFolder folder;
  for (const bool chunked : {false, true}) {
    const std::string path = folder.File("changing.h5");
    TestDataset d;
    if (chunked) d.chunk = {4, 4}, d.deflate = 1;
    MakeTestFile(path, {{d}});
    Faults faults;
    const std::unique_ptr<Store> store = MakeFaultStore(LocalStore(), faults);
    const auto array = OpenHdf5({*store, TestHdf5Source().probe}, path);
    ASSERT_TRUE(array.ok()) << array.status();
    faults.changed = true;
    ExpectError((*array)->Read(Box::Whole({7, 10}), {}).status(), kLoss, {"changed while read"});
  }
}

TEST(Hdf5BadInputTest, ARemoteObjectIsRefusedWithWords) {
  const TempFolder folder;
  const std::string path = folder.File("remote.h5");
  MakeTestFile(path, {{TestDataset()}});
  Faults faults;
  const std::unique_ptr<Store> store = MakeFaultStore(LocalStore(), faults, true);
  ExpectError(OpenHdf5({*store, TestHdf5Source().probe}, path).status(), absl::StatusCode::kUnimplemented,
              {"remote.h5", "local files"});
}

// The answer of a helper that lies.
TEST(Hdf5BadInputTest, ImpossibleAnswersAreRefused) {
  Hdf5Dataset good;
  good.path = "/d";
  good.shape = {10, 10};
  good.layout = Hdf5Layout::kChunked;
  good.chunk = {5, 5};
  ASSERT_TRUE(Hdf5DatasetFromValue(Hdf5DatasetToValue(good)).ok());
  const auto refused = [&](absl::string_view key, Value value) {
    Value v = Hdf5DatasetToValue(good);
    v.Set(key, std::move(value));
    const auto result = Hdf5DatasetFromValue(v);
    ASSERT_FALSE(result.ok()) << key;
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(std::string(key)));
  };
  refused("path", Value(1));
  refused("dtype", Value("f80"));
  refused("bytes", Value(5));
  refused("half", Value("yes"));
  refused("shape", Value(Value::List{10, -1}));
  refused("shape", Value(Value::List{int64_t{1} << 40, int64_t{1} << 40}));
  refused("shape", Value(Value::List(9, Value(1))));
  refused("layout", Value(3));
  refused("chunk", Value(Value::List{5, 0}));
  refused("chunk", Value(Value::List{5}));
  refused("chunk", Value(Value::List{int64_t{1} << 31, int64_t{1} << 31}));
  refused("filters", Value(Value::List{Value("deflate")}));
  refused("fill", Value("00"));
  refused("fill", Value("0000000g"));
  refused("missing", Value(Value::List{Value("")}));
  refused("offset", Value(-2));
  refused("attributes", Value(Value::List{Value(1)}));
}

TEST(Hdf5BadInputTest, ChunksOutsideTheFileAreRefused) {
  const TempFolder folder;
  const std::string path = folder.Write("bytes", std::string(100, 'x'));
  const auto with = [&](const Hdf5ChunkEntry& entry, int filters) {
    Hdf5Parts parts;
    parts.file = LocalStore().OpenRead(path).value();
    parts.dataset.layout = Hdf5Layout::kChunked;
    parts.dataset.shape = parts.dataset.chunk = parts.desc.shape = {4, 4};
    for (int i = 0; i < filters; ++i) parts.dataset.filters.push_back({kHdf5Deflate, "deflate", {6}});
    parts.chunks = {entry};
    parts.where = "'bytes': dataset '/d'";
    const auto array = MakeHdf5Array(std::move(parts));
    return array.ok() ? (*array)->Read(Box::Whole({4, 4}), {}).status() : array.status();
  };
  EXPECT_TRUE(with({36, 64, 0}, 0).ok());
  ExpectError(with({37, 64, 0}, 0), kLoss, {"beyond the end", "byte 37"});
  ExpectError(with({~uint64_t{0} - 10, 64, 0}, 0), kLoss, {"beyond the end"});
  ExpectError(with({0, 63, 0}, 0), kLoss, {"63 bytes instead of 64"});
  ExpectError(with({0, 63, 1}, 1), kLoss, {"63 bytes instead of 64"});
  ExpectError(with({0, 50, 0}, 1), kLoss, {"chunk 0", "deflate"});
  ExpectError(with({0, 50, 0}, 2), kInvalid, {"more than once"});
}

TEST(Hdf5FilterTest, ClaimsAreCheckedBeforeMemoryIsTaken) {
  const std::vector<Hdf5Filter> filters = {{kHdf5Deflate, "deflate", {6}}};
  const std::string stored(100, '\1');
  const Hdf5FilterJob job{filters, 0, int64_t{1} << 31, 4};
  const auto result = DecodeHdf5Chunk(job, Buffer::Copy(stored.data(), stored.size()), Allocator::Heap());
  ExpectError(result.status(), kLoss, {"cannot hold"});
}

TEST(Hdf5FilterTest, AWrongChecksumIsNoticed) {
  const std::vector<Hdf5Filter> filters = {{kHdf5Fletcher32, "fletcher32", {}}};
  std::string data = "abcdefgh1";
  const uint32_t sum =
      Hdf5Fletcher32Of(absl::MakeConstSpan(reinterpret_cast<const std::byte*>(data.data()), 9));
  data.append(reinterpret_cast<const char*>(&sum), 4);
  const Hdf5FilterJob job{filters, 0, 9, 1};
  EXPECT_TRUE(DecodeHdf5Chunk(job, Buffer::Copy(data.data(), data.size()), Allocator::Heap()).ok());
  data[3] ^= 1;
  ExpectError(DecodeHdf5Chunk(job, Buffer::Copy(data.data(), data.size()), Allocator::Heap()).status(), kLoss,
              {"fletcher32"});
  ExpectError(DecodeHdf5Chunk(job, Buffer::Copy(data.data(), 3), Allocator::Heap()).status(), kLoss,
              {"no room"});
}

}  // namespace
}  // namespace cubeloom
