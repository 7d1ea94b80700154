// Every kernel of this module against kernel/testing's suite.
#include "cubeloom/kernel/testing/conformance.h"

#include "cubeloom/kernel/image/image.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

SampleOptions WithNan(uint64_t seed = 1, DType dtype = DType::kF32) {
  SampleOptions options;
  options.nan_fraction = 0.05;
  options.seed = seed;
  options.dtype = dtype;
  return options;
}

Payload Sample(const Shape& shape, uint64_t seed = 1, DType dtype = DType::kF32) {
  return Payload(SampleArray(shape, WithNan(seed, dtype)));
}

Payload MaskSample(const Shape& shape) {
  SampleOptions options;
  options.dtype = DType::kU8;
  options.min = 0;
  options.max = 3;
  options.invalid_fraction = 0.1;
  return Payload(SampleArray(shape, options));
}

Value List(std::initializer_list<double> numbers) {
  Value::List list;
  for (const double number : numbers) list.emplace_back(number);
  return Value(std::move(list));
}

using Inputs = std::vector<PortPayloads>;

class ImageConformanceTest : public ::testing::Test {
 protected:
  ImageConformanceTest() { EXPECT_TRUE(RegisterImageKernels(catalogue_).ok()); }
  void Check(const char* name, const std::vector<ConformanceCase>& cases,
             const ConformanceOptions& options = {}) {
    RunConformance(*catalogue_.Find(name), cases, options);
  }
  KernelCatalogue catalogue_;
};

TEST_F(ImageConformanceTest, LineProfiles) {
  const auto image = [] { return Inputs{{Sample({41, 53})}}; };
  const auto cube = [] { return Inputs{{Sample({3, 41, 53}, 2, DType::kF64)}}; };
  Check("image.row_profile", {{"band", {{"y", 7}, {"width", 5}}, image}, {"cube", {{"channel", 2}}, cube}},
        {{{{{"y", 41}}, "y"}, {{{"channel", 1}}, "channel"}}});
  Check("image.column_profile",
        {{"band", {{"x", 50}, {"width", 8}}, image}, {"cube", {{"channel", 0}}, cube}},
        {{{{{"x", 53}}, "x"}, {{{"channel", 1}}, "channel"}}});
}

TEST_F(ImageConformanceTest, RadialProfile) {
  const auto image = [] { return Inputs{{Sample({257, 1031})}, {}}; };
  const auto masked = [] { return Inputs{{Sample({41, 53}, 3, DType::kF64)}, {MaskSample({41, 53})}}; };
  ConformanceOptions options;
  options.bad_args = {{{{"centre", List({1, 2, 3})}}, "centre"}, {{{"bin", 1e-6}}, "bin"}};
  Check(
      "image.radial_profile",
      {{"leaves", {{"bin", 2.5}}, image}, {"mask", {{"centre", List({1.5, 60})}, {"radius", 50.0}}, masked}},
      options);
}

TEST_F(ImageConformanceTest, SpectralProfile) {
  const auto cube = [] { return Inputs{{Sample({7, 31, 37})}, {}}; };
  const auto masked = [] { return Inputs{{Sample({1, 5, 23, 29}, 4, DType::kF64)}, {MaskSample({23, 29})}}; };
  const Value::Map ellipse = {
      {"type", "ellipse"}, {"centre", List({15, 12})}, {"size", List({20, 13})}, {"rotation", 30.0}};
  Value::Map sigma = ellipse;
  sigma.emplace_back("statistic", "sigma");
  ConformanceOptions options;
  options.bad_args = {{{{"centre", List({500, 1})}, {"size", List({2, 2})}}, "covers no pixel"}};
  Check("image.spectral_profile",
        {{"plane", {{"statistic", "rms"}}, cube}, {"ellipse", sigma, cube}, {"mask", ellipse, masked}},
        options);
}

TEST_F(ImageConformanceTest, MomentsAndCollapse) {
  const auto cube = [] { return Inputs{{Sample({11, 13, 37})}}; };
  const auto wide = [] { return Inputs{{Sample({1, 6, 5, 17}, 5, DType::kF64)}}; };
  ConformanceOptions options;
  options.bad_args = {{{{"include", List({1})}}, "include"}, {{{"channels", List({0, 12})}}, "channels"}};
  Check("image.moments",
        {{"all", {}, cube}, {"part", {{"channels", List({1, 5})}, {"include", List({-500, 800})}}, wide}},
        options);
  std::vector<ConformanceCase> cases;
  for (const char* kind : {"integrated", "mean", "rms", "std", "max", "coordinate_of_min", "count"}) {
    cases.push_back({kind, {{"kind", kind}}, cube});
  }
  Check("image.collapse", cases, options);
}

TEST_F(ImageConformanceTest, Filters) {
  const auto image = [] { return Inputs{{Sample({41, 67})}}; };
  const auto cube = [] { return Inputs{{Sample({2, 23, 31}, 6, DType::kF64)}}; };
  for (const char* border : {"renormalise", "reflect", "constant"}) {
    for (const char* nan : {"ignore", "keep", "propagate"}) {
      const std::string name = std::string(border) + " " + nan;
      Check("image.gaussian",
            {{name, {{"sigma", 1.7}, {"border", border}, {"nan", nan}, {"fill", 3.0}}, image}});
    }
    Check("image.boxcar", {{border, {{"width", 6}, {"border", border}}, image},
                           {"cube", {{"width", 3}, {"border", border}}, cube}});
  }
}

TEST_F(ImageConformanceTest, Resample) {
  Check("image.resample",
        {{"image",
          {{"factor", List({3, 4})}},
          [] {
            return Inputs{{Sample({41, 67})}};
          }},
         {"cube",
          {{"factor", List({2})}},
          [] {
            return Inputs{{Sample({3, 11, 14}, 7, DType::kF64)}};
          }}},
        {{{{{"factor", List({1, 2, 3})}}, "factor"}}});
}

TEST_F(ImageConformanceTest, Crop) {
  const auto cube = [] {
    SampleOptions blank;
    blank.dtype = DType::kI16;
    blank.invalid_fraction = 0.2;
    return Inputs{{Payload(SampleArray({5, 23, 31}, blank))}};
  };
  Check("image.crop",
        {{"image",
          {{"box", List({3, 5, 20, 30})}},
          [] {
            return Inputs{{Sample({41, 53})}};
          }},
         {"cube", {{"box", List({2, 3, 4, 1, 17, 19})}, {"squeeze", true}}, cube}},
        {{{{{"box", List({3, 5, 39, 30})}}, "box"}}});
}

TEST_F(ImageConformanceTest, ArithmeticAndMask) {
  const auto same = [] { return Inputs{{Sample({41, 53})}, {Sample({41, 53}, 2)}}; };
  const auto column = [] { return Inputs{{Sample({3, 11, 14})}, {Sample({11, 1}, 2, DType::kF64)}}; };
  const auto alone = [] { return Inputs{{Sample({41, 53})}, {}}; };
  Check("image.arithmetic",
        {{"divide", {{"op", "divide"}}, same},
         {"column", {{"op", "max"}, {"scale", 1.5}, {"offset", -2.0}}, column},
         {"number", {{"op", "subtract"}, {"value", 3.5}}, alone}},
        {{{{{"value", 1.0}}, "value"}}});
  Check("image.mask", {{"image",
                        {},
                        [] {
                          return Inputs{{Sample({41, 53})}, {MaskSample({41, 53})}};
                        }},
                       {"cube", {}, [] {
                          return Inputs{{Sample({3, 11, 14}, 8, DType::kF64)}, {MaskSample({1, 14})}};
                        }}});
}

TEST_F(ImageConformanceTest, Combine) {
  const auto images = [](int64_t n, const Shape& shape, uint64_t seed) {
    PortPayloads out;
    for (int64_t k = 0; k < n; ++k) out.push_back(Sample(shape, seed + static_cast<uint64_t>(k)));
    return out;
  };
  const auto plain = [images] { return Inputs{images(7, {23, 67}, 1), {}}; };
  const auto variances = [images] { return Inputs{images(5, {3, 11, 14}, 1), images(5, {3, 11, 14}, 100)}; };
  std::vector<ConformanceCase> cases;
  for (const char* method : {"meanclip", "mean", "median", "clip_mean", "clip_median"}) {
    cases.push_back({method, {{"method", method}, {"kappa", 1.5}}, plain});
    cases.push_back(
        {std::string(method) + " with variances", {{"method", method}, {"kappa", 1.5}}, variances});
  }
  Check("image.combine", cases, {{{{{"weights", List({1, 2})}}, "weights"}}});
}

TEST_F(ImageConformanceTest, Assemble) {
  const auto tiles = [] {
    const ArrayPtr whole = SampleArray({11, 17}, WithNan());
    const ChunkGrid grid({11, 17}, {4, 6});
    PortPayloads out;
    for (int64_t i = 0; i < grid.size(); ++i) out.emplace_back(MakeCrop(whole, grid.BoxOf(i)).value());
    return Inputs{out, {Payload(whole)}};
  };
  Check("array.assemble", {{"tiles", {{"grid", List({4, 6})}}, tiles}},
        {{{{{"grid", List({4, 7})}}, "tiles"}, {{{"grid", List({4})}}, "grid"}}});
}

}  // namespace
}  // namespace cubeloom
