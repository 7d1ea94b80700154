// Plot axes: a frame with ticks, labels and a mapping from data to pixels.
#ifndef CUBELOOM_KERNEL_PLOT_AXES_H_
#define CUBELOOM_KERNEL_PLOT_AXES_H_

#include <string>
#include <vector>

#include "cubeloom/kernel/plot/canvas.h"

namespace cubeloom {

// Round values (1, 2 or 5 times a power of ten apart), about `count` of them, within [low, high].
std::vector<double> RoundTicks(double low, double high, int count);
// Short text of a tick value: "0.02", "1500", "2e+06".
std::string TickText(double value);

struct Range {
  double low = 0, high = 1;
};
// The range of finite values, widened when it is a single value; {0, 1} when there is none.
Range RangeOf(const std::vector<double>& values);

struct AxesSpec {
  std::string title, x_label, y_label;
  Range x, y;
  bool log_y = false;  // y values are drawn by their logarithm; y.low must then be above 0
};

// Draws frame, ticks and labels at construction; data are then drawn by Map*().
class Axes {
 public:
  Axes(Canvas& canvas, const AxesSpec& spec);
  double MapX(double x) const;
  double MapY(double y) const;
  // Draws connected points; NaN breaks the line. Parts outside are cut to the frame.
  void Curve(const std::vector<double>& x, const std::vector<double>& y, const Canvas::Stroke& stroke);
  // Bars from the bottom of the frame to y, each from edge x[i] to x[i + 1].
  void Bars(const std::vector<double>& edges, const std::vector<double>& y, Color color);
  // A vertical line with a text at its top.
  void Marker(double x, const std::string& text, Color color);

 private:
  void DrawTicks();
  Canvas& canvas_;
  const AxesSpec spec_;
  int left_, right_, top_, bottom_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_PLOT_AXES_H_
