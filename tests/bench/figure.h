// Figures of a benchmark program and how they compare: the C++ half of `./dev bench`.
//
// A program bench_<group> (or bench_<group>_<part>, when one group has several) measures figures. For each it
// first checks that the measured code gave the right result, then prints one JSON line
//
//   {"name", "value", "unit", "peer", "peer_value", "ratio", "target", "bound", "ok", "note"}
//
// which tests/bench/run.py collects over all programs of the group. Typical use:
//
//   int main(int argc, char** argv) {
//     cubeloom::bench::Session session(argc, argv);
//     session.Run({.name = "statistics float32", .unit = "ms", .target = 35, .peer = "numpy", .peer_input =
//     path},
//                 [&]() -> absl::StatusOr<double> { ...; return milliseconds; });
//     return session.Finish();
//   }
//
// The peer (another tool doing the same work, usually tests/bench/peers_<group>.py) runs in a process of its
// own that stays alive, and the two take turns: one measurement here, one there, and so on; the median of
// each counts.
#ifndef CUBELOOM_TESTS_BENCH_FIGURE_H_
#define CUBELOOM_TESTS_BENCH_FIGURE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace cubeloom::bench {

// Which side of the target is good.
enum class Bound { kAtMost, kAtLeast };

// What is measured and what it must reach.
struct Figure {
  std::string name;   // unique in the group; also what the peer is asked for; no tab, no line break
  std::string unit;   // of value, target and peer value: "ms", "%", "us/drop"
  double target = 0;  // the limit, itself good
  Bound bound = Bound::kAtMost;  // kAtMost: times; kAtLeast: rates and shares
  std::string peer = {};         // name of the tool to compare with; empty: none
  std::string peer_input = {};   // handed to the peer with each request, e.g. the path of the file; no tab
};

// The medians of one figure.
struct Outcome {
  std::optional<double> value;       // absent: the measurement failed, note says why
  std::optional<double> peer_value;  // absent: no peer asked for, or it could not answer
  std::string peer;                  // as the peer names itself (with version), else Figure::peer
  std::string note;                  // why something is absent
};

// How many times better than the peer: > 1 is better, whichever side is good. Absent without both values.
std::optional<double> Ratio(const Figure& figure, const Outcome& outcome);

// Whether the target is met. A figure with a peer that did not answer is never ok: nothing was compared.
bool IsOk(const Figure& figure, const Outcome& outcome);

// The line of the contract above, without the line break.
std::string ToJsonLine(const Figure& figure, const Outcome& outcome);

// Median; the mean of the middle two for an even count. `values` must not be empty.
double Median(std::vector<double> values);

// The arguments of a program, its peer process and its exit code. For one thread.
class Session {
 public:
  // Knows --quick. The peer is the command line in the environment variable CUBELOOM_BENCH_PEERS, which
  // run.py sets (arguments separated by tabs); without it every peer is absent.
  Session(int argc, char** argv);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool quick() const { return quick_; }
  // Measurements per figure: 7, or 3 with --quick.
  int repetitions() const { return quick_ ? 3 : 7; }

  // One warm-up and repetitions() measurements, in turns with the peer's; prints the line. `measure` returns
  // the value in figure.unit, or an error when the result it checked is wrong; the first error ends the
  // figure.
  void Run(const Figure& figure, const std::function<absl::StatusOr<double>()>& measure);

  // The exit code for main: 0, or 1 if a measurement failed (a missed target is run.py's to judge).
  int Finish() const { return failed_ ? 1 : 0; }

 private:
  class Peer;
  bool quick_ = false;
  bool failed_ = false;
  std::unique_ptr<Peer> peer_;
};

}  // namespace cubeloom::bench

#endif  // CUBELOOM_TESTS_BENCH_FIGURE_H_
