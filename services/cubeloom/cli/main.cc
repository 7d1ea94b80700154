// cubeloom: the command line. Syntax is here, what the commands do is in *_command.cc.
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "cubeloom/base/process.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/cli/commands.h"

namespace cubeloom::cli {
namespace {

CLI::Validator Bytes() {
  return CLI::Validator(
      [](std::string& text) {
        const absl::StatusOr<int64_t> bytes = ParseBytes(text);
        if (!bytes.ok()) return std::string(bytes.status().message());
        text = std::to_string(*bytes);
        return std::string();
      },
      "SIZE");
}

void AddRun(CLI::App& app, RunFlags& flags) {
  CLI::App* run = app.add_subcommand("run", "Run a graph in this process");
  run->add_option("graph", flags.request.file, "Graph file (YAML or JSON, or .graph of EAGLE)")->required();
  run->add_option("--set", flags.request.set, "Parameter as name=value; may be repeated")->take_all();
  run->add_option("-o,--out", flags.request.out,
                  "Run folder for outputs and manifest (default cubeloom-out/<name>)");
  run->add_option("--cores", flags.request.cores, "Cores to use (default: what this machine gives)")
      ->check(CLI::Range(1, 4096));
  run->add_option("--memory", flags.request.memory,
                  "Memory budget, e.g. 2GiB (default: 70 % of what is available)")
      ->transform(Bytes());
  run->add_flag("--allow-commands", flags.request.allow_commands, "Let the graph run external commands");
  run->add_flag("!--no-input-checksums", flags.request.input_checksums,
                "Leave SHA-256 of inputs out of the manifest");
  run->add_flag("--json", flags.json, "Print the report as JSON");
  run->add_flag("-q,--quiet", flags.quiet, "Print failures only");
}

void AddGraphOptions(CLI::App* command, ValidateFlags& flags) {
  command->add_option("graph", flags.file, "Graph file (YAML or JSON, or .graph of EAGLE)")->required();
  command->add_option("--set", flags.set, "Parameter as name=value; may be repeated")->take_all();
}

void AddPlan(CLI::App& app, PlanFlags& flags, double& cores) {
  CLI::App* plan = app.add_subcommand("plan", "Partition a graph for workers of one size");
  AddGraphOptions(plan, flags.graph);
  plan->add_option("--cores", cores, "Cores of one worker (default: this machine's)")
      ->check(CLI::Range(0.001, 1e6));
  plan->add_option("--memory", flags.plan.worker[plan::kMemory], "Memory of one worker, e.g. 8GiB")
      ->transform(Bytes());
  plan->add_option("--gpus", flags.plan.worker[plan::kGpus], "GPUs of one worker (default 0)")
      ->check(CLI::Range(0, 1024));
  plan->add_option("--bandwidth", flags.plan.bandwidth, "Bytes a second between two workers (default 1.25e9)")
      ->check(CLI::PositiveNumber);
  plan->add_option("-o,--out", flags.out, "File for the plan as JSON");
  plan->add_flag("--explain", flags.explain, "Say which drops are at work when most is in use");
}

int Main(int argc, char** argv) {
  CLI::App app("Cubeloom runs scientific image and array workflows as dataflow graphs.", "cubeloom");
  app.set_version_flag("--version", "cubeloom " CL_VERSION);
  app.require_subcommand(1);
  RunFlags run;
  ValidateFlags validate;
  UnrollFlags unroll;
  ImportFlags foreign;
  KernelsFlags kernels;
  VerifyFlags verify;
  ReplayFlags replay;
  PlanFlags plan;
  double plan_cores = 0;
  AddRun(app, run);
  AddPlan(app, plan, plan_cores);
  CLI::App* command = app.add_subcommand("validate", "Check a graph without running it");
  AddGraphOptions(command, validate);
  command->add_flag("--sources", validate.sources, "Also list the sources and read their headers");
  command = app.add_subcommand("unroll", "Show the drops that a graph unrolls into");
  AddGraphOptions(command, unroll.graph);
  command->add_flag("--ids", unroll.ids, "Print the external id of every drop");
  command = app.add_subcommand("import", "Turn a DALiuGE/EAGLE graph into one of ours");
  command->add_option("graph", foreign.file, "Graph file (.graph, .json)")->required();
  command->add_option("--set", foreign.set, "Global variable as name=value, or field as node.field=value")
      ->take_all();
  command->add_option("-o,--out", foreign.out, "File to write (default: standard output)");
  command->add_flag("-q,--quiet", foreign.quiet, "No report of what became of what");
  command = app.add_subcommand("kernels", "List the kernels, or describe one");
  command->add_option("name", kernels.name, "Kernel, e.g. image.statistics");
  command->add_flag("--json", kernels.json, "Print as JSON");
  command = app.add_subcommand("verify", "Compare two runs by their manifests");
  command->add_option("a", verify.a, "Run folder or manifest")->required();
  command->add_option("b", verify.b, "Run folder or manifest")->required();
  command->add_flag("--files", verify.files, "Also check the output files on disk against the manifests");
  command->add_flag("--json", verify.json, "Print as JSON");
  command = app.add_subcommand("replay", "Run one drop of an earlier run again, with what it needs");
  command->add_option("run", replay.run, "Run folder")->required();
  command->add_option("drop", replay.drop, "External id of the drop, e.g. smooth/3")->required();
  command->add_option("-o,--out", replay.out, "Folder for what is written (default <run>/replay)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  if (app.got_subcommand("run")) return RunCommand(run);
  if (app.got_subcommand("validate")) return ValidateCommand(validate);
  if (app.got_subcommand("unroll")) return UnrollCommand(unroll);
  if (app.got_subcommand("plan")) {
    plan.plan.worker[plan::kCores] = std::llround(plan_cores * 1000);
    return PlanCommand(std::move(plan));
  }
  if (app.got_subcommand("import")) return ImportCommand(foreign);
  if (app.got_subcommand("kernels")) return KernelsCommand(kernels);
  if (app.got_subcommand("verify")) return VerifyCommand(verify);
  return ReplayCommand(replay);
}

}  // namespace
}  // namespace cubeloom::cli

int main(int argc, char** argv) {
  cubeloom::InitProcess();
  return cubeloom::cli::Main(argc, argv);
}
