#include "cubeloom/resolve/sources.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/store/fits/fits.h"
#include "cubeloom/store/hdf5/hdf5.h"

namespace cubeloom::resolve {
namespace {

constexpr size_t kDescribeAll = 4096;

enum class Format { kFits, kHdf5 };

absl::StatusOr<Format> FormatOf(const Environment& environment, const graph::SourceSpec& source,
                                const std::string& uri) {
  if (source.format == "fits") return Format::kFits;
  if (source.format == "hdf5") return Format::kHdf5;
  if (!source.format.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("format '", source.format,
                                                   "' is not known; known are fits, hdf5",
                                                   DidYouMean(source.format, {"fits", "hdf5"})));
  }
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<RandomReader> reader, environment.store->OpenRead(uri));
  constexpr unsigned char kHdf5[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  unsigned char start[8] = {};
  const int64_t size = std::min<int64_t>(reader->stat().size, sizeof start);
  if (size == 0) return absl::InvalidArgumentError(absl::StrCat("'", uri, "' is empty"));
  CL_RETURN_IF_ERROR(reader->ReadAt(0, {reinterpret_cast<std::byte*>(start), static_cast<size_t>(size)}));
  if (size == 8 && std::equal(start, start + 8, kHdf5)) return Format::kHdf5;
  if (absl::StartsWith(absl::string_view(reinterpret_cast<char*>(start), 8), "SIMPLE") ||
      (start[0] == 0x1f && start[1] == 0x8b)) {
    return Format::kFits;
  }
  // HDF5 allows a user block of 512 bytes or a larger power of two before its signature.
  for (int64_t at = 512; at + 8 <= std::min<int64_t>(reader->stat().size, 1 << 20); at *= 2) {
    CL_RETURN_IF_ERROR(reader->ReadAt(at, {reinterpret_cast<std::byte*>(start), sizeof start}));
    if (std::equal(start, start + 8, kHdf5)) return Format::kHdf5;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", uri, "' is neither FITS nor HDF5 (wrong magic at byte 0; state `format` to try anyway)"));
}

absl::StatusOr<std::vector<std::string>> ListUris(const graph::SourceSpec& source,
                                                  const Environment& environment) {
  if (!source.list.empty()) return source.list;
  CL_ASSIGN_OR_RETURN(std::vector<std::string> uris, environment.store->List(source.uri));
  if (uris.empty()) return absl::NotFoundError(absl::StrCat("'", source.uri, "' matches no file"));
  if (source.single && uris.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", source.uri, "' matches ", uris.size(), " files, `single` allows one"));
  }
  return uris;
}

absl::Status Describe(const Environment& environment, const graph::SourceSpec& source, SourceItem& item) {
  CL_ASSIGN_OR_RETURN(const ArrayPtr array, OpenSource(environment, source, item.uri));
  item.desc = array->desc();
  item.described = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SourceItem>> ResolveOne(const graph::SourceSpec& source,
                                                   const Environment& environment, Executor& executor,
                                                   const CancelToken& cancel) {
  CL_ASSIGN_OR_RETURN(const std::vector<std::string> uris, ListUris(source, environment));
  std::vector<SourceItem> items(uris.size());
  const auto stat_one = [&](int64_t i) -> absl::Status {
    CL_ASSIGN_OR_RETURN(const ObjectStat stat, environment.store->Stat(uris[i]));
    items[i].uri = uris[i];
    items[i].name = ItemName(uris[i]);
    items[i].bytes = stat.size;
    items[i].identity = stat.identity;
    return absl::OkStatus();
  };
  const auto count = static_cast<int64_t>(items.size());
  CL_RETURN_IF_ERROR(ParallelFor(executor, count, cancel, stat_one));
  if (items.size() <= kDescribeAll) {
    CL_RETURN_IF_ERROR(ParallelFor(executor, count, cancel,
                                   [&](int64_t i) { return Describe(environment, source, items[i]); }));
    return items;
  }
  const auto largest = std::max_element(
      items.begin(), items.end(), [](const SourceItem& a, const SourceItem& b) { return a.bytes < b.bytes; });
  CL_RETURN_IF_ERROR(Describe(environment, source, *largest));
  if (!items[0].described) CL_RETURN_IF_ERROR(Describe(environment, source, items[0]));
  for (SourceItem& item : items) {
    if (!item.described) item.desc = items[0].desc;
  }
  return items;
}

}  // namespace

std::string ItemName(absl::string_view uri) {
  const size_t slash = uri.rfind('/');
  absl::string_view name = slash == absl::string_view::npos ? uri : uri.substr(slash + 1);
  for (const char* compression : {".gz", ".fz", ".Z", ".bz2"}) {
    if (absl::ConsumeSuffix(&name, compression)) break;
  }
  for (const char* extension : {".fits", ".fit", ".fts", ".mt", ".hdf5", ".h5", ".hdf"}) {
    if (absl::ConsumeSuffix(&name, extension)) break;
  }
  return std::string(name.empty() ? uri : name);
}

absl::StatusOr<ArrayPtr> OpenSource(const Environment& environment, const graph::SourceSpec& source,
                                    const std::string& uri) {
  CL_ASSIGN_OR_RETURN(const Format format, FormatOf(environment, source, uri));
  ArrayPtr array;
  if (format == Format::kFits) {
    if (!source.dataset.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", uri, "' is FITS: select with `hdu`, not `dataset`"));
    }
    FitsSelect select;
    CL_ASSIGN_OR_RETURN(select.hdu, ParseHduSelect(source.hdu));
    select.type = source.dtype == "f32"   ? FitsType::kFloat32
                  : source.dtype == "f64" ? FitsType::kFloat64
                                          : FitsType::kNatural;
    select.scratch_folder = environment.scratch_folder;
    CL_ASSIGN_OR_RETURN(array, OpenFits({*environment.store, *environment.probe}, uri, select));
  } else {
    if (!source.hdu.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", uri, "' is HDF5: select with `dataset`, not `hdu`"));
    }
    Hdf5Select select;
    select.dataset = source.dataset;
    CL_ASSIGN_OR_RETURN(array, OpenHdf5({*environment.store, *environment.probe}, uri, select));
  }
  if (source.dtype.empty()) return array;
  CL_ASSIGN_OR_RETURN(const DType dtype, ParseDType(source.dtype));
  if (array->desc().dtype == dtype) return array;
  if (IsFloat(array->desc().dtype) && !IsFloat(dtype)) {
    return absl::InvalidArgumentError(absl::StrCat("'", uri, "' holds ", DTypeName(array->desc().dtype),
                                                   ", which does not convert to ", source.dtype));
  }
  return MakeConvertedArray(std::move(array), dtype);
}

absl::StatusOr<Sources> ResolveSources(const graph::Graph& graph, const Environment& environment,
                                       Executor& executor, const CancelToken& cancel) {
  Sources sources;
  for (const graph::Node& node : graph.nodes) {
    if (node.kind != graph::NodeKind::kSource) continue;
    const char* field = node.source.list.empty() ? "source.uri" : "source.list";
    CL_ASSIGN_OR_RETURN_IN(sources[node.id], ResolveOne(node.source, environment, executor, cancel),
                           absl::StrCat(absl::StripSuffix(graph::Locate(graph, &node, field), ": ")));
  }
  return sources;
}

}  // namespace cubeloom::resolve
