#include <string>
#include <vector>

#include "cubeloom/graph/model/graph.h"
#include "cubeloom/graph/model/references.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::graph {
namespace {

using ::testing::HasSubstr;

// A source, a scatter over it with one kernel, and a sink per instance.
Graph Example() {
  Graph graph;
  graph.parameters = {{"files", ParameterType::kString, Value("*.fits"), ""},
                      {"sigma", ParameterType::kReal, Value(2), ""},
                      {"count", ParameterType::kInteger, Value(), ""},
                      {"axes", ParameterType::kList, Value(Value::List{1, 2}), ""},
                      {"fast", ParameterType::kBool, Value(false), ""}};
  Node source;
  source.id = "frames";
  source.kind = NodeKind::kSource;
  source.source.uri = "data/${files}";
  Node scatter;
  scatter.id = "per";
  scatter.kind = NodeKind::kScatter;
  scatter.deferred["scatter.count"] = "${count}";
  Node kernel;
  kernel.id = "k";
  kernel.in = "per";
  kernel.kernel = "image.gaussian";
  kernel.inputs = {{"image", {{"frames", ""}}}};
  kernel.args = {{"axes", Value("${axes}")},
                 {"sigma", Value("${sigma}")},
                 {"label", Value("s=${sigma} $${x} ${per.index}")}};
  graph.nodes = {source, scatter, kernel};
  return graph;
}

TEST(BindParametersTest, ReplacesByTypeEverywhere) {
  absl::StatusOr<Graph> bound =
      BindParameters(Example(), {{"count", Value("7")}, {"files", Value("a.fits")}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(bound->nodes[0].source.uri, "data/a.fits");
  EXPECT_EQ(bound->nodes[1].scatter.count, 7);
  EXPECT_TRUE(bound->nodes[1].deferred.empty());
  EXPECT_EQ(bound->nodes[2].args[0].second, Value(Value::List{1, 2}));
  EXPECT_TRUE(bound->nodes[2].args[1].second.is_real());
  // Inside a construct, escapes and instance references stay for BindInstance.
  EXPECT_EQ(bound->nodes[2].args[2].second.string(), "s=2.0 $${x} ${per.index}");
}

TEST(BindParametersTest, ReplacesEscapesAtTopLevel) {
  Graph graph = Example();
  graph.nodes[0].source.uri = "$${files}$5";
  absl::StatusOr<Graph> bound = BindParameters(graph, {{"count", Value(1)}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(bound->nodes[0].source.uri, "${files}$5");
}

TEST(BindParametersTest, LeavesPortsOfCommands) {
  Graph graph = Example();
  Node command;
  command.id = "c";
  command.kind = NodeKind::kCommand;
  command.inputs = {{"image", {{"frames", ""}}}};
  command.command = {{"run", "${image}", "${result}", "${sigma}"}, {}, {"result"}, ""};
  graph.nodes.push_back(command);
  absl::StatusOr<Graph> bound = BindParameters(graph, {{"count", Value(1)}});
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_THAT(bound->nodes[3].command.argv, ::testing::ElementsAre("run", "${image}", "${result}", "2.0"));
}

TEST(BindParametersTest, NamesWhatIsWrong) {
  struct Case {
    std::string name;
    Value::Map set;
    void (*spoil)(Graph&);
    std::string says;
  };
  const auto none = [](Graph&) {};
  const std::vector<Case> cases = {
      {"unknown", {{"cuont", Value(1)}}, none, "unknown parameter 'cuont'; did you mean 'count'? (it has "},
      {"unset",
       {},
       none,
       "node 'per', field 'scatter.count': parameter 'count' has no default and was not set"},
      {"integer", {{"count", Value("many")}}, none, "parameter 'count': expected integer, got \"many\""},
      {"fraction", {{"count", Value(1.5)}}, none, "parameter 'count': expected integer, got real 1.5"},
      {"real", {{"count", Value(1)}, {"sigma", Value("wide")}}, none, "expected real, got \"wide\""},
      {"nan", {{"count", Value(1)}, {"sigma", Value("nan")}}, none, "expected real, got \"nan\""},
      {"bool", {{"count", Value(1)}, {"fast", Value("yes")}}, none, "expected bool, got \"yes\""},
      {"list", {{"count", Value(1)}, {"axes", Value("[1,")}}, none, "parameter 'axes'"},
      {"map", {{"count", Value(1)}, {"files", Value(Value::Map{})}}, none, "expected string, got map {}"},
      {"reference",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[0].source.uri = "${file}"; },
       "node 'frames', field 'source.uri': unknown parameter 'file'; did you mean 'files'?"},
      {"open brace",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[0].source.uri = "a${files"; },
       "expected \"${name}\""},
      {"list in text",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[0].source.uri = "a${axes}"; },
       "is a list, which cannot stand inside a longer text"},
      {"list as text",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[0].source.uri = "${axes}"; },
       "expected text, got a list"},
      {"not enclosing",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[0].source.uri = "${per.index}"; },
       "'per' is no construct around this node"},
      {"typo",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[2].args[2].second = Value("${pre.index}"); },
       "'pre' is no construct around this node"},
      {"what",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[2].args[2].second = Value("${per.indx}"); },
       "did you mean 'index'?"},
      {"text as count",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[1].deferred["scatter.count"] = "${files}"; },
       "field 'scatter.count': expected an integer, got \"*.fits\""},
      {"bad graph",
       {{"count", Value(1)}},
       [](Graph& g) { g.nodes[2].in = "pre"; },
       "unknown node 'pre'; did you mean 'per'?"},
  };
  for (const Case& test : cases) {
    Graph graph = Example();
    test.spoil(graph);
    const absl::StatusOr<Graph> bound = BindParameters(graph, test.set);
    ASSERT_FALSE(bound.ok()) << test.name;
    EXPECT_THAT(bound.status().message(), HasSubstr(test.says)) << test.name;
  }
}

TEST(ParameterTextTest, ReadsLists) {
  const Parameter list{"l", ParameterType::kList, Value(), ""};
  EXPECT_EQ(ParseParameterText(list, "1, 2.5,x y").value().ToJson(), "[1,2.5,\"x y\"]");
  EXPECT_EQ(ParseParameterText(list, "[[1],\"a\"]").value().ToJson(), "[[1],\"a\"]");
  EXPECT_EQ(ParseParameterText(list, "").value().ToJson(), "[]");
  const Parameter integer{"i", ParameterType::kInteger, Value(), ""};
  EXPECT_EQ(ParseParameterText(integer, "9223372036854775807").value().integer(), INT64_MAX);
  EXPECT_FALSE(ParseParameterText(integer, "9223372036854775808").ok());
}

TEST(SetFieldTest, ReadsEveryFieldAndSaysWhatItExpected) {
  struct Case {
    std::string path;
    Value good, bad;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"resources.cores", Value("500m"), Value("-1"), "expected cores"},
      {"resources.memory", Value("2Gi"), Value("2 Gigs"), "expected a size"},
      {"resources.disk", Value(4096), Value("x"), "expected a size"},
      {"resources.gpus", Value(2), Value(-1), "expected a number of GPUs"},
      {"timeout", Value("90s"), Value("soon"), "expected a duration"},
      {"scatter.count", Value("12"), Value("twelve"), "expected an integer, got \"twelve\""},
      {"scatter.batch", Value(2), Value(2.5), "expected an integer, got 2.5"},
      {"scatter.grid", Value(Value::List{64, 64}), Value(3), "expected a list of chunk extents"},
      {"scatter.grid[1]", Value(32), Value(true), "expected an integer, got true"},
      {"gather.width", Value(4), Value(Value::List{}), "expected an integer, got []"},
      {"loop.count", Value(3), Value(), "expected an integer, got null"},
      {"mkn.m", Value(1), Value("x"), "expected an integer"},
      {"mkn.k", Value(1), Value("x"), "expected an integer"},
      {"mkn.n", Value(1), Value("x"), "expected an integer"},
      {"rankGroup.ranks", Value(4), Value("x"), "expected an integer"},
      {"data.expectedSize", Value("1Mi"), Value("x"), "expected a size"},
  };
  for (const Case& test : cases) {
    Node node;
    EXPECT_TRUE(SetField(node, test.path, test.good).ok()) << test.path;
    EXPECT_THAT(SetField(node, test.path, test.bad).message(), HasSubstr(test.says)) << test.path;
  }
  Node node;
  EXPECT_FALSE(SetField(node, "scatter.grid[8]", Value(1)).ok());
  EXPECT_FALSE(SetField(node, "nothing", Value(1)).ok());
}

}  // namespace
}  // namespace cubeloom::graph
