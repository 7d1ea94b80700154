#include "cubeloom/engine/sink_plan.h"

#include <sys/stat.h>

#include <cerrno>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/resolve/instance_refs.h"

namespace cubeloom::engine {
namespace {

using graph::Block;
using graph::Node;
using graph::NodeKind;

struct NamedFormat {
  const char* name;
  SinkFormat format;
};
constexpr NamedFormat kFormats[] = {{"json", SinkFormat::kJson}, {"csv", SinkFormat::kCsv},
                                    {"fits", SinkFormat::kFits}, {"hdf5", SinkFormat::kHdf5},
                                    {"npy", SinkFormat::kNpy},   {"bytes", SinkFormat::kBytes}};
constexpr NamedFormat kExtensions[] = {{".json", SinkFormat::kJson}, {".csv", SinkFormat::kCsv},
                                       {".fits", SinkFormat::kFits}, {".fit", SinkFormat::kFits},
                                       {".h5", SinkFormat::kHdf5},   {".hdf5", SinkFormat::kHdf5},
                                       {".npy", SinkFormat::kNpy},   {".png", SinkFormat::kBytes},
                                       {".txt", SinkFormat::kBytes}, {".bin", SinkFormat::kBytes}};

absl::StatusOr<SinkFormat> FormatOf(const Node& node, const std::string& uri) {
  if (!node.sink.format.empty()) {
    std::vector<std::string> known;
    for (const NamedFormat& f : kFormats) {
      if (node.sink.format == f.name) return f.format;
      known.emplace_back(f.name);
    }
    return absl::InvalidArgumentError(
        absl::StrCat("format '", node.sink.format, "' is not known", DidYouMean(node.sink.format, known)));
  }
  const std::string lower = absl::AsciiStrToLower(uri);
  for (const NamedFormat& f : kExtensions) {
    if (absl::EndsWith(lower, f.name)) return f.format;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the extension of '", uri,
                   "' tells no format; known are .json .csv .fits .h5 .npy .png .txt .bin, or "
                   "state `format`"));
}

absl::StatusOr<std::string> PathOf(const std::string& uri, const std::string& folder) {
  if (uri.empty()) return absl::InvalidArgumentError("the URI is empty");
  if (absl::StartsWith(uri, "/") || absl::StrContains(uri, "://")) return uri;
  const std::vector<std::string> parts = absl::StrSplit(uri, '/');
  for (const std::string& part : parts) {
    if (part == "..")
      return absl::InvalidArgumentError(absl::StrCat("'", uri, "' leaves the output folder by '..'"));
  }
  if (parts.back().empty()) return absl::InvalidArgumentError(absl::StrCat("'", uri, "' names a folder"));
  return absl::StrCat(folder, "/", uri);
}

// What the formats allow on each input of the sink block.
absl::Status CheckKinds(const Prepared& prepared, const Block& block, const Node& node, SinkFormat format) {
  for (const graph::Link& link : block.links) {
    const OutputDesc& from = prepared.facts[link.producer].outputs[link.producer_port];
    if (CanHold(format, from.kind)) continue;
    const char* name = "";
    for (const NamedFormat& f : kFormats) {
      if (f.format == format) name = f.name;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        graph::Locate(prepared.checked.expanded, &node, absl::StrCat("inputs.", node.inputs[link.port].port)),
        "a ", PayloadKindName(from.kind), " cannot be written as ", name));
  }
  if (format != SinkFormat::kFits && format != SinkFormat::kHdf5 && block.links.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(graph::Locate(prepared.checked.expanded, &node, "inputs"),
                                                   "this format takes one input, got ", block.links.size()));
  }
  return absl::OkStatus();
}

}  // namespace

bool CanHold(SinkFormat format, PayloadKind kind) {
  switch (format) {
    case SinkFormat::kJson:
      return kind != PayloadKind::kBlob;
    case SinkFormat::kCsv:
      return kind == PayloadKind::kTable;
    case SinkFormat::kFits:
      return kind == PayloadKind::kArray || kind == PayloadKind::kTable;
    case SinkFormat::kHdf5:
    case SinkFormat::kNpy:
      return kind == PayloadKind::kArray;
    case SinkFormat::kBytes:
      return kind == PayloadKind::kBlob;
  }
  return false;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status MakeFolders(const std::string& folder) {
  for (size_t at = 1; at <= folder.size(); ++at) {
    if (at < folder.size() && folder[at] != '/') continue;
    const std::string part = folder.substr(0, at);
    if (::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST) return ErrnoStatus(errno, "create folder", part);
  }
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) return ErrnoStatus(errno, "create folder", folder);
  if (!S_ISDIR(info.st_mode))
    return absl::InvalidArgumentError(absl::StrCat("'", folder, "' is not a folder"));
  return absl::OkStatus();
}

absl::StatusOr<SinkPlan> PlanSinks(const Prepared& prepared, const std::string& folder) {
  SinkPlan plan;
  std::map<std::string, std::string> taken;  // path -> external id
  for (const Block& block : prepared.physical.blocks) {
    const Node& node = prepared.physical.logical.nodes[block.node];
    if (node.kind != NodeKind::kSink) continue;
    const std::string where = graph::Locate(prepared.checked.expanded, &node, "sink.uri");
    for (int64_t i = 0; i < block.instances; ++i) {
      const DropId drop = block.app(i);
      CL_ASSIGN_OR_RETURN_IN(
          const Value uri,
          graph::BindInstance(prepared.physical, drop, Value(node.sink.uri), prepared.instance_names), where);
      SinkTarget target;
      target.uri = uri.is_string() ? uri.string() : uri.ToJson();
      CL_ASSIGN_OR_RETURN_IN(target.path, PathOf(target.uri, folder), where);
      CL_ASSIGN_OR_RETURN_IN(target.format, FormatOf(node, target.uri), where);
      if (i == 0) CL_RETURN_IF_ERROR(CheckKinds(prepared, block, node, target.format));
      const std::string id = prepared.physical.ExternalId(drop);
      const auto [it, fresh] = taken.emplace(target.path, id);
      if (!fresh) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, "'", target.uri, "' is written by both ", it->second, " and ", id,
                         block.instances > 1 ? "; put ${<scatter>.index} or ${<scatter>.name} into it" : ""));
      }
      plan.emplace(drop, std::move(target));
    }
  }
  return plan;
}

}  // namespace cubeloom::engine
