// The last part of the lowering: inputs, carries of loops, ports of commands.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/import/lower.h"
#include "cubeloom/graph/model/structure.h"

namespace cubeloom::graph {
namespace {

bool IsConstructNode(const LoweredNode& node) {
  return node.kind == ForeignClass::kConstruct || node.kind == ForeignClass::kFlatten;
}

// A shell text with placeholders of the model. {port} stands for a port since EAGLE 5, %i0 and %o0 for the
// first ones before; a plain "${" is written "$${".
std::string RewriteCommand(absl::string_view text, const CommandPorts& ports) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) == "${") {
      out += "$${";
      i += 2;
      continue;
    }
    const size_t length = text[i] == '{' ? text.substr(i + 1, 256).find('}') : absl::string_view::npos;
    if (length != absl::string_view::npos) {
      const auto named = ports.named.find(text.substr(i + 1, length));
      if (named != ports.named.end()) {
        absl::StrAppend(&out, "${", named->second, "}");
        i += length + 2;
        continue;
      }
    }
    const char side = text[i] == '%' && i + 2 < text.size() ? text[i + 1] : ' ';
    if ((side == 'i' || side == 'o') && absl::ascii_isdigit(static_cast<unsigned char>(text[i + 2]))) {
      const std::vector<std::string>& numbered = side == 'i' ? ports.inputs : ports.outputs;
      const auto k = static_cast<size_t>(text[i + 2] - '0');
      if (k < numbered.size()) {
        absl::StrAppend(&out, "${", numbered[k], "}");
        i += 3;
        continue;
      }
    }
    out += text[i++];
  }
  return out;
}

}  // namespace

// The field with this id; the table of a node is made when it is first asked for.
const ForeignField* Lowering::PortOf(uint32_t foreign, const std::string& port) {
  if (port.empty()) return nullptr;
  const auto [table, fresh] = ports_.try_emplace(foreign);
  if (fresh) {
    for (const ForeignField& field : foreign_.nodes[foreign].fields) table->second.emplace(field.id, &field);
  }
  const auto found = table->second.find(port);
  return found == table->second.end() ? nullptr : found->second;
}

// The application of a construct that has this port, when ports tell.
uint32_t Lowering::OwnerOf(uint32_t construct, const std::string& port) {
  for (uint32_t app : {nodes_[construct].input_app, nodes_[construct].output_app}) {
    if (app != kNoForeign && PortOf(app, port) != nullptr) return app;
  }
  return kNoForeign;
}

const std::vector<Lowering::End>& Lowering::EntriesOf(uint32_t construct) {
  const auto [entries, fresh] = entries_.try_emplace(construct);
  if (fresh) Entries(construct, 0, entries->second);
  return entries->second;
}
const std::vector<Lowering::End>& Lowering::ExitsOf(uint32_t construct) {
  const auto [exits, fresh] = exits_.try_emplace(construct);
  if (fresh) Exits(construct, 0, exits->second);
  return exits->second;
}

// What a link from outside into a construct without an input application reaches: its components marked as
// group start, else those that nothing inside feeds; applications before data.
void Lowering::Entries(uint32_t construct, int depth, std::vector<End>& ends) {
  for (const bool marked : {true, false}) {
    for (const ForeignClass kind : {ForeignClass::kApp, ForeignClass::kMpi, ForeignClass::kData}) {
      for (uint32_t child : children_[construct]) {
        const LoweredNode& node = nodes_[child];
        if (node.kind != kind || (marked ? !node.group_start : node.fed_inside)) continue;
        if (child == nodes_[construct].output_app) continue;
        ends.push_back({child, node.node});
      }
      if (!ends.empty() && kind != ForeignClass::kApp) return;
    }
    if (!ends.empty()) return;
  }
  if (depth >= static_cast<int>(kMaxNesting)) return;
  for (uint32_t child : children_[construct]) {
    if (!IsConstructNode(nodes_[child])) continue;
    const uint32_t app = nodes_[child].input_app;
    if (app != kNoForeign) {
      ends.push_back({app, nodes_[app].node});
    } else {
      Entries(child, depth + 1, ends);
    }
  }
}

// Where a link out of a construct without applications comes from: data marked as group end, else what feeds
// nothing inside; data before applications.
void Lowering::Exits(uint32_t construct, int depth, std::vector<End>& ends) {
  for (const bool marked : {true, false}) {
    for (const ForeignClass kind : {ForeignClass::kData, ForeignClass::kApp, ForeignClass::kMpi}) {
      for (uint32_t child : children_[construct]) {
        const LoweredNode& node = nodes_[child];
        if (node.kind != kind || (marked ? !node.group_end : node.feeds_inside)) continue;
        if (child == nodes_[construct].input_app) continue;
        ends.push_back({child, node.node});
      }
      if (!ends.empty()) return;
    }
  }
  if (depth >= static_cast<int>(kMaxNesting)) return;
  for (uint32_t child : children_[construct]) {
    if (IsConstructNode(nodes_[child])) Exits(child, depth + 1, ends);
  }
}

void Lowering::Sources(size_t link, std::vector<End>& ends) {
  uint32_t n = ends_[link].first;
  const uint32_t to = ends_[link].second;
  if (nodes_[n].kind == ForeignClass::kNothing && !foreign_.nodes[n].embed.empty()) {
    n = Find(foreign_.nodes[n].embed);  // an unknown application stands for its construct
  }
  const LoweredNode& node = nodes_[n];
  if (node.kind == ForeignClass::kConstruct && node.construct == NodeKind::kGroupBy &&
      node.output_app == kNoForeign) {
    ends.push_back({n, node.grouped});
    return;
  }
  if (!IsConstructNode(node)) {
    if (node.node != kNoForeign) ends.push_back({n, node.node});
    return;
  }
  const bool inward = Encloses(n, to);
  uint32_t app = OwnerOf(n, foreign_.links[link].from_port);
  if (app == kNoForeign) app = inward || node.output_app == kNoForeign ? node.input_app : node.output_app;
  if (app != kNoForeign) {
    ends.push_back({app, nodes_[app].node});
  } else if (!inward) {
    ends = ExitsOf(n);
    report_.Defaulted(node.id, "a link out of a construct comes from its last components");
  }
}

void Lowering::Targets(size_t link, std::vector<End>& ends) {
  uint32_t n = ends_[link].second;
  const uint32_t from = ends_[link].first;
  if (nodes_[n].kind == ForeignClass::kNothing && !foreign_.nodes[n].embed.empty()) {
    n = Find(foreign_.nodes[n].embed);
  }
  const LoweredNode& node = nodes_[n];
  if (!IsConstructNode(node)) {
    if (node.node != kNoForeign) ends.push_back({n, node.node});
    return;
  }
  const bool outward = Encloses(n, from);
  if (node.barrier != kNoForeign && !outward) {
    ends.push_back({n, node.barrier});
    return;
  }
  uint32_t app = OwnerOf(n, foreign_.links[link].to_port);
  if (app == kNoForeign) app = outward ? node.output_app : node.input_app;
  if (app != kNoForeign) {
    ends.push_back({app, nodes_[app].node});
  } else if (!outward) {
    ends = EntriesOf(n);
    report_.Defaulted(node.id, "a link into a construct goes to its first components");
  }
}

// Loops around `node` that are not around `other`.
std::vector<uint32_t> Lowering::Loops(const Node& node, const Node& other) const {
  absl::flat_hash_set<std::string> around;
  const auto up = [&](const std::string& id) -> const Node* {
    const auto found = native_.find(id);
    return found == native_.end() ? nullptr : &out_.nodes[found->second];
  };
  for (const Node* c = up(other.in); c != nullptr; c = up(c->in)) around.insert(c->id);
  std::vector<uint32_t> loops;
  for (const Node* c = up(node.in); c != nullptr && !around.contains(c->id); c = up(c->in)) {
    if (c->kind == NodeKind::kLoop) loops.push_back(native_.at(c->id));
  }
  return loops;
}

// The suffix of an endpoint whose link crosses the border of a loop. Links between loops in step have none.
const char* Lowering::Iterations(const Node& from, const Node& to, bool loop_aware) const {
  if (from.in == to.in) return "";
  const bool leaves = !Loops(from, to).empty(), enters = !Loops(to, from).empty();
  if (leaves == enters) return "";
  if (!loop_aware) return "@all";
  return leaves ? "@last" : "@first";
}

// Data at the end of a loop's body that feeds its start: a carry, which MakeCarries has made already.
bool Lowering::IsCarry(const End& from, const End& to) const {
  const LoweredNode& a = nodes_[from.foreign];
  const LoweredNode& b = nodes_[to.foreign];
  if (!a.group_end || !b.group_start || a.in != b.in) return false;
  if (a.kind != ForeignClass::kData || b.kind != ForeignClass::kApp) return false;
  const auto around = native_.find(a.in);
  return around != native_.end() && out_.nodes[around->second].kind == NodeKind::kLoop;
}

// A closing link that is no carry by its marks: one of the innermost loop around both its ends.
bool Lowering::AddCarry(const End& from, const End& to, const ForeignLink& link) {
  if (!link.closes_loop || from.node == kNoForeign || to.node == kNoForeign) return false;
  const Node& source = out_.nodes[from.node];
  absl::flat_hash_set<uint32_t> around;
  for (auto c = native_.find(source.in); c != native_.end(); c = native_.find(out_.nodes[c->second].in)) {
    around.insert(c->second);
  }
  for (auto c = native_.find(out_.nodes[to.node].in); c != native_.end();
       c = native_.find(out_.nodes[c->second].in)) {
    Node& loop = out_.nodes[c->second];
    if (loop.kind != NodeKind::kLoop || !around.contains(c->second)) continue;
    const char* const port = source.kind == NodeKind::kData ? "" : ":self";
    loop.loop.carry.emplace_back(absl::StrCat(source.id, port),
                                 absl::StrCat(out_.nodes[to.node].id, ":", InputPort(to, link)));
    return true;
  }
  return false;
}

// A gather that feeds the start of the scatter it takes from: the scatter runs in batches of its width.
bool Lowering::IsBatch(const End& from, const End& to) {
  if (!nodes_[to.foreign].group_start) return false;
  for (uint32_t g = nodes_[from.foreign].parent; g != kNoForeign; g = nodes_[g].parent) {
    const auto scatters = gathers_of_.find(g);
    if (scatters == gathers_of_.end()) continue;
    for (uint32_t scatter : scatters->second) {
      if (!Encloses(scatter, to.foreign)) continue;
      out_.nodes[nodes_[scatter].node].scatter.batch = out_.nodes[nodes_[g].node].gather.width;
      report_.Mapped(nodes_[scatter].id, "gather that feeds its own scatter -> sequential batches");
      return true;
    }
  }
  return false;
}

// A name for the port of a command that no other port of it has.
std::string Lowering::PortName(const End& end, const std::string& port, absl::string_view side) {
  const ForeignField* field = PortOf(end.foreign, port);
  std::string base = field == nullptr ? "" : IdFromLabel(field->name);
  base = base.empty() ? std::string(side) : absl::StrCat(side, "-", base);
  const int number = ++commands_[end.node].used[base];
  return number == 1 ? base : absl::StrCat(base, "-", number);
}

// The output port of a command that a link leaves from; made on first use.
std::string Lowering::OutputPort(const End& from, const ForeignLink& link) {
  Node& node = out_.nodes[from.node];
  CommandPorts& ports = commands_[from.node];
  const auto known = ports.by_output.find(link.from_port);
  if (known != ports.by_output.end()) return known->second;
  std::string name = PortName(from, link.from_port, "out");
  node.command.outputs.push_back(name);
  ports.outputs.push_back(name);
  ports.by_output.emplace(link.from_port, name);
  const ForeignField* field = PortOf(from.foreign, link.from_port);
  if (field != nullptr) ports.named.try_emplace(field->name, name);
  return name;
}

// The input port that a link goes to: one port for all at a kernel or data node, one each at a command.
std::string Lowering::InputPort(const End& to, const ForeignLink& link) {
  Node& node = out_.nodes[to.node];
  if (node.kind == NodeKind::kData) return "data";
  if (node.kind == NodeKind::kKernel) return "after";
  std::string name = PortName(to, link.to_port, "in");
  CommandPorts& ports = commands_[to.node];
  ports.inputs.push_back(name);
  const ForeignField* field = PortOf(to.foreign, link.to_port);
  if (field != nullptr) ports.named.insert_or_assign(field->name, name);
  return name;
}

void Lowering::Connect(const End& from, const End& to, const ForeignLink& link) {
  if (from.node == kNoForeign || to.node == kNoForeign) return;
  if (!connected_.insert({from.node, to.node}).second) return;
  const Node& source = out_.nodes[from.node];
  const Node& target = out_.nodes[to.node];
  std::string port;
  if (source.kind == NodeKind::kCommand && target.kind == NodeKind::kData) {
    port = OutputPort(from, link);
  } else if (source.kind != NodeKind::kData && target.kind != NodeKind::kData) {
    port = "self";  // between applications: an order without data
  }
  const char* const iterations = Iterations(source, target, link.loop_aware);
  if (port.empty() && *iterations != '\0') port = source.kind == NodeKind::kData ? "data" : "done";
  const std::string text = absl::StrCat(source.id, port.empty() ? "" : ":", port, iterations);
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return;  // ids and ports are made here, so they parse
  const std::string input = InputPort(to, link);
  std::vector<Input>& inputs = out_.nodes[to.node].inputs;
  if (inputs.empty() || inputs.back().port != input) inputs.push_back({input, {}});
  inputs.back().from.push_back(*std::move(endpoint));
}

// Every end of a loop's body to every start of it, as DALiuGE has it.
absl::Status Lowering::MakeCarries() {
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    if (nodes_[n].kind != ForeignClass::kConstruct || nodes_[n].construct != NodeKind::kLoop) continue;
    LoopSpec& loop = out_.nodes[nodes_[n].node].loop;
    std::vector<uint32_t> ends, starts;
    for (uint32_t child : body_[n]) {
      if (nodes_[child].group_end && nodes_[child].kind == ForeignClass::kData) ends.push_back(child);
      if (nodes_[child].group_start && nodes_[child].kind == ForeignClass::kApp) starts.push_back(child);
    }
    CL_RETURN_IF_ERROR(CountPairs(ends.size(), starts.size()));
    for (uint32_t end : ends) {
      for (uint32_t start : starts) {
        const ForeignLink link;
        const End to{start, nodes_[start].node};
        loop.carry.emplace_back(nodes_[end].id, absl::StrCat(nodes_[start].id, ":", InputPort(to, link)));
      }
    }
    if (loop.carry.empty()) {
      report_.Defaulted(
          nodes_[n].id,
          "a loop without group_end data and group_start application: iterations are independent");
    }
  }
  return absl::OkStatus();
}

// Refuses links that are many more than the file has: each to all first components of a large construct.
absl::Status Lowering::CountPairs(size_t from, size_t to) {
  constexpr size_t kMost = 8'000'000;
  pairs_ += from * to;
  if (pairs_ <= kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(foreign_.file, foreign_.file.empty() ? "" : ": ",
                                                 "the links stand for more than ", kMost, " connections"));
}

absl::Status Lowering::MakeLink(size_t i) {
  std::vector<End> from, to;
  Sources(i, from);
  Targets(i, to);
  if (from.empty() || to.empty()) {
    report_.Ignored("",
                    absl::StrCat("link from ", Describe(ends_[i].first), " to ", Describe(ends_[i].second)));
  }
  CL_RETURN_IF_ERROR(CountPairs(from.size(), to.size()));
  for (const End& a : from) {
    for (const End& b : to) {
      const ForeignLink& link = foreign_.links[i];
      if (!IsCarry(a, b) && !AddCarry(a, b, link) && !IsBatch(a, b)) Connect(a, b, link);
    }
  }
  return absl::OkStatus();
}

absl::Status Lowering::MakeLinks() {
  for (size_t i = 0; i < foreign_.links.size(); ++i) {
    const auto [from, to] = ends_[i];
    if (nodes_[to].kind != ForeignClass::kConstruct || nodes_[to].construct != NodeKind::kGather) continue;
    for (uint32_t s = nodes_[from].parent; s != kNoForeign && !Encloses(s, to); s = nodes_[s].parent) {
      const bool scatter =
          nodes_[s].kind == ForeignClass::kConstruct && nodes_[s].construct == NodeKind::kScatter;
      if (!scatter) continue;
      std::vector<uint32_t>& feeding = gathers_of_[to];
      const bool known = std::find(feeding.begin(), feeding.end(), s) != feeding.end();
      if (!known && feeding.size() < kMaxNesting) feeding.push_back(s);
    }
  }
  // Children of the loop itself, boxes without a native node aside.
  body_.resize(nodes_.size());
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    const auto around = by_native_.find(nodes_[n].in);
    if (around != by_native_.end()) body_[around->second].push_back(n);
  }
  CL_RETURN_IF_ERROR(MakeCarries());
  for (size_t i = 0; i < foreign_.links.size(); ++i) CL_RETURN_IF_ERROR(MakeLink(i));
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    if (nodes_[n].grouped == kNoForeign) continue;
    const uint32_t app = nodes_[n].input_app;
    const End barrier{app == kNoForeign ? n : app, app == kNoForeign ? nodes_[n].barrier : nodes_[app].node};
    Connect(barrier, {n, nodes_[n].grouped}, {});
    for (const End& entry : EntriesOf(n)) {
      if (entry.foreign != app) Connect({n, nodes_[n].grouped}, entry, {});
    }
  }
  for (Node& node : out_.nodes) {
    if (node.kind != NodeKind::kCommand) continue;
    const auto n = static_cast<uint32_t>(&node - out_.nodes.data());
    node.command.argv[2] = RewriteCommand(node.command.argv[2], commands_[n]);
  }
  return absl::OkStatus();
}

}  // namespace cubeloom::graph
