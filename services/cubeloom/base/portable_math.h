// Elementary functions with the same bits on every machine.
//
// The C library picks FMA variants of exp, log, sin by CPU, so their last bit differs between machines;
// results that must be byte-equal everywhere use these instead. They are made of IEEE additions,
// multiplications and divisions only (the tree is compiled with -ffp-contract=off). Accuracy: relative error
// below 4e-16 of the result (checked against long double in the test). Not for hot per-pixel loops.
// Thread-safe.
#ifndef CUBELOOM_BASE_PORTABLE_MATH_H_
#define CUBELOOM_BASE_PORTABLE_MATH_H_

namespace cubeloom {

double PortableExp(double x);  // 0 below -745, infinity above 709.78; NaN stays NaN
double PortableLog(double x);  // x > 0; -infinity at 0, NaN below
// |x| <= 1e6 radians; both at once.
void PortableSinCos(double x, double* sine, double* cosine);
// The quantile of the standard normal distribution at p in (0, 1): the x with Phi(x) = p, to about 1e-9
// (rational approximation of P. J. Acklam without its refinement step; 1.15e-9 relative).
double NormalQuantile(double p);

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_PORTABLE_MATH_H_
