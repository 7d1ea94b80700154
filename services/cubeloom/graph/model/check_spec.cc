// The part of CheckStructure that looks at one node's own specification.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "cubeloom/graph/model/check_internal.h"

namespace cubeloom::graph {
namespace {

// Far more than any run can hold, yet small enough that products of a few counts are computed exactly.
constexpr int64_t kMaxCount = int64_t{1} << 53;

// A count that is set, or held back for a parameter.
bool IsGiven(const Node& node, absl::string_view field, int64_t value) {
  return value != 0 || node.deferred.count(std::string(field)) > 0 ||
         node.field_where.count(std::string(field)) > 0;
}

bool IsWritten(const Node& node, absl::string_view field) {
  return node.field_where.count(std::string(field)) > 0;
}

void CheckCount(CheckContext& context, const Node& node, absl::string_view field, int64_t value,
                int64_t least) {
  if (node.deferred.count(std::string(field)) > 0) return;
  if (value < least) {
    context.Add(node, field, "expected at least ", least, ", got ", value);
  } else if (value > kMaxCount) {
    context.Add(node, field, "expected at most ", kMaxCount, ", got ", value);
  }
}

void CheckSource(CheckContext& context, const Node& node) {
  const SourceSpec& source = node.source;
  if (source.uri.empty() == source.list.empty()) {
    context.Add(node, "source", "expected either 'uri' or 'list', got ",
                source.uri.empty() ? "neither" : "both");
  }
  for (size_t i = 0; i < source.list.size(); ++i) {
    if (source.list[i].empty()) context.Add(node, absl::StrCat("source.list[", i, "]"), "the URI is empty");
  }
  if (source.single && source.list.size() > 1) {
    context.Add(node, "source.list", "expected one URI for a single source, got ", source.list.size());
  }
}

void CheckScatter(CheckContext& context, const Node& node) {
  const ScatterSpec& scatter = node.scatter;
  const bool counted = IsGiven(node, "scatter.count", scatter.count);
  if (counted == !scatter.over.empty()) {
    context.Add(node, "scatter", "expected either 'over' or 'count', got ", counted ? "both" : "neither");
  } else if (counted) {
    CheckCount(context, node, "scatter.count", scatter.count, 1);
  }
  if (!scatter.grid.empty() && scatter.over.empty()) {
    context.Add(node, "scatter.grid", "a chunk grid needs the array in 'over'");
  }
  if (scatter.grid.size() > 8) context.Add(node, "scatter.grid", "expected at most 8 extents");
  for (size_t i = 0; i < scatter.grid.size(); ++i) {
    CheckCount(context, node, absl::StrCat("scatter.grid[", i, "]"), scatter.grid[i], 1);
  }
  CheckCount(context, node, "scatter.batch", scatter.batch, 0);
}

void CheckLoop(CheckContext& context, const Node& node) {
  if (!IsGiven(node, "loop.count", node.loop.count) && node.loop.until.empty()) {
    context.Add(node, "loop", "expected 'count', or 'until' with or without it");
  } else {
    CheckCount(context, node, "loop.count", node.loop.count, node.loop.until.empty() ? 1 : 0);
  }
}

void CheckCommand(CheckContext& context, const Node& node) {
  if (node.command.argv.empty() || node.command.argv[0].empty()) {
    context.Add(node, "command.argv", "expected a program and its arguments, got nothing");
  }
  const std::vector<std::string>& outputs = node.command.outputs;
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (outputs[i] == outputs[j]) {
        context.Add(node, absl::StrCat("command.outputs[", i, "]"), "output '", outputs[i],
                    "' is named twice");
      }
    }
    for (const Input& input : node.inputs) {
      if (input.port == outputs[i]) {
        context.Add(node, absl::StrCat("command.outputs[", i, "]"), "'", outputs[i],
                    "' is an input port already");
      }
    }
  }
}

void CheckKind(CheckContext& context, const Node& node) {
  switch (node.kind) {
    case NodeKind::kSource:
      return CheckSource(context, node);
    case NodeKind::kKernel:
      if (node.kernel.empty()) context.Add(node, "kernel", "expected the name of a kernel, got nothing");
      return;
    case NodeKind::kSink:
      if (node.sink.uri.empty()) context.Add(node, "sink.uri", "expected a URI, got nothing");
      return;
    case NodeKind::kScatter:
      return CheckScatter(context, node);
    case NodeKind::kGather:
      return CheckCount(context, node, "gather.width", node.gather.width, 0);
    case NodeKind::kLoop:
      return CheckLoop(context, node);
    case NodeKind::kMkn:
      CheckCount(context, node, "mkn.m", node.mkn.m, 1);
      CheckCount(context, node, "mkn.k", node.mkn.k, 1);
      return CheckCount(context, node, "mkn.n", node.mkn.n, 1);
    case NodeKind::kRankGroup:
      return CheckCount(context, node, "rankGroup.ranks", node.rank_group.ranks, 1);
    case NodeKind::kCommand:
      return CheckCommand(context, node);
    case NodeKind::kBranch:
      if (node.branch.condition.empty())
        context.Add(node, "branch.condition", "expected \"node[:port]\", got nothing");
      return;
    case NodeKind::kData:
    case NodeKind::kGroupBy:
    case NodeKind::kSubgraph:
      return;
  }
}

void CheckInputCount(CheckContext& context, const Node& node) {
  const NodeKind kind = node.kind;
  if (!node.inputs.empty() &&
      (kind == NodeKind::kSource || (IsConstruct(kind) && kind != NodeKind::kSubgraph))) {
    context.Add(node, "inputs", "a ", NodeKindName(kind), " takes no inputs");
  }
  if (kind == NodeKind::kSink && node.inputs.empty()) {
    context.Add(node, "inputs", "a sink needs an input");
  }
  if (!node.args.empty() && kind != NodeKind::kKernel) {
    context.Add(node, "args", "only a kernel takes arguments; this node is a ", NodeKindName(kind));
  }
}

}  // namespace

void CheckSpec(CheckContext& context, const Node& node) {
  CheckKind(context, node);
  CheckInputCount(context, node);
  // -1 means "not set"; a user cannot write it.
  if (node.retries < (IsWritten(node, "retries") ? 0 : -1) || node.retries > 1000) {
    context.Add(node, "retries", "expected 0 to 1000, got ", node.retries);
  }
  if ((node.error_threshold != -1 || IsWritten(node, "errorThreshold")) &&
      !(node.error_threshold >= 0 && node.error_threshold <= 1)) {
    context.Add(node, "errorThreshold", "expected a fraction from 0 to 1, got ", node.error_threshold);
  }
  if (node.timeout <= absl::ZeroDuration()) context.Add(node, "timeout", "expected a time above 0");
}

}  // namespace cubeloom::graph
