#include "cubeloom/kernel/plot/axes.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "cubeloom/base/portable_math.h"

namespace cubeloom {
namespace {

constexpr double kLn10 = 2.302585092994045684;

double Log10(double v) { return PortableLog(v) / kLn10; }

// 10^n without the C library's pow: exact up to 10^22, and the same bits everywhere.
double PowerOfTen(int n) {
  double power = 1;
  for (int i = 0; i < std::abs(n); ++i) power *= 10;
  return n < 0 ? 1 / power : power;
}

}  // namespace

std::vector<double> RoundTicks(double low, double high, int count) {
  std::vector<double> ticks;
  if (!(high > low) || count < 1) return ticks;
  const double raw = (high - low) / count;
  const double base = PowerOfTen(static_cast<int>(std::floor(Log10(raw))));
  double step = 10 * base;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * base >= raw) {
      step = factor * base;
      break;
    }
  }
  const double first = std::ceil(low / step - 1e-9);
  for (int i = 0; i < 4 * count + 4; ++i) {
    const double value = (first + i) * step;
    if (value > high + 1e-9 * step) break;
    ticks.push_back(value);
  }
  return ticks;
}

std::string TickText(double value) {
  if (std::fabs(value) < 1e-300) return "0";
  return absl::StrFormat("%.4g", value);
}

Range RangeOf(const std::vector<double>& values) {
  Range range{INFINITY, -INFINITY};
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    range.low = std::min(range.low, v);
    range.high = std::max(range.high, v);
  }
  if (range.low > range.high) return {0, 1};
  if (range.low == range.high) {
    const double pad = range.low == 0 ? 0.5 : std::fabs(range.low) * 0.05;
    return {range.low - pad, range.high + pad};
  }
  return range;
}

Axes::Axes(Canvas& canvas, const AxesSpec& spec)
    : canvas_(canvas),
      spec_(spec),
      left_(82),
      right_(canvas.width() - 24),
      top_(44),
      bottom_(canvas.height() - 58) {
  DrawTicks();
  canvas_.Text((left_ + right_ - Canvas::TextWidth(spec.title, 2)) / 2, 14, spec.title, kBlack, 2);
  canvas_.Text((left_ + right_ - Canvas::TextWidth(spec.x_label, 2)) / 2, bottom_ + 30, spec.x_label, kBlack,
               2);
  canvas_.VerticalText(8, (top_ + bottom_ + Canvas::TextWidth(spec.y_label, 2)) / 2, spec.y_label, kBlack, 2);
}

double Axes::MapX(double x) const {
  return left_ + (x - spec_.x.low) / (spec_.x.high - spec_.x.low) * (right_ - left_);
}

double Axes::MapY(double y) const {
  double part = 0;
  if (spec_.log_y) {
    const double low = Log10(spec_.y.low), high = Log10(spec_.y.high);
    part = y <= 0 ? 0 : (Log10(y) - low) / (high - low);
  } else {
    part = (y - spec_.y.low) / (spec_.y.high - spec_.y.low);
  }
  return bottom_ - part * (bottom_ - top_);
}

void Axes::DrawTicks() {
  constexpr int kTick = 5;
  for (const double x : RoundTicks(spec_.x.low, spec_.x.high, 7)) {
    const int px = static_cast<int>(std::lround(MapX(x)));
    canvas_.Fill(px, top_, 1, bottom_ - top_, kPale);
    canvas_.Fill(px, bottom_, 1, kTick, kBlack);
    const std::string text = TickText(x);
    canvas_.Text(px - Canvas::TextWidth(text) / 2, bottom_ + 10, text, kBlack);
  }
  std::vector<double> ys;
  if (spec_.log_y) {
    for (int e = static_cast<int>(std::ceil(Log10(spec_.y.low) - 1e-9)); PowerOfTen(e) <= spec_.y.high; ++e) {
      ys.push_back(PowerOfTen(e));
    }
  } else {
    ys = RoundTicks(spec_.y.low, spec_.y.high, 6);
  }
  for (const double y : ys) {
    const int py = static_cast<int>(std::lround(MapY(y)));
    canvas_.Fill(left_, py, right_ - left_, 1, kPale);
    canvas_.Fill(left_ - kTick, py, kTick, 1, kBlack);
    const std::string text = TickText(y);
    canvas_.Text(left_ - kTick - 4 - Canvas::TextWidth(text), py - 3, text, kBlack);
  }
  canvas_.Fill(left_, top_, right_ - left_ + 1, 1, kBlack);
  canvas_.Fill(left_, bottom_, right_ - left_ + 1, 1, kBlack);
  canvas_.Fill(left_, top_, 1, bottom_ - top_, kBlack);
  canvas_.Fill(right_, top_, 1, bottom_ - top_, kBlack);
}

void Axes::Curve(const std::vector<double>& x, const std::vector<double>& y, const Canvas::Stroke& stroke) {
  for (size_t i = 0; i + 1 < std::min(x.size(), y.size()); ++i) {
    if (!std::isfinite(y[i]) || !std::isfinite(y[i + 1]) || !std::isfinite(x[i]) || !std::isfinite(x[i + 1]))
      continue;
    const auto cut = [this](double py) {
      return std::clamp(py, static_cast<double>(top_), static_cast<double>(bottom_));
    };
    canvas_.Line(MapX(x[i]), cut(MapY(y[i])), MapX(x[i + 1]), cut(MapY(y[i + 1])), stroke);
  }
}

void Axes::Bars(const std::vector<double>& edges, const std::vector<double>& y, Color color) {
  for (size_t i = 0; i < y.size() && i + 1 < edges.size(); ++i) {
    if (!(y[i] > 0)) continue;
    const int x0 = std::max(static_cast<int>(std::floor(MapX(edges[i]))), left_ + 1);
    const int x1 = std::min(std::max(static_cast<int>(std::floor(MapX(edges[i + 1]))), x0 + 1), right_);
    const int top = std::clamp(static_cast<int>(std::lround(MapY(y[i]))), top_, bottom_);
    if (x0 < x1) canvas_.Fill(x0, top, x1 - x0, bottom_ - top, color);
  }
}

void Axes::Marker(double x, const std::string& text, Color color) {
  const double px = MapX(x);
  if (!(px >= left_ && px <= right_)) return;
  canvas_.Line(px, top_, px, bottom_, {color, 1.6});
  const int width = Canvas::TextWidth(text);
  const int at =
      static_cast<int>(px) + 5 + width < right_ ? static_cast<int>(px) + 5 : static_cast<int>(px) - 5 - width;
  canvas_.Text(at, top_ + 6, text, color);
}

}  // namespace cubeloom
