// `cubeloom run` on a graph of one node: from fork to exit, with everything that a run writes.
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/engine/noise_file.h"
#include "bench/engine/run_kernel.h"
#include "bench/figure.h"
#include "cubeloom/base/process.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom::bench {
namespace {

absl::StatusOr<double> RunOnce(const std::string& program, const std::string& graph, const std::string& out) {
  unlink((out + "/manifest.json").c_str());
  std::string words[] = {program, "run", graph, "--out", out, "--quiet"};
  char* argv[7] = {};
  for (int i = 0; i < 6; ++i) argv[i] = words[i].data();
  const Stopwatch watch;
  pid_t pid = 0;
  if (const int error = posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, environ); error != 0) {
    return ErrnoStatus(error, "start", program);
  }
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) return ErrnoStatus(errno, "wait for", program);
  const double ms = watch.milliseconds();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::InternalError(absl::StrCat(program, " run ", graph, " ended with status ", status));
  }
  if (access((out + "/manifest.json").c_str(), R_OK) != 0)
    return absl::InternalError("the run left no manifest");
  return ms;
}

absl::Status RunAll(Session& session) {
  CL_ASSIGN_OR_RETURN(const std::string image, NoiseFile({{64, 64}, -32}));
  const std::string folder = DataFolder() + "/start", graph = folder + ".yaml";
  std::ofstream(graph) << "schemaVersion: 1\nname: start\nnodes:\n- id: image\n  source: {uri: \"" << image
                       << "\"}\n";
  session.Run({"start: run a graph of one node", "ms", 50},
              [&] { return RunOnce(ProgramPath("cubeloom"), graph, folder); });
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  InitProcess();
  Session session(argc, argv);
  const absl::Status status = RunAll(session);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? session.Finish() : 1;
}

}  // namespace
}  // namespace cubeloom::bench

int main(int argc, char** argv) { return cubeloom::bench::Main(argc, argv); }
