// Brightness: from a pixel value to a part of the colour scale, and from there to a colour.
#ifndef CUBELOOM_KERNEL_PLOT_COLORMAP_H_
#define CUBELOOM_KERNEL_PLOT_COLORMAP_H_

#include <string>
#include <vector>

#include "cubeloom/kernel/plot/canvas.h"

namespace cubeloom {

// "grey", "heat" (black, red, yellow, white), "viridis" (perceptually even, after matplotlib's map of that
// name).
std::vector<std::string> ColormapNames();
// `t` in [0, 1]; clamped. Unknown names give grey.
Color ColormapAt(const std::string& name, double t);

// "linear", "sqrt", "log", "asinh": increasing maps of [0, 1] onto itself. Log and asinh use a = 1000 and 0.1
// as DS9.
std::vector<std::string> StretchNames();
double Stretch(const std::string& name, double t);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_PLOT_COLORMAP_H_
