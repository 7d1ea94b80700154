// SetField: the fields of a node that hold a number, a size or a duration, by path.
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/model/graph.h"

namespace cubeloom::graph {
namespace {

constexpr size_t kMaxGridRank = 8;

absl::Status Expected(absl::string_view what, const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what, ", got ", value.ToJson()));
}

absl::StatusOr<int64_t> Integer(const Value& value) {
  int64_t parsed = 0;
  if (value.is_string() && absl::SimpleAtoi(value.string(), &parsed)) return parsed;
  absl::StatusOr<int64_t> direct = value.AsInt();
  if (!direct.ok()) return Expected("an integer", value);
  return direct;
}

absl::Status SetInteger(const Value& value, int64_t& field) {
  CL_ASSIGN_OR_RETURN(field, Integer(value));
  return absl::OkStatus();
}

// A quantity is text with a unit, or a plain number of the base unit.
std::string AmountText(const Value& value) { return value.is_string() ? value.string() : value.ToJson(); }

absl::Status SetBytes(const Value& value, int64_t& field) {
  absl::StatusOr<int64_t> bytes = ParseBytes(AmountText(value));
  if (!bytes.ok()) return Expected("a size such as \"2Gi\"", value);
  field = *bytes;
  return absl::OkStatus();
}

absl::Status SetCores(const Value& value, double& field) {
  absl::StatusOr<double> cores = ParseCores(AmountText(value));
  if (!cores.ok()) return Expected("cores such as \"2\" or \"500m\"", value);
  field = *cores;
  return absl::OkStatus();
}

absl::Status SetDuration(const Value& value, absl::Duration& field) {
  absl::StatusOr<absl::Duration> duration = ParseDuration(AmountText(value));
  if (!duration.ok()) return Expected("a duration such as \"90s\"", value);
  field = *duration;
  return absl::OkStatus();
}

absl::Status SetGpus(const Value& value, int32_t& field) {
  CL_ASSIGN_OR_RETURN(int64_t gpus, Integer(value));
  if (gpus < 0 || gpus > 1024) return Expected("a number of GPUs from 0 to 1024", value);
  field = static_cast<int32_t>(gpus);
  return absl::OkStatus();
}

// The whole list, or with an index "scatter.grid[i]" one extent of it.
absl::Status SetGrid(ScatterSpec& scatter, absl::string_view index, const Value& value) {
  if (index.empty()) {
    if (!value.is_list()) return Expected("a list of chunk extents", value);
    if (value.list().size() > kMaxGridRank) return Expected("at most 8 chunk extents", value);
    scatter.grid.assign(value.list().size(), 0);
    for (size_t i = 0; i < scatter.grid.size(); ++i) {
      CL_ASSIGN_OR_RETURN(scatter.grid[i], Integer(value.list()[i]));
    }
    return absl::OkStatus();
  }
  size_t at = 0;
  if (!absl::ConsumePrefix(&index, "[") || !absl::ConsumeSuffix(&index, "]") ||
      !absl::SimpleAtoi(index, &at) || at >= kMaxGridRank) {
    return absl::InvalidArgumentError("expected at most 8 chunk extents");
  }
  if (scatter.grid.size() <= at) scatter.grid.resize(at + 1, 0);
  return SetInteger(value, scatter.grid[at]);
}

}  // namespace

absl::Status SetField(Node& node, absl::string_view path, const Value& value) {
  if (path == "resources.cores") return SetCores(value, node.resources.cores);
  if (path == "resources.memory") return SetBytes(value, node.resources.memory);
  if (path == "resources.disk") return SetBytes(value, node.resources.disk);
  if (path == "resources.gpus") return SetGpus(value, node.resources.gpus);
  if (path == "timeout") return SetDuration(value, node.timeout);
  if (path == "scatter.count") return SetInteger(value, node.scatter.count);
  if (path == "scatter.batch") return SetInteger(value, node.scatter.batch);
  if (path == "gather.width") return SetInteger(value, node.gather.width);
  if (path == "loop.count") return SetInteger(value, node.loop.count);
  if (path == "mkn.m") return SetInteger(value, node.mkn.m);
  if (path == "mkn.k") return SetInteger(value, node.mkn.k);
  if (path == "mkn.n") return SetInteger(value, node.mkn.n);
  if (path == "rankGroup.ranks") return SetInteger(value, node.rank_group.ranks);
  if (path == "data.expectedSize") return SetBytes(value, node.data.expected_size);
  if (absl::ConsumePrefix(&path, "scatter.grid")) return SetGrid(node.scatter, path, value);
  return absl::InternalError(absl::StrCat("no such number, size or duration field: ", path));
}

}  // namespace cubeloom::graph
