// What WriteFits writes: read back by us and by CFITSIO, checked by fitsverify and astropy.
#include <unistd.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/store/fits/test_support.h"
#include "cubeloom/store/testing/fault_store.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

// Checks a file by the programs that its readers trust. Each is left out, by name, where it is not installed.
void ExpectValid(const std::string& file, bool read_by_astropy = true, bool strict = true) {
  if (::access("/usr/bin/fitsverify", X_OK) == 0) {
    const ProgramResult result = RunProgram(absl::StrCat("/usr/bin/fitsverify '", file, "'"));
    EXPECT_TRUE(result.status == 0 || !strict) << result.output;
    EXPECT_THAT(result.output, HasSubstr(strict ? "0 warning(s) and 0 error(s)" : "and 0 error(s)"));
  }
  const std::string script =
      "import sys, warnings; warnings.simplefilter('error');\n"
      "try: from astropy.io import fits\n"
      "except ImportError: sys.exit(0)\n"
      "with fits.open(sys.argv[1], checksum=True) as f:\n"
      "  [h.verify('exception') for h in f]; [h.data for h in f if len(sys.argv) == 3]\n";
  TempFolder folder;
  const std::string path = folder.Write("check.py", script);
  const ProgramResult astropy =
      RunProgram(absl::StrCat("/usr/bin/python3 ", path, " '", file, "'", read_by_astropy ? " data" : ""));
  EXPECT_EQ(astropy.status, 0) << astropy.output;
}

template <typename T>
std::vector<T> Extremes(int64_t n) {
  std::vector<T> v(n);
  for (int64_t i = 0; i < n; ++i) v[i] = static_cast<T>(i * 37 - 50);
  v[0] = std::numeric_limits<T>::lowest();
  v[1] = std::numeric_limits<T>::max();
  v[2] = 0;
  return v;
}

template <typename T>
void RoundTrip(const Shape& shape) {
  TempFolder folder;
  const std::string file = folder.File("x.fits");
  const std::vector<T> values = Extremes<T>(shape.elements());
  const ArrayPtr array = ArrayFromVector(shape, values);
  ASSERT_TRUE(WriteFits(LocalStore(), file, {{array, nullptr, "", {}, {}}}).ok());
  const auto back = OpenFits(TestSource(), file);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ((*back)->desc().dtype, DTypeOf<T>::value);
  EXPECT_EQ((*back)->desc().shape, shape);
  const Chunk chunk = (*back)->Read(Box::Whole(shape), {}).value();
  EXPECT_EQ(std::memcmp(chunk.data.data(), values.data(), values.size() * sizeof(T)), 0)
      << DTypeName(chunk.dtype);
  EXPECT_FALSE(chunk.validity);
  ExpectValid(file);
}

TEST(RoundTripTest, EveryDtypeKeepsItsBits) {
  RoundTrip<uint8_t>({7, 11});
  RoundTrip<int8_t>({7, 11});
  RoundTrip<uint16_t>({3, 5, 7});
  RoundTrip<int16_t>({100, 3001});
  RoundTrip<uint32_t>({2, 3, 4, 5});
  RoundTrip<int32_t>({720});
  RoundTrip<uint64_t>({9, 9});
  RoundTrip<int64_t>({1, 1, 9});
  RoundTrip<float>({300, 1000});
  RoundTrip<double>({31, 31});
}

TEST(RoundTripTest, BooleansBecomeBytes) {
  TempFolder folder;
  const std::string file = folder.File("x.fits");
  ArrayDesc desc;
  desc.dtype = DType::kBool;
  desc.shape = {2, 2};
  const uint8_t bits[] = {1, 0, 0, 7};
  Chunk chunk{desc.dtype, Box::Whole(desc.shape), ContiguousStrides(desc.shape), Buffer::Copy(bits, 4),
              Buffer(),   ScaleState::kPhysical};
  const ArrayPtr array = MakeMemoryArray(desc, chunk).value();
  ASSERT_TRUE(WriteFits(LocalStore(), file, {{array, nullptr, "", {}, {}}}).ok());
  EXPECT_THAT(AllValues(OpenFits(TestSource(), file).value()), ::testing::ElementsAre(1, 0, 0, 1));
}

TEST(RoundTripTest, InvalidElementsComeBackInvalid) {
  TempFolder folder;
  const std::string file = folder.File("x.fits");
  const uint8_t valid[] = {0b101};
  for (const DType t :
       {DType::kI16, DType::kU16, DType::kF32, DType::kF64, DType::kI64, DType::kU8, DType::kI8}) {
    ArrayDesc desc;
    desc.dtype = t;
    desc.shape = {3};
    std::vector<char> zeros(3 * DTypeSize(t), 0);
    Chunk chunk{t,
                Box::Whole(desc.shape),
                ContiguousStrides(desc.shape),
                Buffer::Copy(zeros.data(), zeros.size()),
                Buffer::Copy(valid, 1),
                ScaleState::kPhysical};
    if (t == DType::kU16) desc.attributes.push_back({"BLANK", Value(-5), ""});
    const ArrayPtr array = MakeMemoryArray(desc, chunk).value();
    ASSERT_TRUE(WriteFits(LocalStore(), file, {{array, nullptr, "", {}, {}}}).ok()) << DTypeName(t);
    const std::vector<double> back = AllValues(OpenFits(TestSource(), file).value());
    ASSERT_EQ(back.size(), 3u);
    EXPECT_EQ(back[0], 0);
    EXPECT_TRUE(std::isnan(back[1])) << DTypeName(t);
    EXPECT_EQ(back[2], 0);
    ExpectValid(file,
                t != DType::kU16 && t != DType::kI8);  // astropy cannot put NaN into its unsigned arrays
  }
}

TEST(RoundTripTest, RefusesABlankThatIsAlsoAValue) {
  TempFolder folder;
  ArrayDesc desc;
  desc.dtype = DType::kI16;
  desc.shape = {2};
  const int16_t values[] = {-32768, 1};
  const uint8_t valid[] = {0b01};
  Chunk chunk{desc.dtype,
              Box::Whole(desc.shape),
              ContiguousStrides(desc.shape),
              Buffer::Copy(values, 4),
              Buffer::Copy(valid, 1),
              ScaleState::kPhysical};
  const ArrayPtr array = MakeMemoryArray(desc, chunk).value();
  const absl::Status status = WriteFits(LocalStore(), folder.File("x.fits"), {{array, nullptr, "", {}, {}}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("BLANK = -32768"));
  EXPECT_EQ(folder.Listing(), "");
}

ArrayPtr WithAttributes(std::vector<Attribute> attributes) {
  ArrayDesc desc;
  desc.dtype = DType::kF32;
  desc.shape = {2, 3};
  desc.unit = "Jy/beam";
  desc.attributes = std::move(attributes);
  const float values[] = {1, 2, 3, 4, 5, 6};
  Chunk chunk{
      desc.dtype, Box::Whole(desc.shape), ContiguousStrides(desc.shape), Buffer::Copy(values, sizeof(values)),
      Buffer(),   ScaleState::kPhysical};
  return MakeMemoryArray(desc, chunk).value();
}

std::vector<Attribute> ManyCards() {
  return {
      {"OBJECT", Value("47 Tuc"), "target"},
      {"EXPTIME", Value(60.5), "s"},
      {"TINY", Value(-1.25e-300), ""},
      {"COUNT", Value(int64_t{-9007199254740993}), "beyond 2^53"},
      {"GOOD", Value(true), ""},
      {"BAD", Value(false), ""},
      {"NOTHING", Value(), "undefined"},
      {"QUOTE", Value("it's 'quoted'"), ""},
      {"EMPTY", Value(""), ""},
      {"LONGTEXT", Value(std::string(150, 'a') + "'" + std::string(60, 'b')), ""},
      {"ESO DET DIT", Value(2.0), "s"},
      {"CPLX", Value(Value::List{Value(1.5), Value(-2.0)}), ""},
      {"HISTORY", Value("first"), ""},
      {"COMMENT",
       Value("a comment that is longer than the seventy-two columns that one card has, so two cards"), ""},
      {"HISTORY", Value("second"), ""},
      {"CRVAL1", Value(1e20), ""}};
}

TEST(RoundTripTest, HeaderCardsAreKept) {
  TempFolder folder;
  const std::string file = folder.File("x.fits");
  std::vector<Attribute> cards = ManyCards();
  ASSERT_TRUE(WriteFits(LocalStore(), file,
                        {{WithAttributes(cards), nullptr, "SCI", 3, {{"OBSERVER", Value("me"), ""}}}})
                  .ok());
  const ArrayPtr back = OpenFits(TestSource(), file).value();
  EXPECT_EQ(back->desc().unit, "Jy/beam");
  std::vector<Attribute> expected = cards;
  expected.erase(expected.begin() + 13);  // the long comment comes back as two cards
  for (const Attribute& card : expected) {
    bool found = false;
    for (const Attribute& a : back->desc().attributes)
      found = found || (a.name == card.name && a.value == card.value && a.comment == card.comment);
    EXPECT_TRUE(found) << card.name << " = " << card.value.ToJson();
  }
  EXPECT_EQ(back->desc().Find("EXTNAME")->value, Value("SCI"));
  EXPECT_EQ(back->desc().Find("EXTVER")->value, Value(3));
  EXPECT_EQ(back->desc().Find("OBSERVER")->value, Value("me"));
  ExpectValid(file, true, /*strict=*/false);  // it warns of keywords without value, long strings, half a WCS
  // A second generation is the same file.
  const std::string again = folder.File("y.fits");
  ASSERT_TRUE(WriteFits(LocalStore(), again, {{back, nullptr, "", {}, {}}}).ok());
  EXPECT_EQ(ReadWholeFile(again), ReadWholeFile(file));
}

TEST(RoundTripTest, RefusesCardsThatFitsCannotExpress) {
  TempFolder folder;
  for (const Attribute& bad : std::vector<Attribute>{{"OK", Value("caf\xc3\xa9"), ""},
                                                     {"NAN", Value(std::nan("")), ""},
                                                     {"LIST", Value(Value::List{Value(1)}), ""},
                                                     {"A=B", Value(1), ""},
                                                     {"C", Value(1), "new\nline"}}) {
    const absl::Status status =
        WriteFits(LocalStore(), folder.File("x.fits"), {{WithAttributes({}), nullptr, "", {}, {bad}}});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.name;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.name));
    // The same as an array's own attribute is made to fit (but for the impossible name).
    if (bad.name != "A=B") {
      EXPECT_TRUE(
          WriteFits(LocalStore(), folder.File("y.fits"), {{WithAttributes({bad}), nullptr, "", {}, {}}})
              .ok());
    }
  }
}

TEST(RoundTripTest, SeveralExtensionsAndATable) {
  TempFolder folder;
  const std::string file = folder.File("x.fits");
  auto table = std::make_shared<cubeloom::Table>();
  table->columns.push_back({"id", "", "identifier", std::vector<int64_t>{1, -2, 3}, {0, 1, 0}});
  table->columns.push_back({"flux", "Jy", "", std::vector<double>{0.5, std::nan(""), 1e10}, {}});
  table->columns.push_back({"name", "", "", std::vector<std::string>{"a", "", "long name"}, {}});
  ASSERT_TRUE(WriteFits(LocalStore(), file,
                        {{WithAttributes({}), nullptr, "SCI", {}, {}},
                         {ArrayFromVector<uint16_t>({4}, {1, 2, 3, 65535}), nullptr, "DQ", {}, {}},
                         {nullptr, table, "CATALOG", {}, {{"ORIGIN", Value("test"), ""}}}})
                  .ok());
  ExpectValid(file);
  const FitsStructure s = ReadFitsStructure(TestSource(), file, nullptr).value();
  ASSERT_EQ(s.hdus.size(), 3u);
  EXPECT_EQ(s.hdus[1].name, "DQ");
  EXPECT_EQ(s.hdus[2].kind, HduKind::kTable);
  EXPECT_EQ(s.hdus[2].rows, 3);
  EXPECT_EQ(s.hdus[2].row_bytes, 8 + 8 + 9);
  EXPECT_EQ(s.hdus[2].Column("FLUX")->unit, "Jy");
  EXPECT_EQ(s.hdus[2].Column("name")->bytes, 9);
  FitsSelect select;
  select.hdu.name = "DQ";
  EXPECT_THAT(AllValues(OpenFits(TestSource(), file, select).value()),
              ::testing::ElementsAre(1, 2, 3, 65535));
  select.hdu.name = "CATALOG";
  EXPECT_THAT(std::string(OpenFits(TestSource(), file, select).status().message()),
              HasSubstr("holds a table"));
  // A table alone gets an empty primary.
  ASSERT_TRUE(WriteFits(LocalStore(), file, {{nullptr, table, "", {}, {}}}).ok());
  ExpectValid(file);
}

TEST(RoundTripTest, FullDiskLeavesTheOldFile) {
  TempFolder folder;
  const std::string file = folder.Write("x.fits", "old");
  const ArrayPtr big = ArrayFromVector<float>({500, 1000}, std::vector<float>(500000));
  Faults faults;
  const auto store = MakeFaultStore(LocalStore(), faults);
  for (const int64_t room : {int64_t{0}, int64_t{2880}, int64_t{300000}, int64_t{2002000}}) {
    faults.no_space_after = room;
    const absl::Status status = WriteFits(*store, file, {{big, nullptr, "", {}, {}}});
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file));
    EXPECT_EQ(folder.Listing(), "x.fits");
    EXPECT_EQ(ReadWholeFile(file), "old");
  }
}

TEST(RoundTripTest, WritesTheSameBytesForEveryChunking) {
  TempFolder folder;
  const std::string a = folder.File("a.fits"), b = folder.File("b.fits");
  const std::vector<float> values = Extremes<float>(300 * 700);
  const ArrayPtr array = ArrayFromVector<float>({300, 700}, values);
  ASSERT_TRUE(WriteFits(LocalStore(), a, {{array, nullptr, "", {}, {}}}).ok());
  ASSERT_TRUE(WriteFits(LocalStore(), b, {{OpenFits(TestSource(), a).value(), nullptr, "", {}, {}}}).ok());
  EXPECT_EQ(ReadWholeFile(a), ReadWholeFile(b));
}

TEST(RoundTripTest, RefusesComplexAndNothing) {
  TempFolder folder;
  const ArrayPtr complex = ArrayFromVector<std::complex<float>>({1}, {{1, 2}});
  EXPECT_EQ(WriteFits(LocalStore(), folder.File("x"), {{complex, nullptr, "", {}, {}}}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WriteFits(LocalStore(), folder.File("x"), {}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WriteFits(LocalStore(), folder.File("x"), {FitsOutput{}}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(folder.Listing(), "");
}

}  // namespace
}  // namespace cubeloom
