// image.moments and image.collapse against numpy.
#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

const Shape kShape{6, 3, 4};

// Pattern(72, 3) + 60 with one pixel missing in one channel and another in all.
std::vector<double> CubeValues() {
  std::vector<double> v = Pattern(72, 3);
  for (double& x : v) x += 60;
  v[2 * 12 + 1 * 4 + 1] = kNan;
  for (size_t k = 0; k < 6; ++k) v[k * 12 + 2] = kNan;
  return v;
}

template <typename T>
Payload Cube() {
  const Payload plain = ArrayOfType<T>(kShape, CubeValues());
  ArrayDesc desc = plain.array()->desc();
  desc.unit = "Jy/beam";
  desc.attributes = {{"CTYPE1", "RA---SIN", ""}, {"CTYPE3", "FREQ", ""}, {"CRVAL3", 1000.0, ""},
                     {"CDELT3", -2.5, ""},       {"CRPIX3", 2, ""},      {"CUNIT3", "Hz", ""}};
  return Payload(MakeMemoryArray(desc, *plain.array()->Read(Box::Whole(kShape), ReadContext())).value());
}

struct MomentCase {
  const char* name;
  Value::Map args;
  std::vector<double> moments[3];
};

TEST(MomentsTest, EqualNumpy) {
  const MomentCase cases[] = {
      {"all",
       {},
       {{1311.25, 1462.1875, kNan, 883.4375, 764.0625, 881.25, 1064.6875, 1104.375, 1217.1875, 1569.6875,
         1095.9375, 955.3125},
        {995.150142993327, 996.7444966873263, kNan, 995.5208701804032, 996.4458077709611, 997.6338652482269,
         996.3736425007338, 995.0870118845501, 997.7920410783055, 995.3608401353773, 996.1327345309381,
         995.926561988878},
        {4.274536916650996, 3.9953968969982716, kNan, 4.646669207302447, 3.65786652814043, 3.6145497874893247,
         3.5874071689238165, 3.8823601567074633, 4.110135044379513, 4.214704293592444, 3.576886246416395,
         4.891921975110287}}},
      {"include",
       {{"include", Numbers({20, 90})}},
       {{707.1875, 209.0625, kNan, 262.8125, 405.9375, 212.8125, 403.4375, 614.6875, 593.75, 602.8125, 110.0,
         656.875},
        {998.6135660627485, 995.3961136023917, kNan, 996.4060642092746, 995.8025404157044, 1000.0770925110132,
         993.7044926413632, 997.0424504321302, 994.2631578947369, 1000.0375842405391, 1000.1846590909091,
         998.6191722169362},
        {2.5546448146418346, 4.9842847043482905, kNan, 4.020396729220172, 4.865955447252711,
         4.284693009969279, 3.2219731101372937, 3.673107132742043, 2.9474271610688016, 2.011311344444925,
         2.4931708766437626, 3.405192581549438}}},
  };
  for (const MomentCase& c : cases) {
    const auto f64 = RunKernel("image.moments", {{Cube<double>()}}, c.args);
    const auto f32 = RunKernel("image.moments", {{Cube<float>()}}, c.args);
    for (size_t m = 0; m < 3; ++m) {
      const std::string what = std::string(c.name) + ", moment " + std::to_string(m);
      ExpectClose(Values(f64, m), c.moments[m], 1e-13, what);
      ExpectClose(Values(f32, m), c.moments[m], 6e-8, what);
      EXPECT_EQ((*f32)[m].array()->desc().dtype, DType::kF32);
    }
    EXPECT_EQ((*f64)[0].array()->desc().unit, "Jy/beam Hz");
    EXPECT_EQ((*f64)[1].array()->desc().unit, "Hz");
    EXPECT_EQ((*f64)[0].array()->desc().Find("CTYPE3"), nullptr);
    EXPECT_NE((*f64)[0].array()->desc().Find("CTYPE1"), nullptr);
  }
}

// channels [2, 5) give the same as a cube of these channels with its own header.
TEST(MomentsTest, AChannelRangeKeepsItsCoordinates) {
  const Payload cube = Cube<double>();
  const auto part = RunKernel("image.crop", {{cube}}, {{"box", Numbers({2, 0, 0, 3, 3, 4})}});
  ASSERT_TRUE(part.ok()) << part.status();
  const auto want = RunKernel("image.moments", {{(*part)[0]}}, {});
  const auto got = RunKernel("image.moments", {{cube}}, {{"channels", Numbers({2, 5})}});
  for (size_t m = 0; m < 3; ++m) ExpectClose(Values(got, m), Values(want, m), 1e-13, "moment");
}

TEST(MomentsTest, ANarrowLineInManyChannelsKeepsItsWidth) {
  const int64_t depth = 20001;
  std::vector<double> v(static_cast<size_t>(depth), 0.0);
  v[19990] = v[19992] = 1;
  const auto out = RunKernel("image.moments", {{ArrayOfType<double>({depth, 1, 1}, v)}}, {});
  ExpectClose(Values(out, 1), {19991}, 1e-15, "moment 1");
  ExpectClose(Values(out, 2), {1}, 1e-15, "moment 2");
}

TEST(MomentsTest, WithoutFluxOrWithNegativeFluxThereIsNoCoordinate) {
  const auto out = RunKernel("image.moments", {{ArrayOfType<double>({3, 1, 2}, {1, -1, -2, 3, 1, -1})}}, {});
  ExpectClose(Values(out, 0), {0, 1}, 0, "moment 0");
  ExpectClose(Values(out, 1), {kNan, 1}, 0, "moment 1");
  ExpectClose(Values(out, 2), {kNan, kNan}, 0, "moment 2");
}

TEST(CollapseTest, EqualsNumpy) {
  const struct {
    const char* kind;
    std::vector<double> want;
  } cases[] = {
      {"rms",
       {91.76123909363909, 105.83082756219947, kNan, 72.24244842311663, 61.67604799136642, 85.53840511723375,
        80.93160371058185, 77.24325752668211, 88.26332229471085, 107.48254460996601, 90.3037265057945,
        70.6738953162104}},
      {"std",
       {30.56373122945997, 45.13946559460653, kNan, 45.829058512767496, 38.09418836909378, 54.15912607769811,
        42.59411760051694, 25.594066695232314, 38.03841944885022, 26.871850590658372, 58.13743146631093,
        33.562511638731685}},
      {"mean",
       {87.41666666666667, 97.47916666666667, kNan, 58.895833333333336, 50.9375, 70.5, 70.97916666666667,
        73.625, 81.14583333333333, 104.64583333333333, 73.0625, 63.6875}},
      {"max",
       {135.75, 137.25, kNan, 120.0, 124.625, 135.625, 129.375, 103.125, 134.375, 133.625, 137.5, 119.375}},
      {"coordinate_of_max", {990, 997.5, kNan, 1000, 997.5, 995, 1000, 995, 1000, 990, 1000, 990}},
      {"count", {6, 6, 0, 6, 6, 5, 6, 6, 6, 6, 6, 6}},
      {"integrated",
       {1311.25, 1462.1875, kNan, 883.4375, 764.0625, 881.25, 1064.6875, 1104.375, 1217.1875, 1569.6875,
        1095.9375, 955.3125}},
  };
  for (const auto& c : cases) {
    const auto out = RunKernel("image.collapse", {{Cube<double>()}}, {{"kind", c.kind}});
    ExpectClose(Values(out), c.want, 1e-13, c.kind);
  }
}

TEST(CollapseTest, MinimumAndItsPlaceAreThoseOfTheNegativeCube) {
  std::vector<double> negative = CubeValues();
  for (double& v : negative) v = -v;
  const Payload cube = ArrayOfType<float>(kShape, negative);
  std::vector<double> want =
      Values(RunKernel("image.collapse", {{ArrayOfType<float>(kShape, CubeValues())}}, {{"kind", "max"}}));
  for (double& v : want) v = -v;
  ExpectClose(Values(RunKernel("image.collapse", {{cube}}, {{"kind", "min"}})), want, 0, "min");
  ExpectClose(Values(RunKernel("image.collapse", {{cube}}, {{"kind", "coordinate_of_min"}})),
              {5, 2, kNan, 1, 2, 3, 1, 3, 1, 5, 1, 5}, 0, "coordinate_of_min");
}

TEST(CollapseTest, BadArgumentsAreNamed) {
  const Payload cube = Cube<float>();
  ExpectRefused(RunKernel("image.collapse", {{cube}}, {{"kind", "mode"}}), "kind");
  ExpectRefused(RunKernel("image.collapse", {{cube}}, {{"include", Numbers({1})}}), "include");
  ExpectRefused(RunKernel("image.collapse", {{cube}}, {{"include", Numbers({2, 1})}}), "include");
  ExpectRefused(RunKernel("image.collapse", {{cube}}, {{"channels", Numbers({0, 7})}}), "channels");
  ExpectRefused(RunKernel("image.moments", {{cube}}, {{"channels", Numbers({3, 3})}}), "channels");
  ExpectRefused(RunKernel("image.moments", {{ArrayOfType<float>({3, 4}, std::vector<double>(12))}}, {}),
                "cube");
  ExpectRefused(RunKernel("image.moments", {{ArrayOfType<float>({2, 2, 1, 1}, std::vector<double>(4))}}, {}),
                "cube");
}

}  // namespace
}  // namespace cubeloom
