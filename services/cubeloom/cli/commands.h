// The commands of `cubeloom`, without their command-line syntax (see parse.h). Each returns the exit status.
#ifndef CUBELOOM_CLI_COMMANDS_H_
#define CUBELOOM_CLI_COMMANDS_H_

#include <string>
#include <vector>

#include "cubeloom/engine/plan.h"
#include "cubeloom/engine/run.h"

namespace cubeloom::cli {

// Exit statuses, documented in docs/cli.md.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;       // the run failed, or verify found a difference
inline constexpr int kUsage = 2;        // bad command line, graph, parameter or input
inline constexpr int kCancelled = 130;  // Ctrl-C, SIGTERM

struct RunFlags {
  engine::RunRequest request;
  bool json = false;   // the report as JSON on stdout, nothing else there
  bool quiet = false;  // nothing but failures
};
int RunCommand(const RunFlags& flags);

struct ValidateFlags {
  std::string file;
  std::vector<std::string> set;
  bool sources = false;  // also look at the files
  bool json = false;
};
int ValidateCommand(const ValidateFlags& flags);
// Like validate, and prints the drops: counts by node, or with `ids` every external id.
struct UnrollFlags {
  ValidateFlags graph;
  bool ids = false;
};
int UnrollCommand(const UnrollFlags& flags);

// Degree of parallelism, partitions for workers of one size, and what they cost.
struct PlanFlags {
  ValidateFlags graph;
  engine::PlanRequest plan;  // amounts of 0: this machine's
  std::string out;           // also write the plan as JSON
  bool explain = false;      // which drops are at work when most is in use
};
int PlanCommand(PlanFlags flags);

// A foreign graph as YAML, with a report on stderr of what became of it.
struct ImportFlags {
  std::string file;
  std::vector<std::string> set;
  std::string out;  // "" = stdout
  bool quiet = false;
};
int ImportCommand(const ImportFlags& flags);

struct KernelsFlags {
  std::string name;  // "" = the list
  bool json = false;
};
int KernelsCommand(const KernelsFlags& flags);

struct VerifyFlags {
  std::string a, b;    // run folders or manifest files
  bool files = false;  // read the output files again and compare their checksums with the manifests
  bool json = false;
};
int VerifyCommand(const VerifyFlags& flags);

struct ReplayFlags {
  std::string run;   // run folder
  std::string drop;  // external id
  std::string out;   // where to write; "" = <run>/replay
};
int ReplayCommand(const ReplayFlags& flags);

// "error: ..." on stderr; one line a line of the message. Returns the exit status for it.
int ReportError(const absl::Status& status);

}  // namespace cubeloom::cli

#endif  // CUBELOOM_CLI_COMMANDS_H_
