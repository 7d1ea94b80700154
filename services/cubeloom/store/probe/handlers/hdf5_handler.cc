#include "cubeloom/store/probe/handlers/hdf5_handler.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/hdf5/structure.h"
#include "cubeloom/store/probe/handlers/hdf5_describe.h"

namespace cubeloom {
namespace {

constexpr size_t kMaxObjects = 1 << 16;
constexpr size_t kMaxNames = 12;  // of datasets that an error lists

struct Listing {
  std::vector<std::string> datasets;
  size_t objects = 0;
};

herr_t AddDataset(hid_t, const char* name, const H5O_info_t* info, void* data) {
  auto& listing = *static_cast<Listing*>(data);
  if (info->type == H5O_TYPE_DATASET) listing.datasets.push_back(absl::StrCat("/", name));
  return ++listing.objects > kMaxObjects ? 1 : 0;
}

// Every dataset that hard links lead to, once, by path.
absl::StatusOr<std::vector<std::string>> ListDatasets(const Hdf5File& file, const std::string& object) {
  Listing listing;
  const herr_t result =
      H5Ovisit2(file.id(), H5_INDEX_NAME, H5_ITER_INC, &AddDataset, &listing, H5O_INFO_BASIC);
  if (result < 0) {
    return absl::DataLossError(
        absl::StrCat("'", object, "': HDF5 cannot list the objects: ", Hdf5ErrorText()));
  }
  if (result > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", object, "': holds more than ", kMaxObjects, " objects; name the dataset"));
  }
  std::sort(listing.datasets.begin(), listing.datasets.end());
  return std::move(listing.datasets);
}

std::string Names(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  const size_t shown = std::min(names.size(), kMaxNames);
  const std::string text = absl::StrJoin(names.begin(), names.begin() + shown, ", ");
  return shown == names.size() ? text : absl::StrCat(text, " and ", names.size() - shown, " more");
}

// True when every component of the absolute path exists and the last can be opened.
bool Exists(hid_t file, const std::string& path) {
  bool found = path != "/";
  for (size_t at = path.find('/', 1); found; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    found = H5Lexists(file, part.c_str(), H5P_DEFAULT) > 0 &&
            H5Oexists_by_name(file, part.c_str(), H5P_DEFAULT) > 0;
    if (at == std::string::npos) break;
  }
  H5Eclear2(H5E_DEFAULT);
  return found;
}

// "0//DATA/" -> "/0/DATA"
std::string Normalised(absl::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0 && path.substr(0, end) != ".") absl::StrAppend(&out, "/", path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return out.empty() ? "/" : out;
}

absl::StatusOr<Hid> OpenDataset(const Hdf5File& file, const ProbeRequest& request, const std::string& path) {
  if (Exists(file.id(), path)) {
    Hid object(H5Oopen(file.id(), path.c_str(), H5P_DEFAULT));
    if (object && H5Iget_type(object.get()) == H5I_DATASET) return object;
    if (!object) {
      return absl::DataLossError(
          absl::StrCat("'", request.object, "': HDF5 cannot open dataset '", path, "': ", Hdf5ErrorText()));
    }
  }
  CL_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDatasets(file, request.object));
  return absl::NotFoundError(
      absl::StrCat("'", request.object, "': no dataset '", path, "'; datasets: ", Names(names)));
}

// The numeric datasets by path, without chunk tables. Other kinds are left out.
absl::StatusOr<std::vector<Hdf5Dataset>> DescribeAll(Hdf5File& file, const ProbeRequest& request) {
  CL_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDatasets(file, request.object));
  std::vector<Hdf5Dataset> out;
  for (const std::string& name : names) {
    CL_ASSIGN_OR_RETURN(const Hid dataset, OpenDataset(file, request, name));
    absl::StatusOr<Hdf5Dataset> described = DescribeHdf5Dataset(file, dataset.get(), name);
    if (absl::IsInvalidArgument(described.status())) continue;
    if (!described.ok()) return Annotate(described.status(), absl::StrCat("'", request.object, "'"));
    out.push_back(*std::move(described));
  }
  return out;
}

absl::StatusOr<std::string> DefaultDataset(Hdf5File& file, const ProbeRequest& request) {
  if (Exists(file.id(), "/0/DATA")) return std::string("/0/DATA");
  CL_ASSIGN_OR_RETURN(const std::vector<Hdf5Dataset> all, DescribeAll(file, request));
  std::vector<std::string> names, data;
  for (const Hdf5Dataset& d : all) {
    names.push_back(d.path);
    const bool scale = std::any_of(d.attributes.begin(), d.attributes.end(), [](const Attribute& a) {
      return a.name == "CLASS" && a.value == Value("DIMENSION_SCALE");
    });
    if (!scale) data.push_back(d.path);
  }
  if (data.size() == 1) return data[0];
  if (data.empty() && names.size() == 1) return names[0];
  return absl::InvalidArgumentError(
      names.empty() ? absl::StrCat("'", request.object, "': holds no numeric dataset")
                    : absl::StrCat("'", request.object, "': name one of the datasets: ", Names(names)));
}

// A memfd with these bytes.
absl::StatusOr<UniqueFd> Blob(absl::string_view bytes, const ProbeRequest& request) {
  UniqueFd fd(::memfd_create("hdf5", MFD_CLOEXEC));
  if (!fd) return ErrnoStatus(errno, "make shared memory for", request.object);
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return ErrnoStatus(errno, "fill shared memory for", request.object);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return fd;
}

absl::Status AddOne(Hdf5File& file, const ProbeRequest& request, ProbeReply& reply) {
  std::string path = Normalised(request.args.Find("dataset")->string());
  if (path == "/") {
    CL_ASSIGN_OR_RETURN(path, DefaultDataset(file, request));
  }
  CL_ASSIGN_OR_RETURN(const Hid dataset, OpenDataset(file, request, path));
  const std::string where = absl::StrCat("'", request.object, "'");
  CL_ASSIGN_OR_RETURN_IN(const Hdf5Dataset described, DescribeHdf5Dataset(file, dataset.get(), path), where);
  if (described.layout != Hdf5Layout::kContiguous) {
    const bool chunked = described.layout == Hdf5Layout::kChunked;
    CL_ASSIGN_OR_RETURN_IN(const std::string bytes,
                           chunked ? ReadHdf5ChunkTable(file, dataset.get(), described)
                                   : ReadHdf5CompactData(dataset.get(), described),
                           where);
    CL_ASSIGN_OR_RETURN(UniqueFd blob, Blob(bytes, request));
    reply.fds.push_back(std::move(blob));
  }
  reply.result.Set("datasets", Value(Value::List{Hdf5DatasetToValue(described)}));
  return absl::OkStatus();
}

absl::StatusOr<ProbeReply> Hdf5Structure(const ProbeRequest& request) {
  CL_RETURN_IF_ERROR(request.FdPath(0).status());
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5File> file,
                      Hdf5File::Open(request.fds[0].get(), request.object));
  ProbeReply reply;
  if (const Value* path = request.args.Find("dataset"); path != nullptr && path->is_string()) {
    CL_RETURN_IF_ERROR(AddOne(*file, request, reply));
    return reply;
  }
  CL_ASSIGN_OR_RETURN(const std::vector<Hdf5Dataset> all, DescribeAll(*file, request));
  Value::List list;
  for (const Hdf5Dataset& d : all) list.push_back(Hdf5DatasetToValue(d));
  reply.result.Set("datasets", Value(std::move(list)));
  return reply;
}

}  // namespace

void AddHdf5Handlers(ProbeHandlers& handlers) { handlers.Add("hdf5.structure", &Hdf5Structure); }

}  // namespace cubeloom
