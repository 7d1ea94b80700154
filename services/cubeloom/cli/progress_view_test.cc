#include "cubeloom/cli/progress_view.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace cubeloom::cli {
namespace {

runtime::Progress Half() {
  runtime::Progress p;
  p.total = 200;
  p.done = 100;
  p.fraction = 0.5;
  p.memory_used = 1536;
  p.elapsed = absl::Seconds(6);
  p.remaining = absl::Seconds(6);
  return p;
}

std::string Shown(const ProgressView::Options& base, const std::vector<runtime::Progress>& updates,
                  bool clear) {
  char* text = nullptr;
  size_t size = 0;
  FILE* stream = open_memstream(&text, &size);
  {
    ProgressView::Options options = base;
    options.stream = stream;
    ProgressView view(options);
    for (const runtime::Progress& p : updates) view.Update(p);
    if (clear) view.Clear();
  }
  std::fclose(stream);
  std::string out(text, size);
  std::free(text);
  return out;
}

TEST(ProgressLineTest, ShowsWhatIsKnownAndFitsTheWidth) {
  const std::string line = ProgressLine(Half(), 100);
  EXPECT_EQ(line, "[============>           ]  50 %  100/200 drops  6 s left  1.5 KiB");
  runtime::Progress p = Half();
  p.failed = 3;
  EXPECT_NE(ProgressLine(p, 100).find("3 failed"), std::string::npos);
  for (int width = 1; width < 100; ++width)
    EXPECT_LE(ProgressLine(p, width).size(), static_cast<size_t>(width));
}

TEST(ProgressViewTest, ATerminalGetsOneLineThatIsRemovedAtTheEnd) {
  ProgressView::Options options;
  options.terminal = true;
  const std::string out = Shown(options, {Half(), Half()}, true);
  EXPECT_EQ(out.find('\n'), std::string::npos);
  EXPECT_EQ(out.substr(out.size() - 4), "\r\033[K");
}

TEST(ProgressViewTest, AFileGetsLinesAtABoundedRate) {
  runtime::Progress early = Half();
  early.elapsed = absl::Seconds(1);
  const std::string out = Shown({}, {early, Half(), Half()}, true);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

}  // namespace
}  // namespace cubeloom::cli
