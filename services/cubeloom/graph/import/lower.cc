// ImportGraph, and the first half of the lowering: who is what, and who encloses whom.
#include "cubeloom/graph/import/lower.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/structure.h"

namespace cubeloom::graph {
namespace {

struct Category {
  const char* name;
  ForeignClass kind;
  NodeKind construct = NodeKind::kScatter;
};

// Compared without regard to case: generation A writes "memory" and "file".
constexpr Category kCategories[] = {{"Scatter", ForeignClass::kConstruct, NodeKind::kScatter},
                                    {"SplitData", ForeignClass::kConstruct, NodeKind::kScatter},
                                    {"Gather", ForeignClass::kConstruct, NodeKind::kGather},
                                    {"DataGather", ForeignClass::kConstruct, NodeKind::kGather},
                                    {"GroupBy", ForeignClass::kConstruct, NodeKind::kGroupBy},
                                    {"Loop", ForeignClass::kConstruct, NodeKind::kLoop},
                                    {"MKN", ForeignClass::kConstruct, NodeKind::kMkn},
                                    {"SubGraph", ForeignClass::kFlatten},
                                    {"ExclusiveForceNode", ForeignClass::kFlatten},
                                    {"Service", ForeignClass::kFlatten},
                                    {"Mpi", ForeignClass::kMpi},
                                    {"Comment", ForeignClass::kNothing},
                                    {"Description", ForeignClass::kNothing},
                                    {"Variables", ForeignClass::kNothing},
                                    {"GlobalVariable", ForeignClass::kNothing},
                                    {"GlobalVariables", ForeignClass::kNothing},
                                    {"Start", ForeignClass::kNothing},
                                    {"End", ForeignClass::kData},
                                    {"Memory", ForeignClass::kData},
                                    {"SharedMemory", ForeignClass::kData},
                                    {"File", ForeignClass::kData},
                                    {"Directory", ForeignClass::kData},
                                    {"NGAS", ForeignClass::kData},
                                    {"S3", ForeignClass::kData},
                                    {"Plasma", ForeignClass::kData},
                                    {"PlasmaFlight", ForeignClass::kData},
                                    {"ParameterSet", ForeignClass::kData},
                                    {"PythonObject", ForeignClass::kData},
                                    {"Data", ForeignClass::kData},
                                    {"json", ForeignClass::kData},
                                    {"null", ForeignClass::kData},
                                    {"EnvironmentVariables", ForeignClass::kData},
                                    {"RDBMS", ForeignClass::kData},
                                    {"DALiuGEApp", ForeignClass::kApp},
                                    {"PythonApp", ForeignClass::kApp},
                                    {"Component", ForeignClass::kApp},
                                    {"PyFuncApp", ForeignClass::kApp},
                                    {"PythonMemberFunction", ForeignClass::kApp},
                                    {"BashShellApp", ForeignClass::kApp},
                                    {"Docker", ForeignClass::kApp},
                                    {"DynlibApp", ForeignClass::kApp},
                                    {"DynlibProcApp", ForeignClass::kApp},
                                    {"Branch", ForeignClass::kApp},
                                    {"UnknownApplication", ForeignClass::kApp}};

}  // namespace

std::string Lowering::Describe(uint32_t n) const {
  const ForeignNode& node = foreign_.nodes[n];
  return absl::StrCat(node.id, node.name.empty() ? "" : " (", node.name, node.name.empty() ? "" : ")");
}

uint32_t Lowering::Find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? kNoForeign : found->second;
}

absl::Status Lowering::Index() {
  nodes_.resize(foreign_.nodes.size());
  children_.resize(nodes_.size());
  by_id_.reserve(nodes_.size());
  std::vector<std::string> ids = NativeIds(foreign_, ids_);
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    nodes_[n].id = std::move(ids[n]);
    if (by_id_.emplace(foreign_.nodes[n].id, n).second) continue;
    return ForeignError(foreign_, Describe(n), "id", "another node has the same id");
  }
  for (uint32_t n = 0; n < nodes_.size(); ++n) Classify(n);
  return absl::OkStatus();
}

void Lowering::Classify(uint32_t n) {
  const ForeignNode& node = foreign_.nodes[n];
  LoweredNode& lowered = nodes_[n];
  constexpr absl::string_view kStart[] = {"group_start"}, kEnd[] = {"group_end"};
  const ForeignField* start = FindField(node, kStart);
  const ForeignField* end = FindField(node, kEnd);
  lowered.group_start = start != nullptr && IsTrue(start->value);
  lowered.group_end = end != nullptr && IsTrue(end->value);
  for (const Category& category : kCategories) {
    if (!absl::EqualsIgnoreCase(category.name, node.category)) continue;
    lowered.kind = category.kind;
    lowered.construct = category.construct;
    if (node.category == "Start" && node.category_type == "Data") lowered.kind = ForeignClass::kData;
    return;
  }
  lowered.kind = node.category_type == "Data"                      ? ForeignClass::kData
                 : node.group || node.category_type == "Construct" ? ForeignClass::kFlatten
                                                                   : ForeignClass::kApp;
  report_.Defaulted(lowered.id, absl::StrCat("unknown category '", node.category, "' -> ",
                                             lowered.kind == ForeignClass::kData  ? "data"
                                             : lowered.kind == ForeignClass::kApp ? "application"
                                                                                  : "its children only"));
}

absl::Status Lowering::FindParents() {
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    const std::string& parent = foreign_.nodes[n].parent;
    if (parent.empty()) continue;
    const uint32_t p = Find(parent);
    if (p == kNoForeign) {
      return ForeignError(foreign_, Describe(n), "parent", absl::StrCat("there is no node '", parent, "'"));
    }
    if (nodes_[p].kind != ForeignClass::kConstruct && nodes_[p].kind != ForeignClass::kFlatten) {
      if (nodes_[n].kind == ForeignClass::kNothing) continue;
      return ForeignError(
          foreign_, Describe(n), "parent",
          absl::StrCat("expected a construct, got the ", foreign_.nodes[p].category, " '", Describe(p), "'"));
    }
    nodes_[n].parent = p;
  }
  return absl::OkStatus();
}

absl::Status Lowering::FindEmbedded() {
  for (const ForeignEmbedding& embedding : foreign_.embedded) {
    const uint32_t construct = Find(embedding.construct), app = Find(embedding.app);
    if (app == kNoForeign) {
      return ForeignError(foreign_, Describe(construct),
                          embedding.role == EmbedRole::kInput ? "inputApplication" : "outputApplication",
                          absl::StrCat("there is no node '", embedding.app, "'"));
    }
    CL_RETURN_IF_ERROR(Embed(construct, app, embedding.role));
  }
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    const ForeignNode& node = foreign_.nodes[n];
    if (node.embed.empty()) continue;
    const uint32_t construct = Find(node.embed);
    if (construct == kNoForeign) {
      return ForeignError(foreign_, Describe(n), "embed",
                          absl::StrCat("there is no node '", node.embed, "'"));
    }
    if (node.role != EmbedRole::kNone) CL_RETURN_IF_ERROR(Embed(construct, n, node.role));
  }
  return absl::OkStatus();
}

// Puts the application where it runs: with the children of a gather, a group-by or an M:K:N, beside any other
// construct.
absl::Status Lowering::Embed(uint32_t construct, uint32_t app, EmbedRole role) {
  if (construct == app || nodes_[app].kind == ForeignClass::kConstruct ||
      nodes_[app].kind == ForeignClass::kFlatten) {
    return ForeignError(foreign_, Describe(construct), "application",
                        absl::StrCat("expected an application, got '", Describe(app), "'"));
  }
  LoweredNode& box = nodes_[construct];
  const bool within = box.kind == ForeignClass::kConstruct &&
                      (box.construct == NodeKind::kGather || box.construct == NodeKind::kGroupBy ||
                       box.construct == NodeKind::kMkn);
  nodes_[app].parent = within ? construct : box.parent;
  if (foreign_.nodes[app].category == "UnknownApplication" || foreign_.nodes[app].category == "None") {
    nodes_[app].kind = ForeignClass::kNothing;
    return absl::OkStatus();
  }
  (role == EmbedRole::kInput ? box.input_app : box.output_app) = app;
  return absl::OkStatus();
}

// The native construct around a node; flattened boxes do not count.
std::string Lowering::Around(uint32_t n) const {
  for (uint32_t p = nodes_[n].parent; p != kNoForeign; p = nodes_[p].parent) {
    if (nodes_[p].kind == ForeignClass::kConstruct) return nodes_[p].id;
  }
  return "";
}

bool Lowering::Encloses(uint32_t outer, uint32_t n) const {
  for (uint32_t p = nodes_[n].parent; p != kNoForeign; p = nodes_[p].parent) {
    if (p == outer) return true;
  }
  return false;
}

absl::Status Lowering::Nest() {
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    size_t depth = 0;
    for (uint32_t p = nodes_[n].parent; p != kNoForeign; p = nodes_[p].parent) {
      if (++depth <= kMaxNesting) continue;
      return ForeignError(foreign_, Describe(n), "parent",
                          absl::StrCat("inside itself, or nested deeper than ", kMaxNesting, " constructs"));
    }
  }
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    nodes_[n].in = Around(n);
    if (nodes_[n].parent != kNoForeign) children_[nodes_[n].parent].push_back(n);
  }
  return absl::OkStatus();
}

absl::Status Lowering::FindLinkEnds() {
  ends_.reserve(foreign_.links.size());
  for (size_t i = 0; i < foreign_.links.size(); ++i) {
    const ForeignLink& link = foreign_.links[i];
    const uint32_t from = Find(link.from), to = Find(link.to);
    if (from == kNoForeign || to == kNoForeign) {
      return absl::InvalidArgumentError(
          absl::StrCat(foreign_.file, foreign_.file.empty() ? "" : ": ", "link ", i + 1, ", field '",
                       from == kNoForeign ? "from" : "to", "': there is no node '",
                       from == kNoForeign ? link.from : link.to, "'"));
    }
    ends_.emplace_back(from, to);
    // EAGLE marks the ends of a closing link; older files do not.
    if (link.closes_loop) nodes_[from].group_end = nodes_[to].group_start = true;
    const uint32_t around = nodes_[to].parent;
    if (from != around && (around == kNoForeign || Encloses(around, from))) nodes_[to].fed_inside = true;
    const uint32_t about = nodes_[from].parent;
    if (to != about && (about == kNoForeign || Encloses(about, to))) nodes_[from].feeds_inside = true;
  }
  return absl::OkStatus();
}

absl::Status Lowering::Run() {
  CL_RETURN_IF_ERROR(Index());
  CL_RETURN_IF_ERROR(FindParents());
  CL_RETURN_IF_ERROR(FindEmbedded());
  CL_RETURN_IF_ERROR(Nest());
  CL_RETURN_IF_ERROR(FindLinkEnds());
  CL_RETURN_IF_ERROR(MakeNodes());
  return MakeLinks();
}

absl::StatusOr<Imported> ImportGraph(absl::string_view text, const ImportOptions& options) {
  CL_ASSIGN_OR_RETURN(ForeignGraph foreign, ReadForeign(text, options));
  ReportBuilder report;
  CL_RETURN_IF_ERROR(ApplySettings(foreign, options.set, report));
  Lowering lowering(foreign, report);
  CL_RETURN_IF_ERROR(lowering.Run());
  return Imported{lowering.Take(), report.Take(foreign.generation)};
}

}  // namespace cubeloom::graph
