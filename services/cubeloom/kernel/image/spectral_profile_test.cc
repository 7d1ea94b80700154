#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

// 3 channels of 3 x 4. Channel 0: 0 .. 11, NaN at 5; channel 1: all NaN; channel 2: 1, but infinity at 6.
Payload Cube() {
  std::vector<double> v(36, kNan);
  for (size_t i = 0; i < 12; ++i) v[i] = static_cast<double>(i), v[24 + i] = 1;
  v[5] = kNan;
  v[24 + 6] = kInf;
  return ArrayOfType<float>({3, 3, 4}, v);
}

struct ProfileCase {
  const char* name;
  Value::Map args;
  std::vector<double> want;
};

TEST(SpectralProfileTest, StatisticsOfARegionByChannel) {
  const Value centre = Numbers({1, 1}), size = Numbers({2, 0.5});  // (0, 1), (1, 1), (2, 1)
  const ProfileCase cases[] = {
      {"mean of the plane", {}, {61.0 / 11, kNan, kInf}},
      {"finite", {{"finite_only", true}}, {61.0 / 11, kNan, 1}},
      {"sum", {{"statistic", "sum"}}, {61, kNan, kInf}},
      {"count", {{"statistic", "count"}}, {11, 0, 12}},
      {"count, finite", {{"statistic", "count"}, {"finite_only", true}}, {11, 0, 11}},
      {"min", {{"statistic", "min"}}, {0, kNan, 1}},
      {"max", {{"statistic", "max"}}, {11, kNan, kInf}},
      {"max, finite", {{"statistic", "max"}, {"finite_only", true}}, {11, kNan, 1}},
      {"rms", {{"statistic", "rms"}}, {std::sqrt(481.0 / 11), kNan, kInf}},
      {"sigma", {{"statistic", "sigma"}}, {std::sqrt((481.0 - 61.0 * 61.0 / 11) / 10), kNan, kNan}},
      {"rectangle", {{"centre", centre}, {"size", size}, {"statistic", "sum"}}, {10, kNan, kInf}},
      {"point", {{"type", "point"}, {"centre", Numbers({3, 2})}}, {11, kNan, 1}},
      {"polygon",
       {{"type", "polygon"}, {"points", Numbers({0, 0, 3, 0, 3, 1, 0, 1})}, {"statistic", "count"}},
       {7, 0, 8}},
  };
  for (const ProfileCase& c : cases) {
    for (const Shape& chunk : {Shape(), Shape{1}, Shape{2}}) {
      ExpectClose(Values(RunKernel("image.spectral_profile", {{Cube()}}, c.args, chunk)), c.want, 1e-15,
                  c.name);
    }
  }
}

TEST(SpectralProfileTest, AMaskCutsTheRegion) {
  const Payload mask(ArrayFromVector<uint8_t>({3, 4}, {1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0}));
  const Value::Map region = {{"centre", Numbers({1, 1})}, {"size", Numbers({2, 2})}, {"statistic", "sum"}};
  ExpectClose(Values(RunKernel("image.spectral_profile", {{Cube()}, {mask}}, region)), {10, kNan, kInf}, 0,
              "mask and region");
  ExpectClose(Values(RunKernel("image.spectral_profile", {{Cube()}, {mask}}, {{"statistic", "count"}})),
              {4, 0, 5}, 0, "mask");
}

TEST(SpectralProfileTest, CoordinatesComeFromTheHeaderOrAreIndices) {
  ExpectClose(Values(RunKernel("image.spectral_profile", {{Cube()}}, {}), 1), {0, 1, 2}, 0, "index");
  ArrayDesc desc = Cube().array()->desc();
  desc.attributes = {{"CRVAL3", 5.0, ""}, {"CDELT3", 0.5, ""}, {"CRPIX3", 1, ""}, {"CUNIT3", "GHz", ""}};
  const Payload cube(
      MakeMemoryArray(desc, *Cube().array()->Read(Box::Whole(desc.shape), ReadContext())).value());
  const auto out = RunKernel("image.spectral_profile", {{cube}}, {});
  ExpectClose(Values(out, 1), {5, 5.5, 6}, 0, "header");
  EXPECT_EQ((*out)[1].array()->desc().unit, "GHz");
}

TEST(SpectralProfileTest, BadRegionsAreNamed) {
  ExpectRefused(RunKernel("image.spectral_profile", {{Cube()}},
                          {{"centre", Numbers({50, 1})}, {"size", Numbers({2, 2})}}),
                "covers no pixel");
  ExpectRefused(RunKernel("image.spectral_profile", {{Cube()}},
                          {{"centre", Numbers({1.5, 1.5})}, {"size", Numbers({0.2, 0.2})}}),
                "covers no pixel");
  ExpectRefused(RunKernel("image.spectral_profile", {{Cube()}}, {{"centre", Numbers({1, 1})}}), "size");
  ExpectRefused(RunKernel("image.spectral_profile", {{Cube()}},
                          {{"type", "polygon"}, {"points", Numbers({1, 1, 2, 2})}}),
                "points");
  ExpectRefused(RunKernel("image.spectral_profile", {{Cube()}}, {{"statistic", "mode"}}), "statistic");
  ExpectRefused(RunKernel("image.spectral_profile",
                          {{Cube()}, {Payload(ArrayFromVector<uint8_t>({1, 4}, {1, 1, 1, 1}))}}, {}),
                "mask");
  ExpectRefused(
      RunKernel("image.spectral_profile", {{ArrayOfType<float>({3, 4}, std::vector<double>(12))}}, {}),
      "cube");
}

}  // namespace
}  // namespace cubeloom
