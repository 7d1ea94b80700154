// A small raster to draw pictures on, and its encoding as PNG.
//
// Bytes are a pure function of the drawing calls: no fonts of the system, no anti-aliasing library, no times.
#ifndef CUBELOOM_KERNEL_PLOT_CANVAS_H_
#define CUBELOOM_KERNEL_PLOT_CANVAS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/buffer.h"

namespace cubeloom {

struct Color {
  uint8_t r = 0, g = 0, b = 0;
};

inline constexpr Color kWhite{255, 255, 255}, kBlack{20, 20, 20}, kGrey{130, 130, 130}, kPale{225, 225, 225},
    kBlue{31, 90, 160}, kRed{200, 40, 40};

// Pixel (0, 0) is the top left. Everything outside is cut.
class Canvas {
 public:
  Canvas(int width, int height, Color background = kWhite);
  int width() const { return width_; }
  int height() const { return height_; }
  Color at(int x, int y) const;
  void Set(int x, int y, Color color);
  void Fill(int x, int y, int width, int height, Color color);
  // A line between pixel centres, `thickness` pixels wide, its edges blended by coverage.
  struct Stroke {
    Color color;
    double thickness = 1.0;
  };
  void Line(double x0, double y0, double x1, double y1, const Stroke& stroke);
  // Text in a 5 x 7 raster font, `scale` times larger; (x, y) is the top left. Printable ASCII; other
  // characters show as '?'. Returns its width in pixels.
  int Text(int x, int y, absl::string_view text, Color color, int scale = 1);
  static int TextWidth(absl::string_view text, int scale = 1);
  static int TextHeight(int scale = 1) { return 7 * scale; }
  // Text turned a quarter to the left, reading upwards; (x, y) is the bottom left.
  void VerticalText(int x, int y, absl::string_view text, Color color, int scale = 1);

  absl::StatusOr<Buffer> EncodePng() const;

 private:
  void Blend(int x, int y, Color color, double coverage);
  int width_, height_;
  std::vector<uint8_t> rgb_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_PLOT_CANVAS_H_
