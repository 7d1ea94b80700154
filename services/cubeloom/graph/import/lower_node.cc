// The second half of the lowering: native nodes for foreign ones.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/import/lower.h"

namespace cubeloom::graph {
namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53: the model's largest count
constexpr double kLongest = 86400;             // of flow.sleep, in seconds

constexpr absl::string_view kCopies[] = {"num_of_copies", "num_of_splits", "number_of_copies",
                                         "number_of_splits"};
constexpr absl::string_view kWidth[] = {"num_of_inputs", "number_of_inputs"};
constexpr absl::string_view kIterations[] = {"num_of_iter", "number_of_iterations", "number_of_loops"};
constexpr absl::string_view kRanks[] = {"num_of_procs", "number_of_processes"};
constexpr absl::string_view kTime[] = {"execution_time"};
constexpr absl::string_view kVolume[] = {"data_volume"};
constexpr absl::string_view kCores[] = {"num_cpus"};
constexpr absl::string_view kKeys[] = {"group_key", "group_by"};

bool IsFlagSet(const ForeignNode& node, absl::string_view name) {
  const absl::string_view names[] = {name};
  const ForeignField* field = FindField(node, names);
  return field != nullptr && IsTrue(field->value);
}

// The text of a shell command; generations A and B spread it over Arg01 to Arg10.
std::string CommandText(const ForeignNode& node) {
  constexpr absl::string_view kCommand[] = {"command"};
  if (const ForeignField* field = FindField(node, kCommand)) return field->value;
  std::string text;
  for (int i = 1; i <= 10; ++i) {
    const std::string name = absl::StrCat("arg", i < 10 ? "0" : "", i);
    const absl::string_view names[] = {name};
    const ForeignField* field = FindField(node, names);
    if (field != nullptr) absl::StrAppend(&text, text.empty() ? "" : " ", field->value);
  }
  return text;
}

bool IsBash(const ForeignNode& node) {
  constexpr absl::string_view kClass[] = {"dropclass", "appclass", "application_class"};
  const ForeignField* field = FindField(node, kClass);
  return node.category == "BashShellApp" ||
         (field != nullptr && absl::EndsWith(field->value, "bash_shell_app.BashShellApp"));
}

}  // namespace

Node& Lowering::Add(uint32_t n, const std::string& id, const std::string& in, NodeKind kind) {
  const ForeignNode& from = foreign_.nodes[n];
  Node node;
  node.id = id;
  node.in = in;
  node.kind = kind;
  node.labels = {{"daliuge/category", from.category}, {kForeignId, from.id}};
  if (!from.name.empty() && from.name != id) node.labels["daliuge/name"] = from.name;
  out_.nodes.push_back(std::move(node));
  return out_.nodes.back();
}

// A count that must be an integer above 0. A text that is none falls back, as in DALiuGE; `fallback` 0 makes
// it an error.
absl::Status Lowering::Count(uint32_t n, absl::Span<const absl::string_view> names, int64_t fallback,
                             int64_t& count) {
  const ForeignField* field = FindField(foreign_.nodes[n], names);
  double value = 0;
  if (field != nullptr && absl::SimpleAtod(field->value, &value) && value == std::floor(value)) {
    if (!(value >= 1 && value <= kExact)) {
      return ForeignError(foreign_, Describe(n), field->name,
                          absl::StrCat("expected a count from 1 to 2^53, got ", field->value.substr(0, 60)));
    }
    count = static_cast<int64_t>(value);
    return absl::OkStatus();
  }
  if (fallback == 0) {
    return ForeignError(foreign_, Describe(n), names[0],
                        field == nullptr
                            ? "is missing"
                            : absl::StrCat("expected a count, got \"", field->value.substr(0, 60), "\""));
  }
  report_.Defaulted(nodes_[n].id,
                    absl::StrCat(names[0], field == nullptr ? " not given" : " is no count", ": ", fallback));
  count = fallback;
  return absl::OkStatus();
}

absl::Status Lowering::MakeNodes() {
  out_.file = foreign_.file;
  out_.description = foreign_.description;
  absl::string_view name = foreign_.name.empty() ? foreign_.file : foreign_.name;
  name.remove_prefix(name.find_last_of('/') == absl::string_view::npos ? 0 : name.find_last_of('/') + 1);
  out_.name = IdFromLabel(name.substr(0, name.find_last_of('.')));
  out_.labels["daliuge/format"] = GenerationName(foreign_.generation);
  out_.nodes.reserve(nodes_.size());
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    const std::string& category = foreign_.nodes[n].category;
    switch (nodes_[n].kind) {
      case ForeignClass::kNothing:
        if (foreign_.nodes[n].embed.empty()) report_.Ignored(Describe(n), category);
        break;
      case ForeignClass::kFlatten:
        report_.Ignored(nodes_[n].id, absl::StrCat(category, ": its children are kept, without the box"));
        break;
      case ForeignClass::kData:
        MakeData(n);
        break;
      case ForeignClass::kConstruct:
        CL_RETURN_IF_ERROR(MakeConstruct(n));
        break;
      case ForeignClass::kApp:
      case ForeignClass::kMpi:
        CL_RETURN_IF_ERROR(MakeApp(n));
        break;
    }
  }
  for (uint32_t i = 0; i < out_.nodes.size(); ++i) native_.emplace(out_.nodes[i].id, i);
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    if (nodes_[n].kind == ForeignClass::kConstruct) by_native_.emplace(nodes_[n].id, n);
  }
  if (!out_.nodes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(foreign_.file, foreign_.file.empty() ? "" : ": ",
                                                 "the graph has no applications or data"));
}

absl::Status Lowering::MakeConstruct(uint32_t n) {
  LoweredNode& lowered = nodes_[n];
  lowered.node = static_cast<uint32_t>(out_.nodes.size());
  report_.Mapped(lowered.id,
                 absl::StrCat(foreign_.nodes[n].category, " -> ", NodeKindName(lowered.construct)));
  Node& node = Add(n, lowered.id, lowered.in, lowered.construct);
  switch (lowered.construct) {
    case NodeKind::kScatter:
      return Count(n, kCopies, 4, node.scatter.count);
    case NodeKind::kGather:
      return Count(n, kWidth, 1, node.gather.width);
    case NodeKind::kLoop:
      return Count(n, kIterations, 0, node.loop.count);
    case NodeKind::kMkn: {
      constexpr absl::string_view kM[] = {"m"}, kK[] = {"k"}, kN[] = {"n"};
      CL_RETURN_IF_ERROR(Count(n, kM, 1, node.mkn.m));
      CL_RETURN_IF_ERROR(Count(n, kK, 1, node.mkn.k));
      return Count(n, kN, 1, node.mkn.n);
    }
    default:
      break;
  }
  if (const ForeignField* field = FindField(foreign_.nodes[n], kKeys);
      field != nullptr && field->value != "None") {
    for (absl::string_view key : absl::StrSplit(field->value, ',', absl::SkipWhitespace())) {
      const uint32_t scatter = Find(std::string(absl::StripAsciiWhitespace(key)));
      if (scatter == kNoForeign || nodes_[scatter].kind != ForeignClass::kConstruct ||
          nodes_[scatter].construct != NodeKind::kScatter) {
        return ForeignError(foreign_, Describe(n), field->name,
                            absl::StrCat("expected ids of scatters, got '", key.substr(0, 60), "'"));
      }
      node.group_by.keys.push_back(nodes_[scatter].id);
    }
  }
  MakeGroupBy(n);
  return absl::OkStatus();
}

// The barrier and the data of a group; a real input application takes the barrier's place.
void Lowering::MakeGroupBy(uint32_t n) {
  LoweredNode& lowered = nodes_[n];
  if (lowered.input_app == kNoForeign) {
    lowered.barrier = static_cast<uint32_t>(out_.nodes.size());
    Add(n, ids_.Take(lowered.id + "-barrier"), lowered.id, NodeKind::kKernel).kernel = "flow.noop";
  }
  lowered.grouped = static_cast<uint32_t>(out_.nodes.size());
  Add(n, ids_.Take(lowered.id + "-data"), lowered.id, NodeKind::kData);
}

double Lowering::Seconds(uint32_t n) {
  const ForeignField* field = FindField(foreign_.nodes[n], kTime);
  double seconds = 1;
  if (field == nullptr) {
    report_.Defaulted(nodes_[n].id, "execution_time not given: 1 s");
  } else if (!absl::SimpleAtod(field->value, &seconds) || !(seconds >= 0)) {
    report_.Defaulted(nodes_[n].id, "execution_time is no time: 1 s");
    seconds = 1;
  } else if (seconds > kLongest) {
    report_.Defaulted(nodes_[n].id, "execution_time above a day: 86400 s");
    seconds = kLongest;
  }
  return seconds;
}

absl::Status Lowering::MakeApp(uint32_t n) {
  const ForeignNode& from = foreign_.nodes[n];
  LoweredNode& lowered = nodes_[n];
  std::string in = lowered.in;
  if (lowered.kind == ForeignClass::kMpi) {
    in = ids_.Take(lowered.id + "-ranks");
    Node& ranks = Add(n, in, lowered.in, NodeKind::kRankGroup);
    CL_RETURN_IF_ERROR(Count(n, kRanks, 0, ranks.rank_group.ranks));
  }
  lowered.node = static_cast<uint32_t>(out_.nodes.size());
  Node& node = Add(n, lowered.id, in, NodeKind::kKernel);
  const double seconds = Seconds(n);
  const std::string command = IsBash(from) ? CommandText(from) : "";
  if (!command.empty()) {
    node.kind = NodeKind::kCommand;
    node.command.argv = {"bash", "-c", command};
    node.labels["daliuge/execution_time"] = absl::StrCat(seconds);
  } else if (seconds > 0) {
    node.kernel = "flow.sleep";
    node.args = {{"seconds", Value(seconds)}};
  } else {
    node.kernel = "flow.noop";
  }
  const char* const kind = lowered.kind == ForeignClass::kMpi ? "rank group of " : "";
  report_.Mapped(lowered.id,
                 absl::StrCat(from.category, " -> ", kind, command.empty() ? node.kernel : "command"));
  if (from.category == "Branch") {
    report_.Defaulted(lowered.id, "the condition of a branch is not evaluated: both ways run");
  } else if (IsBash(from) && command.empty()) {
    report_.Defaulted(lowered.id, "a shell application without a command: it sleeps");
  }
  const ForeignField* cores = FindField(from, kCores);
  double value = 0;
  if (cores != nullptr && absl::SimpleAtod(cores->value, &value) && value > 0 && value <= 1e6) {
    node.resources.cores = value;
  } else {
    report_.Defaulted(lowered.id, "num_cpus not given: the kernel's own");
  }
  node.persist = IsFlagSet(from, "persist");
  node.streaming = IsFlagSet(from, "streaming");
  return absl::OkStatus();
}

void Lowering::MakeData(uint32_t n) {
  const ForeignNode& from = foreign_.nodes[n];
  LoweredNode& lowered = nodes_[n];
  lowered.node = static_cast<uint32_t>(out_.nodes.size());
  Node& node = Add(n, lowered.id, lowered.in, NodeKind::kData);
  report_.Mapped(lowered.id, absl::StrCat(from.category, " -> data"));
  const ForeignField* field = FindField(from, kVolume);
  double volume = 1;
  if (field == nullptr || !absl::SimpleAtod(field->value, &volume) || !(volume >= 0 && volume <= kExact)) {
    volume = 1;
    report_.Defaulted(lowered.id, "data_volume not given: 1 byte");
  }
  node.data.expected_size = static_cast<int64_t>(volume);
  node.persist = IsFlagSet(from, "persist");
  node.streaming = IsFlagSet(from, "streaming");
}

}  // namespace cubeloom::graph
