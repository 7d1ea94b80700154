#include "cubeloom/base/portable_math.h"

#include <cmath>
#include <limits>

namespace cubeloom {
namespace {

// ln 2 as a sum of a part with 32 significant bits and the rest, so that k * kLn2High is exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kLog2E = 1.44269504088896338700e+00;
// pi / 2 in three parts of 33 bits.
constexpr double kPio2A = 1.57079632673412561417e+00;
constexpr double kPio2B = 6.07710050630396597660e-11;
constexpr double kPio2C = 2.02226624879595063154e-21;

}  // namespace

double PortableExp(double x) {
  if (std::isnan(x)) return x;
  if (x > 709.782712893384) return std::numeric_limits<double>::infinity();
  if (x < -745.2) return 0.0;
  const double k = std::nearbyint(x * kLog2E);
  const double high = x - k * kLn2High;
  const double low = k * kLn2Low;
  const double r = high - low;  // |r| <= 0.347
  // Taylor series to r^13 by Horner; the correction term keeps the bits that high - low dropped.
  double p = 1.0 / 6227020800.0;
  constexpr double kInverseFactorial[] = {1.0 / 479001600.0,
                                          1.0 / 39916800.0,
                                          1.0 / 3628800.0,
                                          1.0 / 362880.0,
                                          1.0 / 40320.0,
                                          1.0 / 5040.0,
                                          1.0 / 720.0,
                                          1.0 / 120.0,
                                          1.0 / 24.0,
                                          1.0 / 6.0,
                                          0.5};
  for (const double c : kInverseFactorial) p = p * r + c;
  const double correction = (high - r) - low;
  return std::ldexp(1.0 + (r + (r * r * p + correction)), static_cast<int>(k));
}

double PortableLog(double x) {
  if (std::isnan(x) || x < 0) return std::numeric_limits<double>::quiet_NaN();
  if (x == 0) return -std::numeric_limits<double>::infinity();
  if (std::isinf(x)) return x;
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // [0.5, 1)
  if (m < 0.70710678118654752440) {
    m *= 2;
    --exponent;
  }
  // log m = 2 atanh(s), s = f / (2 + f); written as f - (f^2/2 - s (f^2/2 + R)) to keep f exact.
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  double r = 2.0 / 23.0;
  for (int n = 21; n >= 3; n -= 2) r = r * z + 2.0 / n;
  r *= z;
  const double half = 0.5 * f * f;
  const double k = exponent;
  return k * kLn2High - ((half - (s * (half + r) + k * kLn2Low)) - f);
}

void PortableSinCos(double x, double* sine, double* cosine) {
  const double n = std::nearbyint(x * 0.63661977236758134308);
  const double r = ((x - n * kPio2A) - n * kPio2B) - n * kPio2C;  // |r| <= pi / 4
  const double z = r * r;
  double s = -1.0 / 1307674368000.0;
  constexpr double kSin[] = {1.0 / 6227020800.0, -1.0 / 39916800.0, 1.0 / 362880.0,
                             -1.0 / 5040.0,      1.0 / 120.0,       -1.0 / 6.0};
  for (const double c : kSin) s = s * z + c;
  s = r + r * z * s;
  double c = 1.0 / 20922789888000.0;
  constexpr double kCos[] = {-1.0 / 87178291200.0, 1.0 / 479001600.0, -1.0 / 3628800.0,
                             1.0 / 40320.0,        -1.0 / 720.0,      1.0 / 24.0};
  for (const double k : kCos) c = c * z + k;
  c = (1.0 - 0.5 * z) + z * z * c;
  const int quadrant = static_cast<int>(static_cast<long long>(n) & 3);
  const double sines[] = {s, c, -s, -c};
  *sine = sines[quadrant];
  *cosine = sines[(quadrant + 1) & 3];
}

double NormalQuantile(double p) {
  constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                          1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                          6.680131188771972e+01, -1.328068155288572e+01};
  constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                          -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                          3.754408661907416e+00};
  constexpr double kLow = 0.02425;
  if (p < kLow || p > 1 - kLow) {
    const double q = std::sqrt(-2 * PortableLog(p < kLow ? p : 1 - p));
    const double x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
                     ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    return p < kLow ? x : -x;
  }
  const double q = p - 0.5;
  const double r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
         (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

}  // namespace cubeloom
