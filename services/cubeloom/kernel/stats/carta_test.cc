// Against what CARTA's own back-end answered for two real cubes: see ../shared/data/fits/README-carta.md.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cubeloom/kernel/stats/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

std::string ReadAll(const std::string& name) {
  const char* shared = std::getenv("CUBELOOM_SHARED");
  const std::string folder = shared != nullptr ? shared : CL_SOURCE_DIR "/../shared";
  std::ifstream in(folder + "/data/fits/" + name, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// Just enough of FITS for the two files: numeric keywords of one header.
struct Header {
  std::map<std::string, double> number;
  size_t end = 0;  // byte behind the header block
};
Header ReadHeader(const std::string& file, size_t at) {
  Header header;
  for (; at + 80 <= file.size(); at += 80) {
    const std::string card = file.substr(at, 80);
    if (card.compare(0, 4, "END ") == 0) break;
    const std::string key = card.substr(0, card.find_first_of(" ="));
    if (card[8] == '=') header.number[key] = std::strtod(card.c_str() + 9, nullptr);
  }
  header.end = (at / 2880 + 1) * 2880;
  return header;
}

template <typename T, typename Bits>
ArrayPtr Swapped(const std::string& file, size_t at, ArrayDesc desc) {
  std::vector<T> values(static_cast<size_t>(desc.shape.elements()));
  for (size_t i = 0; i < values.size(); ++i) {
    Bits bits;
    std::memcpy(&bits, file.data() + at + i * sizeof(T), sizeof(bits));
    bits = sizeof(T) == 4 ? __builtin_bswap32(static_cast<uint32_t>(bits)) : __builtin_bswap64(bits);
    std::memcpy(&values[i], &bits, sizeof(bits));
  }
  desc.dtype = DTypeOf<T>::value;
  const Chunk chunk{desc.dtype,
                    Box::Whole(desc.shape),
                    ContiguousStrides(desc.shape),
                    Buffer::Copy(values.data(), values.size() * sizeof(T)),
                    {},
                    {}};
  return MakeMemoryArray(desc, chunk).value();
}

// The cube of the given HDU, with its numeric header.
ArrayPtr ReadCube(const std::string& file, bool second_hdu) {
  Header header = ReadHeader(file, 0);
  if (second_hdu) header = ReadHeader(file, header.end);
  ArrayDesc desc;
  for (const char* axis : {"NAXIS3", "NAXIS2", "NAXIS1"})
    desc.shape.push_back(static_cast<int64_t>(header.number[axis]));
  for (const auto& [key, value] : header.number) desc.attributes.push_back({key, Value(value), ""});
  if (header.number["BITPIX"] == -32) return Swapped<float, uint32_t>(file, header.end, desc);
  return Swapped<double, uint64_t>(file, header.end, desc);
}

struct Case {
  const char* name;
  bool second_hdu;
};

class CartaTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const std::string base = GetParam().name;
    const std::string json = ReadAll(base + ".carta.json"), fits = ReadAll(base + ".fits");
    if (json.empty() || fits.empty()) GTEST_SKIP() << "shared data not present: data/fits/" << base;
    reference_ = Value::FromJson(json).value();
    cube_ = ReadCube(fits, GetParam().second_hdu);
    Box plane = Box::Whole(cube_->desc().shape);
    plane.extent[0] = 1;
    plane_ = SqueezeLeading(MakeCrop(cube_, plane).value(), 2).value();
  }

  void CheckHistogram(const ArrayPtr& image, const Value& expected) {
    const auto out = RunKernel("image.histogram", {}, {{"image", image}});
    ASSERT_TRUE(out.ok()) << out.status();
    const Value& summary = out->at("summary").value();
    EXPECT_EQ(summary.Find("num_bins")->integer(), expected.Find("num_bins")->integer());
    struct Entry {
      const char *ours, *theirs;
      double tolerance;
    };
    // CARTA's bounds are float32 in its message.
    for (const Entry& e :
         {Entry{"bin_width", "bin_width", 1e-7}, Entry{"first_bin_center", "first_bin_center", 1e-7},
          Entry{"mean", "mean", 1e-10}, Entry{"sigma", "std_dev", 1e-10}}) {
      const double want = expected.Find(e.theirs)->real();
      EXPECT_NEAR(summary.Find(e.ours)->real(), want, e.tolerance * std::abs(want)) << e.ours;
    }
    const auto& counts = std::get<std::vector<int64_t>>(out->at("histogram").table()->Find("count")->values);
    const Value::List& bins = expected.Find("bins")->list();
    ASSERT_EQ(counts.size(), bins.size());
    int64_t sum = 0, want = 0;
    for (size_t b = 0; b < bins.size(); ++b) {
      sum += counts[b];
      want += bins[b].AsInt().value();
      EXPECT_LE(std::abs(sum - want), 2) << "bin " << b;
    }
    EXPECT_EQ(sum, want);
  }

  Value reference_;
  ArrayPtr cube_, plane_;
};

TEST_P(CartaTest, PlaneStatistics) {
  const auto out = RunKernel("image.statistics", {}, {{"image", plane_}});
  ASSERT_TRUE(out.ok()) << out.status();
  const Value& ours = out->at("statistics").value();
  const Value& theirs = *reference_.Find("channel0_stats");
  EXPECT_EQ(ours.Find("count")->integer(), theirs.Find("NumPixels")->AsInt().value());
  struct Entry {
    const char *ours, *theirs;
    double tolerance;
  };
  // CARTA squares in float32 (see below), so its SumSq and RMS are off by some 1e-9.
  for (const Entry& e : {Entry{"sum", "Sum", 1e-10}, Entry{"mean", "Mean", 1e-10}, Entry{"rms", "RMS", 1e-7},
                         Entry{"sigma", "Sigma", 1e-10}, Entry{"sumsq", "SumSq", 1e-7},
                         Entry{"min", "Min", 1e-11}, Entry{"max", "Max", 1e-11},
                         Entry{"extrema", "Extrema", 1e-11}, Entry{"flux_density", "FluxDensity", 1e-10}}) {
    if (theirs.Find(e.theirs)->is_null()) {
      EXPECT_TRUE(ours.Find(e.ours)->is_null()) << e.ours;
      continue;
    }
    const double want = theirs.Find(e.theirs)->real();
    EXPECT_NEAR(ours.Find(e.ours)->real(), want, e.tolerance * std::abs(want)) << e.ours;
  }
}

TEST_P(CartaTest, SumOfSquaresDiffersByTheirFloatSquaresAlone) {
  const Chunk chunk = plane_->Read(Box::Whole(plane_->desc().shape), {}).value();
  const Chunk pixels = ConvertChunk(chunk, DType::kF32, Allocator::Heap()).value();
  double sum = 0;
  for (int64_t i = 0; i < pixels.box.elements(); ++i) {
    const float x = pixels.as<float>()[i];
    const float square = x * x;
    if (!std::isnan(x)) sum += static_cast<double>(square);
  }
  const double want = reference_.Find("channel0_stats")->Find("SumSq")->real();
  EXPECT_NEAR(sum, want, 1e-10 * want);
}

TEST_P(CartaTest, PlaneHistogram) { CheckHistogram(plane_, *reference_.Find("channel0_histogram")); }
TEST_P(CartaTest, CubeHistogram) { CheckHistogram(cube_, *reference_.Find("cube_histogram")); }

INSTANTIATE_TEST_SUITE_P(Files, CartaTest,
                         ::testing::Values(Case{"M17_SWex_unittest", false}, Case{"mpdaf_cube", true}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace cubeloom
