#include "cubeloom/engine/records.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/sha256.h"
#include "cubeloom/base/status.h"
#include "cubeloom/engine/sink_plan.h"
#include "cubeloom/wire/graph_text.h"

namespace cubeloom::engine {
namespace {

constexpr char kRecordFormat[] = "cubeloom-run";
constexpr int kRecordVersion = 1;

Value::Map StatesOf(const runtime::RunReport& report) {
  Value::Map states;
  // Whether a completed data drop was already given back when the run ended depends on timing: one word for
  // both.
  int64_t completed = 0;
  for (size_t s = 0; s < report.states.size(); ++s) {
    const auto state = static_cast<runtime::DropState>(s);
    if (runtime::IsSuccess(state)) {
      completed += report.states[s];
    } else if (report.states[s] > 0) {
      states.emplace_back(runtime::DropStateName(state), Value(report.states[s]));
    }
  }
  states.emplace(states.begin(), "completed", Value(completed));
  return states;
}

Value Seconds(absl::Duration d) { return Value(absl::ToDoubleSeconds(d)); }

Value FailureToValue(const runtime::Failure& failure) {
  Value::List inputs;
  for (const std::string& input : failure.inputs) inputs.push_back(Value(input));
  return Value(Value::Map{{"node", Value(failure.node)},
                          {"drop", Value(failure.external_id)},
                          {"inputs", Value(std::move(inputs))},
                          {"attempts", Value(int64_t{failure.attempts})},
                          {"cause", Value(std::string(failure.cause.message()))},
                          {"replay", Value(failure.replay)}});
}

}  // namespace

void FillManifest(const KernelCatalogue& catalogue, RunResult& result) {
  const graph::PhysicalGraph& physical = result.prepared.physical;
  Manifest& m = result.manifest;
  m.graph_name = result.prepared.checked.written.name;
  m.graph_sha256 = ToHex(Sha256Of(wire::ToYaml(result.prepared.checked.bound)));
  m.parameters = result.prepared.checked.parameters;
  std::set<std::string> kernels;
  for (const graph::Node& node : physical.logical.nodes) {
    if (const Kernel* kernel = node.kernel.empty() ? nullptr : catalogue.Find(node.kernel)) {
      kernels.insert(kernel->info().identity());
    }
  }
  m.kernels.assign(kernels.begin(), kernels.end());
  m.outcome = runtime::RunOutcomeName(result.report.outcome);
  m.drops = static_cast<int64_t>(physical.drops());
  m.states = StatesOf(result.report);
  for (const runtime::DropDigest& digest : result.report.digests) {
    if (!digest.content) continue;
    m.contents.push_back(
        {physical.ExternalId(digest.drop), PayloadKindName(digest.kind), ToHex(digest.digest)});
  }
  for (const runtime::OutputRecord& output : result.report.outputs) {
    m.outputs.push_back({output.external_id, output.uri, output.bytes, ToHex(output.digest)});
  }
  m.merkle_root = ToHex(result.report.root);
}

Value ReportToValue(const RunResult& result) {
  const runtime::RunReport& report = result.report;
  Value out(Value::Map{{"outcome", Value(runtime::RunOutcomeName(report.outcome))},
                       {"message", Value(std::string(report.status.message()))},
                       {"folder", Value(result.folder)},
                       {"drops", Value(static_cast<int64_t>(result.prepared.physical.drops()))},
                       {"states", Value(StatesOf(report))},
                       {"failures", Value(report.failures_total)},
                       {"retries", Value(report.retries)},
                       {"cores", Value(int64_t{result.cores})},
                       {"memory", Value(result.memory)},
                       {"peakMemory", Value(report.peak_memory)},
                       {"spilledBytes", Value(report.progress.spilled_bytes)},
                       {"resolveSeconds", Seconds(result.prepared.resolve_time)},
                       {"unrollSeconds", Seconds(result.prepared.unroll_time)},
                       {"runSeconds", Seconds(report.wall)},
                       {"merkleRoot", Value(ToHex(report.root))}});
  Value::List outputs, failures, times;
  for (const runtime::OutputRecord& output : report.outputs) {
    outputs.push_back(Value(Value::Map{{"drop", Value(output.external_id)},
                                       {"uri", Value(output.uri)},
                                       {"bytes", Value(output.bytes)},
                                       {"sha256", Value(ToHex(output.digest))}}));
  }
  for (const runtime::Failure& failure : report.failures) failures.push_back(FailureToValue(failure));
  for (const runtime::KernelTime& time : report.times) {
    times.push_back(Value(Value::Map{{"kernel", Value(time.kernel)},
                                     {"drops", Value(time.drops)},
                                     {"seconds", Seconds(time.total)},
                                     {"longest", Seconds(time.longest)}}));
  }
  out.Set("outputs", Value(std::move(outputs)));
  out.Set("failed", Value(std::move(failures)));
  out.Set("kernels", Value(std::move(times)));
  return out;
}

absl::Status WriteRecords(const RunRequest& request, Store& store, const RunResult& result) {
  CL_RETURN_IF_ERROR(
      WriteObject(store, absl::StrCat(result.folder, "/", kManifestName), ManifestToJson(result.manifest)));
  Value::List set;
  for (const std::string& text : request.set) set.push_back(Value(text));
  const Value record(Value::Map{{"format", Value(kRecordFormat)},
                                {"version", Value(kRecordVersion)},
                                {"graph", Value(AbsolutePath(request.file))},
                                {"startedIn", Value(AbsolutePath("."))},
                                {"set", Value(std::move(set))},
                                {"allowCommands", Value(request.allow_commands)},
                                {"report", ReportToValue(result)}});
  return WriteObject(store, absl::StrCat(result.folder, "/", kRunRecordName), record.ToJson(2) + "\n");
}

namespace {

absl::StatusOr<RunRecord> RecordFromValue(const Value& value, const std::string& path) {
  const auto wrong = [&path](const char* field, const char* expected) {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "': '", field, "' is not ", expected));
  };
  const Value* file = value.Find("graph");
  const Value* started = value.Find("startedIn");
  const Value* set = value.Find("set");
  const Value* allow = value.Find("allowCommands");
  if (file == nullptr || !file->is_string()) return wrong("graph", "a file name");
  if (started == nullptr || !started->is_string()) return wrong("startedIn", "a folder");
  if (set == nullptr || !set->is_list()) return wrong("set", "a list");
  if (allow == nullptr || !allow->is_bool()) return wrong("allowCommands", "true or false");
  RunRecord record;
  record.file = file->string();
  record.started = started->string();
  record.allow_commands = allow->boolean();
  for (const Value& item : set->list()) {
    if (!item.is_string()) return wrong("set", "a list of texts \"name=value\"");
    record.set.push_back(item.string());
  }
  return record;
}

}  // namespace

absl::StatusOr<RunRecord> ReadRunRecord(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/", kRunRecordName);
  constexpr int64_t kMost = int64_t{256} << 20;
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<RandomReader> reader, LocalStore().OpenRead(path));
  if (reader->stat().size > kMost)
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' is too large"));
  std::string text(static_cast<size_t>(reader->stat().size), '\0');
  CL_RETURN_IF_ERROR(reader->ReadAt(0, {reinterpret_cast<std::byte*>(text.data()), text.size()}));
  CL_ASSIGN_OR_RETURN_IN(const Value value, Value::FromJson(text), path);
  const Value* format = value.Find("format");
  if (format == nullptr || !(*format == Value(kRecordFormat))) {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' is no run record"));
  }
  const Value* version = value.Find("version");
  if (version == nullptr || !(*version == Value(kRecordVersion))) {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' has version ",
                                                   version == nullptr ? "none" : version->ToJson(),
                                                   ", this program reads ", kRecordVersion));
  }
  return RecordFromValue(value, path);
}

}  // namespace cubeloom::engine
