// Values from outside the fields: the active graph configuration, --set, global variables.
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/import/foreign.h"
#include "cubeloom/graph/import/json_fields.h"
#include "cubeloom/graph/import/names.h"
#include "cubeloom/graph/import/report.h"

namespace cubeloom::graph {
namespace {

constexpr size_t kLongestName = 256;  // of a global variable

using Globals = absl::flat_hash_map<std::string, std::string>;

bool IsGlobals(const ForeignNode& node) {
  return node.category == "GlobalVariable" || node.category == "GlobalVariables" ||
         node.category == "Variables";
}

// Sets a field by id in a node or in the applications embedded in it.
bool SetById(ForeignGraph& graph, const ForeignSetting& setting,
             const absl::flat_hash_map<std::string, std::vector<size_t>>& nodes) {
  const auto found = nodes.find(setting.node);
  if (found == nodes.end()) return false;
  for (size_t n : found->second) {
    for (ForeignField& field : graph.nodes[n].fields) {
      if (field.id != setting.field) continue;
      field.value = setting.value;
      return true;
    }
  }
  return false;
}

void ApplyConfiguration(ForeignGraph& graph, ReportBuilder& report) {
  if (!graph.missing_configuration.empty()) {
    report.Ignored("", absl::StrCat("the active graph configuration '", graph.missing_configuration,
                                    "' is not in the file"));
  }
  if (graph.settings.empty()) return;
  absl::flat_hash_map<std::string, std::vector<size_t>> nodes;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    nodes[graph.nodes[n].id].push_back(n);
    if (!graph.nodes[n].embed.empty()) nodes[graph.nodes[n].embed].push_back(n);
  }
  for (const ForeignSetting& setting : graph.settings) {
    if (SetById(graph, setting, nodes)) {
      report.Mapped(setting.node, "value of the active graph configuration");
    } else {
      report.Ignored(setting.node, "graph configuration of an unknown node or field");
    }
  }
}

// "node.field=value". The last dot separates, because labels may hold dots.
absl::Status SetField(ForeignGraph& graph, const std::vector<std::string>& ids, absl::string_view name,
                      const std::string& value) {
  const size_t dot = name.rfind('.');
  const absl::string_view who = name.substr(0, dot), what = name.substr(dot + 1);
  ForeignNode* found = nullptr;
  bool exact = false, several = false;
  for (size_t n = 0; n < graph.nodes.size() && !exact; ++n) {
    ForeignNode& node = graph.nodes[n];
    exact = ids[n] == who || node.id == who;
    if (!exact && node.name != who) continue;
    several = found != nullptr;
    found = &node;
  }
  if (found == nullptr) return PlaceError(graph, "", absl::StrCat("--set ", name, ": no node '", who, "'"));
  if (several && !exact) {
    return PlaceError(
        graph, "",
        absl::StrCat("--set ", name, ": several nodes are called '", who, "'; give the id of one"));
  }
  bool set = false;
  for (ForeignField& field : found->fields) {
    if (!SameName(field.name, what) || field.input || field.output) continue;
    field.value = value;
    set = true;
  }
  if (!set) found->fields.push_back({"", std::string(what), value, false, false});
  return absl::OkStatus();
}

absl::Status ApplySet(ForeignGraph& graph, const std::vector<std::string>& set, Globals& globals) {
  if (set.empty()) return absl::OkStatus();
  const std::vector<std::string> ids = NativeIds(graph);
  for (const std::string& text : set) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return PlaceError(graph, "", absl::StrCat("--set '", text, "': expected name=value"));
    }
    const std::string name = text.substr(0, equals), value = text.substr(equals + 1);
    if (const auto global = globals.find(name); global != globals.end()) {
      global->second = value;
    } else if (absl::StrContains(name, ".")) {
      CL_RETURN_IF_ERROR(SetField(graph, ids, name, value));
    } else {
      return PlaceError(
          graph, "",
          absl::StrCat("--set ", name, ": no global variable of this name; fields are set as node.field"));
    }
  }
  return absl::OkStatus();
}

// Every "{name}" of a known name.
void ReplaceGlobals(const Globals& globals, std::string& text) {
  std::string out;
  size_t done = 0;
  for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const size_t length = absl::string_view(text).substr(open + 1, kLongestName).find('}');
    if (length == std::string::npos) continue;
    const auto global = globals.find(text.substr(open + 1, length));
    if (global == globals.end()) continue;
    out.append(text, done, open - done);
    out += global->second;
    open += length + 1;
    done = open + 1;
  }
  if (done == 0) return;
  out.append(text, done, std::string::npos);
  text = std::move(out);
}

}  // namespace

absl::Status ApplySettings(ForeignGraph& graph, const std::vector<std::string>& set, ReportBuilder& report) {
  ApplyConfiguration(graph, report);
  Globals globals;
  for (const ForeignNode& node : graph.nodes) {
    if (!IsGlobals(node)) continue;
    for (const ForeignField& field : node.fields) {
      if (!field.name.empty()) globals[field.name] = field.value;
    }
  }
  CL_RETURN_IF_ERROR(ApplySet(graph, set, globals));
  if (globals.empty()) return absl::OkStatus();
  for (ForeignNode& node : graph.nodes) {
    if (IsGlobals(node)) {
      report.Mapped(node.name, "global variables -> put into the fields");
      continue;
    }
    for (ForeignField& field : node.fields) ReplaceGlobals(globals, field.value);
  }
  return absl::OkStatus();
}

}  // namespace cubeloom::graph
