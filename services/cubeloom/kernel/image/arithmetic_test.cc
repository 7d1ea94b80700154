#include "cubeloom/kernel/image/run_kernel_test.h"

namespace cubeloom {
namespace {

TEST(ArithmeticTest, EqualsNumpy) {
  const Payload a = ArrayOfType<float>({2, 3}, {1, 2, 3, kNan, 5, 6}),
                b = ArrayOfType<float>({2, 3}, {2, 0, -1, 1, kNan, 4});
  const Payload row = ArrayOfType<float>({3}, {10, 20, 30}), column = ArrayOfType<double>({2, 1}, {1, 2});
  const struct {
    const char* name;
    PortPayloads b;
    Value::Map args;
    std::vector<double> want;
  } cases[] = {
      {"add", {b}, {}, {3, 2, 2, kNan, kNan, 10}},
      {"subtract", {b}, {{"op", "subtract"}}, {-1, 2, 4, kNan, kNan, 2}},
      {"multiply", {b}, {{"op", "multiply"}}, {2, 0, -3, kNan, kNan, 24}},
      {"divide", {b}, {{"op", "divide"}}, {0.5, kInf, -3, kNan, kNan, 1.5}},
      {"minimum", {b}, {{"op", "min"}}, {1, 0, -1, kNan, kNan, 4}},
      {"maximum", {b}, {{"op", "max"}}, {2, 2, 3, kNan, kNan, 6}},
      {"a row broadcasts", {row}, {}, {11, 22, 33, kNan, 25, 36}},
      {"a column broadcasts", {column}, {{"op", "multiply"}}, {1, 2, 3, kNan, 10, 12}},
      {"a number", {}, {{"op", "subtract"}, {"value", 1.5}}, {-0.5, 0.5, 1.5, kNan, 3.5, 4.5}},
      {"scale and offset alone", {}, {{"scale", 2.0}, {"offset", 1.0}}, {3, 5, 7, kNan, 11, 13}},
      {"scale and offset of a sum", {b}, {{"scale", 0.5}, {"offset", 1.0}}, {2.5, 2, 2, kNan, kNan, 6}},
  };
  for (const auto& c : cases) {
    const auto whole = RunKernel("image.arithmetic", {{a}, c.b}, c.args);
    ExpectClose(Values(whole), c.want, 0, c.name);
    ExpectClose(Values(RunKernel("image.arithmetic", {{a}, c.b}, c.args, {1, 2})), c.want, 0, c.name);
  }
  EXPECT_EQ((*RunKernel("image.arithmetic", {{a}, {b}}, {}))[0].array()->desc().dtype, DType::kF32);
  EXPECT_EQ((*RunKernel("image.arithmetic", {{a}, {column}}, {}))[0].array()->desc().dtype, DType::kF64);
}

TEST(ArithmeticTest, BadOperandsAreNamed) {
  const Payload a = ArrayOfType<float>({2, 3}, std::vector<double>(6)), b = ArrayOfType<float>({2}, {1, 2});
  ExpectRefused(RunKernel("image.arithmetic", {{a}, {b}}, {}), "'b'");
  ExpectRefused(RunKernel("image.arithmetic", {{a}, {a}}, {{"value", 1.0}}), "value");
  ExpectRefused(RunKernel("image.arithmetic", {{a}}, {{"op", "power"}}), "op");
}

TEST(MaskTest, MaskedPixelsBecomeNan) {
  const Payload image = ArrayOfType<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Payload row(ArrayFromVector<uint8_t>({3}, {1, 0, 2}));
  for (const Shape& chunk : {Shape(), Shape{1, 2}}) {
    ExpectClose(Values(RunKernel("image.mask", {{image}, {row}}, {}, chunk)), {1, kNan, 3, 4, kNan, 6}, 0,
                "row");
  }
  ExpectRefused(RunKernel("image.mask", {{image}, {Payload(ArrayFromVector<uint8_t>({2}, {1, 0}))}}, {}),
                "mask");
}

}  // namespace
}  // namespace cubeloom
