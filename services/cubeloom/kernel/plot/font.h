// A 5 x 7 raster font of the printable ASCII characters.
#ifndef CUBELOOM_KERNEL_PLOT_FONT_H_
#define CUBELOOM_KERNEL_PLOT_FONT_H_

#include <cstdint>

namespace cubeloom {

inline constexpr int kGlyphWidth = 5, kGlyphHeight = 7, kGlyphAdvance = 6;

// Seven rows, top first; bit 4 is the leftmost pixel. Characters without a glyph give that of '?'.
const uint8_t* Glyph(char c);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_PLOT_FONT_H_
