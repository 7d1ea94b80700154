#include "bench/figure.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace cubeloom::bench {
namespace {

using Json = nlohmann::ordered_json;

Json Number(std::optional<double> value) {
  return value.has_value() && std::isfinite(*value) ? Json(*value) : Json();
}

}  // namespace

std::optional<double> Ratio(const Figure& figure, const Outcome& outcome) {
  if (!outcome.value || !outcome.peer_value || *outcome.value <= 0 || *outcome.peer_value <= 0) return {};
  return figure.bound == Bound::kAtMost ? *outcome.peer_value / *outcome.value
                                        : *outcome.value / *outcome.peer_value;
}

bool IsOk(const Figure& figure, const Outcome& outcome) {
  if (!outcome.value || (!figure.peer.empty() && !outcome.peer_value)) return false;
  return figure.bound == Bound::kAtMost ? *outcome.value <= figure.target : *outcome.value >= figure.target;
}

std::string ToJsonLine(const Figure& figure, const Outcome& outcome) {
  Json line;
  line["name"] = figure.name;
  line["value"] = Number(outcome.value);
  line["unit"] = figure.unit;
  line["peer"] = outcome.peer.empty() ? figure.peer : outcome.peer;
  line["peer_value"] = Number(outcome.peer_value);
  line["ratio"] = Number(Ratio(figure, outcome));
  line["target"] = figure.target;
  line["bound"] = figure.bound == Bound::kAtMost ? "<=" : ">=";
  line["ok"] = IsOk(figure, outcome);
  line["note"] = outcome.note;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// The peer process: a request "NAME<tab>INPUT" per line; the answer is "VALUE LABEL" or "absent REASON".
class Session::Peer {
 public:
  explicit Peer(const std::vector<std::string>& command) {
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    for (int fd : {to[0], to[1], from[0], from[1]}) posix_spawn_file_actions_addclose(&actions, fd);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    if (posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    requests_ = fdopen(to[1], "w");
    answers_ = fdopen(from[0], "r");
  }

  ~Peer() {
    if (requests_ != nullptr) std::fclose(requests_);
    if (answers_ != nullptr) std::fclose(answers_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }

  // One measurement; `label` is filled with the peer's own name.
  absl::StatusOr<double> Measure(const Figure& figure, std::string& label) {
    if (pid_ <= 0) return absl::UnavailableError("the peer program does not start");
    std::fprintf(requests_, "%s\t%s\n", figure.name.c_str(), figure.peer_input.c_str());
    char* line = nullptr;
    size_t capacity = 0;
    ssize_t length = -1;
    if (std::fflush(requests_) == 0) length = getline(&line, &capacity, answers_);
    const std::string answer(line == nullptr ? "" : line, length > 0 ? length : 0);
    std::free(line);
    if (length < 0) return absl::UnavailableError("the peer program ended without an answer");
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(absl::StripAsciiWhitespace(answer), absl::MaxSplits(' ', 1));
    double value = 0;
    if (!absl::SimpleAtod(parts.first, &value)) return absl::UnavailableError(parts.second);
    label = parts.second;
    return value;
  }

 private:
  pid_t pid_ = -1;
  std::FILE* requests_ = nullptr;
  std::FILE* answers_ = nullptr;
};

Session::Session(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) quick_ = quick_ || absl::string_view(argv[i]) == "--quick";
  signal(SIGPIPE, SIG_IGN);  // a peer that died shows as a failed write
  const char* command = std::getenv("CUBELOOM_BENCH_PEERS");
  if (command != nullptr && command[0] != '\0') peer_ = std::make_unique<Peer>(absl::StrSplit(command, '\t'));
}

Session::~Session() = default;

void Session::Run(const Figure& figure, const std::function<absl::StatusOr<double>()>& measure) {
  Outcome outcome;
  std::vector<double> own, other;
  bool ask_peer = !figure.peer.empty() && peer_ != nullptr;
  if (!figure.peer.empty() && peer_ == nullptr)
    outcome.note = absl::StrCat("peer ", figure.peer, " not available");
  for (int i = 0; i <= repetitions(); ++i) {  // round 0 warms up both
    const absl::StatusOr<double> value = measure();
    if (!value.ok()) {
      failed_ = true;
      own.clear();
      outcome.note = value.status().ToString();
      break;
    }
    if (i > 0) own.push_back(*value);
    if (!ask_peer) continue;
    const absl::StatusOr<double> theirs = peer_->Measure(figure, outcome.peer);
    if (theirs.ok() && i > 0) other.push_back(*theirs);
    if (theirs.ok()) continue;
    ask_peer = false;
    other.clear();
    outcome.note = absl::StrCat("peer ", figure.peer, ": ", theirs.status().message());
  }
  if (!own.empty()) outcome.value = Median(own);
  if (!other.empty()) outcome.peer_value = Median(other);
  std::printf("%s\n", ToJsonLine(figure, outcome).c_str());
  std::fflush(stdout);
}

}  // namespace cubeloom::bench
