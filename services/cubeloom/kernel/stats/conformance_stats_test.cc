// What the kernel interface promises, for every kernel of this module (kernel/testing/conformance.h).
#include <memory>
#include <string>
#include <vector>

#include "cubeloom/kernel/stats/test_util.h"
#include "cubeloom/kernel/testing/conformance.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

const Kernel& Get(const char* name) { return *TestCatalogue().Find(name); }

// Three leaves of floats with ragged edges.
ArrayPtr Large(double nan_fraction) {
  SampleOptions options;
  options.nan_fraction = nan_fraction;
  return SampleArray({257, 1031}, options);
}

ArrayPtr Blank(const Shape& shape) {
  SampleOptions options;
  options.dtype = DType::kI16;
  options.invalid_fraction = 0.2;
  return SampleArray(shape, options);
}

ArrayPtr Mask(const Shape& shape) {
  SampleOptions options;
  options.dtype = DType::kBool;
  options.min = 0;
  options.max = 1;
  options.seed = 5;
  return SampleArray(shape, options);
}

const Value::List& BoxOf2() {
  static const Value::List& box = *new Value::List{Value(100), Value(7), Value(101), Value(493)};
  return box;
}

std::vector<BadArgument> BadBoxes() {
  return {{{{"box", Value::List{Value(0), Value(0), Value(1)}}}, "box"},
          {{{"box", Value::List{Value(0), Value(0), Value(0), Value(1)}}}, "box"},
          {{{"box", Value::List{Value(250), Value(0), Value(8), Value(1)}}}, "box"}};
}

// Nothing is counted where nothing is; a box that does not fit is the user's error.
std::string CheckCount(absl::string_view special, const absl::StatusOr<std::vector<Payload>>& result,
                       size_t port) {
  if (!result.ok()) return absl::IsInvalidArgument(result.status()) ? "" : result.status().ToString();
  const Value* count = (*result)[port].value().Find("count");
  const bool none = special == "nan" || special == "invalid" || special == "empty";
  return none && count->integer() != 0 ? "counted what is not there" : "";
}

TEST(StatsConformanceTest, Statistics) {
  ConformanceOptions options;
  options.bad_args = BadBoxes();
  options.check_special = [](absl::string_view special, const auto& result) {
    return CheckCount(special, result, 0);
  };
  RunConformance(Get("image.statistics"),
                 {{"holes",
                   {},
                   [] {
                     return OnePerPort({Large(0.01), Payload()});
                   }},
                  {"plain",
                   {},
                   [] {
                     return OnePerPort({Large(0), Payload()});
                   }},
                  {"box",
                   {{"box", BoxOf2()}},
                   [] {
                     return OnePerPort({Large(0.1), Payload()});
                   }},
                  {"mask",
                   {},
                   [] {
                     return OnePerPort({Large(0.1), Mask({257, 1031})});
                   }},
                  {"cube",
                   {{"finite_only", true}},
                   [] {
                     return OnePerPort({Blank({3, 41, 37}), Mask({3, 41, 37})});
                   }}},
                 options);
}

TEST(StatsConformanceTest, HistogramBins) {
  const Value range(Value::Map{{"min", Value(-1000.0)}, {"max", Value(1000.0)}, {"mean", Value(1.0)}});
  ConformanceOptions options;
  options.bad_args = BadBoxes();
  options.bad_args.push_back({{{"min", 2}, {"max", 1}}, "min"});
  options.check_special = [](absl::string_view special, const auto& result) {
    return CheckCount(special, result, 1);
  };
  RunConformance(Get("image.histogram_bins"),
                 {{"range",
                   {},
                   [=] {
                     return OnePerPort({Large(0.01), Payload(), range});
                   }},
                  {"box",
                   {{"box", BoxOf2()}, {"bins", 1000}},
                   [=] {
                     return OnePerPort({Large(0), Payload(), range});
                   }},
                  {"mask",
                   {{"min", -10}, {"max", 10}, {"bins", 7}},
                   [] {
                     return OnePerPort({Blank({61, 67}), Mask({61, 67}), Payload()});
                   }}},
                 options);
}

TEST(StatsConformanceTest, SelectRanks) {
  const ArrayPtr small = SampleArray({61, 67}, {});
  const Payload first = RunKernel("image.select_ranks", {}, {{"image", small}}).value().at("selection");
  ConformanceOptions options;
  options.bad_args = BadBoxes();
  options.bad_args.push_back({{{"percentiles", Value::List()}}, "percentiles"});
  // A second pass reads the image of the first: its special inputs contradict that, which is a user error.
  RunConformance(Get("image.select_ranks"),
                 {{"first",
                   {},
                   [] {
                     return OnePerPort({Large(0.01), Payload(), Payload()});
                   }},
                  {"mask",
                   {{"finite_only", true}},
                   [] {
                     return OnePerPort({Blank({61, 67}), Mask({61, 67}), Payload()});
                   }},
                  {"second",
                   {},
                   [=] {
                     return OnePerPort({small, Payload(), first});
                   }}},
                 options);
}

TEST(StatsConformanceTest, RankTasks) {
  NamedPayloads known = {{"image", Large(0.1)}};
  for (int pass = 0; pass < 5; ++pass)
    known["selection"] = RunKernel("image.select_ranks", {}, known)->at("selection");
  const auto inputs = [=] { return OnePerPort({known.at("selection")}); };
  RunConformance(Get("image.rank_values"), {{"quartiles", {}, inputs}});
  RunConformance(Get("image.rank_limits"), {{"limits", {}, inputs}});
}

}  // namespace
}  // namespace cubeloom
