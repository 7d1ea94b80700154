// OpenHdf5, ListHdf5Datasets: from the probe's answer to arrays.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/card.h"
#include "cubeloom/store/hdf5/dataset.h"
#include "cubeloom/store/hdf5/hdf5.h"

namespace cubeloom {
namespace {

struct Answer {
  std::vector<Hdf5Dataset> datasets;
  UniqueFd blob;
};

absl::StatusOr<Answer> AskProbe(Probe& probe, const RandomReader& file, const Value& args) {
  if (file.fd() < 0) {
    return absl::UnimplementedError(
        absl::StrCat("'", file.stat().uri, "': HDF5 is read from local files only"));
  }
  CL_ASSIGN_OR_RETURN(ProbeReply reply, probe.Call({"hdf5.structure", file.stat().uri, args, {file.fd()}}));
  const Value* datasets = reply.result.Find("datasets");
  if (datasets == nullptr || !datasets->is_list())
    return absl::InternalError("probe answer about HDF5: no datasets");
  Answer answer;
  for (const Value& v : datasets->list()) {
    CL_ASSIGN_OR_RETURN_IN(Hdf5Dataset d, Hdf5DatasetFromValue(v), absl::StrCat("'", file.stat().uri, "'"));
    answer.datasets.push_back(std::move(d));
  }
  if (!reply.fds.empty()) answer.blob = std::move(reply.fds[0]);
  return answer;
}

// The whole blob, which must have just this size: `out` (a vector or string) is not resized before that is
// known.
template <typename Out>
absl::Status ReadBlob(const UniqueFd& blob, int64_t elements, Out* out) {
  const size_t size = static_cast<size_t>(elements) * sizeof((*out)[0]);
  struct stat st;
  if (!blob || ::fstat(blob.get(), &st) != 0 || static_cast<size_t>(st.st_size) != size) {
    return absl::InternalError("probe answer about HDF5: bytes of another size than expected");
  }
  out->resize(static_cast<size_t>(elements));
  auto* to = reinterpret_cast<char*>(out->data());
  for (size_t done = 0; done < size;) {
    const ssize_t n = ::pread(blob.get(), to + done, size - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return absl::InternalError("probe answer about HDF5: its bytes cannot be read");
    done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

bool IsIdiaOwn(absl::string_view name) {
  return name == "SCHEMA_VERSION" || absl::StartsWith(name, "HDF5_CONVERTER") ||
         absl::StartsWith(name, "HDF5_DATE");
}

// One card per line where COMMENT and HISTORY were gathered into one attribute.
void AddAttribute(Attribute attribute, bool idia, std::vector<Attribute>& out) {
  if (idia && (IsIdiaOwn(attribute.name) || IsStructuralFitsKeyword(attribute.name))) return;
  const bool commentary = attribute.name == "COMMENT" || attribute.name == "HISTORY";
  if (!commentary || !attribute.value.is_list()) return out.push_back(std::move(attribute));
  for (Value& line : attribute.value.list()) out.push_back({attribute.name, std::move(line), ""});
}

ArrayDesc DescOf(Hdf5Dataset& dataset) {
  ArrayDesc desc;
  desc.dtype = dataset.type.dtype;
  desc.shape = dataset.shape;
  for (int a = 0; a < dataset.chunk.rank(); ++a) {
    desc.natural_chunk.push_back(std::max<int64_t>(1, std::min(dataset.chunk[a], dataset.shape[a])));
  }
  for (Attribute& a : dataset.attributes) AddAttribute(std::move(a), dataset.idia, desc.attributes);
  dataset.attributes.clear();
  for (const char* name : {"units", "BUNIT"}) {
    const Attribute* unit = desc.Find(name);
    if (unit != nullptr && unit->value.is_string()) desc.unit = unit->value.string();
  }
  return desc;
}

std::string WhereOf(absl::string_view uri, const Hdf5Dataset& dataset) {
  return absl::StrCat("'", uri, "': dataset '", dataset.path, "'");
}

}  // namespace

absl::StatusOr<ArrayPtr> OpenHdf5(const Hdf5Source& source, absl::string_view uri, const Hdf5Select& select) {
  Hdf5Parts parts;
  CL_ASSIGN_OR_RETURN(std::unique_ptr<RandomReader> file, source.store.OpenRead(uri));
  parts.file = std::move(file);
  Value args;
  args.Set("dataset", select.dataset);
  CL_ASSIGN_OR_RETURN(Answer answer, AskProbe(source.probe, *parts.file, args));
  if (answer.datasets.size() != 1) return absl::InternalError("probe answer about HDF5: not one dataset");
  parts.dataset = std::move(answer.datasets[0]);
  parts.where = WhereOf(uri, parts.dataset);
  parts.desc = DescOf(parts.dataset);
  parts.cache_bytes = select.chunk_cache_bytes;
  if (parts.dataset.layout == Hdf5Layout::kChunked) {
    const int64_t chunks = ChunkGrid(parts.desc.shape, parts.dataset.chunk).size();
    CL_RETURN_IF_ERROR_IN(ReadBlob(answer.blob, chunks, &parts.chunks), parts.where);
  } else if (parts.dataset.layout == Hdf5Layout::kCompact) {
    const int64_t bytes = parts.desc.shape.elements() * parts.dataset.type.bytes;
    CL_RETURN_IF_ERROR_IN(ReadBlob(answer.blob, bytes, &parts.compact), parts.where);
  }
  CL_RETURN_IF_ERROR(parts.file->CheckUnchanged());
  return MakeHdf5Array(std::move(parts));
}

absl::StatusOr<std::vector<Hdf5DatasetInfo>> ListHdf5Datasets(const Hdf5Source& source,
                                                              absl::string_view uri) {
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<RandomReader> file, source.store.OpenRead(uri));
  Value args;
  args.Set("all", true);
  CL_ASSIGN_OR_RETURN(Answer answer, AskProbe(source.probe, *file, args));
  std::vector<Hdf5DatasetInfo> out;
  for (Hdf5Dataset& d : answer.datasets) {
    Hdf5DatasetInfo info;
    info.path = d.path;
    info.chunked = d.layout == Hdf5Layout::kChunked;
    for (const Hdf5Filter& filter : d.filters) info.filters.push_back(filter.name);
    info.desc = DescOf(d);
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace cubeloom
