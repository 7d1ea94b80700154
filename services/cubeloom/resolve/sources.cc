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

// What a list may lose: files that cannot be read become holes when the run opens them.
absl::Status Tolerate(const std::vector<absl::Status>& results, double threshold) {
  const auto failed = std::count_if(results.begin(), results.end(), [](const auto& s) { return !s.ok(); });
  if (failed == 0) return absl::OkStatus();
  const auto total = static_cast<int64_t>(results.size());
  const auto allowed = static_cast<int64_t>(threshold * static_cast<double>(total) + 1e-9);
  if (failed <= allowed && failed < total) return absl::OkStatus();
  const absl::Status& first =
      *std::find_if(results.begin(), results.end(), [](const auto& s) { return !s.ok(); });
  return Annotate(first, absl::StrCat(failed, " of ", total, " files cannot be read, errorThreshold ",
                                      threshold, " allows ", allowed, "; the first one"));
}

// The fraction of the items that may be unreadable: what the node says, or the most that any other node or
// the graph would forgive. Which hole is forgiven where is judged when the run goes on.
double ThresholdOf(const graph::Graph& graph, const graph::Node& source) {
  if (source.source.single) return 0;
  if (source.error_threshold >= 0) return source.error_threshold;
  double most = graph.error_threshold;
  for (const graph::Node& node : graph.nodes) most = std::max(most, node.error_threshold);
  return most;
}

// One source node; what it needs to list and describe its files.
class Resolver {
 public:
  // `threshold`: the fraction of the items that may be unreadable.
  Resolver(const graph::SourceSpec& source, const Environment& environment, double threshold)
      : source_(source), environment_(environment), threshold_(threshold) {}

  absl::StatusOr<std::vector<SourceItem>> Run(Executor& executor, const CancelToken& cancel) {
    CL_ASSIGN_OR_RETURN(const std::vector<std::string> uris, ListUris(source_, environment_));
    items_.resize(uris.size());
    errors_.resize(uris.size());
    const auto count = static_cast<int64_t>(uris.size());
    const auto list_one = [&](int64_t i) { return Judge(i, Stat(uris[static_cast<size_t>(i)], i)); };
    CL_RETURN_IF_ERROR(ParallelFor(executor, count, cancel, list_one));
    if (items_.size() <= kDescribeAll) {
      CL_RETURN_IF_ERROR(ParallelFor(executor, count, cancel, [&](int64_t i) { return DescribeOne(i); }));
    } else {
      CL_RETURN_IF_ERROR(DescribeSome());
    }
    CL_RETURN_IF_ERROR(Tolerate(errors_, threshold_));
    DescribeRest();
    return std::move(items_);
  }

 private:
  absl::Status Stat(const std::string& uri, int64_t i) {
    SourceItem& item = items_[static_cast<size_t>(i)];
    item.uri = uri;
    item.name = ItemName(uri);
    CL_ASSIGN_OR_RETURN(const ObjectStat stat, environment_.store->Stat(uri));
    item.bytes = stat.size;
    item.identity = stat.identity;
    return absl::OkStatus();
  }

  // Keeps the error of a tolerated file; others and cancellation end the listing.
  absl::Status Judge(int64_t i, absl::Status status) {
    if (status.ok() || threshold_ <= 0 || absl::IsCancelled(status)) return status;
    errors_[static_cast<size_t>(i)] = std::move(status);
    return absl::OkStatus();
  }

  absl::Status DescribeOne(int64_t i) {
    if (!errors_[static_cast<size_t>(i)].ok()) return absl::OkStatus();
    return Judge(i, Describe(environment_, source_, items_[static_cast<size_t>(i)]));
  }

  // The first good file and the largest.
  absl::Status DescribeSome() {
    const auto largest =
        std::max_element(items_.begin(), items_.end(),
                         [](const SourceItem& a, const SourceItem& b) { return a.bytes < b.bytes; });
    CL_RETURN_IF_ERROR(DescribeOne(largest - items_.begin()));
    for (size_t i = 0; i < items_.size(); ++i) {
      if (!items_[i].described) CL_RETURN_IF_ERROR(DescribeOne(static_cast<int64_t>(i)));
      if (items_[i].described) break;
    }
    return absl::OkStatus();
  }

  // Unreadable files, and those that are not looked at yet, are taken to look like the first good one.
  void DescribeRest() {
    const auto good = std::find_if(items_.begin(), items_.end(), [](const auto& i) { return i.described; });
    if (good == items_.end()) return;
    for (SourceItem& item : items_) {
      if (!item.described) item.desc = good->desc;
    }
  }

  const graph::SourceSpec& source_;
  const Environment& environment_;
  const double threshold_;
  std::vector<SourceItem> items_;
  std::vector<absl::Status> errors_;  // of tolerated files
};

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
    select.cancel = environment.cancel;
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
    Resolver resolver(node.source, environment, ThresholdOf(graph, node));
    CL_ASSIGN_OR_RETURN_IN(sources[node.id], resolver.Run(executor, cancel),
                           absl::StrCat(absl::StripSuffix(graph::Locate(graph, &node, field), ": ")));
  }
  return sources;
}

}  // namespace cubeloom::resolve
