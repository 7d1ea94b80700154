// The kernels of the small modules against kernel/testing's suite; those of kernel/stats and kernel/image are
// tested beside their source. The last test sees to it that no kernel is left out.
#include "cubeloom/kernel/testing/conformance.h"

#include <set>
#include <string>

#include "cubeloom/array/chunk/table.h"
#include "cubeloom/engine/catalogue.h"
#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

using Inputs = std::vector<PortPayloads>;

Payload Sample(const Shape& shape, uint64_t seed = 1) {
  SampleOptions options;
  options.nan_fraction = 0.05;
  options.seed = seed;
  return Payload(SampleArray(shape, options));
}

Payload Positive(const Shape& shape) {
  SampleOptions options;
  options.min = 0.5;
  options.max = 4;
  options.spread = false;
  return Payload(SampleArray(shape, options));
}

Payload Flags(const Shape& shape) {
  SampleOptions options;
  options.dtype = DType::kI16;
  options.min = 0;
  options.max = 255;
  options.invalid_fraction = 0.1;
  return Payload(SampleArray(shape, options));
}

Payload TableOf(std::vector<Column> columns) {
  return Payload(std::make_shared<const Table>(Table{std::move(columns)}));
}

Payload Hits() {
  return TableOf({{"hit", "", "", std::vector<int64_t>{0, 0, 1}, {}},
                  {"y", "", "", std::vector<int64_t>{3, 4, 0}, {}},
                  {"x", "", "", std::vector<int64_t>{7, 7, 0}, {}},
                  {"amplitude", "", "", std::vector<double>{900, 800.5, 70}, {}}});
}

Value Pair(double a, double b) { return Value(Value::List{Value(a), Value(b)}); }

class SmallKernelsConformanceTest : public ::testing::Test {
 protected:
  void Check(const char* name, const std::vector<ConformanceCase>& cases,
             const ConformanceOptions& options = {}) {
    const Kernel* kernel = catalogue_.Find(name);
    ASSERT_NE(kernel, nullptr) << name;
    RunConformance(*kernel, cases, options);
  }
  const KernelCatalogue catalogue_ = MakeCatalogue().value();
};

TEST_F(SmallKernelsConformanceTest, Masks) {
  const auto image = [] { return Inputs{{Sample({41, 53})}}; };
  Check("image.region_mask",
        {{"turned box", {{"centre", Pair(20, 21)}, {"size", Pair(11, 7)}, {"rotation", 30.0}}, image},
         {"ellipse", {{"type", "ellipse"}, {"centre", Pair(20, 21)}, {"size", Pair(11, 7)}}, image}},
        {{{{{"centre", Pair(20, 21)}, {"size", Pair(-1, 2)}}, "size"}}});
  Check("image.bit_mask", {{"some bits",
                            {{"bad", 5}},
                            [] {
                              return Inputs{{Flags({41, 53})}};
                            }},
                           {"inverted", {{"invert", true}}, [] {
                              return Inputs{{Flags({3, 7, 53})}};
                            }}});
}

TEST_F(SmallKernelsConformanceTest, Pictures) {
  Check("plot.image", {{"own limits",
                        {{"size", 64}},
                        [] {
                          return Inputs{{Sample({90, 130})}, {}};
                        }},
                       {"given limits", {{"stretch", "asinh"}, {"min", -3.0}, {"max", 900.0}}, [] {
                          return Inputs{{Sample({40, 30})}, {}};
                        }}});
  const auto histogram = [] {
    return Inputs{{TableOf({{"bin_center", "", "", std::vector<double>{-1, 0, 1, 2}, {}},
                            {"count", "", "", std::vector<int64_t>{5, 0, 17, 1}, {}}})},
                  {}};
  };
  Check("plot.histogram", {{"bars", {}, histogram}, {"zoomed", {{"log", false}}, histogram}});
  const auto profile = [] {
    return Inputs{{TableOf({{"radius", "", "", std::vector<double>{0, 1, 2, 3}, {}},
                            {"mean", "", "", std::vector<double>{5, 4, 4.5, 1}, {0, 0, 1, 0}}})},
                  {}};
  };
  Check("plot.profile", {{"curve", {}, profile}, {"line", {}, [] { return Inputs{{}, {Sample({77})}}; }}});
}

TEST_F(SmallKernelsConformanceTest, MadeInput) {
  const auto both = [] { return Inputs{{Sample({41, 53})}, {Positive({41, 53})}}; };
  Check("synth.noise", {{"noise", {{"seed", 7}}, both}, {"none", {{"scale", 0.0}}, both}});
  Check("synth.cosmic_rays", {{"hits", {{"seed", 3}, {"count", 20}}, [] {
                                 return Inputs{{Positive({41, 53})}};
                               }}});
  Check("synth.inject", {{"three", {}, [] { return Inputs{{Sample({41, 53})}, {Hits()}}; }}});
  Check("synth.check_removal",
        {{"gone", {}, [] {
            return Inputs{{Positive({41, 53})}, {Positive({41, 53})}, {Positive({41, 53})}, {Hits()}};
          }}});
}

TEST_F(SmallKernelsConformanceTest, TablesAndValues) {
  Check("table.concat", {{"two", {}, [] { return Inputs{{Hits(), Hits()}}; }}});
  const auto values = [] {
    return Inputs{
        {Payload(Value(Value::Map{{"mean", 2.5}, {"count", 7}})), Payload(Value(Value::Map{{"mean", 3.5}}))}};
  };
  Check("table.from_values", {{"rows", {}, values}});
  Check("value.collect", {{"list", {}, values}});
}

TEST_F(SmallKernelsConformanceTest, NoKernelIsLeftOut) {
  const std::set<std::string> here = {"image.region_mask", "image.bit_mask",    "plot.image",
                                      "plot.histogram",    "plot.profile",      "synth.noise",
                                      "synth.cosmic_rays", "synth.inject",      "synth.check_removal",
                                      "table.concat",      "table.from_values", "value.collect"};
  // In conformance_stats_test.cc of kernel/stats and conformance_test.cc of kernel/image.
  const std::set<std::string> elsewhere = {
      "array.assemble",    "image.arithmetic",     "image.boxcar",
      "image.collapse",    "image.column_profile", "image.combine",
      "image.crop",        "image.gaussian",       "image.histogram_bins",
      "image.mask",        "image.moments",        "image.radial_profile",
      "image.rank_limits", "image.rank_values",    "image.resample",
      "image.row_profile", "image.select_ranks",   "image.spectral_profile",
      "image.statistics"};
  const std::set<std::string> without_result = {"flow.noop", "flow.sleep", "flow.fail"};
  for (const Kernel* kernel : catalogue_.List()) {
    const std::string& name = kernel->info().name;
    if (kernel->info().shape == KernelShape::kComposite) continue;  // made of the others
    EXPECT_EQ(here.count(name) + elsewhere.count(name) + without_result.count(name), 1u)
        << name << " has no conformance case";
  }
}

}  // namespace
}  // namespace cubeloom::engine
