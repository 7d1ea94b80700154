// The lowering of a foreign graph into a Graph. Private to graph/import.
#ifndef CUBELOOM_GRAPH_IMPORT_LOWER_H_
#define CUBELOOM_GRAPH_IMPORT_LOWER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "cubeloom/graph/import/foreign.h"
#include "cubeloom/graph/import/names.h"
#include "cubeloom/graph/import/report.h"
#include "cubeloom/graph/model/graph.h"

namespace cubeloom::graph {

inline constexpr uint32_t kNoForeign = 0xffffffffu;

// What a foreign node becomes.
enum class ForeignClass : uint8_t {
  kNothing,    // comments, start nodes, global variables
  kApp,        // flow.sleep, flow.noop or a command
  kMpi,        // a rank group with an application in it
  kData,       // a data node
  kConstruct,  // scatter, gather, group-by, loop, M:K:N
  kFlatten     // sub-graphs, services and unknown groups: the children stay, the box goes
};

// One foreign node during the lowering.
struct LoweredNode {
  ForeignClass kind = ForeignClass::kNothing;
  NodeKind construct = NodeKind::kScatter;                   // of kConstruct
  uint32_t parent = kNoForeign;                              // enclosing foreign node
  uint32_t input_app = kNoForeign, output_app = kNoForeign;  // of a construct, if it is a node
  std::string id;                                            // native
  std::string in;                                            // native construct around it
  uint32_t node = kNoForeign;     // index of its native node: the application or data node, or the construct
  uint32_t barrier = kNoForeign;  // of a group-by: native index of the barrier application
  uint32_t grouped = kNoForeign;  // of a group-by: native index of its data node
  bool group_start = false, group_end = false;
  bool fed_inside = false, feeds_inside = false;  // by or for a node of the same construct
};

// The ports of a command: of each side in order, and by the foreign name that placeholders use.
struct CommandPorts {
  std::vector<std::string> inputs, outputs;
  absl::flat_hash_map<std::string, std::string> named;      // foreign name -> port; inputs go first
  absl::flat_hash_map<std::string, int> used;               // name -> ports that began with it
  absl::flat_hash_map<std::string, std::string> by_output;  // foreign port id -> port
};

// Steps, in this order; each fills part of the state. One use per object.
class Lowering {
 public:
  Lowering(const ForeignGraph& foreign, ReportBuilder& report) : foreign_(foreign), report_(report) {}

  absl::Status Run();
  Graph Take() { return std::move(out_); }

 private:
  // lower.cc: ids, classes, nesting, embedded applications.
  absl::Status Index();
  void Classify(uint32_t n);
  absl::Status FindParents();
  absl::Status FindEmbedded();
  absl::Status Embed(uint32_t construct, uint32_t app, EmbedRole role);
  absl::Status Nest();
  std::string Around(uint32_t n) const;
  uint32_t Find(const std::string& id) const;
  absl::Status FindLinkEnds();
  bool Encloses(uint32_t outer, uint32_t n) const;
  std::string Describe(uint32_t n) const;

  // lower_node.cc: the native nodes.
  absl::Status MakeNodes();
  absl::Status MakeConstruct(uint32_t n);
  void MakeGroupBy(uint32_t n);
  absl::Status MakeApp(uint32_t n);
  void MakeData(uint32_t n);
  Node& Add(uint32_t n, const std::string& id, const std::string& in, NodeKind kind);
  absl::Status Count(uint32_t n, absl::Span<const absl::string_view> names, int64_t fallback, int64_t& count);
  double Seconds(uint32_t n);

  // lower_link.cc: inputs and carries.
  struct End {
    uint32_t foreign = kNoForeign;
    uint32_t node = kNoForeign;  // native
  };
  absl::Status MakeLinks();
  absl::Status MakeCarries();
  absl::Status MakeLink(size_t link);
  void Sources(size_t link, std::vector<End>& ends);
  void Targets(size_t link, std::vector<End>& ends);
  void Entries(uint32_t construct, int depth, std::vector<End>& ends);
  void Exits(uint32_t construct, int depth, std::vector<End>& ends);
  void Connect(const End& from, const End& to, const ForeignLink& link);
  bool IsCarry(const End& from, const End& to) const;
  bool IsBatch(const End& from, const End& to);
  uint32_t OwnerOf(uint32_t construct, const std::string& port);
  const ForeignField* PortOf(uint32_t foreign, const std::string& port);
  const std::vector<End>& EntriesOf(uint32_t construct);
  const std::vector<End>& ExitsOf(uint32_t construct);
  absl::Status CountPairs(size_t from, size_t to);
  bool AddCarry(const End& from, const End& to, const ForeignLink& link);
  std::vector<uint32_t> Loops(const Node& node, const Node& other) const;
  const char* Iterations(const Node& from, const Node& to, bool loop_aware) const;
  std::string InputPort(const End& to, const ForeignLink& link);
  std::string OutputPort(const End& from, const ForeignLink& link);
  std::string PortName(const End& end, const std::string& port, absl::string_view side);

  const ForeignGraph& foreign_;
  ReportBuilder& report_;
  Graph out_;
  UniqueIds ids_;
  absl::flat_hash_map<absl::string_view, uint32_t> by_id_;
  std::vector<LoweredNode> nodes_;  // like foreign_.nodes
  std::vector<std::vector<uint32_t>> children_;
  std::vector<std::pair<uint32_t, uint32_t>> ends_;       // of links: foreign nodes
  std::vector<std::vector<uint32_t>> body_;               // children, those of flattened boxes too
  absl::flat_hash_map<std::string, uint32_t> native_;     // native id -> index in out_
  absl::flat_hash_map<std::string, uint32_t> by_native_;  // native id of a construct -> foreign node
  absl::flat_hash_map<uint32_t, std::vector<End>> entries_, exits_;  // of constructs
  absl::flat_hash_map<uint32_t, absl::flat_hash_map<absl::string_view, const ForeignField*>> ports_;
  size_t pairs_ = 0;
  absl::flat_hash_map<uint32_t, CommandPorts> commands_;             // by native node
  absl::flat_hash_set<std::pair<uint32_t, uint32_t>> connected_;     // native pairs
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> gathers_of_;  // foreign gather -> scatters feeding it
};

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_IMPORT_LOWER_H_
