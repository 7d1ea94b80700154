// How a run's progress shows: a bar on a terminal, plain lines otherwise.
#ifndef CUBELOOM_CLI_PROGRESS_VIEW_H_
#define CUBELOOM_CLI_PROGRESS_VIEW_H_

#include <cstdio>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cubeloom/runtime/exec/ports.h"

namespace cubeloom::cli {

// "[=====>    ] 52 %  1 204/2 310 drops  3 failed  812/s  14 s left  1.2 GiB", at most `width` columns.
std::string ProgressLine(const runtime::Progress& progress, int width);

// Writes to a stream, usually stderr. On a terminal the bar is redrawn in place and removed at the end;
// otherwise one line at most every `line_interval` of the run, and none for runs that end before the first.
// Called by one thread at a time (the contract of ProgressPort).
class ProgressView : public runtime::ProgressPort {
 public:
  struct Options {
    FILE* stream = stderr;
    bool terminal = false;
    int width = 80;
    absl::Duration line_interval = absl::Seconds(5);
  };
  explicit ProgressView(Options options) : options_(options) {}
  // Looks at the stream: terminal or not, and how wide.
  static Options OptionsFor(FILE* stream);

  void Update(const runtime::Progress& progress) override;
  // Removes the bar, so that other output can follow.
  void Clear();

 private:
  const Options options_;
  absl::Duration last_line_;
  bool drawn_ = false;
};

}  // namespace cubeloom::cli

#endif  // CUBELOOM_CLI_PROGRESS_VIEW_H_
