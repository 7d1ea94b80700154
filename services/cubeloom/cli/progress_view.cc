#include "cubeloom/cli/progress_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cubeloom/base/quantity.h"

namespace cubeloom::cli {
namespace {

constexpr int kBarWidth = 24;

std::string Left(absl::Duration d) {
  const int64_t seconds = absl::ToInt64Seconds(d + absl::Milliseconds(999));
  if (seconds < 90) return absl::StrCat(seconds, " s left");
  if (seconds < 90 * 60) return absl::StrCat((seconds + 59) / 60, " min left");
  return absl::StrFormat("%.1f h left", static_cast<double>(seconds) / 3600);
}

}  // namespace

std::string ProgressLine(const runtime::Progress& p, int width) {
  const double fraction = std::clamp(p.fraction, 0.0, 1.0);
  const int filled = static_cast<int>(fraction * kBarWidth);
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < kBarWidth) bar += '>';
  bar.resize(kBarWidth, ' ');
  std::string line =
      absl::StrFormat("[%s] %3d %%  %d/%d drops", bar, static_cast<int>(100 * fraction), p.done, p.total);
  std::vector<std::string> rest;
  if (p.failed > 0) rest.push_back(absl::StrCat(p.failed, " failed"));
  if (p.skipped > 0) rest.push_back(absl::StrCat(p.skipped, " skipped"));
  if (p.drops_per_second >= 1) rest.push_back(absl::StrFormat("%.0f/s", p.drops_per_second));
  if (p.remaining < absl::Hours(1000) && p.done < p.total) rest.push_back(Left(p.remaining));
  rest.push_back(FormatBytes(static_cast<double>(p.memory_used)));
  if (p.spilled_bytes > 0)
    rest.push_back(absl::StrCat(FormatBytes(static_cast<double>(p.spilled_bytes)), " spilled"));
  for (const std::string& part : rest) {
    if (line.size() + 2 + part.size() <= static_cast<size_t>(width)) absl::StrAppend(&line, "  ", part);
  }
  return line.substr(0, static_cast<size_t>(std::max(width, 1)));
}

ProgressView::Options ProgressView::OptionsFor(FILE* stream) {
  Options options;
  options.stream = stream;
  options.terminal = ::isatty(::fileno(stream)) == 1;
  winsize size{};
  if (options.terminal && ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 20) {
    options.width = std::min<int>(size.ws_col - 1, 120);
  }
  return options;
}

void ProgressView::Update(const runtime::Progress& progress) {
  if (options_.terminal) {
    std::fprintf(options_.stream, "\r\033[K%s", ProgressLine(progress, options_.width).c_str());
    std::fflush(options_.stream);
    drawn_ = true;
    return;
  }
  if (progress.elapsed - last_line_ < options_.line_interval) return;
  last_line_ = progress.elapsed;
  std::fprintf(options_.stream, "%s\n", ProgressLine(progress, 120).c_str());
  std::fflush(options_.stream);
}

void ProgressView::Clear() {
  if (!drawn_) return;
  std::fprintf(options_.stream, "\r\033[K");
  std::fflush(options_.stream);
  drawn_ = false;
}

}  // namespace cubeloom::cli
