// Files made by libhdf5: what OpenHdf5 reads is what libhdf5 reads.
#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/store/hdf5/test_support.h"
#include "cubeloom/store/testing/fault_store.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::ElementsAre;

ArrayPtr MustOpen(const std::string& path, const std::string& dataset = "") {
  const absl::StatusOr<ArrayPtr> array = OpenHdf5(TestHdf5Source(), path, {dataset});
  EXPECT_TRUE(array.ok()) << array.status();
  return array.ok() ? *array : nullptr;
}

Box RandomBox(const Shape& shape, std::mt19937& random) {
  Box box = Box::Whole(shape);
  for (int a = 0; a < shape.rank(); ++a) {
    const int64_t i = static_cast<int64_t>(random() % shape[a]),
                  j = static_cast<int64_t>(random() % shape[a]);
    box.origin[a] = std::min(i, j);
    box.extent[a] = std::max(i, j) - box.origin[a] + (random() % 8 != 0 ? 1 : 0);
  }
  return box;
}

TEST(Hdf5ReadTest, EveryTypeEqualsTheLibrary) {
  const struct {
    const char* name;
    hid_t type;
    DType dtype;
  } cases[] = {
      {"i8", H5T_STD_I8LE, DType::kI8},       {"u8", H5T_STD_U8BE, DType::kU8},
      {"i16le", H5T_STD_I16LE, DType::kI16},  {"i16be", H5T_STD_I16BE, DType::kI16},
      {"u16le", H5T_STD_U16LE, DType::kU16},  {"u16be", H5T_STD_U16BE, DType::kU16},
      {"i32le", H5T_STD_I32LE, DType::kI32},  {"i32be", H5T_STD_I32BE, DType::kI32},
      {"u32be", H5T_STD_U32BE, DType::kU32},  {"i64le", H5T_STD_I64LE, DType::kI64},
      {"i64be", H5T_STD_I64BE, DType::kI64},  {"u64le", H5T_STD_U64LE, DType::kU64},
      {"f32le", H5T_IEEE_F32LE, DType::kF32}, {"f32be", H5T_IEEE_F32BE, DType::kF32},
      {"f64le", H5T_IEEE_F64LE, DType::kF64}, {"f64be", H5T_IEEE_F64BE, DType::kF64},
  };
  const TempFolder folder;
  TestFile file;
  for (const auto& c : cases) {
    TestDataset d;
    d.type = c.type;
    d.path = absl::StrCat("/group/plain_", c.name);
    file.datasets.push_back(d);
    d.path = absl::StrCat("/group/filtered_", c.name);
    d.chunk = {3, 4};
    d.shuffle = d.fletcher = true;
    d.deflate = 4;
    file.datasets.push_back(d);
  }
  const std::string path = folder.File("types.h5");
  MakeTestFile(path, file);
  for (const auto& c : cases) {
    for (const char* kind : {"plain_", "filtered_"}) {
      const std::string name = absl::StrCat("/group/", kind, c.name);
      const ArrayPtr array = MustOpen(path, name);
      ASSERT_NE(array, nullptr) << name;
      EXPECT_EQ(array->desc().dtype, c.dtype) << name;
      EXPECT_EQ(Hdf5Values(array), LibraryValues(path, name, Box::Whole({7, 10}))) << name;
    }
  }
}

// Layouts, filters, ranks and both file formats: any box equals the library's hyperslab.
TEST(Hdf5ReadTest, AnyBoxOfAnyLayoutEqualsTheLibrary) {
  TestFile file;
  const auto add = [&](const char* name, const Shape& shape, const Shape& chunk) -> TestDataset& {
    TestDataset d;
    d.path = absl::StrCat("/", name);
    d.shape = shape;
    d.chunk = chunk;
    file.datasets.push_back(d);
    return file.datasets.back();
  };
  add("contiguous", {5, 6, 7}, {});
  add("contiguous_wide", {3, 3000}, {}).type = H5T_IEEE_F64BE;
  add("compact", {4, 9}, {}).compact = true;
  add("chunked", {10, 11, 12}, {4, 5, 12}).type = H5T_STD_I16BE;
  add("deflated", {33, 40}, {16, 16}).deflate = 6;
  auto& all = add("all_filters", {33, 40}, {16, 7});
  all.deflate = 1, all.shuffle = all.fletcher = true, all.type = H5T_IEEE_F64LE;
  auto& checked = add("checksum_only", {9, 9}, {2, 5});
  checked.fletcher = true, checked.type = H5T_STD_U8LE;
  auto& shuffled = add("shuffle_only", {9, 9}, {5, 2});
  shuffled.shuffle = true;
  add("line", {1000}, {64}).deflate = 9;
  auto& grown = add("unlimited", {12, 5}, {5, 3});
  grown.unlimited = true, grown.deflate = 3;
  add("one_chunk", {8, 8}, {8, 8}).deflate = 2;
  add("five_axes", {2, 3, 2, 3, 4}, {1, 2, 2, 2, 3}).shuffle = true;
  const TempFolder folder;
  std::mt19937 random(7);
  for (const bool latest : {false, true}) {
    file.latest = latest;
    file.user_block = latest ? 1024 : 0;
    const std::string path = folder.File(latest ? "new.h5" : "old.h5");
    MakeTestFile(path, file);
    for (const TestDataset& d : file.datasets) {
      const ArrayPtr array = MustOpen(path, d.path);
      ASSERT_NE(array, nullptr) << d.path << latest;
      for (int i = 0; i < 40; ++i) {
        const Box box = i == 0 ? Box::Whole(d.shape) : RandomBox(d.shape, random);
        ASSERT_EQ(Hdf5Values(array, box), LibraryValues(path, d.path, box))
            << d.path << latest << box.ToString();
      }
    }
  }
}

TEST(Hdf5ReadTest, HalvesBecomeFloats) {
  const hid_t half = H5Tcopy(H5T_IEEE_F32BE);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  const TempFolder folder;
  const std::string path = folder.File("half.h5");
  TestDataset d;
  d.type = half;
  d.shape = {65536};
  d.write = false;
  MakeTestFile(path, {{d}});
  // Every half there is, as its own bits.
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t id = H5Dopen2(file, "/data", H5P_DEFAULT);
  std::vector<uint16_t> bits(65536);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(i);
  H5Dwrite(id, half, H5S_ALL, H5S_ALL, H5P_DEFAULT, bits.data());
  H5Dclose(id);
  H5Fclose(file);
  const std::vector<double> expected = LibraryValues(path, "/data", Box::Whole({65536}));
  const ArrayPtr array = MustOpen(path);
  ASSERT_NE(array, nullptr);
  EXPECT_EQ(array->desc().dtype, DType::kF32);
  const std::vector<double> got = Hdf5Values(array);
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i])))
        << i << " " << got[i] << " " << expected[i];
  }
  H5Tclose(half);
}

TEST(Hdf5ReadTest, WhatWasNeverWrittenIsTheFillValue) {
  const TempFolder folder;
  const std::string path = folder.File("fill.h5");
  TestFile file;
  for (const char* name : {"/contiguous", "/chunked", "/zero"}) {
    TestDataset d;
    d.path = name;
    d.write = false;
    d.type = H5T_STD_I32BE;
    if (d.path != "/contiguous") d.chunk = {4, 4};
    if (d.path != "/zero") d.fill = -7;
    file.datasets.push_back(d);
  }
  MakeTestFile(path, file);
  // One chunk of the grid is written.
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t dataset = H5Dopen2(id, "/chunked", H5P_DEFAULT);
  const hid_t space = H5Dget_space(dataset);
  const hsize_t start[] = {5, 5}, one[] = {1, 1};
  H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, one, nullptr);
  const hid_t memory = H5Screate_simple(2, one, nullptr);
  const double value = 42;
  EXPECT_GE(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, &value), 0);
  H5Sclose(memory);
  H5Sclose(space);
  H5Dclose(dataset);
  H5Fclose(id);
  for (const TestDataset& d : file.datasets) {
    const ArrayPtr array = MustOpen(path, d.path);
    ASSERT_NE(array, nullptr) << d.path;
    EXPECT_EQ(Hdf5Values(array), LibraryValues(path, d.path, Box::Whole(d.shape))) << d.path;
  }
}

TEST(Hdf5ReadTest, ScalarAndEmptyDatasetsAreRead) {
  const TempFolder folder;
  const std::string path = folder.File("small.h5");
  TestDataset scalar, empty, empty_chunked;
  scalar.path = "/scalar";
  scalar.shape = {};
  empty.path = "/empty";
  empty.shape = {0, 4};
  empty_chunked.path = "/empty_chunked";
  empty_chunked.shape = {0, 4};
  empty_chunked.chunk = {2, 2};
  empty_chunked.unlimited = true;
  MakeTestFile(path, {{scalar, empty, empty_chunked}});
  EXPECT_EQ(Hdf5Values(MustOpen(path, "/scalar")), LibraryValues(path, "/scalar", Box()));
  EXPECT_THAT(Hdf5Values(MustOpen(path, "/empty")), ElementsAre());
  EXPECT_THAT(Hdf5Values(MustOpen(path, "/empty_chunked")), ElementsAre());
}

TEST(Hdf5ReadTest, MissingChunksOfAnAbsurdlyLargeDatasetCostNothing) {
  const TempFolder folder;
  const std::string path = folder.File("sparse.h5");
  TestDataset d;
  d.shape = {int64_t{1} << 40, 2};
  d.chunk = {int64_t{1} << 28, 2};
  d.write = false;
  d.fill = 3;
  MakeTestFile(path, {{d}});
  const ArrayPtr array = MustOpen(path);
  ASSERT_NE(array, nullptr);
  EXPECT_THAT(Hdf5Values(array, Box{{(int64_t{1} << 40) - 1, 0}, {1, 2}}), ElementsAre(3, 3));
}

// A band of rows crosses every chunk of a row of chunks; each is decoded once.
TEST(Hdf5ReadTest, BandsOfRowsDecodeEachChunkOnce) {
  const TempFolder folder;
  const std::string path = folder.File("bands.h5");
  TestDataset d;
  d.shape = {256, 256};
  d.chunk = {64, 64};
  d.deflate = 1;
  MakeTestFile(path, {{d}});
  Faults faults;
  const std::unique_ptr<Store> store = MakeFaultStore(LocalStore(), faults);
  const Hdf5Source source{*store, TestHdf5Source().probe};
  const absl::StatusOr<ArrayPtr> array = OpenHdf5(source, path);
  ASSERT_TRUE(array.ok()) << array.status();
  const int64_t before = faults.reads;
  for (int64_t y = 0; y < 256; y += 8) {
    const Box box{{y, 0}, {8, 256}};
    ASSERT_EQ(Hdf5Values(*array, box), LibraryValues(path, "/data", box));
  }
  EXPECT_EQ(faults.reads - before, 16);
}

TEST(Hdf5ReadTest, TheOnlyNumericDatasetIsTheDefault) {
  const TempFolder folder;
  const std::string path = folder.File("one.h5");
  TestDataset d;
  d.path = "/a/b/c/only";
  MakeTestFile(path, {{d}});
  EXPECT_EQ(Hdf5Values(MustOpen(path)), LibraryValues(path, d.path, Box::Whole(d.shape)));
  const auto list = ListHdf5Datasets(TestHdf5Source(), path);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ((*list)[0].path, "/a/b/c/only");
  EXPECT_FALSE((*list)[0].chunked);
}

TEST(Hdf5ReadTest, ListingTellsShapesChunksAndFilters) {
  const TempFolder folder;
  const std::string path = folder.File("list.h5");
  TestDataset plain, packed;
  plain.path = "/z";
  packed.path = "/g/packed";
  packed.chunk = {2, 5};
  packed.shuffle = true;
  packed.deflate = 5;
  packed.type = H5T_STD_U16BE;
  MakeTestFile(path, {{plain, packed}});
  const auto list = ListHdf5Datasets(TestHdf5Source(), path);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[0].path, "/g/packed");
  EXPECT_EQ((*list)[0].desc.dtype, DType::kU16);
  EXPECT_EQ((*list)[0].desc.natural_chunk, Shape({2, 5}));
  EXPECT_THAT((*list)[0].filters, ElementsAre("shuffle", "deflate"));
  EXPECT_EQ((*list)[1].path, "/z");
}

class Hdf5AttributeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TestDataset d;
    d.type = type_;
    MakeTestFile(path_, {{d}});
    file_ = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    dataset_ = H5Dopen2(file_, "/data", H5P_DEFAULT);
  }
  void Add(const char* name, hid_t type, const void* value, hsize_t count = 0, hsize_t second = 0) {
    const hsize_t extents[] = {count, second};
    const hid_t space =
        count == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(second == 0 ? 1 : 2, extents, nullptr);
    const hid_t id = H5Acreate2(dataset_, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(H5Awrite(id, type, value), 0) << name;
    H5Aclose(id);
    H5Sclose(space);
  }
  ArrayPtr Open() {
    H5Dclose(dataset_);
    H5Fclose(file_);
    return MustOpen(path_);
  }
  const TempFolder folder_;
  const std::string path_ = folder_.File("attributes.h5");
  hid_t type_ = H5T_IEEE_F32LE;
  hid_t file_ = -1, dataset_ = -1;
};

TEST_F(Hdf5AttributeTest, AttributesBecomeValues) {
  const int64_t big = INT64_MIN;
  const uint64_t huge = UINT64_MAX;
  const double reals[] = {0.1, NAN, -INFINITY};
  const int16_t one[] = {5};
  const hid_t fixed = H5Tcopy(H5T_C_S1), spaced = H5Tcopy(H5T_C_S1), text = H5Tcopy(H5T_C_S1);
  H5Tset_size(fixed, 8);
  H5Tset_size(spaced, 6);
  H5Tset_strpad(spaced, H5T_STR_SPACEPAD);
  H5Tset_size(text, H5T_VARIABLE);
  const char* lines[] = {"first", "", "third line"};
  Add("int", H5T_STD_I64BE, [&] {
    static int64_t v;
    v = big;
    H5Tconvert(H5T_NATIVE_INT64, H5T_STD_I64BE, 1, &v, nullptr, 0);
    return &v;
  }());
  Add("huge", H5T_NATIVE_UINT64, &huge);
  Add("reals", H5T_NATIVE_DOUBLE, reals, 3);
  Add("one", H5T_NATIVE_INT16, one, 1);
  Add("fixed", fixed, "padded\0");
  Add("spaced", spaced, "ab    ");
  Add("lines", text, lines, 3);
  Add("matrix", H5T_NATIVE_DOUBLE, reals, 1, 3);  // two axes: left out
  const ArrayPtr array = Open();
  ASSERT_NE(array, nullptr);
  const ArrayDesc& desc = array->desc();
  ASSERT_NE(desc.Find("int"), nullptr);
  EXPECT_EQ(desc.Find("int")->value, Value(big));
  EXPECT_EQ(desc.Find("huge")->value, Value(18446744073709551615.0));
  EXPECT_EQ(desc.Find("one")->value, Value(5));
  EXPECT_EQ(desc.Find("fixed")->value, Value("padded"));
  EXPECT_EQ(desc.Find("spaced")->value, Value("ab"));
  EXPECT_EQ(desc.Find("lines")->value, Value(Value::List{"first", "", "third line"}));
  const Value::List& list = desc.Find("reals")->value.list();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0], Value(0.1));
  EXPECT_TRUE(std::isnan(list[1].real()));
  EXPECT_EQ(list[2].real(), -INFINITY);
  EXPECT_EQ(desc.Find("matrix"), nullptr);
  EXPECT_EQ(desc.attributes[0].name, "int");  // order of creation
  H5Tclose(fixed);
  H5Tclose(spaced);
  H5Tclose(text);
}

TEST_F(Hdf5AttributeTest, FillValueAttributeMakesFloatsNaN) {
  const double missing = 14;
  const char unit[] = "K";
  const hid_t text = H5Tcopy(H5T_C_S1);
  Add("_FillValue", H5T_NATIVE_DOUBLE, &missing, 1);
  Add("units", text, unit);
  H5Tclose(text);
  const ArrayPtr array = Open();
  ASSERT_NE(array, nullptr);
  EXPECT_EQ(array->desc().unit, "K");
  const std::vector<double> raw = LibraryValues(path_, "/data", Box::Whole({7, 10})), got = Hdf5Values(array);
  int invalid = 0;
  for (size_t i = 0; i < raw.size(); ++i) {
    invalid += std::isnan(got[i]);
    EXPECT_TRUE(raw[i] == 14 ? std::isnan(got[i]) : got[i] == raw[i]) << i;
  }
  EXPECT_GT(invalid, 0);
}

class Hdf5IntegerAttributeTest : public Hdf5AttributeTest {
 protected:
  Hdf5IntegerAttributeTest() { type_ = H5T_STD_I16BE; }
};

TEST_F(Hdf5IntegerAttributeTest, FillValueAttributeClearsValidityOfIntegers) {
  const int32_t missing = 111, other = 14;
  Add("_FillValue", H5T_NATIVE_INT32, &missing);
  Add("missing_value", H5T_NATIVE_INT32, &other);
  const ArrayPtr array = Open();
  ASSERT_NE(array, nullptr);
  const std::vector<double> raw = LibraryValues(path_, "/data", Box::Whole({7, 10})), got = Hdf5Values(array);
  for (size_t i = 0; i < raw.size(); ++i) {
    EXPECT_TRUE(raw[i] == 111 || raw[i] == 14 ? std::isnan(got[i]) : got[i] == raw[i]) << i;
  }
  const absl::StatusOr<Chunk> chunk = array->Read(Box::Whole({7, 10}), {});
  ASSERT_TRUE(chunk.ok());
  EXPECT_TRUE(chunk->validity);
}

// As fits2idia makes it: the cards are attributes of the group, strings of 256 bytes, bool as NATIVE_HBOOL.
TEST(Hdf5ReadTest, AFileOfFits2idiaIsOpenedByItsData) {
  const TempFolder folder;
  const std::string path = folder.File("carta.hdf5");
  TestDataset data, mip;
  data.path = "/0/DATA";
  data.shape = {520, 600};
  data.chunk = {512, 512};
  mip.path = "/0/MipMaps/DATA/DATA_XY_2";
  MakeTestFile(path, {{data, mip}});
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t group = H5Gopen2(file, "/0", H5P_DEFAULT);
  const hid_t text = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(text, 256);
  const auto add = [&](const char* name, hid_t type, const void* value) {
    const hid_t id = H5Acreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(id, type, value);
    H5Aclose(id);
  };
  char words[256] = "0.3", unit[256] = "K";
  const bool yes = true;
  const int64_t axes = 2;
  const double beam = 0.125;
  add("SCHEMA_VERSION", text, words);
  add("SIMPLE", H5T_NATIVE_HBOOL, &yes);
  add("NAXIS", H5T_NATIVE_INT64, &axes);
  add("ZEBRA", H5T_NATIVE_INT64, &axes);
  add("CELLSCAL", H5T_NATIVE_HBOOL, &yes);
  add("BUNIT", text, unit);
  add("BMAJ", H5T_NATIVE_DOUBLE, &beam);
  H5Sclose(space);
  H5Tclose(text);
  H5Gclose(group);
  H5Fclose(file);
  const ArrayPtr array = MustOpen(path);
  ASSERT_NE(array, nullptr);
  const std::vector<Attribute>& cards = array->desc().attributes;
  ASSERT_EQ(cards.size(), 4u);  // without what states structure, in the order of writing
  EXPECT_EQ(cards[0].name, "ZEBRA");
  EXPECT_EQ(cards[1].value, Value(true));
  EXPECT_EQ(cards[2].value, Value("K"));
  EXPECT_EQ(cards[3].value, Value(0.125));
  EXPECT_EQ(array->desc().unit, "K");
  EXPECT_EQ(array->desc().natural_chunk, Shape({512, 512}));
  const Box box{{500, 3}, {20, 590}};
  EXPECT_EQ(Hdf5Values(array, box), LibraryValues(path, "/0/DATA", box));
}

TEST(Hdf5ReadTest, ManyThreadsReadOneDataset) {
  const TempFolder folder;
  const std::string path = folder.File("threads.h5");
  TestDataset d;
  d.shape = {200, 200};
  d.chunk = {32, 32};
  d.deflate = 1;
  d.shuffle = true;
  MakeTestFile(path, {{d}});
  const absl::StatusOr<ArrayPtr> array = OpenHdf5(TestHdf5Source(), path, {"", 64 << 10});
  ASSERT_TRUE(array.ok()) << array.status();
  const std::vector<double> whole = LibraryValues(path, "/data", Box::Whole(d.shape));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 50; ++i) {
        const Box box = RandomBox(d.shape, random);
        const absl::StatusOr<Chunk> chunk = (*array)->Read(box, {});
        if (!chunk.ok()) {
          ++wrong;
          continue;
        }
        const std::vector<double> got = Hdf5Values(*chunk);
        for (int64_t k = 0; k < box.elements(); ++k) {
          const int64_t y = box.origin[0] + k / box.extent[1], x = box.origin[1] + k % box.extent[1];
          wrong += got[k] != whole[y * 200 + x];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Hdf5ReadTest, NetCdfFileEqualsTheLibrary) {
  const std::string path = SharedData("climate/A1B_north_america.nc");
  if (path.empty()) GTEST_SKIP() << "shared data not present: climate/A1B_north_america.nc";
  const ArrayPtr array = MustOpen(path, "/air_temperature");
  ASSERT_NE(array, nullptr);
  EXPECT_EQ(array->desc().shape, Shape({240, 37, 49}));
  EXPECT_EQ(array->desc().unit, "K");
  const Box box{{100, 3, 5}, {20, 30, 40}};
  EXPECT_EQ(Hdf5Values(array, box), LibraryValues(path, "/air_temperature", box));
}

}  // namespace
}  // namespace cubeloom
