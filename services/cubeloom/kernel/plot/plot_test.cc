#include "cubeloom/kernel/plot/plot.h"

#include <png.h>

#include <cmath>

#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/plot/axes.h"
#include "cubeloom/kernel/plot/colormap.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

TEST(RoundTicksTest, StepsAreOneTwoOrFiveTimesAPowerOfTen) {
  EXPECT_EQ(RoundTicks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(RoundTicks(-1, 1, 4), (std::vector<double>{-1, -0.5, 0, 0.5, 1}));
  EXPECT_EQ(RoundTicks(1990, 2010, 2), (std::vector<double>{1990, 2000, 2010}));
  EXPECT_TRUE(RoundTicks(1, 1, 5).empty());
  EXPECT_LE(RoundTicks(1e-300, 1e300, 5).size(), 20u);
}

TEST(RangeOfTest, IgnoresWhatIsNotFiniteAndIsNeverEmpty) {
  EXPECT_EQ(RangeOf({NAN, 2, INFINITY, -1}).low, -1);
  EXPECT_LT(RangeOf({5}).low, 5);
  EXPECT_EQ(RangeOf({NAN}).high, 1);
}

TEST(StretchTest, EveryStretchRisesFromZeroToOne) {
  for (const std::string& name : StretchNames()) {
    EXPECT_NEAR(Stretch(name, 0), 0, 1e-12) << name;
    EXPECT_NEAR(Stretch(name, 1), 1, 1e-12) << name;
    for (double t = 0; t < 1; t += 0.01) EXPECT_LT(Stretch(name, t), Stretch(name, t + 0.01)) << name;
  }
}

struct Decoded {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;
  Color at(int x, int y) const {
    const uint8_t* p = &rgb[static_cast<size_t>(y * width + x) * 3];
    return {p[0], p[1], p[2]};
  }
};

Decoded Decode(const Payload& payload) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const Buffer& bytes = payload.blob().bytes;
  EXPECT_NE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()), 0) << image.message;
  image.format = PNG_FORMAT_RGB;
  Decoded out{static_cast<int>(image.width), static_cast<int>(image.height), {}};
  out.rgb.resize(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, out.rgb.data(), 0, nullptr), 0) << image.message;
  return out;
}

absl::StatusOr<Payload> RunKernel(const char* name, const std::vector<PortPayloads>& inputs,
                                  const Value::Map& given) {
  KernelCatalogue catalogue;
  if (absl::Status added = RegisterPlotKernels(catalogue); !added.ok()) return added;
  const Kernel* kernel = catalogue.Find(name);
  absl::StatusOr<Args> args = BindArgs(kernel->info(), given);
  if (!args.ok()) return args.status();
  absl::StatusOr<std::vector<Payload>> out = Execute(*kernel, *args, inputs, ExecuteOptions());
  if (!out.ok()) return out.status();
  return (*out)[0];
}

Payload Ramp() {
  std::vector<float> pixels(300 * 400);
  for (size_t y = 0; y < 300; ++y) {
    for (size_t x = 0; x < 400; ++x) pixels[y * 400 + x] = static_cast<float>(y);
  }
  pixels[0] = NAN;
  return Payload(ArrayFromVector<float>({300, 400}, pixels));
}

TEST(PlotImageTest, RowZeroIsAtTheBottomAndPixelsWithoutValueShow) {
  const auto out = RunKernel("plot.image", {{Ramp()}, {}}, {});
  ASSERT_TRUE(out.ok()) << out.status();
  const Decoded picture = Decode(*out);
  EXPECT_EQ(picture.width, 424);
  EXPECT_EQ(picture.at(200, 12).r, 255) << "the top row is the brightest";
  EXPECT_EQ(picture.at(200, 12 + 299).r, 0);
  EXPECT_EQ(picture.at(12, 12 + 299).b, 120) << "NaN is purple";
}

TEST(PlotImageTest, LargeImagesAreReducedAndLimitsComeFromTheInput) {
  const Payload limits(Value(Value::Map{{"min", Value(100.0)}, {"max", Value(200.0)}}));
  const auto out = RunKernel("plot.image", {{Ramp()}, {limits}}, {{"size", Value(100)}});
  ASSERT_TRUE(out.ok()) << out.status();
  const Decoded picture = Decode(*out);
  EXPECT_EQ(picture.at(100, 12).r, 255);
  EXPECT_EQ(picture.at(100, 12 + 140).r, 0) << "below the lower limit";
  const Payload bad(Value(Value::Map{{"min", Value(1.0)}}));
  EXPECT_FALSE(RunKernel("plot.image", {{Ramp()}, {bad}}, {}).ok());
}

TEST(PlotImageTest, ImagesOfNothingButNanAndConstantImagesWork) {
  const Payload nan(ArrayFromVector<float>({2, 2}, {NAN, NAN, NAN, NAN}));
  EXPECT_TRUE(RunKernel("plot.image", {{nan}, {}}, {}).ok());
  const Payload flat(ArrayFromVector<float>({2, 2}, {3, 3, 3, 3}));
  EXPECT_TRUE(RunKernel("plot.image", {{flat}, {}}, {}).ok());
  EXPECT_FALSE(RunKernel("plot.image", {{Payload(ArrayFromVector<float>({4}, {1, 2, 3, 4}))}, {}}, {}).ok());
}

TEST(PlotHistogramTest, BarsAndMarkersAreWhereTheDataAre) {
  auto table = std::make_shared<Table>();
  table->columns.push_back({"bin_center", "", "", std::vector<double>{0.5, 1.5, 2.5, 3.5}, {}});
  table->columns.push_back({"count", "", "", std::vector<int64_t>{1, 100, 0, 10}, {}});
  const Payload limits(Value(Value::Map{{"min", Value(1.0)}, {"max", Value(3.0)}}));
  const auto out = RunKernel("plot.histogram", {{Payload(TablePtr(table))}, {limits}}, {});
  ASSERT_TRUE(out.ok()) << out.status();
  const Decoded picture = Decode(*out);
  const double step = (900 - 24 - 82) / 4.0;
  EXPECT_EQ(picture.at(static_cast<int>(82 + 1.5 * step), 560 - 58 - 20).b, kBlue.b);
  EXPECT_NE(picture.at(static_cast<int>(82 + 2.5 * step), 560 - 58 - 20).b, kBlue.b) << "an empty bin";
  const Color marker = picture.at(static_cast<int>(82 + step), 300);
  EXPECT_GT(marker.r, marker.b + 50) << "the lower limit";
}

TEST(PlotProfileTest, OneInputIsNeeded) {
  EXPECT_FALSE(RunKernel("plot.profile", {{}, {}}, {}).ok());
  const Payload values(ArrayFromVector<float>({4}, {1, NAN, 3, 4}));
  const auto out = RunKernel("plot.profile", {{}, {values}}, {{"title", Value("a row")}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(Decode(*out).height, 560);
}

}  // namespace
}  // namespace cubeloom
