#include "cubeloom/wire/graph_text.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kDesignExample[] = R"(schemaVersion: 1
name: frame-statistics
parameters:
  images: {type: string, default: "frames/*.fits"}
nodes:
- id: frames
  source: {uri: "${images}", hdu: SCI}
- id: per-frame
  scatter: {over: frames}
- id: smooth
  in: per-frame
  kernel: image.gaussian
  inputs: {image: frames}          # inside the scatter: one frame
  args: {sigma: 2.0}               # pixels
- id: stats
  in: per-frame
  kernel: image.statistics
  inputs: {image: smooth}
- id: all
  kernel: table.concat
  inputs: {tables: stats}          # outside the scatter: all of them, in index order
- id: out
  sink: {uri: "out/statistics.csv"}
  inputs: {table: all}
)";

// Every field of the schema once.
constexpr char kEverything[] = R"(
schemaVersion: 1
name: everything
description: "all fields: \u00e9, \"quotes\", newline\n"
retries: 3
errorThreshold: 0.25
deadline: 2h
labels: {team: sky, "odd key:": "yes"}
parameters:
  n: {type: integer, default: 4, description: how many}
  files: {default: "*.fits"}
  wide: {type: bool}
  axes: {type: list, default: [1, 2.5, a, [true, null]]}
  s: {type: real, default: -1.5e-3}
nodes:
- id: a
  description: reads
  source: {uri: "${files}", format: fits, hdu: 1, dtype: f32, single: true}
  streaming: true
- id: b
  source: {list: [x.h5, "y z.h5"], dataset: /a/b}
  persist: true
- id: s
  scatter: {count: "${n}", batch: 2}
- id: t
  scatter: {over: "b, c:out", grid: [64, "${n}"]}
- {id: g, in: s, gather: {width: 3}}
- {id: gg, gather: {}}
- {id: gb, groupBy: {keys: [s, t], computed: "header:FILTER"}}
- {id: l, loop: {count: 5, until: "c:stop", carry: [{from: "c:x", to: "c:y"}]}}
- {id: m, mkn: {m: 2, k: "${n}", n: 3}}
- {id: sub, subgraph: {uri: other.yaml, parameters: {p: {q: [1]}}, asOne: true}}
- {id: br, branch: {condition: "c:stop", negate: true}}
- {id: rg, rankGroup: {ranks: 8}}
- {id: d, data: {expectedSize: 3Mi}, progressive: true, inputs: {data: c}}
- id: c
  in: s
  kernel: image.sum
  inputs: {second: "a, b:data", first: a}
  args: {i: 9007199254740992, r: 2.5, t: "007", big: "9007199254740993", n: null, l: [], m: {}, b: false}
  resources: {cores: 500m, memory: 2Gi, gpus: 1, disk: "${wide}"}
  placement: {pool: gpu, labels: {zone: a}, colocate: x, exclusive: true}
  labels: {"daliuge/id": "-3"}
  retries: 0
  errorThreshold: 0
  timeout: 1m30s
- id: cmd
  command:
    argv: [sh, -c, "cp ${in} ${out}"]
    environment: {A: "1", B: ""}
    outputs: [out]
    mediaType: application/fits
- id: k
  sink: {uri: out.fits, format: fits, options: {compress: rice, level: 3}}
  inputs: {image: c}
)";

graph::Graph MustRead(const std::string& text, const std::string& file = "g.yaml") {
  absl::StatusOr<graph::Graph> graph = ReadGraph(text, file);
  EXPECT_TRUE(graph.ok()) << graph.status() << "\n" << text;
  return graph.ok() ? *std::move(graph) : graph::Graph();
}

// Everything but locations.
std::string Bytes(const graph::Graph& graph) { return ToProto(graph).DebugString(); }

TEST(GraphTextTest, ReadsTheDesignExample) {
  const graph::Graph graph = MustRead(kDesignExample);
  ASSERT_EQ(graph.nodes.size(), 6u);
  EXPECT_EQ(graph.name, "frame-statistics");
  EXPECT_EQ(graph.parameters[0].default_value.string(), "frames/*.fits");
  const graph::Node& smooth = graph.nodes[2];
  EXPECT_EQ(smooth.in, "per-frame");
  EXPECT_EQ(smooth.kernel, "image.gaussian");
  EXPECT_EQ(smooth.inputs[0].from[0].node, "frames");
  EXPECT_EQ(smooth.args[0].second.AsReal().value(), 2.0);
  EXPECT_EQ(smooth.where.line, 10);
  EXPECT_EQ(smooth.field_where.at("args.sigma").line, 14);
  EXPECT_EQ(smooth.field_where.at("args.sigma").column, 10);
  EXPECT_TRUE(CheckStructure(BindParameters(graph, {}).value()).ok());
}

// The guide shows this example and two messages about it.
TEST(GraphTextTest, KeepsTheWordsOfTheGuide) {
  std::ifstream file(CL_SOURCE_DIR "/docs/graph.md");
  const std::string guide((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t begin = guide.find("```yaml\n") + 8;
  std::string example = guide.substr(begin, guide.find("```", begin) - begin);
  EXPECT_EQ(example, kDesignExample);
  example =
      absl::StrReplaceAll(example, {{"image: frames", "image: frame"}, {"tables: stats", "tables: stat"}});
  const absl::Status bind = BindParameters(MustRead(example, "graph.yaml"), {}).status();
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(bind.message(), '\n'))) {
    EXPECT_THAT(guide, HasSubstr(line));
  }
}

TEST(GraphTextTest, WritesWhatAPersonWouldWrite) {
  EXPECT_EQ(ToYaml(MustRead(kDesignExample)), R"(schemaVersion: 1
name: frame-statistics
parameters:
  images: {type: string, default: "frames/*.fits"}
nodes:
  - id: frames
    source: {uri: "${images}", hdu: SCI}
  - id: per-frame
    scatter: {over: frames}
  - id: smooth
    in: per-frame
    kernel: image.gaussian
    inputs: {image: frames}
    args: {sigma: 2}
  - id: stats
    in: per-frame
    kernel: image.statistics
    inputs: {image: smooth}
  - id: all
    kernel: table.concat
    inputs: {tables: stats}
  - id: out
    sink: {uri: out/statistics.csv}
    inputs: {table: all}
)");
}

TEST(GraphTextTest, ReadsEveryField) {
  const graph::Graph g = MustRead(kEverything);
  EXPECT_EQ(g.description, "all fields: \xc3\xa9, \"quotes\", newline\n");
  EXPECT_EQ(g.deadline, absl::Hours(2));
  EXPECT_EQ(g.labels.at("odd key:"), "yes");
  size_t labelled = 0;
  for (const graph::Node& node : g.nodes) labelled += node.labels.count("daliuge/id");
  EXPECT_EQ(labelled, 1u);
  EXPECT_EQ(g.parameters[0].name, "axes");  // sorted
  EXPECT_EQ(g.parameters[0].default_value.ToJson(), "[1,2.5,\"a\",[true,null]]");
  EXPECT_TRUE(g.parameters[4].default_value.is_null());
  EXPECT_EQ(g.nodes[0].source.hdu, "1");
  EXPECT_TRUE(g.nodes[0].source.single);
  EXPECT_EQ(g.nodes[1].source.list[1], "y z.h5");
  EXPECT_EQ(g.nodes[2].deferred.at("scatter.count"), "${n}");
  EXPECT_EQ(g.nodes[2].scatter.batch, 2);
  EXPECT_EQ(g.nodes[3].scatter.grid, (std::vector<int64_t>{64, 0}));
  EXPECT_EQ(g.nodes[7].loop.carry[0].second, "c:y");
  EXPECT_EQ(g.nodes[9].subgraph.parameters[0].second.ToJson(), "{\"q\":[1]}");
  EXPECT_EQ(g.nodes[12].data.expected_size, 3 << 20);
  const graph::Node& c = g.nodes[13];
  EXPECT_EQ(c.inputs[0].port, "first");  // sorted
  EXPECT_EQ(c.inputs[1].from[1].ToString(), "b:data");
  EXPECT_EQ(Value(c.args).ToJson(),
            "{\"b\":false,\"big\":\"9007199254740993\",\"i\":9007199254740992,\"l\":[],\"m\":{},\"n\":null,"
            "\"r\":2.5,"
            "\"t\":\"007\"}");
  EXPECT_EQ(c.resources.cores, 0.5);
  EXPECT_EQ(c.resources.memory, int64_t{2} << 30);
  EXPECT_EQ(c.retries, 0);
  EXPECT_EQ(c.error_threshold, 0);
  EXPECT_EQ(c.timeout, absl::Seconds(90));
  EXPECT_EQ(g.nodes[14].command.environment.at("A"), "1");
  EXPECT_EQ(g.nodes[15].sink.options[1].second, Value(3));
}

TEST(GraphTextTest, GoesThroughYamlAndMessagesUnchanged) {
  for (const char* text : {kDesignExample, kEverything}) {
    const graph::Graph graph = MustRead(text);
    const std::string yaml = ToYaml(graph);
    EXPECT_EQ(Bytes(MustRead(yaml)), Bytes(graph)) << yaml;
    EXPECT_EQ(ToYaml(MustRead(yaml)), yaml);
    EXPECT_EQ(Bytes(FromProto(ToProto(graph)).value()), Bytes(graph));
  }
}

TEST(GraphTextTest, WritesAwkwardTextsSoThatTheyReadBack) {
  graph::Graph graph = MustRead(kDesignExample);
  for (const char* text :
       {"",     " ",   "null", "~",      "true", "no",           "1",    "0x1F", ".5", "1e3", "- a",
        "a: b", "#x",  "a #b", "&a",     "*a",   "!t",           "%",    "@",    "`",  "'",   "\"",
        "\\",   "\n",  "\t",   "a\nb\n", "\x01", "\xc3\xa9",     "${x}", "{",    "[",  "?",   "|",
        ">",    "---", "...",  "<<",     "=",    "\xe2\x80\xa8", "-",    ":",    ",",  "a,b"}) {
    graph.nodes[2].args = {{"x", Value(text)}, {text, Value(Value::List{Value(text)})}};
    graph.description = text;
    const std::string yaml = ToYaml(graph);
    EXPECT_EQ(Bytes(MustRead(yaml)), Bytes(graph)) << yaml;
  }
}

TEST(GraphTextTest, ReadsJsonAsTheSameGraph) {
  const std::string json = R"({"schemaVersion": 1, "name": "frame-statistics",
	"parameters": {"images": {"type": "string", "default": "frames\/*.fits"}},
    "nodes": [{"id": "frames", "source": {"uri": "${images}", "hdu": "SCI"}},
    {"id":"per-frame","scatter":{"over":"frames"}},
    {"id":"smooth","in":"per-frame","kernel":"image.gaussian","inputs":{"image":"frames"},"args":{"sigma":2.0}},
    {"id":"stats","in":"per-frame","kernel":"image.statistics","inputs":{"image":"smooth"}},
    {"id":"all","kernel":"table.concat","inputs":{"tables":"stats"}},
    {"id":"out","sink":{"uri":"out/statistics.csv"},"inputs":{"table":"all"}}]})";
  const std::string expected = Bytes(MustRead(kDesignExample));
  EXPECT_EQ(Bytes(MustRead(json, "g.json")), expected);
  EXPECT_EQ(Bytes(MustRead(json, "stdin")), expected);
  EXPECT_EQ(MustRead(json, "g.json").nodes[1].where.line, 4);
  EXPECT_EQ(MustRead(json, "g.json").nodes[1].field_where.at("scatter.over").column, 34);
  EXPECT_EQ(MustRead(R"({"name": "\ud83d\ude00\u00e9\t", "nodes": []})", "g.json").name,
            "\xf0\x9f\x98\x80\xc3\xa9\t");
}

struct Bad {
  std::string text;
  std::string says;
};

void ExpectErrors(const std::vector<Bad>& cases, const std::string& file) {
  for (const Bad& test : cases) {
    const absl::StatusOr<graph::Graph> graph = ReadGraph(test.text, file);
    EXPECT_EQ(graph.status().code(), absl::StatusCode::kInvalidArgument) << test.text;
    EXPECT_THAT(std::string(graph.status().message()), HasSubstr(test.says)) << test.text;
  }
}

TEST(GraphTextTest, NamesPlaceNodeFieldAndWhatWasExpected) {
  ExpectErrors(
      {
          {"nodes:\n- id: a\n  kernal: x\n",
           "g.yaml:3:3: node 'a', field 'kernal': unknown field; did you mean 'kernel'?"},
          {"nodez: []\n", "g.yaml:1:1: field 'nodez': unknown field; did you mean 'nodes'?"},
          {"nodes:\n- id: a\n  source: {url: x}\n",
           "g.yaml:3:12: node 'a', field 'source.url': unknown field; did you mean 'uri'?"},
          {"nodes: {a: b}\n", "g.yaml:1:8: field 'nodes': expected a list, got a map"},
          {"nodes: x\n", "expected a list, got \"x\""},
          {"nodes:\n- a\n", "g.yaml:2:3: field 'nodes[0]': expected a map of fields, got \"a\""},
          {"- a\n", "g.yaml:1:1: expected a map of fields, got a list"},
          {"just text", "expected a map of fields, got \"just text\""},
          {"schemaVersion: one\n", "field 'schemaVersion': expected an integer, got \"one\""},
          {"schemaVersion: 1.5\n", "expected an integer, got \"1.5\""},
          {"schemaVersion: 3000000000\n", "expected an integer"},
          {"errorThreshold: .nan\n", "field 'errorThreshold': expected a number, got \".nan\""},
          {"name: [a]\n", "field 'name': expected text, got a list"},
          {"nodes:\n- {id: a, kernel: k, streaming: 1}\n",
           "field 'streaming': expected true or false, got \"1\""},
          {"nodes:\n- {id: a, kernel: k, source: {}}\n",
           "expected one kind of node, got both 'kernel' and 'source'"},
          {"nodes:\n- {id: a}\n", "g.yaml:2:3: node 'a': expected one of source, kernel, sink"},
          {"nodes:\n- {id: a, gather: }\n",
           "field 'gather': expected a map of fields, got nothing (write {})"},
          {"nodes:\n- {id: a, kernel: }\n", "field 'kernel': expected text, got nothing"},
          {"nodes:\n- {id: a, groupBy: {}, group_by: {}}\n", "field 'groupBy': this field is given twice"},
          {"nodes:\n- {id: a, kernel: k, inputs: {x: 'b c'}}\n",
           "g.yaml:2:31: node 'a', field 'inputs.x': expected \"node[:port]\", got \"b c\""},
          {"nodes:\n- {id: a, kernel: k, inputs: [b]}\n", "field 'inputs': expected a map, got a list"},
          {"nodes:\n- {id: a, kernel: k, args: {x: 9007199254740993}}\n",
           "field 'args.x': expected a finite number, exact up to 2^53 (write larger integers in quotes), "
           "got "
           "\"9007199254740993\""},
          {"nodes:\n- {id: a, kernel: k, args: {x: [.inf]}}\n",
           "field 'args.x[0]': expected a finite number"},
          {"nodes:\n- {id: a, kernel: k, args: {x: 1e999}}\n", "expected a finite number"},
          {"nodes:\n- {id: a, kernel: k, resources: {memory: lots}}\n",
           "field 'resources.memory': expected a size such as \"2Gi\", got \"lots\""},
          {"nodes:\n- {id: a, kernel: k, resources: {cores: -1}}\n",
           "field 'resources.cores': expected cores"},
          {"nodes:\n- {id: a, kernel: k, timeout: 90}\n",
           "field 'timeout': expected a duration such as \"90s\""},
          {"deadline: soon\n", "field 'deadline': expected a duration such as \"90s\", got \"soon\""},
          {"nodes:\n- {id: a, scatter: {count: many}}\n",
           "field 'scatter.count': expected an integer, got \"many\""},
          {"nodes:\n- {id: a, scatter: {count: 2.5}}\n", "expected an integer, got 2.5"},
          {"nodes:\n- {id: a, scatter: {grid: [1,2,3,4,5,6,7,8,9]}}\n", "expected at most 8 chunk extents"},
          {"parameters: {n: {type: int}}\n",
           "g.yaml:1:18: field 'parameters.n.type': expected bool, integer, real, string or list, got "
           "\"int\""},
          {"name: a\nname: b\n", "g.yaml:2:1: key 'name' is given twice, first at line 1"},
          {"nodes:\n- {id: a, kernel: k, args: {x: 1, x: 2}}\n", "key 'x' is given twice"},
          {"name: a\n---\nname: b\n", "expected one document, got more"},
          {"", "the text is empty"},
          {"# nothing\n", "the text is empty"},
          {"name: [a\n", "g.yaml:"},
          {"name: \"a\n", "g.yaml:2:"},
          {"name: \"a", "g.yaml:1:"},
          {"name: 'a\n\n  ", "g.yaml:3:"},
          {"name: a: b\n", "g.yaml:1:"},
          {"\tname: a\n", "g.yaml:"},
          {"? [a]\n: b\n", "a key must be plain text"},
          {"name: *x\n", "g.yaml:"},
          {"name: \xff\n", "g.yaml: byte 6: expected UTF-8 text"},
          {std::string("name: \xed\xa0\x80\n"), "byte 6: expected UTF-8 text"},
      },
      "g.yaml");
}

TEST(GraphTextTest, RefusesWhatIsNotJson) {
  ExpectErrors(
      {
          {R"({"name": "a",})", "g.json:1:14: expected a key in double quotes, got '}'"},
          {R"({"name": "a" "b": 1})", "g.json:1:14: expected ',' or '}', got '\"'"},
          {R"({"nodes": [1 2]})", "expected ',' or ']', got '2'"},
          {R"({name: 1})", "g.json:1:2: expected a key in double quotes, got 'n'"},
          {"{\n\"name\" 1}", "g.json:2:8: expected ':', got '1'"},
          {R"({"name": })", "expected a JSON value, got '}'"},
          {R"({"name": 01})", "expected ',' or '}', got '1'"},
          {R"({"name": 1.})", "expected a digit, got '}'"},
          {R"({"name": -})", "expected a digit"},
          {R"({"name": 1e})", "expected a digit"},
          {R"({"name": "a)", "g.json:1:12: expected '\"', got the end of the text"},
          {"{\"name\": \"a\nb\"}", "expected an escape for a control character, got another character"},
          {R"({"name": "\x"})", "expected an escape character, got 'x'"},
          {R"({"name": "\u12"})", "expected 4 hexadecimal digits"},
          {R"({"name": "\ud800"})", "expected a low surrogate"},
          {R"({"name": "\ud800\u0041"})", "expected a low surrogate"},
          {R"({"name": "\udc00"})", "expected a high surrogate before a low one"},
          {R"({"name": "a"} x)", "expected the end of the text, got 'x'"},
          {R"({"name": "a", "name": "b"})", "g.json:1:15: key 'name' is given twice"},
          {R"({"nodes": [)", "expected a JSON value, got the end of the text"},
          {R"({)", "got the end of the text"},
          {R"()", "got the end of the text"},
          {R"(nul)", "expected a JSON value, got 'n'"},
          {R"({"nodes": [{"id": "a", "kernal": "k"}]})",
           "g.json:1:24: node 'a', field 'kernal': unknown field; did you mean 'kernel'?"},
      },
      "g.json");
}

TEST(GraphTextTest, TellsAllProblemsAtOnce) {
  std::string text = "nodes:\n";
  for (int i = 0; i < 30; ++i) absl::StrAppend(&text, "- {id: a", i, ", kernel: k, nothing: 1}\n");
  const std::string message(ReadGraph(text, "g.yaml").status().message());
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 20);
}

TEST(GraphTextTest, BoundsDepthAliasesAndSizes) {
  GraphTextLimits limits;
  limits.max_bytes = 100000;
  limits.max_values = 1000;
  limits.max_nodes = 10;
  limits.max_aliases = 20;
  limits.max_depth = 16;
  const auto says = [&](const std::string& text, const std::string& file = "g.yaml") {
    return std::string(ReadGraph(text, file, limits).status().message());
  };
  EXPECT_THAT(says(std::string(100001, ' ')), HasSubstr("the text has 100001 bytes, the limit is 100000"));
  EXPECT_THAT(says("x: " + std::string(20, '[') + std::string(20, ']')),
              HasSubstr("nested deeper than 16 levels"));
  EXPECT_THAT(says("x: " + std::string(50000, '[')), StartsWith("g.yaml:"));
  EXPECT_THAT(says("{\"x\": " + std::string(50000, '['), "g.json"),
              HasSubstr("nested deeper than 16 levels"));
  std::string list = "x: [";
  for (int i = 0; i < 1100; ++i) list += "1,";
  EXPECT_THAT(says(list + "1]\n"), HasSubstr("more than 1000 values"));
  std::string nodes = "nodes:\n";
  for (int i = 0; i < 11; ++i) absl::StrAppend(&nodes, "- {id: n", i, "}\n");
  EXPECT_THAT(says(nodes), HasSubstr("the graph has 11 nodes, the limit is 10"));
  // A small text that aliases blow up: ten lists of ten of the one before.
  std::string laughs = "a0: &a0 [1]\n";
  for (int i = 1; i < 10; ++i) {
    absl::StrAppend(&laughs, "a", i, ": &a", i, " [");
    for (int j = 0; j < 2; ++j) absl::StrAppend(&laughs, "*a", i - 1, ",");
    absl::StrAppend(&laughs, "]\n");
  }
  EXPECT_THAT(says(laughs), HasSubstr("more than 1000 values"));
  std::string deep = "a0: &a0 [[[[[[1]]]]]]\n";
  for (int i = 1; i < 10; ++i) absl::StrAppend(&deep, "a", i, ": &a", i, " [[[*a", i - 1, "]]]\n");
  EXPECT_THAT(says(deep), HasSubstr("nested deeper than 16 levels"));
  std::string many = "a: &a 1\nx: [";
  for (int i = 0; i < 21; ++i) many += "*a,";
  EXPECT_THAT(says(many + "]\n"), HasSubstr("more than 20 aliases"));
  EXPECT_THAT(says("a: &a [*a]\n"), HasSubstr("an alias inside of what it names"));
}

TEST(GraphTextTest, TakesAliases) {
  const graph::Graph graph = MustRead(
      "nodes:\n- {id: &n a, kernel: k, args: &args {x: 1}}\n- {id: b, kernel: k, args: *args, inputs: {*n : "
      "*n}}\n");
  EXPECT_EQ(graph.nodes[1].args[0].second, Value(1));
  EXPECT_EQ(graph.nodes[1].inputs[0].port, "a");
  EXPECT_EQ(graph.nodes[1].inputs[0].from[0].node, "a");
}

TEST(GraphTextTest, TakesBlockTexts) {
  EXPECT_EQ(MustRead("nodes: []\ndescription: |\n  a\n  b\n   ").description, "a\nb\n");
  EXPECT_EQ(MustRead("nodes: []\ndescription: >-\n  a\n  b\n").description, "a b");
  EXPECT_EQ(MustRead("nodes: []\ndescription: |\n  a").description, "a");
}

TEST(GraphTextTest, ReadsFilesAndNamesMissingOnes) {
  EXPECT_EQ(ReadGraphFile("/nonexistent/g.yaml").status().code(), absl::StatusCode::kNotFound);
  const std::string path = testing::TempDir() + "graph_text_test.yaml";
  std::ofstream(path) << kDesignExample;
  absl::StatusOr<graph::Graph> graph = ReadGraphFile(path);
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->file, path);
  std::remove(path.c_str());
  EXPECT_FALSE(ReadGraphFile(testing::TempDir()).ok());  // a folder
}

TEST(GraphTextTest, GivesMessagesWithoutLocationsTheSameChecks) {
  graph::v1::Graph message;
  message.add_nodes()->set_id("a");
  message.mutable_nodes(0)->set_timeout("soon");
  EXPECT_THAT(std::string(FromProto(message).status().message()),
              HasSubstr("node 'a', field 'timeout': expected"));
}

// Fast enough for ten thousands of nodes; the bound is far above what any machine needs.
TEST(GraphTextTest, ReadsLargeGraphs) {
  std::string yaml = "nodes:\n", json = "{\"nodes\": [";
  for (int i = 0; i < 20000; ++i) {
    absl::StrAppend(&yaml, "- {id: n", i, ", kernel: image.statistics, args: {sigma: ", i, ".5}}\n");
    absl::StrAppend(&json, i > 0 ? "," : "", "{\"id\":\"n", i,
                    "\",\"kernel\":\"image.statistics\",\"args\":{\"sigma\":", i, ".5}}");
  }
  json += "]}";
  EXPECT_EQ(MustRead(yaml).nodes.size(), 20000u);
  EXPECT_EQ(Bytes(MustRead(json, "g.json")), Bytes(MustRead(yaml)));
}

}  // namespace
}  // namespace cubeloom::wire
