#include "cubeloom/kernel/region/region.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "cubeloom/kernel/api/execute.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

int64_t Pixels(const Region& region, int64_t ny, int64_t nx) {
  int64_t count = 0;
  for (int64_t y = 0; y < ny; ++y) {
    for (const Span& run : RegionRow(region, y, nx)) count += run.end - run.begin;
  }
  return count;
}

Region Rect(RegionPoint centre, double w, double h, double rotation = 0) {
  return {RegionType::kRectangle, centre, w, h, rotation, {}};
}

TEST(RegionRowTest, RectanglesAreClosed) {
  EXPECT_EQ(Pixels(Rect({5, 5}, 4, 2), 20, 20), 5 * 3);
  EXPECT_EQ(Pixels(Rect({5, 5}, 4, 2, 90), 20, 20), 3 * 5);
  EXPECT_EQ(Pixels(Rect({5, 5}, 4, 2, -270), 20, 20), 3 * 5);
  EXPECT_EQ(Pixels(Rect({0, 0}, 4, 4), 20, 20), 3 * 3) << "cut at the image's corner";
  EXPECT_EQ(Pixels(Rect({100, 100}, 4, 4), 20, 20), 0);
}

// Every pixel against the definition, for many rotations.
TEST(RegionRowTest, ConvexRunsEqualThePixelwiseDefinition) {
  for (const RegionType type : {RegionType::kRectangle, RegionType::kEllipse}) {
    for (double angle = 0; angle < 360; angle += 17) {
      const Region region{type, {14.3, 11.7}, 17.5, 9.25, angle, {}};
      for (int64_t y = 0; y < 30; ++y) {
        const std::vector<Span> runs = RegionRow(region, y, 30);
        for (int64_t x = 0; x < 30; ++x) {
          const double r = angle * M_PI / 180, dx = x - 14.3, dy = y - 11.7;
          const double u = dx * std::cos(r) + dy * std::sin(r), v = -dx * std::sin(r) + dy * std::cos(r);
          const bool want = type == RegionType::kRectangle
                                ? std::fabs(u) <= 8.75 && std::fabs(v) <= 4.625
                                : (u / 8.75) * (u / 8.75) + (v / 4.625) * (v / 4.625) <= 1;
          bool got = false;
          for (const Span& run : runs) got = got || (x >= run.begin && x < run.end);
          EXPECT_EQ(got, want) << "angle " << angle << " x " << x << " y " << y;
        }
      }
    }
  }
}

TEST(RegionRowTest, PolygonsAreClosedAndFollowTheEvenOddRule) {
  Region square{RegionType::kPolygon, {}, 0, 0, 0, {{2, 2}, {6, 2}, {6, 6}, {2, 6}}};
  EXPECT_EQ(Pixels(square, 10, 10), 25);
  Region triangle{RegionType::kPolygon, {}, 0, 0, 0, {{0, 0}, {4, 0}, {0, 4}}};
  EXPECT_EQ(Pixels(triangle, 10, 10), 15);
  Region bow{RegionType::kPolygon, {}, 0, 0, 0, {{0, 0}, {4, 4}, {4, 0}, {0, 4}}};
  EXPECT_EQ(Pixels(bow, 10, 10), 17) << "two triangles that meet in (2, 2)";
  Region thin{RegionType::kPolygon, {}, 0, 0, 0, {{1, 1}, {5, 1}, {3, 1}}};
  EXPECT_EQ(Pixels(thin, 10, 10), 5) << "a polygon without area is its border";
}

TEST(CheckRegionTest, BadRegionsNameTheParameter) {
  EXPECT_NE(CheckRegion(Rect({0, 0}, 0, 5)).message().find("size"), absl::string_view::npos);
  EXPECT_NE(CheckRegion(Rect({NAN, 0}, 1, 5)).message().find("centre"), absl::string_view::npos);
  EXPECT_EQ(CheckRegion(Rect({1e300, 0}, 1, 5)).message(),
            "parameter 'centre': expected numbers within +-1e+15, got 1e+300");
  EXPECT_EQ(CheckRegion(Rect({0, 0}, INFINITY, 5)).message(),
            "parameter 'size': expected numbers within +-1e+15, got inf");
  const Region far{RegionType::kPolygon, {}, 0, 0, 0, {{0, 0}, {1, 1}, {0, NAN}}};
  EXPECT_NE(CheckRegion(far).message().find("points"), absl::string_view::npos);
  const Region two{RegionType::kPolygon, {}, 0, 0, 0, {{0, 0}, {1, 1}}};
  EXPECT_NE(CheckRegion(two).message().find("at least 3"), absl::string_view::npos);
}

absl::StatusOr<Payload> RunKernel(const char* name, const Payload& input, const Value::Map& given,
                                  Shape chunk = Shape()) {
  KernelCatalogue catalogue;
  if (absl::Status added = RegisterRegionKernels(catalogue); !added.ok()) return added;
  const Kernel* kernel = catalogue.Find(name);
  absl::StatusOr<Args> args = BindArgs(kernel->info(), given);
  if (!args.ok()) return args.status();
  ExecuteOptions options;
  options.force_chunk = chunk;
  const std::vector<PortPayloads> inputs = {{input}};
  absl::StatusOr<std::vector<Payload>> out = Execute(*kernel, *args, inputs, options);
  if (!out.ok()) return out.status();
  return (*out)[0];
}

std::vector<uint8_t> Mask(const absl::StatusOr<Payload>& payload) {
  EXPECT_TRUE(payload.ok()) << payload.status();
  if (!payload.ok()) return {};
  const ArrayPtr& array = payload->array();
  const Chunk chunk = array->Read(Box::Whole(array->desc().shape), ReadContext()).value();
  return std::vector<uint8_t>(chunk.as<uint8_t>(), chunk.as<uint8_t>() + chunk.box.elements());
}

Value Reals(std::initializer_list<double> values) {
  Value::List list;
  for (const double v : values) list.push_back(Value(v));
  return Value(std::move(list));
}

TEST(RegionMaskTest, MaskOfACubeIsItsPlanesAndDoesNotDependOnChunks) {
  const Payload cube(ArrayFromVector<float>({3, 20, 30}, std::vector<float>(1800)));
  const Value::Map args = {{"type", Value("ellipse")},
                           {"centre", Reals({11, 9})},
                           {"size", Reals({15, 8})},
                           {"rotation", Value(20.0)}};
  const std::vector<uint8_t> mask = Mask(RunKernel("image.region_mask", cube, args));
  ASSERT_EQ(mask.size(), 600u);
  EXPECT_EQ(Mask(RunKernel("image.region_mask", cube, args, {3, 7})), mask);
}

TEST(RegionMaskTest, ARegionOutsideOrOfNoSizeIsRefused) {
  const Payload image(ArrayFromVector<float>({20, 30}, std::vector<float>(600)));
  const auto outside =
      RunKernel("image.region_mask", image, {{"centre", Reals({100, 9})}, {"size", Reals({5, 8})}});
  EXPECT_NE(outside.status().message().find("covers no pixel"), absl::string_view::npos) << outside.status();
  EXPECT_FALSE(
      RunKernel("image.region_mask", image, {{"centre", Reals({1, 9})}, {"size", Reals({0, 8})}}).ok());
  EXPECT_FALSE(RunKernel("image.region_mask", image, {{"centre", Reals({1})}, {"size", Reals({3, 8})}}).ok());
  EXPECT_FALSE(
      RunKernel("image.region_mask", image, {{"type", Value("polygon")}, {"points", Reals({1, 2, 3})}}).ok());
}

TEST(BitMaskTest, BadBitsAreMasked) {
  const Payload flags(ArrayFromVector<int16_t>({5}, {0, 1, 2, 3, -32768}));
  EXPECT_EQ(Mask(RunKernel("image.bit_mask", flags, {})), (std::vector<uint8_t>{1, 0, 0, 0, 0}));
  EXPECT_EQ(Mask(RunKernel("image.bit_mask", flags, {{"bad", Value(2)}})),
            (std::vector<uint8_t>{1, 1, 0, 0, 1}));
  EXPECT_EQ(Mask(RunKernel("image.bit_mask", flags, {{"bad", Value(2)}, {"invert", Value(true)}})),
            (std::vector<uint8_t>{0, 0, 1, 1, 0}));
  EXPECT_FALSE(RunKernel("image.bit_mask", Payload(ArrayFromVector<float>({1}, {0})), {}).ok());
}

// CARTA's own regions and pixel counts on a small cube without NaN (see data/fits/README-carta.md).
TEST(RegionRowTest, CountsEqualCarta) {
  const char* shared = std::getenv("CUBELOOM_SHARED");
  const std::string folder = shared != nullptr ? shared : CL_SOURCE_DIR "/../shared";
  std::ifstream file(folder + "/data/fits/mpdaf_cube.carta.json");
  if (!file) GTEST_SKIP() << "shared data not present: data/fits/mpdaf_cube.carta.json";
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const absl::StatusOr<Value> reference = Value::FromJson(text);
  ASSERT_TRUE(reference.ok()) << reference.status();
  const int64_t nx = reference->Find("shape")->Find("width")->integer();
  const int64_t ny = reference->Find("shape")->Find("height")->integer();
  for (const auto& [name, given] : reference->Find("regions")->map()) {
    const Value::List& points = given.Find("control_points")->list();
    const auto at = [&](size_t i) {
      return RegionPoint{points[i].Find("x")->real(), points[i].Find("y")->real()};
    };
    Region region;
    region.rotation = given.Find("rotation_deg")->real();
    region.centre = at(0);
    const int64_t type = given.Find("type")->integer();
    if (type == 3) {
      region.width = at(1).x;
      region.height = at(1).y;
    } else if (type == 4) {
      region.type = RegionType::kEllipse;
      region.width = 2 * at(1).y;
      region.height = 2 * at(1).x;
    } else {
      region.type = RegionType::kPolygon;
      for (size_t i = 0; i < points.size(); ++i) region.polygon.push_back(at(i));
    }
    EXPECT_EQ(Pixels(region, ny, nx), static_cast<int64_t>(given.Find("stats")->Find("NumPixels")->real()))
        << name;
  }
}

}  // namespace
}  // namespace cubeloom
