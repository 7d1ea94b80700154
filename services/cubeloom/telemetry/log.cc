#include "cubeloom/telemetry/log.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "cubeloom/base/quantity.h"

namespace cubeloom {
namespace {

constexpr std::array<const char*, 5> kLevelNames = {"debug", "info", "warning", "error", "off"};
constexpr absl::string_view kLevelLetters = "DIWE";

class StderrSinkImpl : public LogSink {
 public:
  void Write(LogLevel, absl::string_view line) override {
    const std::string text = absl::StrCat(line, "\n");
    absl::string_view left = text;
    while (!left.empty()) {
      const ssize_t written = write(STDERR_FILENO, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;  // nobody is left to be told
      left.remove_prefix(static_cast<size_t>(written));
    }
  }
};

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Control characters only, so that UTF-8 stays readable; inside quotes also '"' and '\'.
void AppendEscaped(absl::string_view text, bool quoted, std::string* out) {
  for (char c : text) {
    if (IsControl(c) || (quoted && (c == '"' || c == '\\'))) {
      out->append(absl::CEscape(absl::string_view(&c, 1)));
    } else {
      out->push_back(c);
    }
  }
}

std::string Render(const LogField& field) {
  const bool plain = !field.value.empty() && std::none_of(field.value.begin(), field.value.end(), [](char c) {
    return IsControl(c) || c == ' ' || c == '"' || c == '=' || c == '\\';
  });
  std::string text(field.key);
  text.push_back('=');
  if (plain) {
    text.append(field.value);
    return text;
  }
  text.push_back('"');
  AppendEscaped(field.value, true, &text);
  text.push_back('"');
  return text;
}

// Cuts at `limit` bytes or a little before, never inside a UTF-8 sequence.
void Cut(size_t limit, std::string* line) {
  if (line->size() <= limit) return;
  size_t at = limit;
  while (at > 0 && (static_cast<unsigned char>((*line)[at]) & 0xc0) == 0x80) --at;
  line->resize(at);
  line->append("...");
}

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view text) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (text == kLevelNames[i]) return static_cast<LogLevel>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(text.substr(0, 64)),
                   "' is no log level: expected debug, info, warning, error or off",
                   DidYouMean(text, {kLevelNames.begin(), kLevelNames.end()})));
}

LogSink& StderrSink() {
  static StderrSinkImpl* const sink = new StderrSinkImpl;
  return *sink;
}

Logger::Logger(const LogOptions& options)
    : kept_level_(options.kept_lines > 0 ? options.kept_level : LogLevel::kOff),
      kept_lines_(options.kept_lines),
      line_bytes_(options.line_bytes),
      clock_(options.clock != nullptr ? *options.clock : Clock::Real()),
      sink_level_(options.sink_level),
      sink_(options.sink != nullptr ? options.sink : &StderrSink()) {}

void Logger::set_sink(LogSink* sink) {
  absl::MutexLock lock(&mu_);
  sink_ = sink != nullptr ? sink : &StderrSink();
}

void Logger::Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) {
  if (level >= LogLevel::kOff || !Enabled(level)) return;
  Kept entry;
  entry.line = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ ", clock_.Wall(), absl::UTCTimeZone());
  entry.line.push_back(kLevelLetters[static_cast<size_t>(level)]);
  entry.line.push_back(' ');
  AppendEscaped(message, false, &entry.line);
  for (const LogField& field : fields) {
    entry.fields.push_back(Render(field));
    absl::StrAppend(&entry.line, " ", entry.fields.back());
  }
  Cut(line_bytes_, &entry.line);
  absl::MutexLock lock(&mu_);
  if (level >= sink_level_.load(std::memory_order_relaxed)) sink_->Write(level, entry.line);
  if (level < kept_level_) return;
  if (kept_.size() == kept_lines_) kept_.pop_front();
  kept_.push_back(std::move(entry));
}

std::vector<std::string> Logger::LastLines(size_t count) const {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> lines;
  for (size_t i = kept_.size() - std::min(count, kept_.size()); i < kept_.size(); ++i) {
    lines.push_back(kept_[i].line);
  }
  return lines;
}

std::vector<std::string> Logger::LastLines(size_t count, const LogField& field) const {
  const std::string wanted = Render(field);
  absl::MutexLock lock(&mu_);
  std::vector<std::string> lines;
  for (auto it = kept_.rbegin(); it != kept_.rend() && lines.size() < count; ++it) {
    if (std::find(it->fields.begin(), it->fields.end(), wanted) != it->fields.end()) {
      lines.push_back(it->line);
    }
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

Logger& DefaultLogger() {
  static Logger* const logger = new Logger;
  return *logger;
}

}  // namespace cubeloom
