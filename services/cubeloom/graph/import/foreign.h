// The intermediate between the readers of foreign graphs and the lowering. Private to graph/import.
#ifndef CUBELOOM_GRAPH_IMPORT_FOREIGN_H_
#define CUBELOOM_GRAPH_IMPORT_FOREIGN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cubeloom/base/value.h"
#include "cubeloom/graph/import/import.h"

namespace cubeloom::graph {

class ReportBuilder;

// A parameter, a port, or both.
struct ForeignField {
  std::string id;     // "" where the format has none
  std::string name;   // as written
  std::string value;  // as text; the default where the value is empty
  bool input = false;
  bool output = false;
};

// Which application embedded in a construct a node is.
enum class EmbedRole : uint8_t { kNone, kInput, kOutput };

struct ForeignNode {
  std::string id;
  std::string parent;  // enclosing construct; "" at top level
  std::string embed;   // the construct that this application is embedded in, or ""
  EmbedRole role = EmbedRole::kNone;
  std::string name;  // label, may be empty
  std::string category;
  std::string category_type;  // "Data", "Application" ...; may be empty
  bool group = false;
  std::vector<ForeignField> fields;
};

struct ForeignLink {
  std::string from, from_port, to, to_port;  // ids of nodes and ports
  bool loop_aware = false;
  bool closes_loop = false;
};

// A construct's word on which node is embedded in it; formats F and G, whose applications are nodes.
struct ForeignEmbedding {
  std::string construct, app;  // ids
  EmbedRole role = EmbedRole::kNone;
};

// A value for one field, of a graph configuration.
struct ForeignSetting {
  std::string node, field, value;  // ids
};

struct ForeignGraph {
  Generation generation = Generation::kIds;
  std::string file;
  std::string name, description;
  std::vector<ForeignNode> nodes;
  std::vector<ForeignLink> links;
  std::vector<ForeignEmbedding> embedded;
  std::vector<ForeignSetting> settings;  // of the active configuration
  std::string missing_configuration;     // its id, when the active one is not there
};

// The field with this name, or else one of the older names; the last of several with a name, and one with a
// value rather than one without. Case and "_" for " " do not matter. nullptr when there is none with a value.
const ForeignField* FindField(const ForeignNode& node, absl::Span<const absl::string_view> names);
bool SameName(absl::string_view a, absl::string_view b);
// "1", "true" in any case.
bool IsTrue(absl::string_view text);

// "<file>: node '<id>', field '<field>': <what>".
absl::Status ForeignError(const ForeignGraph& graph, absl::string_view node, absl::string_view field,
                          absl::string_view what);

// Reads the whole text. The parts of it, per family of formats:
absl::StatusOr<ForeignGraph> ReadForeign(absl::string_view text, const ImportOptions& options);
absl::Status ReadFlat(const Value& root, ForeignGraph& graph);  // A
absl::Status ReadOjs(const Value& root, ForeignGraph& graph);   // B to F
absl::Status ReadMaps(const Value& root, ForeignGraph& graph);  // G

// The active configuration, `set` and the global variables, in this order.
absl::Status ApplySettings(ForeignGraph& graph, const std::vector<std::string>& set, ReportBuilder& report);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_IMPORT_FOREIGN_H_
