// Boxes, scaling, blanks, HDU selection, gzip, faults while reading: hand-made files.
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/cpu.h"
#include "cubeloom/store/fits/test_support.h"
#include "cubeloom/store/testing/fault_store.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

std::string BigEndian(const std::vector<int64_t>& values, int bytes) {
  std::string out;
  for (const int64_t v : values) {
    for (int i = bytes - 1; i >= 0; --i)
      out += static_cast<char>((static_cast<uint64_t>(v) >> (8 * i)) & 0xFF);
  }
  return out;
}

std::vector<std::string> ImageCards(int bitpix, const std::vector<int64_t>& axes,
                                    const std::vector<std::string>& more = {}) {
  std::vector<std::string> cards = {"SIMPLE  =                    T", absl::StrCat("BITPIX  = ", bitpix),
                                    absl::StrCat("NAXIS   = ", axes.size())};
  for (size_t i = 0; i < axes.size(); ++i) cards.push_back(absl::StrCat("NAXIS", i + 1, "  = ", axes[i]));
  cards.insert(cards.end(), more.begin(), more.end());
  return cards;
}

TEST(ReadBoxTest, EveryBoxOfACubeEqualsTheWhole) {
  TempFolder folder;
  const Shape shape{7, 9, 13};
  std::vector<int32_t> values(shape.elements());
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(i * 2654435761u);
  const std::string file = folder.File("cube.fits");
  ASSERT_TRUE(WriteFits(LocalStore(), file, {{ArrayFromVector(shape, values), nullptr, "", {}, {}}}).ok());
  const ArrayPtr array = OpenFits(TestSource(), file).value();
  for (int64_t z = 0; z < 7; z += 3) {
    for (int64_t y = 0; y < 9; y += 2) {
      for (int64_t x = 0; x < 13; x += 4) {
        for (const Shape& extent : {Shape{7 - z, 1, 1}, Shape{7 - z, 9 - y, 1}, Shape{1, 9 - y, 13 - x},
                                    Shape{7 - z, 1, 13 - x}, Shape{7 - z, 9 - y, 13 - x}, Shape{0, 1, 1}}) {
          const Box box{{z, y, x}, extent};
          const auto chunk = array->Read(box, {});
          ASSERT_TRUE(chunk.ok()) << box.ToString() << chunk.status();
          std::vector<double> expected;
          for (int64_t i = 0; i < extent[0]; ++i)
            for (int64_t j = 0; j < extent[1]; ++j)
              for (int64_t k = 0; k < extent[2]; ++k)
                expected.push_back(values[((z + i) * 9 + y + j) * 13 + x + k]);
          EXPECT_EQ(AllValues(*chunk), expected) << box.ToString();
        }
      }
    }
  }
  EXPECT_EQ(array->Read({{0, 0, 0}, {8, 1, 1}}, {}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(array->Read({{0, 0}, {1, 1}}, {}).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(ReadBoxTest, ASpectrumIsReadInFewPieces) {
  TempFolder folder;
  const std::string file = folder.File("cube.fits");
  const Shape shape{2000, 16, 20};
  std::vector<double> values(shape.elements());
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  ASSERT_TRUE(WriteFits(LocalStore(), file, {{ArrayFromVector(shape, values), nullptr, "", {}, {}}}).ok());
  Faults faults;
  const auto store = MakeFaultStore(LocalStore(), faults);
  const ArrayPtr array = OpenFits({*store, TestSource().probe}, file).value();
  faults.reads = 0;
  const Chunk chunk = array->Read({{0, 3, 5}, {2000, 1, 1}}, {}).value();
  EXPECT_LT(faults.reads, 30);
  for (int64_t z = 0; z < 2000; ++z) ASSERT_EQ(chunk.as<double>()[z], z * 320 + 65);
  faults.reads = 0;
  ASSERT_TRUE(array->Read({{0, 0, 0}, {100, 16, 20}}, {}).ok());
  EXPECT_EQ(faults.reads, 1);  // 256 KB: one pread
}

struct Scaling {
  int bitpix;
  std::vector<std::string> cards;
  DType dtype;
  std::vector<int64_t> stored;
  std::vector<double> expected;
};

const double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<Scaling> Scalings() {
  return {
      {8, {}, DType::kU8, {0, 255, 7}, {0, 255, 7}},
      {8, {"BZERO   = -128"}, DType::kI8, {0, 255, 128}, {-128, 127, 0}},
      {8, {"BSCALE  = 0.5"}, DType::kF32, {0, 255, 3}, {0, 127.5, 1.5}},
      {8, {"BLANK   = 255"}, DType::kU8, {0, 255, 3}, {0, kNan, 3}},
      {16, {}, DType::kI16, {-32768, 32767, -1}, {-32768, 32767, -1}},
      {16, {"BZERO   = 32768", "BSCALE  = 1"}, DType::kU16, {-32768, 32767, 0}, {0, 65535, 32768}},
      {16, {"BZERO   = 32768.0", "BLANK   = -32768"}, DType::kU16, {-32768, 32767, 0}, {kNan, 65535, 32768}},
      {16, {"BZERO   = 32768", "BSCALE  = 2"}, DType::kF32, {-32768, 32767, 0}, {-32768, 98302, 32768}},
      {16, {"BSCALE  = 0.01", "BZERO   = 3.", "BLANK   = -1"}, DType::kF32, {100, -1, 0}, {4, kNan, 3}},
      {16, {"BLANK   = -99999"}, DType::kI16, {-1, 0, 1}, {-1, 0, 1}},
      {32, {}, DType::kI32, {INT32_MIN, INT32_MAX, 5}, {-2147483648.0, 2147483647, 5}},
      {32, {"BZERO   = 2147483648"}, DType::kU32, {INT32_MIN, INT32_MAX, 0}, {0, 4294967295.0, 2147483648.0}},
      {32, {"BSCALE  = 1.5D0"}, DType::kF64, {INT32_MIN, INT32_MAX, 1}, {-3221225472.0, 3221225470.5, 1.5}},
      {64, {}, DType::kI64, {INT64_MIN, INT64_MAX, 5}, {-9223372036854775808.0, 9223372036854775807.0, 5}},
      {64,
       {"BZERO   = 9223372036854775808"},
       DType::kU64,
       {INT64_MIN, INT64_MAX, 0},
       {0, 18446744073709551615.0, 9223372036854775808.0}},
      {64, {"BZERO   = 1", "BLANK   = 7"}, DType::kF64, {7, 0, -1}, {kNan, 1, 0}},
  };
}

TEST(ReadScalingTest, FollowsTheHeaderOnEveryInstructionSet) {
  TempFolder folder;
  for (const SimdLevel level : {SimdLevel::kV2, SimdLevel::kV3, SimdLevel::kV4}) {
    SetSimdLevel(level);
    for (const Scaling& s : Scalings()) {
      // 1000 times over, so that whole vectors and the rest are met.
      std::vector<int64_t> stored;
      std::vector<double> expected;
      for (int i = 0; i < 1000; ++i) {
        stored.insert(stored.end(), s.stored.begin(), s.stored.end());
        expected.insert(expected.end(), s.expected.begin(), s.expected.end());
      }
      const std::string file = folder.Write("x.fits", MakeHeader(ImageCards(s.bitpix, {3000}, s.cards)) +
                                                          PadData(BigEndian(stored, s.bitpix / 8)));
      const std::string name = absl::StrCat("BITPIX ", s.bitpix, " ", s.cards.empty() ? "" : s.cards[0]);
      const auto array = OpenFits(TestSource(), file);
      ASSERT_TRUE(array.ok()) << name << array.status();
      EXPECT_EQ((*array)->desc().dtype, s.dtype) << name;
      EXPECT_THAT(AllValues(*array), ::testing::Pointwise(::testing::NanSensitiveDoubleEq(), expected))
          << name;
      for (const FitsType type : {FitsType::kFloat32, FitsType::kFloat64}) {
        FitsSelect select;
        select.type = type;
        std::vector<double> rounded = expected;
        if (type == FitsType::kFloat32) {
          for (double& v : rounded) v = static_cast<float>(v);
        }
        const ArrayPtr as_float = OpenFits(TestSource(), file, select).value();
        EXPECT_THAT(AllValues(as_float), ::testing::Pointwise(::testing::NanSensitiveDoubleEq(), rounded))
            << name;
      }
    }
  }
  SetSimdLevel(DetectedSimdLevel());
}

TEST(ReadScalingTest, FloatsKeepTheirBits) {
  TempFolder folder;
  const std::vector<int64_t> bits = {0x7F800001, 0x80000000, 0x7FC12345, 0x00000001, 0x3F800000};
  const std::string file =
      folder.Write("x.fits", MakeHeader(ImageCards(-32, {5})) + PadData(BigEndian(bits, 4)));
  const Chunk chunk = OpenFits(TestSource(), file).value()->Read(Box::Whole({5}), {}).value();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(static_cast<int64_t>(chunk.as<uint32_t>()[i]), bits[i]);
  }
}

TEST(ReadScalingTest, AllBlankAndAllNaNImagesAreReadAsSuch) {
  TempFolder folder;
  const std::string blank = folder.Write("blank.fits", MakeHeader(ImageCards(16, {5000}, {"BLANK   = -1"})) +
                                                           PadData(std::string(10000, '\xff')));
  const std::string nan =
      folder.Write("nan.fits", MakeHeader(ImageCards(-32, {5000})) + PadData(std::string(20000, '\xff')));
  const std::string inf =
      folder.Write("inf.fits", MakeHeader(ImageCards(-64, {2})) +
                                   PadData(BigEndian({0x7FF0000000000000, -0x10000000000000}, 8)));
  for (const std::string& file : {blank, nan}) {
    for (const double v : AllValues(OpenFits(TestSource(), file).value())) ASSERT_TRUE(std::isnan(v));
  }
  EXPECT_THAT(AllValues(OpenFits(TestSource(), inf).value()), ::testing::ElementsAre(INFINITY, -INFINITY));
}

TEST(ReadScalingTest, NarrowsDoublesToFloatsInPlace) {
  TempFolder folder;
  std::vector<double> values(100000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) * 1.1;
  const std::string file = folder.File("x.fits");
  ASSERT_TRUE(WriteFits(LocalStore(), file, {{ArrayFromVector({100000}, values), nullptr, "", {}, {}}}).ok());
  FitsSelect select;
  select.type = FitsType::kFloat32;
  const std::vector<double> back = AllValues(OpenFits(TestSource(), file, select).value());
  for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(back[i], static_cast<float>(values[i])) << i;
}

std::string TwoImages() {
  std::vector<std::string> cards = {"XTENSION= 'IMAGE   '", "BITPIX  = 8", "NAXIS   = 1",
                                    "NAXIS1  = 2",          "PCOUNT  = 0", "GCOUNT  = 1",
                                    "EXTNAME = 'SCI     '", "EXTVER  = 1"};
  std::string out = MakeHeader(ImageCards(8, {}, {"EXTEND  = F"}));  // EXTEND says no, but there are
  out += MakeHeader(cards) + PadData("ab");
  cards.back() = "EXTVER  = 2";
  return out + MakeHeader(cards) + PadData("cd");
}

TEST(SelectTest, ByNameVersionNumberAndDefault) {
  TempFolder folder;
  const std::string file = folder.Write("x.fits", TwoImages() + std::string(100, 'z'));
  struct Case {
    std::string select;
    double first;  // -1 = fails
  };
  for (const Case& c : std::vector<Case>{{"", 'a'},
                                         {"sci", 'a'},
                                         {"SCI,2", 'c'},
                                         {"2", 'c'},
                                         {"1", 'a'},
                                         {"0", -1},
                                         {"3", -1},
                                         {"SCI,3", -1},
                                         {"ERR", -1}}) {
    FitsSelect select;
    select.hdu = ParseHduSelect(c.select).value();
    const auto array = OpenFits(TestSource(), file, select);
    EXPECT_EQ(array.ok(), c.first >= 0) << c.select << array.status();
    if (array.ok()) {
      EXPECT_EQ(AllValues(*array)[0], c.first) << c.select;
    } else {
      EXPECT_THAT(std::string(array.status().message()), HasSubstr(file));
    }
  }
  EXPECT_FALSE(ParseHduSelect("-1").ok());
  EXPECT_FALSE(ParseHduSelect(",1").ok());
  EXPECT_EQ(ReadFitsStructure(TestSource(), file, nullptr)->trailing_bytes, 100);
}

TEST(SelectTest, ADamagedLaterHduDoesNotSpoilAnEarlierOne) {
  TempFolder folder;
  const std::string whole = TwoImages();
  const std::string file = folder.Write("x.fits", whole.substr(0, whole.size() - 2880));
  FitsSelect select;
  select.hdu.number = 1;
  EXPECT_TRUE(OpenFits(TestSource(), file, select).ok());
  select.hdu.number = 2;
  EXPECT_EQ(OpenFits(TestSource(), file, select).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ListFitsImages(TestSource(), file).status().code(), absl::StatusCode::kDataLoss);
}

std::string Gzip(const std::string& plain) {
  z_stream z = {};
  deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, plain.size()) + 100, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(&out[0]);
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

TEST(GzipTest, ReadsOneAndSeveralMembers) {
  TempFolder folder;
  const std::string plain = TwoImages();
  for (const std::string& packed : {Gzip(plain), Gzip(plain.substr(0, 5000)) + Gzip(plain.substr(5000)),
                                    Gzip(plain) + std::string(512, '\0')}) {
    const std::string file = folder.Write("x.fits.gz", packed);
    FitsSelect select;
    select.hdu.number = 2;
    const auto array = OpenFits(TestSource(), file, select);
    ASSERT_TRUE(array.ok()) << array.status();
    EXPECT_THAT(AllValues(*array), ::testing::ElementsAre('c', 'd'));
  }
}

TEST(GzipTest, StopsWhenCancelled) {
  TempFolder folder;
  const std::string file = folder.Write("x.fits.gz", Gzip(TwoImages()));
  CancelSource cancel;
  cancel.Cancel();
  FitsSelect select;
  select.cancel = cancel.token();
  EXPECT_TRUE(absl::IsCancelled(OpenFits(TestSource(), file, select).status()));
}

TEST(GzipTest, RefusesBrokenAndOversizedStreams) {
  TempFolder folder;
  const std::string packed = Gzip(TwoImages());
  std::string damaged = packed;
  damaged[packed.size() / 2] ^= 0x55;
  struct Case {
    std::string bytes;
    int64_t limit;
    absl::StatusCode code;
    std::string text;
  };
  for (const Case& c : std::vector<Case>{
           {packed.substr(0, packed.size() / 2), 1 << 30, absl::StatusCode::kDataLoss, "ends early"},
           {damaged, 1 << 30, absl::StatusCode::kDataLoss, "at byte"},
           {packed, 10000, absl::StatusCode::kResourceExhausted, "more than 10000 bytes"}}) {
    const std::string file = folder.Write("x.fits.gz", c.bytes);
    FitsSelect select;
    select.max_inflated_bytes = c.limit;
    const absl::Status status = OpenFits(TestSource(), file, select).status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.text));
    EXPECT_THAT(std::string(status.message()), HasSubstr(file));
  }
}

TEST(ReadFaultTest, ChangesAndErrorsWhileReadingAreDataLoss) {
  TempFolder folder;
  const std::string file = folder.File("x.fits");
  const std::vector<float> values(200000, 1.5f);
  ASSERT_TRUE(
      WriteFits(LocalStore(), file, {{ArrayFromVector<float>({200, 1000}, values), nullptr, "", {}, {}}})
          .ok());
  Faults faults;
  const auto store = MakeFaultStore(LocalStore(), faults);
  const ArrayPtr array = OpenFits({*store, TestSource().probe}, file).value();
  const Box whole = Box::Whole(array->desc().shape);
  EXPECT_TRUE(array->Read(whole, {}).ok());
  const auto expect_loss = [&](const char* text) {
    const absl::Status status = array->Read(whole, {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
    EXPECT_THAT(std::string(status.message()), HasSubstr(file));
  };
  faults.read_error_at = 400000;
  expect_loss("Input/output error");
  faults.read_error_at = Faults::kNever;
  faults.truncated_at = 500000;
  expect_loss("changed while read");
  faults.truncated_at = Faults::kNever;
  faults.changed = true;
  expect_loss("changed while read");
  faults.changed = false;
  EXPECT_TRUE(array->Read(whole, {}).ok());
  std::filesystem::resize_file(file, 300000);
  expect_loss("changed while read");
}

TEST(ReadFaultTest, ARemoteStoreNeedsNoDescriptor) {
  TempFolder folder;
  const std::string file = folder.Write("x.fits", TwoImages());
  Faults faults;
  const auto store = MakeFaultStore(LocalStore(), faults, /*hide_fd=*/true);
  FitsSelect select;
  select.hdu.number = 2;
  EXPECT_THAT(AllValues(OpenFits({*store, TestSource().probe}, file, select).value()),
              ::testing::ElementsAre('c', 'd'));
}

TEST(ReadFaultTest, StopsWhenCancelledAndWhenMemoryIsRefused) {
  TempFolder folder;
  const std::string file = folder.Write("x.fits", TwoImages());
  const ArrayPtr array = OpenFits(TestSource(), file).value();
  CancelSource source;
  source.Cancel();
  ReadContext context;
  context.cancel = source.token();
  EXPECT_EQ(array->Read(Box::Whole(array->desc().shape), context).status().code(),
            absl::StatusCode::kCancelled);
  class Nothing : public Allocator {
    absl::StatusOr<MutableBuffer> Allocate(size_t) override { return absl::ResourceExhaustedError("budget"); }
  } nothing;
  ReadContext poor;
  poor.allocator = &nothing;
  EXPECT_EQ(array->Read(Box::Whole(array->desc().shape), poor).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace cubeloom
