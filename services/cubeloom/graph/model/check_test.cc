#include <string>
#include <vector>

#include "cubeloom/graph/model/graph.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::graph {
namespace {

using ::testing::HasSubstr;

Node Make(const std::string& id, NodeKind kind, const std::string& in = "") {
  Node node;
  node.id = id;
  node.in = in;
  node.kind = kind;
  if (kind == NodeKind::kKernel) node.kernel = "image.statistics";
  return node;
}

Node Source(const std::string& id) {
  Node node = Make(id, NodeKind::kSource);
  node.source.uri = "*.fits";
  return node;
}

Node Kernel(const std::string& id, const std::string& from, const std::string& in = "") {
  Node node = Make(id, NodeKind::kKernel, in);
  if (!from.empty()) node.inputs = {{"image", ParseEndpoints(from).value()}};
  return node;
}

Node Sink(const std::string& id, const std::string& from, const std::string& uri) {
  Node node = Make(id, NodeKind::kSink);
  node.inputs = {{"table", {{from, ""}}}};
  node.sink.uri = uri;
  return node;
}

Node ScatterOver(const std::string& id, const std::string& over) {
  Node node = Make(id, NodeKind::kScatter);
  node.scatter.over = over;
  return node;
}

// frames -> [per-frame: smooth -> stats] -> all -> out
Graph Valid() {
  Graph graph;
  graph.nodes = {Source("frames"),
                 ScatterOver("per-frame", "frames"),
                 Kernel("smooth", "frames", "per-frame"),
                 Kernel("stats", "smooth", "per-frame"),
                 Kernel("all", "stats"),
                 Sink("out", "all", "out.csv")};
  return graph;
}

TEST(CheckStructureTest, AcceptsAGoodGraph) {
  const absl::Status status = CheckStructure(Valid());
  EXPECT_TRUE(status.ok()) << status;
}

struct Case {
  std::string name;
  void (*spoil)(Graph&);
  std::string says;
};

const std::vector<Case> kCases = {
    {"no nodes", [](Graph& g) { g.nodes.clear(); }, "a graph needs at least one node"},
    {"schema", [](Graph& g) { g.schema_version = 2; }, "field 'schemaVersion': expected 1, got 2"},
    {"graph retries", [](Graph& g) { g.retries = -1; }, "field 'retries': expected 0 to 1000, got -1"},
    {"graph threshold", [](Graph& g) { g.error_threshold = 1.5; },
     "expected a fraction from 0 to 1, got 1.5"},
    {"bad id", [](Graph& g) { g.nodes[4].id = "All"; },
     "field 'id': expected [a-z][a-z0-9_-]{0,62}, got \"All\""},
    {"long id", [](Graph& g) { g.nodes[4].id = std::string(64, 'a'); }, "expected [a-z][a-z0-9_-]{0,62}"},
    {"empty id", [](Graph& g) { g.nodes[4].id = ""; }, "got \"\""},
    {"duplicate id", [](Graph& g) { g.nodes[2].id = "stats"; },
     "node 'stats', field 'id': this id is used twice"},
    {"unknown in", [](Graph& g) { g.nodes[2].in = "per-frames"; },
     "node 'smooth', field 'in': unknown node 'per-frames'; did you mean 'per-frame'?"},
    {"in a kernel", [](Graph& g) { g.nodes[2].in = "all"; }, "'all' is a kernel, not a construct"},
    {"in itself", [](Graph& g) { g.nodes[1].in = "per-frame"; }, "enclose each other in a circle"},
    {"unknown producer", [](Graph& g) { g.nodes[3].inputs[0].from[0].node = "smoth"; },
     "node 'stats', field 'inputs.image': unknown node 'smoth'; did you mean 'smooth'?"},
    {"unknown port", [](Graph& g) { g.nodes[2].inputs[0].from[0].port = "dta"; },
     "'frames' has no output 'dta'; it has: data"},
    {"from a sink", [](Graph& g) { g.nodes[3].inputs[0].from[0].node = "out"; },
     "'out' is a sink and has no output"},
    {"from a construct", [](Graph& g) { g.nodes[4].inputs[0].from[0].node = "per-frame"; },
     "'per-frame' is a scatter: name a node inside it"},
    {"empty input", [](Graph& g) { g.nodes[3].inputs[0].from.clear(); },
     "expected \"node[:port]\", got nothing"},
    {"source twice", [](Graph& g) { g.nodes[0].source.list = {"a"}; },
     "expected either 'uri' or 'list', got both"},
    {"source empty", [](Graph& g) { g.nodes[0].source.uri = ""; }, "got neither"},
    {"source entry",
     [](Graph& g) {
       g.nodes[0].source.uri = "", g.nodes[0].source.list = {"a", ""};
     },
     "field 'source.list[1]': the URI is empty"},
    {"source input",
     [](Graph& g) {
       g.nodes[0].inputs = {{"x", {{"all", ""}}}};
     },
     "a source takes no inputs"},
    {"no kernel", [](Graph& g) { g.nodes[2].kernel = ""; }, "expected the name of a kernel"},
    {"sink without uri", [](Graph& g) { g.nodes[5].sink.uri = ""; }, "field 'sink.uri': expected a URI"},
    {"sink without input", [](Graph& g) { g.nodes[5].inputs.clear(); }, "a sink needs an input"},
    {"sink with args",
     [](Graph& g) {
       g.nodes[5].args = {{"x", Value(1)}};
     },
     "only a kernel takes arguments"},
    {"two sinks", [](Graph& g) { g.nodes.push_back(Sink("out2", "all", "out.csv")); },
     "node 'out2', field 'sink.uri': sink 'out' writes to \"out.csv\" too"},
    {"sink per instance", [](Graph& g) { g.nodes[5].in = "per-frame"; },
     "all instances in 'per-frame' would write"},
    {"scatter both", [](Graph& g) { g.nodes[1].scatter.count = 3; },
     "expected either 'over' or 'count', got both"},
    {"scatter neither", [](Graph& g) { g.nodes[1].scatter.over = ""; }, "got neither"},
    {"scatter negative", [](Graph& g) { g.nodes[1].scatter = {}, g.nodes[1].scatter.count = -4; },
     "field 'scatter.count': expected at least 1, got -4"},
    {"scatter absurd", [](Graph& g) { g.nodes[1].scatter = {}, g.nodes[1].scatter.count = INT64_MAX; },
     "expected at most 9007199254740992"},
    {"grid alone",
     [](Graph& g) { g.nodes[1].scatter = {}, g.nodes[1].scatter.count = 2, g.nodes[1].scatter.grid = {4}; },
     "a chunk grid needs the array in 'over'"},
    {"grid zero",
     [](Graph& g) {
       g.nodes[1].scatter.grid = {64, 0};
     },
     "field 'scatter.grid[1]': expected at least 1, got 0"},
    {"grid over a list", [](Graph& g) { g.nodes[1].scatter.grid = {64}; }, "a chunk grid needs one array"},
    {"over one item", [](Graph& g) { g.nodes[0].source.single = true; },
     "'frames' is one item here, not a list"},
    {"over its child", [](Graph& g) { g.nodes[1].scatter.over = "smooth"; },
     "'smooth' is inside this scatter itself"},
    {"over garbage", [](Graph& g) { g.nodes[1].scatter.over = "a b"; },
     "expected \"node[:port]\", got \"a b\""},
    {"over twice",
     [](Graph& g) {
       g.nodes.push_back(ScatterOver("inner", "frames"));
       g.nodes.back().in = "per-frame";
       g.nodes.push_back(Kernel("k", "frames", "inner"));
     },
     "'frames' is taken by the enclosing scatter 'per-frame' already"},
    {"empty construct", [](Graph& g) { g.nodes.push_back(ScatterOver("s", "frames")); },
     "node 's': no node is inside this scatter"},
    {"nothing to gather",
     [](Graph& g) {
       g.nodes.push_back(Make("g", NodeKind::kGather));
       g.nodes.push_back(Kernel("k", "all", "g"));
     },
     "nothing to gather"},
    {"gather width",
     [](Graph& g) {
       g.nodes.push_back(Make("g", NodeKind::kGather));
       g.nodes.back().gather.width = -1;
       g.nodes.push_back(Kernel("k", "stats", "g"));
     },
     "field 'gather.width': expected at least 0, got -1"},
    {"cycle",
     [](Graph& g) {
       g.nodes[2].inputs.push_back({"mask", {{"stats", ""}}});
     },
     "these nodes wait for each other: smooth -> stats -> smooth"},
    {"cycle of constructs",
     [](Graph& g) {
       g.nodes[1].scatter.over = "late", g.nodes[2].inputs[0].from[0].node = "late";
       g.nodes.push_back(ScatterOver("s2", "stats"));
       g.nodes.push_back(Kernel("late", "stats", "s2"));
     },
     "these nodes wait for each other: "},
    {"retries", [](Graph& g) { g.nodes[2].retries = -2; }, "field 'retries': expected 0 to 1000, got -2"},
    {"retries written as -1",
     [](Graph& g) {
       g.nodes[2].retries = -1;
       g.nodes[2].field_where["retries"] = g.nodes[2].where;
     },
     "field 'retries': expected 0 to 1000, got -1"},
    {"errorThreshold written as -1",
     [](Graph& g) {
       g.nodes[2].error_threshold = -1;
       g.nodes[2].field_where["errorThreshold"] = g.nodes[2].where;
     },
     "field 'errorThreshold': expected a fraction from 0 to 1, got -1"},
    {"threshold", [](Graph& g) { g.nodes[2].error_threshold = -0.5; }, "expected a fraction from 0 to 1"},
    {"timeout", [](Graph& g) { g.nodes[2].timeout = absl::ZeroDuration(); }, "expected a time above 0"},
    {"loop",
     [](Graph& g) {
       g.nodes.push_back(Make("l", NodeKind::kLoop));
       g.nodes.push_back(Kernel("k", "all", "l"));
     },
     "field 'loop': expected 'count'"},
    {"mkn",
     [](Graph& g) {
       g.nodes.push_back(Make("m", NodeKind::kMkn));
       g.nodes.push_back(Kernel("k", "all", "m"));
     },
     "field 'mkn.k': expected at least 1, got 0"},
    {"branch",
     [](Graph& g) {
       g.nodes.push_back(Make("b", NodeKind::kBranch));
       g.nodes.push_back(Kernel("k", "all", "b"));
     },
     "field 'branch.condition'"},
    {"command", [](Graph& g) { g.nodes.push_back(Make("c", NodeKind::kCommand)); },
     "field 'command.argv': expected a program"},
    {"command outputs",
     [](Graph& g) {
       g.nodes.push_back(Make("c", NodeKind::kCommand));
       g.nodes.back().command = {{"cp"}, {}, {"a", "a"}, ""};
     },
     "output 'a' is named twice"},
    {"carry from outside",
     [](Graph& g) {
       g.nodes.push_back(Make("l", NodeKind::kLoop));
       g.nodes.back().loop.count = 2;
       g.nodes.back().loop.carry = {{"all", "body:image"}};
       g.nodes.push_back(Kernel("body", "all", "l"));
     },
     "node 'l', field 'loop.carry': 'all' is not inside this loop"},
    {"carry without an input",
     [](Graph& g) {
       g.nodes.push_back(Make("l", NodeKind::kLoop));
       g.nodes.back().loop.count = 2;
       g.nodes.back().loop.carry = {{"body", "body"}};
       g.nodes.push_back(Kernel("body", "all", "l"));
     },
     "field 'loop.carry': expected \"node:input\", got \"body\""},
    {"iteration of nothing", [](Graph& g) { g.nodes[4].inputs[0].from[0].iteration = Iteration::kLast; },
     "node 'all', field 'inputs.image': 'stats' is named with an iteration, but the edge neither leaves nor"},
    {"group of one",
     [](Graph& g) {
       g.nodes.push_back(Make("g", NodeKind::kGroupBy));
       g.nodes.push_back(Kernel("member", "all", "g"));
     },
     "node 'g', field 'groupBy': nothing to group"},
    {"key that is no scatter",
     [](Graph& g) {
       g.nodes.push_back(Make("g", NodeKind::kGroupBy));
       g.nodes.back().group_by.keys = {"all", "per-fram"};
       g.nodes.push_back(Kernel("member", "stats", "g"));
     },
     "field 'groupBy.keys': 'all' is a kernel, not a scatter"},
    {"parameter name",
     [](Graph& g) {
       g.parameters = {{"a.b", ParameterType::kString, Value("x"), ""}};
     },
     "field 'parameters.a.b': expected a name"},
};

TEST(CheckStructureTest, NamesWhatIsWrong) {
  for (const Case& test : kCases) {
    Graph graph = Valid();
    test.spoil(graph);
    const absl::Status status = CheckStructure(graph);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.name;
    EXPECT_THAT(status.message(), HasSubstr(test.says)) << test.name;
  }
}

TEST(CheckStructureTest, TellsAllProblemsUpToTwenty) {
  Graph graph = Valid();
  for (int i = 0; i < 30; ++i) graph.nodes.push_back(Kernel("bad", "nothing"));
  const std::string text(CheckStructure(graph).message());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20);
  EXPECT_THAT(text, HasSubstr("more problems"));
}

TEST(CheckStructureTest, TakesTwentyThousandNodesAndDeepChains) {
  Graph graph;
  graph.nodes.push_back(Source("n0"));
  for (int i = 1; i < 20000; ++i)
    graph.nodes.push_back(Kernel("n" + std::to_string(i), "n" + std::to_string(i - 1)));
  EXPECT_TRUE(CheckStructure(graph).ok());
  graph.nodes[0] = Kernel("n0", "n19999");
  EXPECT_THAT(CheckStructure(graph).message(), HasSubstr("wait for each other"));
}

TEST(EndpointTest, ParsesNodeAndPort) {
  EXPECT_EQ(ParseEndpoint(" a:b ").value().ToString(), "a:b");
  EXPECT_EQ(ParseEndpoints("a, b:c,d").value().size(), 3u);
  EXPECT_EQ(ParseEndpoint("a@first").value().iteration, Iteration::kFirst);
  EXPECT_EQ(ParseEndpoint("a:b@last").value().ToString(), "a:b@last");
  EXPECT_EQ(ParseEndpoint("a:b@all").value().port, "b");
  for (const char* bad : {"a@", "@last", "a@second", "a@last@all", "a:b@last:c", "", ":", "a:", ":b", "a b",
                          "a,,b", "a:b:c", "a/b", "\n"}) {
    EXPECT_FALSE(ParseEndpoints(bad).ok()) << bad;
  }
}

TEST(LocateTest, NamesFileLineNodeAndNearestKnownField) {
  Graph graph;
  graph.file = "g.yaml";
  Node node = Kernel("k", "");
  node.where = {3, 5};
  node.field_where["args"] = {7, 9};
  EXPECT_EQ(Locate(graph, &node, ""), "g.yaml:3:5: node 'k': ");
  EXPECT_EQ(Locate(graph, &node, "args.sigma"), "g.yaml:7:9: node 'k', field 'args.sigma': ");
  EXPECT_EQ(Locate(graph, &node, "kernel"), "g.yaml:3:5: node 'k', field 'kernel': ");
  EXPECT_EQ(Locate(graph, nullptr, ""), "g.yaml: ");
  EXPECT_EQ(Locate(Graph(), nullptr, ""), "");
}

}  // namespace
}  // namespace cubeloom::graph
