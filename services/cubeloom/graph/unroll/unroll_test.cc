#include "cubeloom/graph/unroll/unroll.h"

#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/sha256.h"
#include "cubeloom/wire/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Graph Read(const std::string& nodes) {
  absl::StatusOr<Graph> graph = wire::ReadGraph("nodes:\n" + nodes, "test.yaml");
  EXPECT_TRUE(graph.ok()) << graph.status();
  if (!graph.ok()) return {};
  const absl::Status status = CheckStructure(*graph);
  EXPECT_TRUE(status.ok()) << status;
  return *std::move(graph);
}

// Kernels have one output "out", or the two of `two`.
UnrollFacts Facts(const Graph& graph, const std::string& two = "") {
  UnrollFacts facts;
  for (const Node& node : graph.nodes) {
    if (node.kind == NodeKind::kKernel) facts.ports[node.id] = {"out"};
  }
  if (!two.empty()) facts.ports[two] = {"first", "second"};
  facts.source_items["frames"] = 3;
  facts.source_items["flats"] = 2;
  facts.grid_chunks["tiles"] = 4;
  return facts;
}

std::vector<std::string> Ids(const PhysicalGraph& graph, absl::Span<const DropId> drops) {
  std::vector<std::string> ids;
  for (DropId d : drops) ids.push_back(graph.ExternalId(d));
  return ids;
}

// "smooth/0 < frames:data/0", one line per app drop with inputs.
std::string Inputs(const PhysicalGraph& graph) {
  std::string text;
  for (DropId d = 0; d < graph.drops(); ++d) {
    if (graph.kind(d) == DropKind::kData || graph.predecessors(d).empty()) continue;
    absl::StrAppend(&text, graph.ExternalId(d), " < ", absl::StrJoin(Ids(graph, graph.predecessors(d)), " "),
                    "\n");
  }
  return text;
}

struct Rule {
  std::string name;
  std::string nodes;
  std::string inputs;
};

const std::vector<Rule> kRules = {
    {"the scatter's own source gives item by item; outside, all in order",
     "- {id: frames, source: {uri: '*'}}\n"
     "- {id: per, scatter: {over: frames}}\n"
     "- {id: a, in: per, kernel: k, inputs: {x: frames}}\n"
     "- {id: all, kernel: k, inputs: {x: frames}}\n",
     "a/0 < frames:data/0\na/1 < frames:data/1\na/2 < frames:data/2\n"
     "all < frames:data/0 frames:data/1 frames:data/2\n"},
    {"equal indices inside, broadcast in, fan-in out",
     "- {id: one, kernel: k}\n"
     "- {id: per, scatter: {count: 2}}\n"
     "- {id: a, in: per, kernel: k, inputs: {x: one}}\n"
     "- {id: b, in: per, kernel: k, inputs: {x: a}}\n"
     "- {id: c, kernel: k, inputs: {x: b}}\n",
     "a/0 < one:out\na/1 < one:out\nb/0 < a:out/0\nb/1 < a:out/1\nc < b:out/0 b:out/1\n"},
    {"nested scatters: broadcast and fan-in by block",
     "- {id: per, scatter: {count: 2}}\n"
     "- {id: a, in: per, kernel: k}\n"
     "- {id: deep, in: per, scatter: {count: 2}}\n"
     "- {id: b, in: deep, kernel: k, inputs: {x: a}}\n"
     "- {id: c, in: per, kernel: k, inputs: {x: b}}\n",
     "b/0/0 < a:out/0\nb/0/1 < a:out/0\nb/1/0 < a:out/1\nb/1/1 < a:out/1\n"
     "c/0 < b:out/0/0 b:out/0/1\nc/1 < b:out/1/0 b:out/1/1\n"},
    {"an item taken two levels further in",
     "- {id: frames, source: {uri: '*'}}\n"
     "- {id: outer, scatter: {count: 2}}\n"
     "- {id: per, in: outer, scatter: {over: frames}}\n"
     "- {id: a, in: per, kernel: k, inputs: {x: frames}}\n",
     "a/0/0 < frames:data/0\na/0/1 < frames:data/1\na/0/2 < frames:data/2\n"
     "a/1/0 < frames:data/0\na/1/1 < frames:data/1\na/1/2 < frames:data/2\n"},
    {"gather with a short last block",
     "- {id: frames, source: {uri: '*'}}\n"
     "- {id: g, gather: {width: 2}}\n"
     "- {id: a, in: g, kernel: k, inputs: {x: frames}}\n"
     "- {id: b, in: g, kernel: k, inputs: {x: a}}\n",
     "a/0 < frames:data/0 frames:data/1\na/1 < frames:data/2\nb/0 < a:out/0\nb/1 < a:out/1\n"},
    {"gather of everything",
     "- {id: frames, source: {uri: '*'}}\n"
     "- {id: g, gather: {}}\n"
     "- {id: a, in: g, kernel: k, inputs: {x: frames}}\n",
     "a/0 < frames:data/0 frames:data/1 frames:data/2\n"},
    {"gather inside a scatter: blocks do not cross outer instances",
     "- {id: per, scatter: {count: 2}}\n"
     "- {id: deep, in: per, scatter: {count: 3}}\n"
     "- {id: a, in: deep, kernel: k}\n"
     "- {id: g, in: per, gather: {width: 2}}\n"
     "- {id: b, in: g, kernel: k, inputs: {x: a}}\n",
     "b/0/0 < a:out/0/0 a:out/0/1\nb/0/1 < a:out/0/2\nb/1/0 < a:out/1/0 a:out/1/1\nb/1/1 < a:out/1/2\n"},
    {"scatter inside a gather, and what is one there is broadcast",
     "- {id: frames, source: {uri: '*'}}\n"
     "- {id: one, kernel: k}\n"
     "- {id: g, gather: {width: 2}}\n"
     "- {id: s, in: g, scatter: {count: 2}}\n"
     "- {id: a, in: s, kernel: k, inputs: {x: frames, y: one}}\n",
     "a/0/0 < frames:data/0 frames:data/1 one:out\na/0/1 < frames:data/0 frames:data/1 one:out\n"
     "a/1/0 < frames:data/2 one:out\na/1/1 < frames:data/2 one:out\n"},
    {"scatter over the results of another",
     "- {id: per, scatter: {count: 2}}\n"
     "- {id: a, in: per, kernel: k}\n"
     "- {id: again, scatter: {over: a}}\n"
     "- {id: b, in: again, kernel: k, inputs: {x: a}}\n",
     "b/0 < a:out/0\nb/1 < a:out/1\n"},
    {"two lists in step",
     "- {id: frames, source: {uri: '*'}}\n"
     "- {id: masks, source: {list: [a, b, c]}}\n"
     "- {id: per, scatter: {over: 'frames, masks'}}\n"
     "- {id: a, in: per, kernel: k, inputs: {x: frames, y: masks}}\n",
     "a/0 < frames:data/0 masks:data/0\na/1 < frames:data/1 masks:data/1\na/2 < frames:data/2 "
     "masks:data/2\n"},
    {"from one scatter into another: everything to everyone",
     "- {id: s1, scatter: {count: 2}}\n"
     "- {id: a, in: s1, kernel: k}\n"
     "- {id: s2, scatter: {count: 2}}\n"
     "- {id: b, in: s2, kernel: k, inputs: {x: a}}\n",
     "b/0 < a:out/0 a:out/1\nb/1 < a:out/0 a:out/1\n"},
    {"several producers on one port, in order; ports by name; data nodes vanish",
     "- {id: two, kernel: k}\n"
     "- {id: named, data: {}, inputs: {data: 'two:second'}}\n"
     "- {id: a, kernel: k, inputs: {x: 'named, two, two:second'}}\n",
     "a < two:second two:first two:second\n"},
    {"a chunk grid broadcasts its array",
     "- {id: cube, source: {uri: c.fits, single: true}}\n"
     "- {id: tiles, scatter: {over: cube, grid: [64, 64]}}\n"
     "- {id: a, in: tiles, kernel: k, inputs: {x: cube}}\n",
     "a/0 < cube:data\na/1 < cube:data\na/2 < cube:data\na/3 < cube:data\n"},
    {"a list source inside a scatter",
     "- {id: per, scatter: {count: 2}}\n"
     "- {id: flats, in: per, source: {uri: 'x${per.index}/*'}}\n"
     "- {id: a, in: per, kernel: k, inputs: {x: flats}}\n"
     "- {id: b, kernel: k, inputs: {x: flats}}\n",
     "a/0 < flats:data/0/0 flats:data/0/1\na/1 < flats:data/1/0 flats:data/1/1\n"
     "b < flats:data/0/0 flats:data/0/1 flats:data/1/0 flats:data/1/1\n"},
};

TEST(UnrollTest, FollowsTheRules) {
  for (const Rule& rule : kRules) {
    const Graph graph = Read(rule.nodes);
    absl::StatusOr<PhysicalGraph> unrolled = Unroll(graph, Facts(graph, "two"));
    ASSERT_TRUE(unrolled.ok()) << rule.name << ": " << unrolled.status();
    EXPECT_EQ(Inputs(*unrolled), rule.inputs) << rule.name;
  }
}

constexpr char kDesignNodes[] =
    "- {id: frames, source: {uri: 'frames/*.fits', hdu: SCI}}\n"
    "- {id: per-frame, scatter: {over: frames}}\n"
    "- {id: smooth, in: per-frame, kernel: image.gaussian, inputs: {image: frames}, args: {sigma: 2.0}}\n"
    "- {id: stats, in: per-frame, kernel: image.statistics, inputs: {image: smooth}}\n"
    "- {id: all, kernel: table.concat, inputs: {tables: stats}}\n"
    "- {id: out, sink: {uri: 'out/statistics.csv'}, inputs: {table: all}}\n";

TEST(UnrollTest, NumbersTheDesignExampleForGood) {
  const Graph graph = Read(kDesignNodes);
  const PhysicalGraph g = Unroll(graph, Facts(graph)).value();
  std::vector<DropId> all(g.drops());
  for (DropId d = 0; d < all.size(); ++d) all[d] = d;
  EXPECT_THAT(Ids(g, all),
              ElementsAre("frames:data/0", "frames:data/1", "frames:data/2", "smooth/0", "smooth/1",
                          "smooth/2", "smooth:out/0", "smooth:out/1", "smooth:out/2", "stats/0", "stats/1",
                          "stats/2", "stats:out/0", "stats:out/1", "stats:out/2", "all", "all:out", "out"));
  EXPECT_EQ(g.edges(), 3u + 3 + 3 + 3 + 3 + 1 + 1);
  EXPECT_THAT(g.in_offsets, ElementsAre(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17));
  EXPECT_THAT(Ids(g, g.successors(6)), ElementsAre("stats/0"));
}

// Ids, order and bytes are a promise to stored runs: a digest may only change with a new schema version.
std::string Fingerprint(const PhysicalGraph& g) {
  Sha256 sha;
  const auto array = [&](const std::vector<uint32_t>& values) {
    for (uint32_t v : values) {
      const char bytes[4] = {static_cast<char>(v), static_cast<char>(v >> 8), static_cast<char>(v >> 16),
                             static_cast<char>(v >> 24)};
      sha.Update(absl::string_view(bytes, 4));
    }
  };
  array(g.block_of);
  array(g.out_offsets);
  array(g.out);
  array(g.in_offsets);
  array(g.in);
  for (DropId d = 0; d < g.drops(); ++d) sha.Update(g.ExternalId(d) + "\n");
  return ToHex(sha.Finish()).substr(0, 16);
}

TEST(UnrollTest, GivesTheSameBytesForGood) {
  std::string digests;
  for (const Rule& rule : kRules) {
    const Graph graph = Read(rule.nodes);
    absl::StrAppend(&digests, Fingerprint(Unroll(graph, Facts(graph, "two")).value()), "\n");
  }
  const Graph design = Read(kDesignNodes);
  UnrollFacts facts = Facts(design);
  facts.source_items["frames"] = 1000;
  absl::StrAppend(&digests, Fingerprint(Unroll(design, facts).value()), "\n");
  EXPECT_EQ(digests,
            "a9ec20ba17db52a2\nac5496031b851bd4\n7cfd652e56484481\nfde16b74854a441d\n70300eb3cb852993\n"
            "2975c62cbb34a16c\n22c174aa12611d26\n25ca4957ef822a1e\na25f87da351136f7\n0fcc190613ec9a0b\n"
            "195dfc7e288142d7\n583003105c336e5c\n32f5ebac65a4f820\n8145fa20c23fc558\nf5a0a3c701b6eece\n");
}

TEST(UnrollTest, FindsEveryDropByItsExternalId) {
  for (const Rule& rule : kRules) {
    const Graph graph = Read(rule.nodes);
    const PhysicalGraph g = Unroll(graph, Facts(graph, "two")).value();
    for (DropId d = 0; d < g.drops(); ++d) EXPECT_EQ(g.FindDrop(g.ExternalId(d)), d) << g.ExternalId(d);
  }
  const Graph graph = Read(kDesignNodes);
  const PhysicalGraph g = Unroll(graph, Facts(graph)).value();
  for (const char* bad :
       {"", "/", "frames", "frames:data", "frames:data/3", "frames:data/-1", "frames:data/01", "smooth:x/0",
        "smooth/0/0", "all/0", "nothing", ":data", "smooth/", "smooth/0 "}) {
    EXPECT_EQ(g.FindDrop(bad), kNoId) << bad;
  }
}

TEST(UnrollTest, GivesTheInputsOfEachLink) {
  const Graph graph = Read(kRules[7].nodes);
  const PhysicalGraph g = Unroll(graph, Facts(graph)).value();
  const DropId a = g.FindDrop("a/1/0");
  EXPECT_THAT(Ids(g, g.InputsOf(a, 0)), ElementsAre("frames:data/2"));
  EXPECT_THAT(Ids(g, g.InputsOf(a, 1)), ElementsAre("one:out"));
}

TEST(UnrollTest, MarksStreamingAndGridLinks) {
  const Graph graph = Read(
      "- {id: cube, source: {uri: c.fits, single: true}, streaming: true}\n"
      "- {id: flat, source: {uri: f.fits, single: true}}\n"
      "- {id: tiles, scatter: {over: 'cube:data', grid: [64, 64]}}\n"
      "- {id: a, in: tiles, kernel: k, inputs: {x: cube, y: flat}}\n");
  const PhysicalGraph g = Unroll(graph, Facts(graph)).value();
  const std::vector<Link>& links = g.block(g.FindDrop("a/0")).links;
  EXPECT_TRUE(links[0].streaming);
  EXPECT_EQ(links[0].grid_axis, 0);
  EXPECT_FALSE(links[1].streaming);
  EXPECT_EQ(links[1].grid_axis, -1);
}

TEST(UnrollTest, SaysWhatIsWrong) {
  struct Case {
    std::string nodes;
    absl::StatusCode code;
    std::string says;
  };
  const std::string scatter = "- {id: one, kernel: k}\n- {id: s, scatter: {count: 1000000000000}}\n";
  const std::vector<Case> cases = {
      {scatter + "- {id: a, in: s, kernel: k, inputs: {x: one}}\n", absl::StatusCode::kResourceExhausted,
       "the graph unrolls to 2000000000002 drops; the limit is 4000000000"},
      {"- {id: s, scatter: {count: 9000000000000000}}\n- {id: t, in: s, scatter: {count: 9000000000000000}}\n"
       "- {id: a, in: t, kernel: k}\n",
       absl::StatusCode::kResourceExhausted, "more than 9.2e18 drops"},
      {"- {id: s, scatter: {count: 100000}}\n- {id: a, in: s, kernel: k}\n- {id: t, scatter: {count: "
       "100000}}\n"
       "- {id: b, in: t, kernel: k, inputs: {x: a}}\n",
       absl::StatusCode::kResourceExhausted, "10000200000 edges; the limit is 4294967294"},
      {"- {id: s, scatter: {count: 1500000000}}\n- {id: a, in: s, kernel: k}\n",
       absl::StatusCode::kResourceExhausted,
       "3000000000 drops and 1500000000 edges, 44.7 GiB; the limit is 16.0 GiB"},
      {"- {id: a, kernel: k}\n- {id: b, kernel: k, inputs: {x: 'a:oot'}}\n",
       absl::StatusCode::kInvalidArgument,
       "test.yaml:3:31: node 'b', field 'inputs.x': 'a' has no output 'oot'; it has: out; did you mean "
       "'out'?"},
      {"- {id: c, command: {argv: [x]}}\n- {id: b, kernel: k, inputs: {x: two}}\n- {id: two, kernel: k}\n",
       absl::StatusCode::kOk, ""},
      {"- {id: list, source: {uri: '*'}}\n- {id: b, kernel: k, inputs: {x: list}}\n",
       absl::StatusCode::kFailedPrecondition,
       "node 'list', field 'source': the number of its files is not known"},
      {"- {id: cube, source: {uri: x, single: true}}\n- {id: g, scatter: {over: cube, grid: [4]}}\n"
       "- {id: b, in: g, kernel: k, inputs: {x: cube}}\n",
       absl::StatusCode::kFailedPrecondition, "the number of chunks of 'cube' is not known"},
      {"- {id: frames, source: {uri: '*'}}\n- {id: flats, source: {uri: '*'}}\n- {id: g, gather: {width: "
       "2}}\n"
       "- {id: b, in: g, kernel: k, inputs: {x: frames, y: flats}}\n",
       absl::StatusCode::kInvalidArgument, "its children take 3 instances of 'frames', but 2 of 'flats'"},
      {"- {id: frames, source: {uri: '*'}}\n- {id: flats, source: {uri: '*'}}\n- {id: s, scatter: {over: "
       "'frames,flats'}}\n"
       "- {id: b, in: s, kernel: k, inputs: {x: frames, y: flats}}\n",
       absl::StatusCode::kInvalidArgument, "'frames' has 3 items, but 'flats' has 2"},
      {"- {id: b, kernel: k}\n- {id: l, loop: {count: 3, until: b}}\n- {id: c, in: l, kernel: k}\n",
       absl::StatusCode::kUnimplemented, "node 'l', field 'loop.until': this version does not unroll"},
      {"- {id: s, subgraph: {uri: x.yaml}}\n", absl::StatusCode::kUnimplemented,
       "node 's', field 'subgraph': this version does not unroll the construct 'subgraph'"},
      {"- {id: l, loop: {count: 3}}\n- {id: a, in: l, kernel: k}\n- {id: m, loop: {count: 2}}\n"
       "- {id: b, in: m, kernel: k, inputs: {x: a}}\n",
       absl::StatusCode::kInvalidArgument,
       "node 'b', field 'inputs.x': from 'a': loops 'l' and 'm' run in step here, but have 3 and 2 "
       "iterations"},
      {"- {id: l, loop: {count: 9007199254740992}}\n- {id: a, in: l, kernel: k}\n"
       "- {id: c, in: l, kernel: k, inputs: {x: a}}\n- {id: b, kernel: k, inputs: {x: c}}\n",
       absl::StatusCode::kResourceExhausted, "36028797018963970 drops"},
      {"- {id: s, scatter: {count: 3}}\n- {id: a, in: s, kernel: k}\n- {id: m, mkn: {m: 2, k: 2, n: 1}}\n"
       "- {id: b, in: m, kernel: k, inputs: {x: a}}\n",
       absl::StatusCode::kInvalidArgument, "from 'a': mkn 'm' takes m * k = 2 * 2 instances, got 3"},
      {"- {id: s, scatter: {count: 3}}\n- {id: a, in: s, kernel: k}\n- {id: t, scatter: {count: 2}}\n"
       "- {id: b, in: t, kernel: k}\n- {id: g, groupBy: {}}\n- {id: c, in: g, kernel: k, inputs: {x: a, y: "
       "b}}\n",
       absl::StatusCode::kInvalidArgument, "its children take 3 groups of 'a', but 2 of 'b'"},
      {"- {id: s, scatter: {count: 3}}\n- {id: a, in: s, kernel: k}\n- {id: t, scatter: {count: 2}}\n"
       "- {id: b, in: t, kernel: k}\n- {id: g, groupBy: {keys: [t]}}\n- {id: c, in: g, kernel: k, inputs: "
       "{x: a}}\n",
       absl::StatusCode::kInvalidArgument,
       "its children take 'a', which not all of the keys enclose there: t"},
      {"- {id: s, scatter: {count: '${n}'}}\n- {id: b, in: s, kernel: k}\n",
       absl::StatusCode::kFailedPrecondition, "field 'scatter.count': the parameters are not bound"},
  };
  for (const Case& test : cases) {
    const Graph graph = Read(test.nodes);
    const absl::StatusOr<PhysicalGraph> unrolled = Unroll(graph, Facts(graph));
    EXPECT_EQ(unrolled.status().code(), test.code) << test.nodes << unrolled.status();
    EXPECT_THAT(unrolled.status().message(), HasSubstr(test.says));
  }
}

struct Counted {
  std::string name;  // of micro-cases.json where it is from there
  std::string nodes;
  size_t drops, edges;
};

// Graphs as DALiuGE counts them: data nodes are drops, kernels have no outputs of their own.
const std::vector<Counted> kCounted = {
    {"C_loop4",
     "- {id: d0, data: {}}\n- {id: l, loop: {count: 4, carry: [{from: b, to: 'a:x'}]}}\n"
     "- {id: a, in: l, kernel: k, inputs: {y: d0}}\n- {id: b, in: l, data: {}, inputs: {data: 'a:out'}}\n"
     "- {id: fin, kernel: k, inputs: {x: 'b@all'}}\n",
     10, 15},
    {"C_loop4, loop-aware",
     "- {id: d0, data: {}}\n- {id: l, loop: {count: 4, carry: [{from: b, to: 'a:x'}]}}\n"
     "- {id: a, in: l, kernel: k, inputs: {x: d0}}\n- {id: b, in: l, data: {}, inputs: {data: 'a:out'}}\n"
     "- {id: fin, kernel: k, inputs: {x: b}}\n",
     10, 9},
    {"D_scatter3_in_loop4",
     "- {id: d0, data: {}}\n- {id: l, loop: {count: 4, carry: [{from: b, to: 'a:x'}]}}\n"
     "- {id: a, in: l, kernel: k, inputs: {x: d0}}\n- {id: m, in: l, data: {}, inputs: {data: 'a:out'}}\n"
     "- {id: s, in: l, scatter: {count: 3}}\n- {id: w, in: s, kernel: k, inputs: {x: m}}\n"
     "- {id: o, in: s, data: {}, inputs: {data: 'w:out'}}\n- {id: red, in: l, kernel: k, inputs: {x: o}}\n"
     "- {id: b, in: l, data: {}, inputs: {data: 'red:out'}}\n- {id: fin, kernel: k, inputs: {x: b}}\n",
     42, 49},
    {"E2_loop_aware_outside_scatter",
     "- {id: d0, data: {}}\n- {id: s, scatter: {count: 3}}\n"
     "- {id: l, in: s, loop: {count: 4, carry: [{from: b, to: 'a:x'}]}}\n"
     "- {id: a, in: l, kernel: k, inputs: {x: d0}}\n- {id: b, in: l, data: {}, inputs: {data: 'a:out'}}\n"
     "- {id: fin, kernel: k, inputs: {x: b}}\n",
     26, 27},
    {"two loops in step",
     "- {id: l, loop: {count: 3, carry: [{from: b, to: 'a:x'}]}}\n- {id: a, in: l, kernel: k}\n"
     "- {id: b, in: l, data: {}, inputs: {data: 'a:out'}}\n- {id: m, loop: {count: 3, carry: [{from: d, to: "
     "'c:x'}]}}\n"
     "- {id: c, in: m, kernel: k, inputs: {y: b}}\n- {id: d, in: m, data: {}, inputs: {data: 'c:out'}}\n",
     12, 13},
    {"G2_groupby_gather",
     "- {id: s1, scatter: {count: 3}}\n- {id: s2, in: s1, scatter: {count: 2}}\n- {id: a, in: s2, kernel: "
     "k}\n"
     "- {id: d, in: s2, data: {}, inputs: {data: 'a:out'}}\n- {id: gb, groupBy: {}}\n"
     "- {id: bar, in: gb, kernel: k, inputs: {x: d}}\n- {id: grp, in: gb, data: {}, inputs: {data: "
     "'bar:out'}}\n"
     "- {id: ga, gather: {width: 2}}\n- {id: g, in: ga, kernel: k, inputs: {x: grp}}\n"
     "- {id: r, data: {}, inputs: {data: 'g:out'}}\n",
     18, 17},
    {"G4_groupby_in_scatter",
     "- {id: s0, scatter: {count: 2}}\n- {id: s1, in: s0, scatter: {count: 3}}\n"
     "- {id: s2, in: s1, scatter: {count: 4}}\n- {id: a, in: s2, kernel: k}\n"
     "- {id: d, in: s2, data: {}, inputs: {data: 'a:out'}}\n- {id: gb, in: s0, groupBy: {}}\n"
     "- {id: bar, in: gb, kernel: k, inputs: {x: d}}\n- {id: grp, in: gb, data: {}, inputs: {data: "
     "'bar:out'}}\n"
     "- {id: gc, in: gb, kernel: k, inputs: {x: grp}}\n- {id: gd, in: gb, data: {}, inputs: {data: "
     "'gc:out'}}\n",
     80, 72},
    {"I_app_app", "- {id: a, kernel: k}\n- {id: b, kernel: k, inputs: {x: 'a:self'}}\n", 4, 3},
    {"J_mpi4",
     "- {id: i, data: {}}\n- {id: p, rankGroup: {ranks: 4}}\n- {id: m, in: p, kernel: k, inputs: {x: i}}\n"
     "- {id: o, data: {}, inputs: {data: 'm:out'}}\n",
     6, 8},
    {"N_gather_empty_out, gather with its output",
     "- {id: s, scatter: {count: 5}}\n- {id: w, in: s, kernel: k}\n"
     "- {id: o, in: s, data: {}, inputs: {data: 'w:out'}}\n- {id: g, gather: {width: 2}}\n"
     "- {id: ga, in: g, kernel: k, inputs: {x: o}}\n",
     16, 13},
    {"W_loop_in_loop_3x2",
     "- {id: d0, data: {}}\n- {id: l1, loop: {count: 3, carry: [{from: ed, to: 's:x'}]}}\n"
     "- {id: l2, in: l1, loop: {count: 2, carry: [{from: b, to: 'a:x'}]}}\n"
     "- {id: s, in: l1, kernel: k, inputs: {x: d0}}\n- {id: sd, in: l1, data: {}, inputs: {data: 's:out'}}\n"
     "- {id: a, in: l2, kernel: k, inputs: {x: sd}}\n- {id: b, in: l2, data: {}, inputs: {data: 'a:out'}}\n"
     "- {id: e, in: l1, kernel: k, inputs: {x: b}}\n- {id: ed, in: l1, data: {}, inputs: {data: 'e:out'}}\n",
     25, 24},
    {"a data node outside a scatter replaces the output",
     "- {id: s, scatter: {count: 3}}\n- {id: a, in: s, kernel: k}\n- {id: d, data: {}, inputs: {data: "
     "'a:out'}}\n"
     "- {id: e, data: {}, inputs: {data: d}}\n",
     5, 4},
};

TEST(UnrollTest, CountsAsDaliugeDoes) {
  for (const Counted& test : kCounted) {
    const Graph graph = Read(test.nodes);
    UnrollFacts facts = Facts(graph);
    facts.ports["fin"] = {};
    const absl::StatusOr<PhysicalGraph> g = Unroll(graph, facts);
    ASSERT_TRUE(g.ok()) << test.name << ": " << g.status();
    EXPECT_EQ(g->drops(), test.drops) << test.name;
    EXPECT_EQ(g->edges(), test.edges) << test.name;
    for (DropId d = 0; d < g->drops(); ++d) EXPECT_EQ(g->FindDrop(g->ExternalId(d)), d) << g->ExternalId(d);
  }
}

const std::vector<Rule> kPlannedRules = {
    {"group-by turns the corner; two keys in their order",
     "- {id: s, scatter: {count: 2}}\n- {id: t, in: s, scatter: {count: 2}}\n- {id: a, in: t, kernel: k}\n"
     "- {id: g, groupBy: {}}\n- {id: b, in: g, kernel: k, inputs: {x: a}}\n"
     "- {id: h, groupBy: {keys: [t, s]}}\n- {id: c, in: h, kernel: k, inputs: {x: a}}\n"
     "- {id: h1, groupBy: {keys: [s]}}\n- {id: d, in: h1, kernel: k, inputs: {x: a}}\n",
     "b/0 < a:out/0/0 a:out/1/0\nb/1 < a:out/0/1 a:out/1/1\n"
     "c/0 < a:out/0/0\nc/1 < a:out/1/0\nc/2 < a:out/0/1\nc/3 < a:out/1/1\n"
     "d/0 < a:out/0/0 a:out/0/1\nd/1 < a:out/1/0 a:out/1/1\n"},
    {"loops: carry, entry, exits",
     "- {id: z, kernel: k}\n- {id: l, loop: {count: 3, carry: [{from: b, to: 'a:x'}]}}\n"
     "- {id: a, in: l, kernel: k, inputs: {x: z, y: z}}\n- {id: b, in: l, kernel: k, inputs: {x: a}}\n"
     "- {id: c, kernel: k, inputs: {x: b, y: a, z: 'b@first'}}\n",
     "a/0 < z:out z:out\na/1 < b:out/0 z:out\na/2 < b:out/1 z:out\n"
     "b/0 < a:out/0\nb/1 < a:out/1\nb/2 < a:out/2\n"
     "c < b:out/2 a:out/0 a:out/1 a:out/2 b:out/0\n"},
    {"M:K:N",
     "- {id: s, scatter: {count: 4}}\n- {id: a, in: s, kernel: k}\n- {id: m, mkn: {m: 2, k: 2, n: 2}}\n"
     "- {id: b, in: m, kernel: k, inputs: {x: a}}\n- {id: t, scatter: {over: b}}\n"
     "- {id: c, in: t, kernel: k, inputs: {x: b}}\n",
     "b/0 < a:out/0 a:out/1\nb/1 < a:out/2 a:out/3\n"
     "c/0 < b:out/0\nc/1 < b:out/0\nc/2 < b:out/1\nc/3 < b:out/1\n"},
    {"a branch's children wait for its condition",
     "- {id: t, kernel: k}\n- {id: y, branch: {condition: t}}\n- {id: n, branch: {condition: t, negate: "
     "true}}\n"
     "- {id: a, in: y, kernel: k}\n- {id: b, in: n, kernel: k}\n",
     "a/0 < t:out\nb/0 < t:out\n"},
    {"batches of two, one after another",
     "- {id: s, scatter: {count: 5, batch: 2}}\n- {id: a, in: s, kernel: k}\n- {id: b, in: s, kernel: k, "
     "inputs: {x: a}}\n",
     "a/2 < b/0 b/1\na/3 < b/0 b/1\na/4 < b/2 b/3\n"
     "b/0 < a:out/0\nb/1 < a:out/1\nb/2 < a:out/2\nb/3 < a:out/3\nb/4 < a:out/4\n"},
};

TEST(UnrollTest, PlansWhatTheRuntimeDoesNotRunYet) {
  for (const Rule& rule : kPlannedRules) {
    const Graph graph = Read(rule.nodes);
    absl::StatusOr<PhysicalGraph> unrolled = Unroll(graph, Facts(graph));
    ASSERT_TRUE(unrolled.ok()) << rule.name << ": " << unrolled.status();
    EXPECT_EQ(Inputs(*unrolled), rule.inputs) << rule.name;
    EXPECT_THAT(CheckRunnable(*unrolled).message(), HasSubstr("this version plans but does not run"))
        << rule.name;
  }
  const Graph design = Read(kRules[0].nodes);
  EXPECT_TRUE(CheckRunnable(Unroll(design, Facts(design)).value()).ok());
}

TEST(UnrollTest, RefusesWhatCheckStructureWouldHave) {
  Graph graph = Read("- {id: a, kernel: k}\n- {id: b, kernel: k, inputs: {x: a}}\n");
  graph.nodes[0].inputs = {{"x", {{"b", ""}}}};
  EXPECT_THAT(Unroll(graph, Facts(graph)).status().message(), HasSubstr("wait for each other: a -> b -> a"));
  EXPECT_EQ(Unroll(Graph(), {}).value().drops(), 0u);
}

TEST(UnrollTest, GivesPropertiesOfDataNodesToTheirProducer) {
  const Graph graph = Read("- {id: a, kernel: k}\n- {id: d, data: {}, persist: true, inputs: {data: a}}\n");
  EXPECT_TRUE(Unroll(graph, Facts(graph)).value().logical.nodes[0].persist);
}

TEST(BindInstanceTest, ReplacesIndicesCountsAndNames) {
  const Graph graph = Read(
      "- {id: frames, source: {uri: '*'}}\n"
      "- {id: per, scatter: {over: frames}}\n"
      "- {id: deep, in: per, scatter: {count: 2}}\n"
      "- {id: a, in: deep, kernel: k, inputs: {x: frames}}\n"
      "- {id: top, kernel: k, inputs: {x: a}}\n");
  const PhysicalGraph g = Unroll(graph, Facts(graph)).value();
  const std::map<std::string, std::vector<std::string>> names = {{"per", {"m31", "m42", "m45"}}};
  const auto bind = [&](const char* drop, const char* text) {
    return BindInstance(g, g.FindDrop(drop), Value(text), names);
  };
  EXPECT_EQ(bind("a/2/1", "${per.name}_${deep.index}of${deep.count}.fits").value().string(), "m45_1of2.fits");
  EXPECT_EQ(bind("a/1/0", "${per.index}").value(), Value(1));
  EXPECT_EQ(bind("a/1/1", "${deep.name}").value().string(), "1");
  EXPECT_EQ(bind("a/1/0", "$${per.index} ${port}").value().string(), "${per.index} ${port}");
  EXPECT_EQ(bind("top", "$${x} ${y}").value().string(), "$${x} ${y}");  // BindParameters did all there
  const Value list(Value::List{Value("${per.index}"), Value(Value::Map{{"k", Value("${per.name}")}})});
  EXPECT_EQ(BindInstance(g, g.FindDrop("a/1/0"), list, names)->ToJson(), "[1,{\"k\":\"m42\"}]");
  EXPECT_THAT(BindInstance(g, g.FindDrop("a/2/0"), Value("${per.name}"), {{"per", {"x"}}}).status().message(),
              HasSubstr("too few names"));
  EXPECT_FALSE(bind("a/0/0", "${per.").ok());
}

}  // namespace
}  // namespace cubeloom::graph
