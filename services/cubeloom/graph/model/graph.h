// The logical graph: what a user writes, as plain C++ (no proto types here; wire/ converts).
//
// `nodes` is a flat list; a child of a construct names it in `in`. Data drops between kernels are implied.
// Every construct of DESIGN section 3 has its place from the start; unrolling refuses by name those that
// this version does not execute.
#ifndef CUBELOOM_GRAPH_MODEL_GRAPH_H_
#define CUBELOOM_GRAPH_MODEL_GRAPH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cubeloom/base/value.h"

namespace cubeloom::graph {

// Where something stands in its file; line and column are 1-based, 0 = unknown.
struct SourceLocation {
  int line = 0;
  int column = 0;
};

enum class ParameterType : uint8_t { kBool, kInteger, kReal, kString, kList };

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::kString;
  Value default_value;  // null: must be set
  std::string description;
};

// Which iterations of the loops that an edge leaves (or, when it leaves none, of those that it enters) take
// part. kDefault: leaving a loop, the last one of a node that the loop carries, else all; entering one, the
// first where the loop carries data to that input, else all.
enum class Iteration : uint8_t { kDefault, kFirst, kLast, kAll };

// "node[:port][@first|@last|@all]". An empty port means the node's only (or first) output; the port "self" is
// the app drop itself: an order without data, as foreign graphs have it.
struct Endpoint {
  std::string node;
  std::string port;
  Iteration iteration = Iteration::kDefault;
  std::string ToString() const;
};
inline constexpr char kSelfPort[] = "self";

// One input port and what feeds it, in order (several endpoints only on variadic ports).
struct Input {
  std::string port;
  std::vector<Endpoint> from;
};

struct Resources {
  double cores = 0;    // 0: the kernel's own
  int64_t memory = 0;  // bytes
  int32_t gpus = 0;
  int64_t disk = 0;  // bytes
};

struct Placement {
  std::string pool;
  std::map<std::string, std::string> labels;
  std::string colocate;
  bool exclusive = false;
};

enum class NodeKind : uint8_t {
  kSource,
  kKernel,
  kSink,
  kData,
  kScatter,
  kGather,
  kGroupBy,
  kLoop,
  kMkn,
  kSubgraph,
  kBranch,
  kRankGroup,
  kCommand
};
const char* NodeKindName(NodeKind kind);
bool IsConstruct(NodeKind kind);

struct SourceSpec {
  std::string uri;                // may hold glob characters; sorted by name
  std::vector<std::string> list;  // or an explicit list of URIs, in this order
  std::string format;             // "" = by content: fits, hdf5
  std::string hdu;                // FITS: EXTNAME, EXTNAME,EXTVER or number
  std::string dataset;            // HDF5: path
  std::string dtype;              // "" = physical values, or a dtype name to convert to
  bool single = false;            // exactly one file: the node is no list
};

struct SinkSpec {
  std::string uri;     // may hold ${node.index} of enclosing scatters
  std::string format;  // "" = by extension
  Value::Map options;  // of the format, e.g. compression
};

struct ScatterSpec {
  // A source (its items) or any node with several instances; several of equal length, separated by commas,
  // are taken in step. With `grid`: one array endpoint "node[:port]". See ParseEndpoints.
  std::string over;
  int64_t count = 0;          // or a plain count
  std::vector<int64_t> grid;  // chunk shape, slowest axis first
  int64_t batch = 0;          // sequential batches of this width; 0 = all at once
};

struct GatherSpec {
  int64_t width = 0;
};  // 0: everything
struct GroupBySpec {
  std::vector<std::string> keys;
  std::string computed;
};
struct LoopSpec {
  int64_t count = 0;
  std::string until;
  std::vector<std::pair<std::string, std::string>> carry;
};
struct MknSpec {
  int64_t m = 0, k = 0, n = 0;
};
struct SubgraphSpec {
  std::string uri;
  Value::Map parameters;
  bool as_one = false;
};
struct BranchSpec {
  std::string condition;
  bool negate = false;
};
struct RankGroupSpec {
  int64_t ranks = 0;
};
struct DataSpec {
  int64_t expected_size = 0;
};  // bytes; 0: from the producer's cost model

// A process of its own: argv with ${port} for input and output files.
struct CommandSpec {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::vector<std::string> outputs;  // output port names; each is a file the command writes
  std::string media_type;
};

// Label of a node that came from a foreign graph: its id there. All data of such a graph are nodes of their
// own, so an output that nobody takes has no data drop.
inline constexpr char kForeignId[] = "daliuge/id";

// A tagged record rather than a class hierarchy: exactly the member of `kind` is meaningful.
struct Node {
  std::string id;
  std::string in;  // enclosing construct, "" at top level
  NodeKind kind = NodeKind::kKernel;
  std::string kernel;  // kind kKernel
  SourceSpec source;
  SinkSpec sink;
  ScatterSpec scatter;
  GatherSpec gather;
  GroupBySpec group_by;
  LoopSpec loop;
  MknSpec mkn;
  SubgraphSpec subgraph;
  BranchSpec branch;
  RankGroupSpec rank_group;
  CommandSpec command;
  DataSpec data;

  std::vector<Input> inputs;
  Value::Map args;
  Resources resources;
  Placement placement;
  bool streaming = false;  // consumers may start before it completes
  bool persist = false;    // keep its outputs in the run folder
  bool progressive = false;
  int32_t retries = -1;         // -1: the graph's default
  double error_threshold = -1;  // fraction of failed instances that a gather tolerates; -1: the graph's
  absl::Duration timeout = absl::InfiniteDuration();
  std::map<std::string, std::string> labels;  // free; an import keeps foreign ids here

  SourceLocation where;
  std::map<std::string, SourceLocation> field_where;  // "args.sigma", "inputs.image", "sink.uri" ...
  // Fields of number, size or duration type that hold a parameter: path -> text, for example
  // "scatter.count" -> "${n}". BindParameters sets the fields (see SetField) and empties this.
  std::map<std::string, std::string> deferred;
  std::string description;
};

struct Graph {
  int32_t schema_version = 1;
  std::string name;
  std::string description;
  std::string file;  // for messages
  std::vector<Parameter> parameters;
  std::vector<Node> nodes;
  int32_t retries = 1;
  double error_threshold = 0;
  absl::Duration deadline = absl::InfiniteDuration();
  std::map<std::string, std::string> labels;
  std::map<std::string, SourceLocation> field_where;  // "name", "parameters.images.default" ...

  const Node* Find(absl::string_view id) const;
};

// "file:line:column: node 'x', field 'y': " for error messages; unknown parts are left out.
std::string Locate(const Graph& graph, const Node* node, absl::string_view field);

// An Endpoint's text; InvalidArgument when it has another form. ParseEndpoints: one or more, separated by
// commas.
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text);
absl::StatusOr<std::vector<Endpoint>> ParseEndpoints(absl::string_view text);

// Sets the number, size or duration field `path` of a node from a number or text:
// resources.{cores,memory,gpus,disk}, timeout, scatter.{count,batch,grid}, gather.width, loop.count,
// mkn.{m,k,n}, rankGroup.ranks, data.expectedSize. "scatter.grid[i]" sets one extent. The message of an error
// says what was expected and what was given.
absl::Status SetField(Node& node, absl::string_view path, const Value& value);

// Puts parameter values (defaults overridden by `set`, whose entries are "name" -> text or typed value) into
// every ${name} of strings in the graph. A string that is exactly "${name}" takes the parameter's type.
// ${construct.index}, .count and .name of an enclosing construct stay for unrolling; "$${" stands for a plain
// "${" (replaced here at top level, by BindInstance inside constructs). In a command's argv and environment,
// names of its ports stay too. `parameters` of the result is as given. Errors: unknown or unset parameter,
// wrong type, unknown reference, each with node, field and the nearest known name.
absl::StatusOr<Graph> BindParameters(Graph graph, const Value::Map& set);

// The value of `text`, as given on a command line, for a parameter: true | false, 42, 2.5, any text, and for
// lists JSON in brackets or "a,b,c" (elements that read as JSON numbers or booleans are such).
absl::StatusOr<Value> ParseParameterText(const Parameter& parameter, absl::string_view text);
const char* ParameterTypeName(ParameterType type);

// Everything that can be said about a graph alone, without kernels: ids (form, unique), `in` chains,
// endpoints, exactly one kind, construct specs, cycles (named), two sinks with one URI. All errors found, one
// a line, up to 20.
absl::Status CheckStructure(const Graph& graph);

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_MODEL_GRAPH_H_
