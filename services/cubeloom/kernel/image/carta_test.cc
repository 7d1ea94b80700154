// CARTA's own answers for two real cubes (data/fits/README-carta.md): spectral means of regions, spectra at a
// pixel.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

std::optional<std::string> Shared(const std::string& name) {
  const char* shared = std::getenv("CUBELOOM_SHARED");
  const std::string folder = shared != nullptr ? shared : CL_SOURCE_DIR "/../shared";
  std::ifstream file(folder + "/data/fits/" + name, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// The number in a FITS card of the header that begins at `at`, or `otherwise`.
double Card(const std::string& file, size_t at, const std::string& name, double otherwise) {
  std::string key = name;
  key.resize(8, ' ');
  for (; at + 80 <= file.size() && file.compare(at, 8, "END     ") != 0; at += 80) {
    if (file.compare(at, 8, key) == 0) return std::strtod(file.c_str() + at + 10, nullptr);
  }
  return otherwise;
}

template <typename T, typename Bits>
std::vector<double> BigEndian(const std::string& file, size_t at, size_t n) {
  std::vector<double> out;
  for (size_t i = 0; i < n; ++i) {
    Bits bits = 0;
    for (size_t b = 0; b < sizeof(Bits); ++b)
      bits = bits << 8 | static_cast<uint8_t>(file[at + i * sizeof(Bits) + b]);
    T value;
    std::memcpy(&value, &bits, sizeof(value));
    out.push_back(value);
  }
  return out;
}

// The image of header data unit `hdu`: floats, three axes. No more of FITS than these two files need.
Payload ReadCube(const std::string& file, int hdu) {
  size_t at = 0;
  while (true) {
    size_t end = at;
    while (file.compare(end, 8, "END     ") != 0) end += 80;
    const size_t data = (end + 80 + 2879) / 2880 * 2880;
    size_t elements = Card(file, at, "NAXIS", 0) > 0 ? 1 : 0;
    for (int a = 1; a <= static_cast<int>(Card(file, at, "NAXIS", 0)); ++a) {
      elements *= static_cast<size_t>(Card(file, at, "NAXIS" + std::to_string(a), 0));
    }
    const int bitpix = static_cast<int>(Card(file, at, "BITPIX", 0));
    if (hdu-- == 0) {
      const auto axis = [&](int a) {
        return static_cast<int64_t>(Card(file, at, "NAXIS" + std::to_string(a), 1));
      };
      const Shape shape{axis(3), axis(2), axis(1)};
      if (bitpix == -64) return ArrayOfType<double>(shape, BigEndian<double, uint64_t>(file, data, elements));
      return ArrayOfType<float>(shape, BigEndian<float, uint32_t>(file, data, elements));
    }
    at = data + (elements * static_cast<size_t>(std::abs(bitpix) / 8) + 2879) / 2880 * 2880;
  }
}

Value::Map RegionArgs(const Value& region) {
  const Value::List& points = region.Find("control_points")->list();
  const auto x = [&](size_t i) { return points[i].Find("x")->real(); };
  const auto y = [&](size_t i) { return points[i].Find("y")->real(); };
  if (region.Find("type")->integer() == 6) {
    Value::List list;
    for (size_t i = 0; i < points.size(); ++i) list.insert(list.end(), {Value(x(i)), Value(y(i))});
    return {{"type", "polygon"}, {"points", list}};
  }
  const Value rotation(region.Find("rotation_deg")->real());
  if (region.Find("type")->integer() == 3) {
    return {{"centre", Numbers({x(0), y(0)})}, {"size", Numbers({x(1), y(1)})}, {"rotation", rotation}};
  }
  return {{"type", "ellipse"},
          {"centre", Numbers({x(0), y(0)})},
          {"size", Numbers({2 * y(1), 2 * x(1)})},
          {"rotation", rotation}};
}

std::vector<double> Reals(const Value& list) {
  std::vector<double> out;
  for (const Value& v : list.list()) out.push_back(v.is_number() ? v.real() : std::nan(""));
  return out;
}

void ExpectRelative(std::vector<double> got, std::vector<double> want, double tolerance,
                    const std::string& what) {
  for (size_t i = 0; i < std::min(got.size(), want.size()); ++i) {
    got[i] /= want[i];
    if (!std::isnan(want[i])) want[i] = 1;
  }
  ExpectClose(got, want, tolerance, what);
}

class CartaTest : public ::testing::TestWithParam<std::pair<const char*, int>> {
 protected:
  void SetUp() override {
    const std::string name = GetParam().first;
    const auto file = Shared(name + ".fits"), json = Shared(name + ".carta.json");
    if (!file || !json) GTEST_SKIP() << "shared data not present: data/fits/" << name;
    cube_ = ReadCube(*file, GetParam().second);
    reference_ = Value::FromJson(*json).value();
  }
  Payload cube_;
  Value reference_;
};

TEST_P(CartaTest, RegionSpectraAreEqual) {
  int compared = 0;
  for (const auto& [name, region] : reference_.Find("regions")->map()) {
    const Value* want = region.Find("spectral_mean");
    if (want == nullptr || !want->is_list()) continue;
    Value::Map args = RegionArgs(region);
    ExpectRelative(Values(RunKernel("image.spectral_profile", {{cube_}}, args)), Reals(*want), 1e-10, name);
    for (const auto& [statistic, key] : {std::pair("sum", "Sum"),
                                         {"rms", "RMS"},
                                         {"sigma", "Sigma"},
                                         {"min", "Min"},
                                         {"max", "Max"},
                                         {"count", "NumPixels"}}) {
      args.emplace_back("statistic", statistic);
      const std::vector<double> got = Values(RunKernel("image.spectral_profile", {{cube_}}, args));
      // 12 digits were recorded, and casacore rounds each square to float32 on the way to the rms.
      const double tolerance = statistic == std::string("rms") ? 1e-7 : 1e-10;
      ExpectRelative({got[0]}, {region.Find("stats")->Find(key)->real()}, tolerance, name + ", " + statistic);
      args.pop_back();
    }
    ++compared;
  }
  EXPECT_EQ(compared, 4);
}

TEST_P(CartaTest, TheSpectrumAtTheMiddlePixelIsEqual) {
  const Value* want = reference_.Find("cursor_spectrum");
  ASSERT_NE(want, nullptr);
  const Shape& shape = cube_.array()->desc().shape;
  const Value::Map args = {{"type", "point"},
                           {"centre", Numbers({std::floor(shape[2] / 2.0), std::floor(shape[1] / 2.0)})}};
  const std::vector<double> expected = Reals(*want);
  const std::vector<double> got = Values(RunKernel("image.spectral_profile", {{cube_}}, args));
  ASSERT_EQ(got.size(), expected.size());
  ExpectRelative(got, expected, 6e-8, "spectrum");  // recorded as float32
}

INSTANTIATE_TEST_SUITE_P(Cubes, CartaTest,
                         ::testing::Values(std::pair("mpdaf_cube", 1), std::pair("M17_SWex_unittest", 0)));

}  // namespace
}  // namespace cubeloom
