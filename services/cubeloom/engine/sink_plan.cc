#include "cubeloom/engine/sink_plan.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/engine/manifest.h"
#include "cubeloom/engine/records.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/store/blob/store.h"

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
  if (absl::StartsWith(uri, "/") || absl::StrContains(uri, "://")) return LocalPath(uri);
  const std::vector<std::string> parts = absl::StrSplit(uri, '/');
  for (const std::string& part : parts) {
    if (part == "..")
      return absl::InvalidArgumentError(absl::StrCat("'", uri, "' leaves the output folder by '..'"));
  }
  return absl::StrCat(folder, "/", uri);
}

// One spelling for every way to write the path of a file: absolute, without "." and "..", links in its folder
// followed.
class Spelling {
 public:
  std::string Of(const std::string& path) {
    std::string& folder = folders_[FolderOf(path)];
    if (folder.empty()) {
      std::error_code error;
      const std::filesystem::path absolute = AbsolutePath(FolderOf(path));
      folder = std::filesystem::weakly_canonical(absolute, error).string();
      if (error || folder.empty()) folder = absolute.lexically_normal().string();
    }
    while (absl::EndsWith(folder, "/")) folder.pop_back();  // "." or "//" at its end; "/" becomes ""
    return absl::StrCat(folder, "/", path.substr(path.rfind('/') + 1));
  }

 private:
  std::map<std::string, std::string> folders_;
};

// Every file that the run reads or writes, by spelling; finds two uses of one file.
class Claims {
 public:
  Claims(const Prepared& prepared, const std::string& folder) {
    for (const char* record : {kManifestName, kRunRecordName}) {
      taken_[spelling_.Of(absl::StrCat(folder, "/", record))] = "the run's own record";
    }
    for (const auto& [node, items] : prepared.sources) {
      for (const resolve::SourceItem& item : items) {
        const absl::StatusOr<std::string> path = LocalPath(item.uri);
        if (path.ok()) inputs_.emplace(spelling_.Of(*path), node);
      }
    }
  }

  absl::Status Add(const SinkTarget& target, const std::string& id) {
    const std::string file = spelling_.Of(target.path);
    const std::string name = file.substr(file.rfind('/') + 1);
    struct stat info {};
    if (name.empty() || name == "." || (::stat(file.c_str(), &info) == 0 && S_ISDIR(info.st_mode)))
      return absl::InvalidArgumentError(absl::StrCat("'", target.uri, "' names a folder"));
    const auto input = inputs_.find(file);
    if (input != inputs_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("'", target.uri, "' is an input of source '",
                                                     input->second, "'; the run would overwrite it"));
    }
    const auto [it, fresh] = taken_.emplace(file, id);
    if (fresh) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("'", target.uri, "' is written by both ", it->second, " and ", id));
  }

  // No file is the folder of another one.
  absl::Status CheckFolders() const {
    for (const auto& [file, id] : taken_) {
      const auto below = taken_.lower_bound(file + "/");
      if (below == taken_.end() || !absl::StartsWith(below->first, file + "/")) continue;
      return absl::InvalidArgumentError(absl::StrCat("sink '", id, "' writes the file '", file,
                                                     "', which would be a folder for '", below->second, "'"));
    }
    return absl::OkStatus();
  }

 private:
  Spelling spelling_;
  std::map<std::string, std::string> taken_;   // path -> who writes it
  std::map<std::string, std::string> inputs_;  // path -> source node
};

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

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path.empty() ? "." : path, error);
  return error ? path : absolute.string();
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

SinkTarget PersistTarget(const graph::PhysicalGraph& graph, DropId drop, PayloadKind kind,
                         const std::string& folder) {
  std::string name = graph.ExternalId(drop);
  for (char& c : name) {
    if (c == '/' || c == ':') c = '_';
  }
  SinkTarget target;
  const char* extension = ".json";
  target.format = SinkFormat::kJson;
  if (kind == PayloadKind::kArray) {
    target.format = SinkFormat::kFits;
    extension = ".fits";
  } else if (kind == PayloadKind::kBlob) {
    target.format = SinkFormat::kBytes;
    extension = ".bin";
  }
  target.uri = absl::StrCat("data/", name, extension);
  target.path = absl::StrCat(folder, "/", target.uri);
  return target;
}

namespace {

absl::StatusOr<SinkTarget> TargetOf(const Prepared& prepared, const Node& node, DropId drop,
                                    const std::string& folder) {
  CL_ASSIGN_OR_RETURN(const Value uri, graph::BindInstance(prepared.physical, drop, Value(node.sink.uri),
                                                           prepared.instance_names));
  SinkTarget target;
  target.uri = uri.is_string() ? uri.string() : uri.ToJson();
  CL_ASSIGN_OR_RETURN(target.path, PathOf(target.uri, folder));
  CL_ASSIGN_OR_RETURN(target.format, FormatOf(node, target.uri));
  return target;
}

absl::Status PlanSink(const Prepared& prepared, const Block& block, const std::string& folder, Claims& claims,
                      SinkPlan* plan) {
  const Node& node = prepared.physical.logical.nodes[block.node];
  const std::string where = graph::Locate(prepared.checked.expanded, &node, "sink.uri");
  for (int64_t i = 0; i < block.instances; ++i) {
    const DropId drop = block.app(i);
    CL_ASSIGN_OR_RETURN_IN(SinkTarget target, TargetOf(prepared, node, drop, folder),
                           absl::StripSuffix(where, ": "));
    if (i == 0) CL_RETURN_IF_ERROR(CheckKinds(prepared, block, node, target.format));
    const absl::Status claimed = claims.Add(target, prepared.physical.ExternalId(drop));
    if (!claimed.ok()) {
      return absl::Status(
          claimed.code(),
          absl::StrCat(where, claimed.message(),
                       block.instances > 1 ? "; put ${<scatter>.index} or ${<scatter>.name} into it" : ""));
    }
    plan->emplace(drop, std::move(target));
  }
  return absl::OkStatus();
}

// The files of persisted data drops take part in the search for collisions.
absl::Status ClaimPersisted(const Prepared& prepared, size_t b, const std::string& folder, Claims& claims) {
  const Block& block = prepared.physical.blocks[b];
  const Node& node = prepared.physical.logical.nodes[block.node];
  for (size_t port = 0; port < block.ports.size(); ++port) {
    const PayloadKind kind = prepared.facts[b].outputs[port].kind;
    for (int64_t i = 0; i < block.instances; ++i) {
      const DropId drop = block.data(static_cast<int64_t>(port), i);
      CL_RETURN_IF_ERROR_IN(
          claims.Add(PersistTarget(prepared.physical, drop, kind, folder),
                     prepared.physical.ExternalId(drop)),
          absl::StripSuffix(graph::Locate(prepared.checked.expanded, &node, "persist"), ": "));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SinkPlan> PlanSinks(const Prepared& prepared, const std::string& folder) {
  SinkPlan plan;
  Claims claims(prepared, folder);
  for (size_t b = 0; b < prepared.physical.blocks.size(); ++b) {
    const Block& block = prepared.physical.blocks[b];
    const Node& node = prepared.physical.logical.nodes[block.node];
    if (node.persist) CL_RETURN_IF_ERROR(ClaimPersisted(prepared, b, folder, claims));
    if (node.kind == NodeKind::kSink) CL_RETURN_IF_ERROR(PlanSink(prepared, block, folder, claims, &plan));
  }
  CL_RETURN_IF_ERROR(claims.CheckFolders());
  return plan;
}

}  // namespace cubeloom::engine
