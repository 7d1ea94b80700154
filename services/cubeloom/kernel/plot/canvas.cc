#include "cubeloom/kernel/plot/canvas.h"

#include <png.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "cubeloom/kernel/plot/font.h"

namespace cubeloom {

Canvas::Canvas(int width, int height, Color background)
    : width_(width), height_(height), rgb_(static_cast<size_t>(width) * static_cast<size_t>(height) * 3) {
  Fill(0, 0, width, height, background);
}

Color Canvas::at(int x, int y) const {
  const uint8_t* p =
      &rgb_[(static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)) * 3];
  return {p[0], p[1], p[2]};
}

void Canvas::Set(int x, int y, Color color) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
  uint8_t* p = &rgb_[(static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)) * 3];
  p[0] = color.r;
  p[1] = color.g;
  p[2] = color.b;
}

void Canvas::Fill(int x, int y, int width, int height, Color color) {
  for (int row = std::max(y, 0); row < std::min(y + height, height_); ++row) {
    for (int column = std::max(x, 0); column < std::min(x + width, width_); ++column) Set(column, row, color);
  }
}

void Canvas::Blend(int x, int y, Color color, double coverage) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
  const Color old = at(x, y);
  const auto mix = [coverage](uint8_t from, uint8_t to) {
    return static_cast<uint8_t>(std::lround(from + (to - from) * coverage));
  };
  Set(x, y, {mix(old.r, color.r), mix(old.g, color.g), mix(old.b, color.b)});
}

// Coverage of a pixel falls linearly from 1 to 0 over one pixel around the line's edge.
void Canvas::Line(double x0, double y0, double x1, double y1, const Stroke& stroke) {
  const double dx = x1 - x0, dy = y1 - y0;
  const double length = std::sqrt(dx * dx + dy * dy);
  const double half = stroke.thickness / 2;
  const int left = static_cast<int>(std::floor(std::max(std::min(x0, x1) - half - 1, -1.0)));
  const int right = static_cast<int>(std::ceil(std::min(std::max(x0, x1) + half + 1, width_ + 1.0)));
  const int top = static_cast<int>(std::floor(std::max(std::min(y0, y1) - half - 1, -1.0)));
  const int bottom = static_cast<int>(std::ceil(std::min(std::max(y0, y1) + half + 1, height_ + 1.0)));
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      const double px = x - x0, py = y - y0;
      const double along = length == 0 ? 0 : std::clamp((px * dx + py * dy) / (length * length), 0.0, 1.0);
      const double ex = px - along * dx, ey = py - along * dy;
      const double coverage = std::clamp(half + 0.5 - std::sqrt(ex * ex + ey * ey), 0.0, 1.0);
      if (coverage > 0) Blend(x, y, stroke.color, coverage);
    }
  }
}

int Canvas::TextWidth(absl::string_view text, int scale) {
  return text.empty() ? 0 : static_cast<int>(text.size()) * kGlyphAdvance * scale - scale;
}

int Canvas::Text(int x, int y, absl::string_view text, Color color, int scale) {
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t* glyph = Glyph(text[i]);
    const int left = x + static_cast<int>(i) * kGlyphAdvance * scale;
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if ((glyph[row] >> (kGlyphWidth - 1 - column)) & 1) {
          Fill(left + column * scale, y + row * scale, scale, scale, color);
        }
      }
    }
  }
  return TextWidth(text, scale);
}

void Canvas::VerticalText(int x, int y, absl::string_view text, Color color, int scale) {
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t* glyph = Glyph(text[i]);
    const int start = y - static_cast<int>(i) * kGlyphAdvance * scale;
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if ((glyph[row] >> (kGlyphWidth - 1 - column)) & 1) {
          Fill(x + row * scale, start - (column + 1) * scale, scale, scale, color);
        }
      }
    }
  }
}

absl::StatusOr<Buffer> Canvas::EncodePng() const {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width_);
  image.height = static_cast<png_uint_32>(height_);
  image.format = PNG_FORMAT_RGB;
  // The bound that libpng computes; the encoded picture is smaller.
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<uint8_t> bytes(size);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, rgb_.data(), 0, nullptr) == 0) {
    return absl::InternalError(absl::StrCat("PNG encoding failed: ", image.message));
  }
  return Buffer::Copy(bytes.data(), size);
}

}  // namespace cubeloom
