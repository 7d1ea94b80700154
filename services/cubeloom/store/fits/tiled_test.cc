// Tile-compressed images made by CFITSIO's own compressor, against CFITSIO's own reading: equal to the last
// bit.
#include <fitsio.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/store/fits/test_support.h"
#include "cubeloom/store/testing/fault_store.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

struct Compression {
  int type;                // RICE_1 ...
  std::vector<long> tile;  // FITS order; empty = CFITSIO's default
  float quantise = 4;      // of floats; 0 = lossless
  int dither = NO_DITHER;
  int seed = 1;
  float hcomp_scale = 0;
};

// Compresses the first image of `in` into `out`.
void Compress(const std::string& in, const std::string& out, const Compression& c) {
  fitsfile *source = nullptr, *target = nullptr;
  int status = 0;
  fits_open_diskfile(&source, in.c_str(), READONLY, &status);
  std::filesystem::remove(out);
  fits_create_diskfile(&target, out.c_str(), &status);
  fits_set_compression_type(target, c.type, &status);
  if (!c.tile.empty())
    fits_set_tile_dim(target, static_cast<int>(c.tile.size()), const_cast<long*>(c.tile.data()), &status);
  fits_set_quantize_level(target, c.quantise == 0 ? 9999.f : c.quantise, &status);
  fits_set_quantize_method(target, c.dither, &status);
  fits_set_dither_seed(target, c.seed, &status);
  fits_set_hcomp_scale(target, c.hcomp_scale, &status);
  fits_img_compress(source, target, &status);
  int ignored = 0;
  if (source != nullptr) fits_close_file(source, &ignored);
  if (target != nullptr) fits_close_file(target, &status);
  char line[81] = "";
  fits_read_errmsg(line);
  fits_clear_errmsg();
  ASSERT_EQ(status, 0) << "compressing with type " << c.type << ": " << line;
}

int64_t Differences(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return -1;
  int64_t n = 0;
  for (size_t i = 0; i < a.size(); ++i) n += !(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])));
  return n;
}

FitsSelect As(FitsType type) {
  FitsSelect select;
  select.hdu.number = 1;
  select.type = type;
  return select;
}

// Whole image, and put together from odd boxes.
void ExpectEqualsCfitsio(const std::string& file, const std::string& name) {
  const std::vector<double> expected = CfitsioPixels(file, 1);
  const auto array = OpenFits(TestSource(), file, As(FitsType::kFloat64));
  ASSERT_TRUE(array.ok()) << name << ": " << array.status();
  EXPECT_EQ(Differences(AllValues(*array), expected), 0) << name;
  const auto natural = OpenFits(TestSource(), file, As(FitsType::kNatural));
  const auto whole = (*natural)->Read(Box::Whole((*natural)->desc().shape), {});
  ASSERT_TRUE(whole.ok()) << name << ": " << whole.status();
  std::vector<double> rounded = expected;
  if ((*natural)->desc().dtype == DType::kF32) {
    for (double& v : rounded) v = static_cast<float>(v);
  }
  EXPECT_EQ(Differences(AllValues(*whole), rounded), 0)
      << name << " natural " << DTypeName((*natural)->desc().dtype);
  const Shape shape = (*natural)->desc().shape;
  Box box = Box::Whole(shape);
  for (int a = 0; a < shape.rank(); ++a) {
    box.origin[a] = shape[a] / 3;
    box.extent[a] = std::max<int64_t>(1, shape[a] / 2);
  }
  const auto part = (*natural)->Read(box, {});
  ASSERT_TRUE(part.ok()) << name << ": " << part.status();
  const Chunk cut = SubChunk(*whole, box, Allocator::Heap()).value();
  EXPECT_EQ(Differences(AllValues(*part), AllValues(cut)), 0) << name << " box " << box.ToString();
}

template <typename T>
ArrayPtr Image(const Shape& shape, double offset, double noise) {
  std::vector<T> v(shape.elements());
  uint32_t state = 12345;
  for (size_t i = 0; i < v.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    const double x =
        offset + noise * (state >> 8) / (1 << 24) + noise * 2 * std::sin(static_cast<double>(i) / 40);
    v[i] = static_cast<T>(x);
  }
  return ArrayFromVector(shape, v);
}

struct Case {
  std::string name;
  ArrayPtr array;
};

std::vector<Case> Integers(const Shape& shape) {
  return {{"u8", Image<uint8_t>(shape, 100, 20)},
          {"i16", Image<int16_t>(shape, -300, 2000)},
          {"u16", Image<uint16_t>(shape, 40000, 5000)},
          {"i32", Image<int32_t>(shape, 1e6, 1e8)},
          {"u32", Image<uint32_t>(shape, 3e9, 1e7)}};
}

class TiledTest : public ::testing::Test {
 protected:
  void Check(const Case& c, const Compression& compression) {
    const std::string plain = folder_.File("plain.fits"), packed = folder_.File("packed.fits");
    ASSERT_TRUE(
        WriteFits(LocalStore(), plain, {{c.array, nullptr, "", {}, {{"OBJECT", Value("test"), ""}}}}).ok());
    Compress(plain, packed, compression);
    const std::string name =
        absl::StrCat(c.name, " ", c.array->desc().shape.ToString(), " type ", compression.type, " tile of ",
                     compression.tile.size(), " axes, dither ", compression.dither);
    ExpectEqualsCfitsio(packed, name);
    const ArrayPtr array = OpenFits(TestSource(), packed, As(FitsType::kNatural)).value();
    EXPECT_EQ(array->desc().dtype, c.array->desc().dtype) << name;
    EXPECT_EQ(array->desc().Find("OBJECT")->value, Value("test"));
    EXPECT_EQ(array->desc().Find("ZCMPTYPE"), nullptr);
    EXPECT_EQ(array->desc().natural_chunk.rank(), array->desc().shape.rank());
  }

  TempFolder folder_;
};

TEST_F(TiledTest, IntegersByEveryLosslessAlgorithm) {
  for (const int type : {RICE_1, GZIP_1, GZIP_2}) {
    for (const std::vector<long>& tile : {std::vector<long>{}, {50, 40}, {1000, 1000}, {7, 3}}) {
      for (const Case& c : Integers({90, 123})) Check(c, {type, tile});
    }
  }
}

TEST_F(TiledTest, CubesAndLines) {
  for (const int type : {RICE_1, GZIP_2}) {
    Check({"i16 cube", Image<int16_t>({5, 30, 41}, 0, 500)}, {type, {41, 10, 2}});
    Check({"i32 line", Image<int32_t>({1000}, 0, 1e5)}, {type, {300}});
    Check({"f32 cube", Image<float>({5, 30, 41}, 10, 3)}, {type, {20, 30, 1}, 4, SUBTRACTIVE_DITHER_1, 77});
  }
}

TEST_F(TiledTest, RiceOfSmoothFlatAndWildData) {
  std::vector<int32_t> flat(64 * 64, 7), wild(64 * 64);
  for (size_t i = 0; i < wild.size(); ++i)
    wild[i] = i % 3 == 0 ? INT32_MIN : i % 3 == 1 ? INT32_MAX : static_cast<int32_t>(i);
  std::vector<int32_t> spiky(64 * 64, 1);
  for (size_t i = 0; i < spiky.size(); i += 97) spiky[i] = 100000000;
  Check({"flat", ArrayFromVector({64, 64}, flat)}, {RICE_1, {64, 8}});
  Check({"wild", ArrayFromVector({64, 64}, wild)}, {RICE_1, {64, 8}});
  Check({"spiky", ArrayFromVector({64, 64}, spiky)}, {RICE_1, {64, 64}});
}

TEST_F(TiledTest, QuantisedFloatsByEveryDither) {
  const Shape shape{120, 200};
  for (const int type : {RICE_1, GZIP_1, GZIP_2, HCOMPRESS_1}) {
    for (const int dither : {NO_DITHER, SUBTRACTIVE_DITHER_1, SUBTRACTIVE_DITHER_2}) {
      Check({"f32", Image<float>(shape, 50, 5)}, {type, {100, 50}, 4, dither, 9999});
      Check({"f64", Image<double>(shape, 50, 5)}, {type, {200, 10}, 16, dither, 3});
    }
  }
}

TEST_F(TiledTest, FloatsWithNaNsZerosAndUnquantisableTiles) {
  std::vector<float> v(200 * 120);
  const ArrayPtr base = Image<float>({120, 200}, 50, 5);
  const std::vector<double> noisy = AllValues(base);
  for (size_t i = 0; i < v.size(); ++i) {
    v[i] = static_cast<float>(noisy[i]);
    if (i % 17 == 0) v[i] = std::nanf("");
    if (i % 19 == 0) v[i] = 0;
    if (i / 200 >= 100) v[i] = 3.25f;              // constant tiles: no noise to quantise by
    if (i / 200 < 20 && i % 2 == 0) v[i] = 1e30f;  // too wide a range for 32 bits
  }
  const ArrayPtr array = ArrayFromVector({120, 200}, v);
  for (const int type : {RICE_1, GZIP_1, GZIP_2}) {
    for (const int dither : {NO_DITHER, SUBTRACTIVE_DITHER_1, SUBTRACTIVE_DITHER_2}) {
      Check({"odd floats", array}, {type, {50, 20}, 4, dither, 5});
    }
    if (type != RICE_1) Check({"lossless", array}, {type, {50, 20}, 0});
  }
}

TEST_F(TiledTest, LosslessDoubles) {
  for (const int type : {GZIP_1, GZIP_2})
    Check({"f64", Image<double>({40, 50}, 1e-3, 1)}, {type, {50, 10}, 0});
}

TEST_F(TiledTest, HcompressAndPlioThroughTheHelper) {
  for (const float scale : {0.f, 2.f}) {
    for (const Case& c : Integers({90, 124})) {
      if (c.name == "u32") continue;  // CFITSIO's HCOMPRESS refuses it
      Compression h{HCOMPRESS_1, {31, 30}};
      h.hcomp_scale = scale;
      Check(c, h);
    }
  }
  Check({"mask", Image<int16_t>({64, 64}, 100, 30)}, {PLIO_1, {64, 16}});
  Check({"u16 mask", Image<uint16_t>({64, 64}, 1000, 300)}, {PLIO_1, {64, 16}});
}

TEST_F(TiledTest, BlanksOfIntegersAreInvalid) {
  std::vector<int16_t> v(60 * 60);
  for (size_t i = 0; i < v.size(); ++i) v[i] = static_cast<int16_t>(i % 11 == 0 ? 0 : i % 100 + 1);
  std::vector<uint8_t> valid((v.size() + 7) / 8, 0xFF);
  for (size_t i = 0; i < v.size(); i += 11) valid[i / 8] &= static_cast<uint8_t>(~(1u << (i % 8)));
  ArrayDesc desc;
  desc.dtype = DType::kI16;
  desc.shape = {60, 60};
  Chunk chunk{desc.dtype,
              Box::Whole(desc.shape),
              ContiguousStrides(desc.shape),
              Buffer::Copy(v.data(), v.size() * 2),
              Buffer::Copy(valid.data(), valid.size()),
              ScaleState::kPhysical};
  const ArrayPtr array = MakeMemoryArray(desc, chunk).value();
  for (const int type : {RICE_1, GZIP_1, HCOMPRESS_1}) Check({"blanks", array}, {type, {20, 30}});
}

TEST_F(TiledTest, CacheServesBandsAndManyThreads) {
  const Shape shape{256, 512};
  const ArrayPtr source = Image<int16_t>(shape, 0, 1000);
  const std::string plain = folder_.File("plain.fits"), packed = folder_.File("packed.fits");
  ASSERT_TRUE(WriteFits(LocalStore(), plain, {{source, nullptr, "", {}, {}}}).ok());
  Compress(plain, packed, {RICE_1, {64, 64}});
  Faults faults;
  const auto store = MakeFaultStore(LocalStore(), faults);
  const ArrayPtr array = OpenFits({*store, TestSource().probe}, packed, As(FitsType::kNatural)).value();
  faults.reads = 0;
  for (int64_t y = 0; y < 256; ++y) ASSERT_TRUE(array->Read({{y, 0}, {1, 512}}, {}).ok());
  EXPECT_EQ(faults.reads, 2 * 32);  // row and bytes of each tile, once
  // Without room nothing is kept, and all is still right.
  FitsSelect tight = As(FitsType::kNatural);
  tight.tile_cache_bytes = 0;
  const ArrayPtr uncached = OpenFits(TestSource(), packed, tight).value();
  const std::vector<double> expected = AllValues(source);
  std::vector<std::thread> threads;
  std::vector<int64_t> differences(4, -1);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const ArrayPtr& a = t % 2 == 0 ? array : uncached;
      std::vector<double> all;
      for (int64_t y = 0; y < 256; y += 8) {
        const std::vector<double> band = AllValues(a->Read({{y, 0}, {8, 512}}, {}).value());
        all.insert(all.end(), band.begin(), band.end());
      }
      differences[t] = Differences(all, expected);
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_THAT(differences, ::testing::Each(0));
}

TEST_F(TiledTest, DamagedTilesAreDataLossNeverACrash) {
  const std::string plain = folder_.File("plain.fits"), packed = folder_.File("packed.fits");
  ASSERT_TRUE(
      WriteFits(LocalStore(), plain, {{Image<int16_t>({64, 64}, 3000, 1000), nullptr, "", {}, {}}}).ok());
  for (const int type : {RICE_1, GZIP_1, GZIP_2, HCOMPRESS_1, PLIO_1}) {
    Compress(plain, packed, {type, {64, 16}});
    const std::string good = ReadWholeFile(packed);
    const FitsHdu hdu = ReadFitsStructure(TestSource(), packed, nullptr)->hdus[1];
    int failures = 0;
    for (int64_t i = hdu.data_offset; i < hdu.data_offset + hdu.data_size; i += 61) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 0xFF);
      const auto array = OpenFits(TestSource(), folder_.Write("bad.fits", bad), As(FitsType::kNatural));
      if (!array.ok()) continue;
      const absl::Status status = (*array)->Read(Box::Whole({64, 64}), {}).status();
      failures += !status.ok();
      if (!status.ok()) {
        EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
        EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("bad.fits"));
      }
    }
    EXPECT_GT(failures, 0) << "type " << type;
  }
}

}  // namespace
}  // namespace cubeloom
