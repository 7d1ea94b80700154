// Real files of every generation that the data folder has, the hand-made cases, and small fixtures.
#include "cubeloom/graph/import/import.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cubeloom/base/value.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
std::string SharedFile(const std::string& name) {
  const char* shared = std::getenv("CUBELOOM_SHARED");
  return absl::StrCat(shared != nullptr ? shared : CL_SOURCE_DIR "/../shared", "/data/logical-graphs/", name);
}
std::string Fixture(const std::string& name) {
  return ReadText(absl::StrCat(CL_SOURCE_DIR "/services/cubeloom/graph/import/testdata/", name));
}

absl::StatusOr<Imported> Import(const std::string& text, const std::vector<std::string>& set = {}) {
  ImportOptions options;
  options.file = "x.graph";
  options.set = set;
  return ImportGraph(text, options);
}

// "kernel 3, data 2 ..." by kind, in order of kinds; and the number of endpoints of all inputs.
std::string Shape(const Graph& graph) {
  std::map<NodeKind, int> kinds;
  size_t endpoints = 0, carries = 0;
  for (const Node& node : graph.nodes) {
    ++kinds[node.kind];
    for (const Input& input : node.inputs) endpoints += input.from.size();
    carries += node.loop.carry.size();
  }
  std::string text;
  for (const auto& [kind, count] : kinds) absl::StrAppend(&text, NodeKindName(kind), " ", count, ", ");
  return absl::StrCat(text, "links ", endpoints, ", carries ", carries);
}

// "in: a, b@all" of a node.
std::string Inputs(const Graph& graph, absl::string_view id) {
  const Node* node = graph.Find(id);
  if (node == nullptr) return absl::StrCat("no node ", id);
  std::vector<std::string> texts;
  for (const Input& input : node->inputs) {
    texts.push_back(absl::StrCat(input.port, ": ",
                                 absl::StrJoin(input.from, ", ", [](std::string* out, const Endpoint& e) {
                                   absl::StrAppend(out, e.ToString());
                                 })));
  }
  return absl::StrJoin(texts, "; ");
}
std::string In(const Graph& graph, absl::string_view id) {
  const Node* node = graph.Find(id);
  return node == nullptr ? "no node" : node->in;
}

// What is true of every imported graph.
void CheckSound(const Graph& graph) {
  std::map<std::string, NodeKind> ids;
  for (const Node& node : graph.nodes) {
    EXPECT_TRUE(ids.emplace(node.id, node.kind).second) << node.id;
    EXPECT_LE(node.id.size(), 63u);
    EXPECT_TRUE(!node.id.empty() && node.id[0] >= 'a' && node.id[0] <= 'z') << node.id;
    EXPECT_NE(node.labels.count("daliuge/id"), 0u) << node.id;
  }
  for (const Node& node : graph.nodes) {
    if (!node.in.empty()) {
      ASSERT_EQ(ids.count(node.in), 1u) << node.id;
      EXPECT_TRUE(IsConstruct(ids.at(node.in))) << node.id;
    }
    for (const Input& input : node.inputs) {
      for (const Endpoint& from : input.from) {
        ASSERT_EQ(ids.count(from.node), 1u) << node.id;
        EXPECT_FALSE(IsConstruct(ids.at(from.node))) << node.id;
      }
    }
  }
}

struct FileCase {
  const char* file;
  Generation generation;
  const char* shape;
};

TEST(ImportTest, RealFilesHaveTheirStructure) {
  const FileCase cases[] = {
      {"SuperBasicScatterGather.graph", Generation::kIds,
       "kernel 2, data 1, scatter 1, gather 1, links 2, carries 0"},
      {"eagle_gather_simple_update.graph", Generation::kIds,
       "kernel 4, data 8, scatter 1, gather 3, command 2, links 13, carries 0"},
      {"testLoop.graph", Generation::kIds, "data 1, loop 1, command 2, links 2, carries 1"},
      {"cont_img_mvp.graph", Generation::kIds, "kernel 20, data 22, loop 3, links 44, carries 5"},
      {"test_grpby_gather.graph", Generation::kIds,
       "kernel 8, data 7, scatter 2, gather 2, groupBy 2, links 14, carries 0"},
      {"chiles_simple.graph", Generation::kIds, "kernel 11, data 11, links 21, carries 0"},
      {"LoopWithBranch.graph", Generation::kIds, "kernel 5, data 5, loop 1, links 11, carries 1"},
      {"SummitIngest_Demo.graph", Generation::kIds,
       "kernel 7, data 7, scatter 2, gather 2, links 13, carries 0"},
      {"v2_simpleMKN.graph", Generation::kPortLists, "kernel 3, data 2, mkn 1, links 4, carries 0"},
      {"v1_lofar_std.json", Generation::kFlat,
       "kernel 14, data 17, scatter 2, gather 1, groupBy 1, loop 1, links 32, carries 1"}};
  for (const FileCase& c : cases) {
    SCOPED_TRACE(c.file);
    const std::string text = ReadText(SharedFile(c.file));
    if (text.empty()) GTEST_SKIP() << "shared data not present: " << c.file;
    EXPECT_TRUE(IsForeignGraph(text));
    const absl::StatusOr<Imported> imported = Import(text);
    ASSERT_TRUE(imported.ok()) << imported.status();
    EXPECT_EQ(imported->report.generation, c.generation);
    EXPECT_EQ(Shape(imported->graph), c.shape);
    CheckSound(imported->graph);
  }
}

// The same graph in the formats of which there is no real file: source -> scatter of 3 (with an application)
// of two nodes -> gather of 2 (with an application) -> data.
TEST(ImportTest, FixturesOfOtherFormatsGiveOneGraph) {
  const std::pair<const char*, Generation> cases[] = {
      {"ports_b.graph", Generation::kPortLists}, {"fields_c.graph", Generation::kFieldPorts},
      {"named_d.graph", Generation::kNamed},     {"ids_e.graph", Generation::kIds},
      {"appref_f.graph", Generation::kAppRef},   {"maps_g.graph", Generation::kMaps}};
  for (const auto& [file, generation] : cases) {
    SCOPED_TRACE(file);
    const std::string text = Fixture(file);
    EXPECT_TRUE(IsForeignGraph(text));
    const absl::StatusOr<Imported> imported = Import(text);
    ASSERT_TRUE(imported.ok()) << imported.status();
    EXPECT_EQ(imported->report.generation, generation);
    const Graph& g = imported->graph;
    CheckSound(g);
    EXPECT_EQ(Shape(g), "kernel 3, data 4, scatter 1, gather 1, links 6, carries 0");
    EXPECT_EQ(g.Find("spread")->scatter.count, 3);
    EXPECT_EQ(g.Find("collect")->gather.width, 2);
    EXPECT_EQ(In(g, "split"), "");
    EXPECT_EQ(In(g, "join"), "collect");
    EXPECT_EQ(g.Find("join")->args[0].second.real(), 4);
    EXPECT_EQ(Inputs(g, "split"), "after: start");
    EXPECT_EQ(Inputs(g, "piece"), "data: split");
    EXPECT_EQ(Inputs(g, "join"), "after: done");
    EXPECT_EQ(Inputs(g, "result"), "data: join");
    EXPECT_EQ(g.Find("start")->data.expected_size, 12);
    EXPECT_EQ(g.Find("work")->resources.cores, 2);
    EXPECT_EQ(In(g, "work"), "spread");
  }
}

TEST(ImportTest, FixtureOfTheFlatFormat) {
  const absl::StatusOr<Imported> imported = Import(Fixture("flat_a.json"));
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->report.generation, Generation::kFlat);
  const Graph& g = imported->graph;
  CheckSound(g);
  EXPECT_EQ(Shape(g), "kernel 2, data 3, scatter 1, gather 1, links 4, carries 0");
  EXPECT_EQ(g.Find("by-channel")->scatter.count, 3);  // "{n}" of the table of variables
  EXPECT_EQ(g.Find("beam-data")->data.expected_size, 25);
  EXPECT_EQ(Inputs(g, "join"), "after: flagged");
  EXPECT_EQ(Inputs(g, "end"), "data: join");
}

TEST(ImportTest, FixtureOfConstructs) {
  const absl::StatusOr<Imported> imported = Import(Fixture("constructs_e.graph"));
  ASSERT_TRUE(imported.ok()) << imported.status();
  const Graph& g = imported->graph;
  CheckSound(g);
  EXPECT_EQ(g.Find("l")->loop.count, 3);  // of the configuration
  EXPECT_EQ(g.Find("s")->scatter.count, 4);
  EXPECT_EQ(Inputs(g, "m"), "after: b:data@last");  // a scatter without an application: its first components
  EXPECT_EQ(Inputs(g, "g-2"), "after: g-data");
  EXPECT_EQ(Inputs(g, "pythonapp"), "after: g-data");
  EXPECT_EQ(Inputs(g, "k-2"), "after: pythonapp:self");
  EXPECT_EQ(Inputs(g, "docker"), "after: k-2:self");
  EXPECT_EQ(g.Find("sh")->command.argv[2], "cp ${in-x} %o0 $${y}");
}

TEST(ImportTest, MicroCasesImport) {
  const std::string text = ReadText(SharedFile("micro-cases.json"));
  if (text.empty()) GTEST_SKIP() << "shared data not present: micro-cases.json";
  const absl::StatusOr<Value> all = Value::FromJson(text);
  ASSERT_TRUE(all.ok()) << all.status();
  for (const Value& c : all->Find("cases")->list()) {
    SCOPED_TRACE(c.Find("name")->string());
    const absl::StatusOr<Imported> imported = Import(c.Find("graph")->ToJson());
    if (c.Find("name")->string() == "S_scatter0") {
      EXPECT_THAT(std::string(imported.status().message()), HasSubstr("expected a count"));
      continue;
    }
    ASSERT_TRUE(imported.ok()) << imported.status();
    CheckSound(imported->graph);
  }
}

// A graph of generation E from short texts.
struct Eagle {
  std::string nodes, links;
  Eagle& Node(const std::string& id, const std::string& category, const std::string& parent = "",
              const std::string& fields = "", const std::string& more = "") {
    absl::StrAppend(&nodes, nodes.empty() ? "" : ",", "{\"id\":\"", id, "\",\"name\":\"", id,
                    "\",\"category\":\"", category, "\",\"parentId\":\"", parent, "\",\"fields\":[");
    bool first = true;
    for (absl::string_view field : absl::StrSplit(fields, ' ', absl::SkipWhitespace())) {
      const std::pair<std::string, std::string> parts = absl::StrSplit(field, absl::MaxSplits('=', 1));
      absl::StrAppend(&nodes, first ? "" : ",", "{\"name\":\"", parts.first, "\",\"id\":\"", id, ".",
                      parts.first, "\",\"value\":\"", parts.second, "\"}");
      first = false;
    }
    absl::StrAppend(&nodes, "]", more, "}");
    return *this;
  }
  Eagle& Link(const std::string& from, const std::string& to, const std::string& more = "") {
    absl::StrAppend(&links, links.empty() ? "" : ",", "{\"from\":\"", from, "\",\"to\":\"", to, "\"", more,
                    "}");
    return *this;
  }
  std::string Text(const std::string& more = "") const {
    return absl::StrCat(R"({"modelData":{"schemaVersion":"OJS"},"nodeDataArray":[)", nodes,
                        R"(],"linkDataArray":[)", links, "]", more, "}");
  }
};
constexpr char kApp[] =
    R"(,"inputApplicationType":"PythonApp","inputApplicationName":"split","inputApplicationId":"sp",
  "inputAppFields":[{"name":"execution_time","value":7}])";
constexpr char kAware[] = R"(,"loop_aware":"1")";

Graph Must(const absl::StatusOr<Imported>& imported) {
  EXPECT_TRUE(imported.ok()) << imported.status();
  return imported.ok() ? imported->graph : Graph();
}

TEST(ImportTest, ApplicationsAndDataKeepTheirNumbers) {
  Eagle eagle;
  eagle.Node("A", "DALiuGEApp", "", "execution_time=5 num_cpus=3").Node("D", "File", "", "data_volume=7");
  eagle.Node("N", "DALiuGEApp", "", "execution_time=0").Link("A", "D").Link("D", "N").Link("A", "N");
  const Graph g = Must(Import(eagle.Text()));
  ASSERT_EQ(g.nodes.size(), 3u);
  EXPECT_EQ(g.nodes[0].kernel, "flow.sleep");
  EXPECT_EQ(g.nodes[0].args[0].second.real(), 5);
  EXPECT_EQ(g.nodes[0].resources.cores, 3);
  EXPECT_EQ(g.nodes[0].labels.at("daliuge/id"), "A");
  EXPECT_EQ(g.nodes[1].data.expected_size, 7);
  EXPECT_EQ(Inputs(g, "d"), "data: a");
  EXPECT_EQ(g.nodes[2].kernel, "flow.noop");
  EXPECT_EQ(Inputs(g, "n"), "after: d, a:self");
}

TEST(ImportTest, ScatterApplicationStandsBesideItAndGatherApplicationInside) {
  Eagle eagle;
  eagle.Node("S", "Scatter", "", "num_of_splits=3", kApp)
      .Node("I", "Memory", "S")
      .Node("W", "PythonApp", "S");
  eagle.Node("O", "Memory", "S")
      .Node("G", "Gather", "", "num_of_inputs=2",
            R"(,"inputApplicationType":"PythonApp","inputApplicationName":"join")")
      .Node("R", "Memory");
  eagle.Link("S", "I").Link("I", "W").Link("W", "O").Link("O", "G").Link("G", "R");
  const Graph g = Must(Import(eagle.Text()));
  EXPECT_EQ(g.Find("s")->scatter.count, 3);
  EXPECT_EQ(g.Find("g")->gather.width, 2);
  EXPECT_EQ(In(g, "split"), "");
  EXPECT_EQ(In(g, "join"), "g");
  EXPECT_EQ(Inputs(g, "i"), "data: split");
  EXPECT_EQ(Inputs(g, "join"), "after: o");
  EXPECT_EQ(Inputs(g, "r"), "data: join");
}

TEST(ImportTest, LoopsCarryAndSayWhichIterations) {
  Eagle eagle;
  eagle.Node("D", "Memory")
      .Node("L", "Loop", "", "num_of_iter=4")
      .Node("A", "PythonApp", "L", "group_start=1");
  eagle.Node("B", "Memory", "L", "group_end=true").Node("X", "PythonApp", "L").Node("F", "PythonApp");
  eagle.Link("D", "A", kAware)
      .Link("D", "X")
      .Link("A", "B")
      .Link("B", "F", kAware)
      .Link("B", "A")
      .Link("A", "F");
  const Graph g = Must(Import(eagle.Text()));
  EXPECT_EQ(g.Find("l")->loop.count, 4);
  EXPECT_THAT(g.Find("l")->loop.carry, ElementsAre(std::pair<std::string, std::string>("b", "a:after")));
  EXPECT_EQ(Inputs(g, "a"), "after: d:data@first");
  EXPECT_EQ(Inputs(g, "x"), "after: d:data@all");
  EXPECT_EQ(Inputs(g, "f"), "after: b:data@last, a:self@all");
}

TEST(ImportTest, ClosingLinksMarkTheEndsOfALoop) {
  Eagle eagle;
  eagle.Node("L", "Loop", "", "num_of_iter=2").Node("A", "PythonApp", "L").Node("B", "Memory", "L");
  eagle.Link("A", "B").Link("B", "A", R"(,"closesLoop":true)");
  const Graph g = Must(Import(eagle.Text()));
  EXPECT_EQ(g.Find("l")->loop.carry.size(), 1u);
  EXPECT_EQ(Inputs(g, "a"), "");
}

TEST(ImportTest, GroupByGetsABarrierAndData) {
  Eagle eagle;
  eagle.Node("S1", "Scatter", "", "num_of_copies=3").Node("S2", "Scatter", "S1", "num_of_copies=2");
  eagle.Node("D", "Memory", "S2").Node("GB", "GroupBy", "", "group_key=S1,S2").Node("C", "PythonApp", "GB");
  eagle.Node("E", "Memory", "GB").Link("D", "GB").Link("C", "E");
  const Graph g = Must(Import(eagle.Text()));
  EXPECT_THAT(g.Find("gb")->group_by.keys, ElementsAre("s1", "s2"));
  EXPECT_EQ(Inputs(g, "gb-barrier"), "after: d");
  EXPECT_EQ(Inputs(g, "gb-data"), "data: gb-barrier");
  EXPECT_EQ(Inputs(g, "c"), "after: gb-data");
  EXPECT_EQ(In(g, "gb-barrier"), "gb");
}

TEST(ImportTest, OtherConstructs) {
  Eagle eagle;
  eagle.Node("M", "Mpi", "", "num_of_procs=5")
      .Node("K", "MKN", "", "m=1 k=5 n=2")
      .Node("W", "PythonApp", "K");
  eagle.Node("Sub", "SubGraph").Node("Y", "Memory", "Sub").Node("Text", "Comment").Node("Go", "Start");
  eagle.Node("Br", "Branch").Node("Stop", "End").Link("M", "Y").Link("Go", "Y").Link("Br", "Stop");
  const absl::StatusOr<Imported> imported = Import(eagle.Text());
  const Graph g = Must(imported);
  EXPECT_EQ(In(g, "m"), "m-ranks");
  EXPECT_EQ(g.Find("m-ranks")->rank_group.ranks, 5);
  EXPECT_EQ(g.Find("k")->mkn.n, 2);
  EXPECT_EQ(In(g, "w"), "k");
  EXPECT_EQ(In(g, "y"), "");
  EXPECT_EQ(Inputs(g, "y"), "data: m");
  EXPECT_EQ(Inputs(g, "stop"), "data: br");
  EXPECT_EQ(g.Find("text"), nullptr);
  EXPECT_THAT(imported->report.ToString(), HasSubstr("ignored: Comment: Text (Text)"));
  EXPECT_THAT(imported->report.ToString(), HasSubstr("both ways run: br"));
}

TEST(ImportTest, AGatherThatFeedsItsScatterMakesBatches) {
  Eagle eagle;
  eagle.Node("S", "Scatter", "", "num_of_copies=8")
      .Node("A", "PythonApp", "S", "group_start=1")
      .Node("D", "Memory", "S");
  eagle.Node("G", "Gather", "", "num_of_inputs=4").Node("J", "PythonApp", "G").Node("T", "Memory", "G");
  eagle.Link("A", "D").Link("D", "G").Link("J", "T").Link("T", "A");
  const Graph g = Must(Import(eagle.Text()));
  EXPECT_EQ(g.Find("s")->scatter.batch, 4);
  EXPECT_EQ(Inputs(g, "a"), "");
  EXPECT_EQ(Inputs(g, "j"), "after: d");
}

TEST(ImportTest, ShellApplicationsBecomeCommands) {
  const std::string fields =
      R"({"modelData":{},"nodeDataArray":[{"id":"a","name":"run it","category":"BashShellApp","fields":[
      {"id":"c","name":"command","value":"cat {src} %i0 > {dst}; echo ${HOME} $X ~{fill} {other}"},
      {"id":"p","name":"src","usage":"InputPort"},{"id":"q","name":"dst","usage":"OutputPort"}]},
      {"id":"x","name":"x","category":"File"},{"id":"y","name":"y","category":"File"}],
      "linkDataArray":[{"from":"x","to":"a","toPort":"p"},{"from":"a","fromPort":"q","to":"y"}]})";
  const Graph g = Must(Import(fields));
  ASSERT_EQ(g.nodes[0].kind, NodeKind::kCommand);
  EXPECT_EQ(g.nodes[0].command.argv[2],
            "cat ${in-src} ${in-src} > ${out-dst}; echo $${HOME} $X ~{fill} {other}");
  EXPECT_EQ(Inputs(g, "run-it"), "in-src: x");
  EXPECT_EQ(Inputs(g, "y"), "data: run-it:out-dst");
}

TEST(ImportTest, ConfigurationGlobalsAndSettings) {
  Eagle eagle;
  eagle.Node("S", "Scatter", "", "num_of_copies={copies}").Node("A", "PythonApp", "S", "execution_time=5");
  eagle.Node("V", "GlobalVariables", "", "copies=6");
  const std::string config =
      R"(,"activeGraphConfigId":"c1","graphConfigurations":{"c1":{"nodes":{"A":{"fields":{"A.execution_time":{"value":9}}},
         "gone":{"fields":{"f":{"value":1}}}}}})";
  const absl::StatusOr<Imported> imported = Import(eagle.Text(config));
  Graph g = Must(imported);
  EXPECT_EQ(g.Find("s")->scatter.count, 6);
  EXPECT_EQ(g.Find("a")->args[0].second.real(), 9);
  EXPECT_THAT(imported->report.ToString(), HasSubstr("unknown node or field: gone"));
  g = Must(Import(eagle.Text(), {"copies=2", "A.execution_time=3"}));
  EXPECT_EQ(g.Find("s")->scatter.count, 2);
  EXPECT_EQ(g.Find("a")->args[0].second.real(), 3);
  g = Must(Import(eagle.Text(), {"S.num_of_copies=11"}));
  EXPECT_EQ(g.Find("s")->scatter.count, 11);
}

TEST(ImportTest, NamesAreValidAndUnique) {
  Eagle eagle;
  eagle.Node("Clean It!", "Memory")
      .Node("clean  it", "Memory")
      .Node("3C 273", "Memory")
      .Node("\xc3\xa9", "Memory");
  eagle.Node(std::string(90, 'x'), "Memory").Node(std::string(89, 'x') + "y", "Memory");
  const Graph g = Must(Import(eagle.Text()));
  EXPECT_EQ(g.nodes[0].id, "clean-it");
  EXPECT_EQ(g.nodes[1].id, "clean-it-2");
  EXPECT_EQ(g.nodes[2].id, "n3c-273");
  EXPECT_EQ(g.nodes[3].id, "memory");
  CheckSound(g);
}

TEST(ImportTest, BadInputIsRefusedInWords) {
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"", "JSON, byte 1"},
      {"[1]", "expected an object"},
      {R"({"modelData":{}})", "no EAGLE or DALiuGE graph"},
      {"\xff\xfe{", "UTF-16"},
      {"{\"modelData\":{\"name\":\"\xe9\"},\"nodeDataArray\":[]}", "JSON, byte"},
      {R"({"nodeDataArray":[],"linkDataArray":[]})", "no applications or data"},
      {R"({"nodeDataArray":{},"linkDataArray":[]})", "expected a list 'nodeDataArray'"},
      {R"({"nodeDataArray":[3],"linkDataArray":[]})", "nodeDataArray[0]: expected an object, got integer"},
      {R"({"nodeDataArray":[{"id":"a"}]})", "nodeDataArray[0] ('a'): field 'category' is missing"},
      {R"({"nodeDataArray":[{"id":"a","category":"File","fields":[]},{"category":"File"}]})",
       "nodeDataArray[1]: field 'id' is missing"},
      {R"({"nodeDataArray":[{"id":"a","category":"File","fields":7}]})",
       "field 'fields': expected a list, got integer 7"},
      {R"({"nodeDataArray":[{"id":{},"category":"File","fields":[]}]})",
       "field 'id': expected text or a number, got map {}"},
      {Eagle().Node("a", "File").Node("a", "File").Text(), "node 'a (a)', field 'id': another node has"},
      {Eagle().Node("a", "File", "p").Text(), "node 'a (a)', field 'parent': there is no node 'p'"},
      {Eagle().Node("a", "File").Node("b", "File", "a").Text(), "expected a construct, got the File 'a (a)'"},
      {Eagle().Node("a", "Loop", "b", "num_of_iter=1").Node("b", "Loop", "a", "num_of_iter=1").Text(),
       "inside itself"},
      {Eagle().Node("a", "File").Link("a", "q").Text(), "link 1, field 'to': there is no node 'q'"},
      {Eagle().Node("a", "File").Link("", "a").Text(), "linkDataArray[0]: field 'from' is missing"},
      {Eagle().Node("a", "Loop").Text(), "node 'a (a)', field 'num_of_iter': is missing"},
      {Eagle().Node("a", "Scatter", "", "num_of_copies=0").Text(), "expected a count from 1 to 2^53, got 0"},
      {Eagle().Node("a", "Scatter", "", "num_of_copies=-4").Text(), "got -4"},
      {Eagle().Node("a", "Scatter", "", "num_of_copies=1e99").Text(), "got 1e99"},
      {Eagle().Node("a", "Loop", "", "num_of_iter=many").Text(), "expected a count, got \"many\""},
      {Eagle().Node("a", "GroupBy", "", "group_key=zz").Text(), "expected ids of scatters, got 'zz'"},
      {std::string(100, '['), "nested deeper"}};
  for (const auto& c : cases) {
    const absl::StatusOr<Imported> imported = Import(c.text);
    ASSERT_FALSE(imported.ok()) << c.text;
    EXPECT_THAT(std::string(imported.status().message()), HasSubstr(c.says)) << c.text;
    EXPECT_THAT(std::string(imported.status().message()), ::testing::StartsWith("x.graph")) << c.text;
    EXPECT_EQ(imported.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(ImportTest, BadSettingsAreRefusedInWords) {
  const std::string text = Eagle().Node("a", "File").Node("b", "File").Text();
  EXPECT_THAT(std::string(Import(text, {"x"}).status().message()), HasSubstr("expected name=value"));
  EXPECT_THAT(std::string(Import(text, {"x=1"}).status().message()), HasSubstr("no global variable"));
  EXPECT_THAT(std::string(Import(text, {"q.f=1"}).status().message()), HasSubstr("no node 'q'"));
}

TEST(ImportTest, EveryTruncationIsRefused) {
  const std::string text =
      Eagle().Node("S", "Scatter", "", "num_of_copies=3").Node("A", "File", "S").Link("S", "A").Text();
  ASSERT_TRUE(Import(text).ok());
  for (size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(Import(text.substr(0, n)).ok()) << n;
}

TEST(ImportTest, OwnGraphsAreNotForeign) {
  EXPECT_FALSE(IsForeignGraph("nodes:\n- {id: a, kernel: k}\n"));
  EXPECT_FALSE(IsForeignGraph(R"({"nodes":[{"id":"a","kernel":"k"}]})"));
  EXPECT_TRUE(IsForeignGraph("\xef\xbb\xbf {\"modelData\":"));
}

}  // namespace
}  // namespace cubeloom::graph
