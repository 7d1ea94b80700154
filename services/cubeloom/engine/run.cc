#include "cubeloom/engine/run.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/executor.h"
#include "cubeloom/base/status.h"
#include "cubeloom/engine/capacity.h"
#include "cubeloom/engine/ports.h"
#include "cubeloom/engine/records.h"
#include "cubeloom/engine/sink_plan.h"
#include "cubeloom/engine/spill_file.h"
#include "cubeloom/exthost/command_host.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/store/probe/probe.h"

namespace cubeloom::engine {
namespace {

bool AnyOf(const graph::Graph& graph, graph::NodeKind kind) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [kind](const graph::Node& node) { return node.kind == kind; });
}

runtime::Costs CostsOf(const Prepared& prepared) {
  runtime::Costs costs;
  for (size_t b = 0; b < prepared.facts.size(); ++b) {
    const graph::Node& node = prepared.physical.logical.nodes[prepared.physical.blocks[b].node];
    runtime::BlockCost cost;
    cost.cores = std::max(1, static_cast<int32_t>(node.resources.cores + 0.999));
    cost.memory = prepared.facts[b].memory;
    cost.time_ns = std::max<int64_t>(1, static_cast<int64_t>(std::min(prepared.facts[b].time_ns, 1e18)));
    costs.push_back(cost);
  }
  return costs;
}

absl::Status CheckWritable(const std::string& folder) {
  CL_RETURN_IF_ERROR(MakeFolders(folder));
  if (::access(folder.c_str(), W_OK) != 0) {
    return absl::PermissionDeniedError(absl::StrCat("output folder '", folder, "' is not writable"));
  }
  return absl::OkStatus();
}

// An input that was replaced while the run read it would make the results a mixture.
absl::Status CheckUnchanged(Store& store, const resolve::Sources& sources) {
  for (const auto& [node, items] : sources) {
    for (const resolve::SourceItem& item : items) {
      if (item.identity.empty()) continue;  // could not be listed; its drop has failed
      CL_ASSIGN_OR_RETURN(const ObjectStat stat, store.Stat(item.uri));
      if (stat.identity == item.identity) continue;
      return absl::DataLossError(
          absl::StrCat("source '", node, "': '", item.uri, "' changed during the run"));
    }
  }
  return absl::OkStatus();
}

// SHA-256 of every input file once, however many nodes read it.
absl::Status HashInputs(const RunRequest& request, Store& store, Executor& executor, RunResult& result) {
  std::vector<ManifestInput>& inputs = result.manifest.inputs;
  for (const auto& [node, items] : result.prepared.sources) {
    for (const resolve::SourceItem& item : items) inputs.push_back({node, item.uri, item.bytes, ""});
  }
  if (!request.input_checksums) return absl::OkStatus();
  std::map<std::string, std::string> digests;
  for (const ManifestInput& input : inputs) digests[input.uri];
  std::vector<std::pair<const std::string, std::string>*> todo;
  for (auto& entry : digests) todo.push_back(&entry);
  // The file behind a hole may not be readable at all; it stands without a checksum.
  const bool holes = result.report.outcome == runtime::RunOutcome::kSucceededWithHoles;
  const auto hash_one = [&](int64_t i) -> absl::Status {
    absl::StatusOr<Digest> digest = FileDigest(store, todo[i]->first, request.cancel);
    if (digest.ok()) todo[i]->second = ToHex(*digest);
    return holes && !request.cancel.cancelled() ? absl::OkStatus() : digest.status();
  };
  CL_RETURN_IF_ERROR(ParallelFor(executor, static_cast<int64_t>(todo.size()), request.cancel, hash_one));
  for (ManifestInput& input : inputs) input.sha256 = digests[input.uri];
  return CheckUnchanged(store, result.prepared.sources);
}

// Manifest and run record. Whatever goes wrong here, the report of the run is kept.
void WriteDown(const RunRequest& request, const KernelCatalogue& catalogue, Store& store, Executor& executor,
               RunResult& result) {
  result.records = HashInputs(request, store, executor, result);
  // Inputs of a failed or cancelled run may be unreadable for the very reason that the report tells.
  if (!result.report.status.ok()) result.records = absl::OkStatus();
  if (!result.records.ok()) {
    result.report.outcome =
        absl::IsCancelled(result.records) ? runtime::RunOutcome::kCancelled : runtime::RunOutcome::kFailed;
    result.report.status = result.records;
  }
  FillManifest(catalogue, result);
  const absl::Status written = WriteRecords(request, store, result);
  if (written.ok()) return;
  result.records = written;
  if (!result.report.status.ok()) return;
  result.report.outcome = runtime::RunOutcome::kFailed;
  result.report.status = written;
}

absl::Status CheckOnly(const std::vector<std::string>& only, const graph::PhysicalGraph& graph) {
  for (const std::string& id : only) {
    if (graph.FindDrop(id) != kNoId) continue;
    return absl::NotFoundError(
        absl::StrCat("the graph has no drop '", id, "'; `cubeloom unroll --ids` lists them"));
  }
  return absl::OkStatus();
}

struct Session {
  Store& store;
  std::unique_ptr<ProbeClient> probe;
  resolve::Environment environment;
};

absl::Status RunPrepared(const RunRequest& request, const KernelCatalogue& catalogue, const Session& session,
                         Executor& executor, RunResult& result) {
  if (AnyOf(result.prepared.checked.expanded, graph::NodeKind::kCommand) && !request.allow_commands) {
    return absl::FailedPreconditionError(
        absl::StrCat(request.file, ": the graph runs external commands; allow them with --allow-commands"));
  }
  CL_RETURN_IF_ERROR(graph::CheckRunnable(result.prepared.physical));
  CL_ASSIGN_OR_RETURN(const SinkPlan sinks, PlanSinks(result.prepared, result.folder));
  CL_RETURN_IF_ERROR(CheckWritable(result.folder));
  FileSourcePort source(result.prepared.sources, session.environment);
  FileSinkPort sink(sinks, session.store, result.folder);
  SpillFile spill(result.folder);
  exthost::CommandHostOptions command_options;
  command_options.scratch = result.folder;
  exthost::CommandHost commands(command_options);

  runtime::RunOptions options;
  options.kernels = &catalogue;
  options.executor = &executor;
  options.cores = result.cores;
  options.memory = result.memory;
  options.costs = CostsOf(result.prepared);
  options.cancel = request.cancel;
  options.instance_names = result.prepared.instance_names;
  options.replay_command = absl::StrCat("cubeloom replay ", result.folder);
  options.only = request.only;
  runtime::RunPorts ports;
  ports.source = &source;
  ports.sink = &sink;
  ports.spill = &spill;
  ports.command = request.allow_commands ? &commands : nullptr;
  ports.progress = request.progress;
  result.report = runtime::Run(result.prepared.physical, options, ports);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RunResult> RunGraph(const RunRequest& request, const KernelCatalogue& catalogue) {
  RunResult result;
  CL_ASSIGN_OR_RETURN(CheckedGraph checked, CheckGraphFile(request.file, request.set, catalogue));
  const Capacity capacity = ReadCapacity();
  result.cores = request.cores > 0 ? request.cores : capacity.cores;
  result.memory = request.memory > 0 ? request.memory : capacity.memory;
  const std::string name = checked.written.name.empty() ? "graph" : checked.written.name;
  result.folder = AbsolutePath(request.out.empty() ? absl::StrCat("cubeloom-out/", name) : request.out);

  Session session{request.store != nullptr ? *request.store : LocalStore(), MakeProbeClient(), {}};
  session.environment = {&session.store, session.probe.get(), "", request.cancel};
  if (AnyOf(checked.expanded, graph::NodeKind::kSource)) (void)session.probe->Warm();
  const std::unique_ptr<Executor> executor = MakeThreadPool(result.cores, "run");
  CL_ASSIGN_OR_RETURN(result.prepared,
                      Prepare(std::move(checked), catalogue, session.environment, *executor, request.cancel));
  CL_RETURN_IF_ERROR(CheckOnly(request.only, result.prepared.physical));
  CL_RETURN_IF_ERROR(RunPrepared(request, catalogue, session, *executor, result));
  if (request.write_records) WriteDown(request, catalogue, session.store, *executor, result);
  return result;
}

}  // namespace cubeloom::engine
