#include "cubeloom/base/portable_math.h"

#include <cmath>
#include <cstring>

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

uint64_t Bits(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

TEST(PortableMathTest, ExpIsWithinFourTenThousandTrillionths) {
  for (double x = -700; x < 700; x += 0.37) {
    const long double want = std::exp(static_cast<long double>(x));
    EXPECT_LT(std::fabs(static_cast<double>((PortableExp(x) - want) / want)), 4e-16) << x;
  }
  EXPECT_EQ(PortableExp(0), 1.0);
  EXPECT_EQ(PortableExp(-800), 0.0);
  EXPECT_TRUE(std::isinf(PortableExp(710)));
  EXPECT_TRUE(std::isnan(PortableExp(NAN)));
}

TEST(PortableMathTest, LogIsWithinFourTenThousandTrillionths) {
  for (double x = 1e-300; x < 1e300; x *= 3.7) {
    const long double want = std::log(static_cast<long double>(x));
    EXPECT_LT(std::fabs(static_cast<double>((PortableLog(x) - want) / want)), 4e-16) << x;
  }
  for (double x = 0.5; x < 2; x += 0.00313) {
    const long double want = std::log(static_cast<long double>(x));
    EXPECT_LT(std::fabs(static_cast<double>((PortableLog(x) - want) / want)), 4e-16) << x;
  }
  EXPECT_TRUE(std::isinf(PortableLog(0)));
  EXPECT_TRUE(std::isnan(PortableLog(-1)));
}

TEST(PortableMathTest, SineAndCosineAreAccurateInEveryQuadrant) {
  for (double x = -400; x < 400; x += 0.0917) {
    double s = 0, c = 0;
    PortableSinCos(x, &s, &c);
    EXPECT_NEAR(s, static_cast<double>(std::sin(static_cast<long double>(x))), 4e-16) << x;
    EXPECT_NEAR(c, static_cast<double>(std::cos(static_cast<long double>(x))), 4e-16) << x;
  }
}

TEST(PortableMathTest, NormalQuantileInvertsTheErrorFunction) {
  for (double p = 1e-6; p < 1; p += 0.00137) {
    EXPECT_NEAR(0.5 * std::erfc(-NormalQuantile(p) / std::sqrt(2.0)), p, 2e-9) << p;
  }
  EXPECT_EQ(NormalQuantile(0.5), 0.0);
}

// The bits are part of the output format: a change would change results between versions.
TEST(PortableMathTest, BitsArePinned) {
  EXPECT_EQ(Bits(PortableExp(-0.125)), Bits(0x1.c3d6a24ed8222p-1));
  EXPECT_EQ(Bits(PortableLog(10.0)), Bits(0x1.26bb1bbb55516p+1));
}

}  // namespace
}  // namespace cubeloom
