// The example kernels conform; kernels with one planted defect each are caught.
#include "cubeloom/kernel/testing/conformance.h"

#include "cubeloom/kernel/testing/example_kernels.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

std::vector<PortPayloads> Image(const Shape& shape, const SampleOptions& options = {}) {
  return OnePerPort({SampleArray(shape, options)});
}

TEST(ConformanceTest, ExampleSumConforms) {
  const auto kernel = MakeExampleSum();
  SampleOptions nan;
  nan.nan_fraction = 0.1;
  SampleOptions blank;
  blank.dtype = DType::kI16;
  blank.invalid_fraction = 0.2;
  ConformanceOptions options;
  options.bad_args = {{{{"region", Value::List{1, 2, 3}}}, "region"},
                      {{{"region", Value::List{5, 2, 3, 4}}}, "region"}};
  options.check_special = [](absl::string_view special, const absl::StatusOr<std::vector<Payload>>& result) {
    if (!result.ok()) return result.status().ToString();
    const int64_t count = (*result)[0].value().Find("count")->integer();
    const bool none = special == "nan" || special == "invalid" || special == "empty";
    return none && count != 0 ? std::string("counted what is not there") : std::string();
  };
  RunConformance(*kernel,
                 {{"several leaves",
                   {},
                   [&] {
                     return OnePerPort({SampleArray({257, 1031}, nan), Payload()});
                   }},
                  {"region",
                   {{"region", Value::List{100, 201, 7, 500}}},
                   [&] {
                     return OnePerPort({SampleArray({257, 1031}, nan), Payload()});
                   }},
                  {"empty region",
                   {{"region", Value::List{100, 100, 7, 500}}},
                   [&] {
                     return OnePerPort({SampleArray({257, 1031}, nan), Payload()});
                   }},
                  {"weights",
                   {{"scale", 0.5}},
                   [&] {
                     return OnePerPort({SampleArray({3, 41, 37}, blank), SampleArray({3, 41, 37}, nan)});
                   }}},
                 options);
}

TEST(ConformanceTest, ExampleExtremaConforms) {
  const auto kernel = MakeExampleExtrema();
  SampleOptions blank;
  blank.dtype = DType::kI16;
  blank.invalid_fraction = 0.2;
  ConformanceOptions options;
  options.same_for_native_dtypes = true;
  RunConformance(*kernel,
                 {{"floats",
                   {},
                   [] {
                     return Image({257, 1031});
                   }},
                  {"blank",
                   {},
                   [&] {
                     return Image({61, 67}, blank);
                   }}},
                 options);
}

TEST(ConformanceTest, ExampleMapsConform) {
  SampleOptions nan;
  nan.nan_fraction = 0.3;
  RunConformance(*MakeExampleBlur(), {{"plane",
                                       {{"radius", 2}},
                                       [&] {
                                         return Image({61, 67}, nan);
                                       }},
                                      {"cube",
                                       {},
                                       [&] {
                                         return Image({3, 17, 19}, nan);
                                       }},
                                      {"tiny", {{"radius", 5}}, [&] {
                                         return Image({7, 11}, nan);
                                       }}});
  RunConformance(*MakeExampleThreshold(), {{"plane", {{"limit", 10}}, [&] { return Image({61, 67}, nan); }}});
  RunConformance(*MakeExampleProject(), {{"cube", {}, [&] { return Image({13, 61, 67}, nan); }}});
  RunConformance(*MakeExampleAdd(),
                 {{"broadcast", {}, [&] {
                     return OnePerPort({SampleArray({5, 61, 67}, nan), SampleArray({61, 1})});
                   }}});
}

TEST(ConformanceTest, ExampleTaskConforms) {
  RunConformance(*MakeExampleSorted(), {{"plane", {}, [] { return Image({257, 1031}); }}});
}

}  // namespace
}  // namespace cubeloom
