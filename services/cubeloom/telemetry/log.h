// A small levelled logger. Quiet by default: only warnings and errors reach standard error.
//
// One entry is one line,
//   2026-01-31T12:00:00.250Z W source changed while read uri=a.fits bytes=2880 note="two words"
// so that people can read it and programs can split it. Messages are constant texts in lower case;
// whatever varies goes into fields. Line breaks and other control characters are escaped, and a line is
// cut at a fixed length, so no input can forge a line or flood the terminal with one.
//
// Quieter lines than the sink gets are still kept, the last few hundred of them, for the block that a
// failure prints (DESIGN section 7): see LastLines().
#ifndef CUBELOOM_TELEMETRY_LOG_H_
#define CUBELOOM_TELEMETRY_LOG_H_

#include <atomic>
#include <cstddef>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/base/clock.h"

namespace cubeloom {

// kOff is a threshold only, above every entry.
enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warning", "error", "off". InvalidArgument names the text and the nearest known level.
absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view text);

// key=value of one entry. The value may be a string or a number; an absl::Status goes in as its message().
struct LogField {
  LogField(absl::string_view k, const absl::AlphaNum& v) : key(k), value(v.Piece()) {}
  absl::string_view key;  // a constant [a-z_]+
  std::string value;
};

// Where lines go. Calls come one at a time, from any thread, with the logger's lock held: a sink must not
// log. It has to outlive its logger.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void Write(LogLevel level, absl::string_view line) = 0;  // without a line break
};

// Standard error, one write(2) per line. Lives for the whole program.
LogSink& StderrSink();

struct LogOptions {
  LogLevel sink_level = LogLevel::kWarning;  // the least that the sink gets
  LogLevel kept_level = LogLevel::kInfo;     // the least that is kept for LastLines()
  size_t kept_lines = 256;                   // at most this many; 0 keeps none
  size_t line_bytes = 2048;                  // longer lines are cut there and end in "..."
  LogSink* sink = nullptr;                   // nullptr: StderrSink()
  Clock* clock = nullptr;                    // nullptr: Clock::Real()
};

// Thread-safe. Handed to the libraries that log; they never reach for a global one.
// An entry below both levels costs two atomic loads when written through CL_LOG.
class Logger {
 public:
  explicit Logger(const LogOptions& options = {});
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool Enabled(LogLevel level) const {
    return level >= sink_level_.load(std::memory_order_relaxed) || level >= kept_level_;
  }
  void set_sink_level(LogLevel level) { sink_level_.store(level, std::memory_order_relaxed); }
  // Replaces the sink; once it returns the old one is not called any more.
  void set_sink(LogSink* sink) ABSL_LOCKS_EXCLUDED(mu_);

  void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields = {})
      ABSL_LOCKS_EXCLUDED(mu_);

  // The last kept lines, oldest first, at most `count`.
  std::vector<std::string> LastLines(size_t count) const ABSL_LOCKS_EXCLUDED(mu_);
  // The same of those lines only that carry exactly this field, e.g. {"drop", "stats/3"}.
  std::vector<std::string> LastLines(size_t count, const LogField& field) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Kept {
    std::string line;
    std::vector<std::string> fields;  // rendered key=value
  };

  const LogLevel kept_level_;  // kOff when nothing is kept
  const size_t kept_lines_, line_bytes_;
  Clock& clock_;
  std::atomic<LogLevel> sink_level_;
  mutable absl::Mutex mu_;
  LogSink* sink_ ABSL_GUARDED_BY(mu_);
  std::deque<Kept> kept_ ABSL_GUARDED_BY(mu_);
};

// The process's own logger, for programs and for what has none handed in (exit paths, signal threads).
Logger& DefaultLogger();

// CL_LOG(logger, kInfo, "message", {{"key", value}, ...}): evaluates its arguments only when enabled.
#define CL_LOG(logger, level, ...)                              \
  do {                                                          \
    ::cubeloom::Logger& cl_logger_ = (logger);                  \
    if (cl_logger_.Enabled(::cubeloom::LogLevel::level)) {      \
      cl_logger_.Log(::cubeloom::LogLevel::level, __VA_ARGS__); \
    }                                                           \
  } while (false)

}  // namespace cubeloom

#endif  // CUBELOOM_TELEMETRY_LOG_H_
