#include "cubeloom/store/probe/handlers/fits_handler.h"

#include <fcntl.h>
#include <fitsio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/fits/structure.h"

namespace cubeloom {
namespace {

struct CloseFits {
  void operator()(fitsfile* file) const {
    int status = 0;
    fits_close_file(file, &status);
  }
};
using FitsFile = std::unique_ptr<fitsfile, CloseFits>;

// CFITSIO's status and its stack of messages, as one line.
absl::Status CfitsioError(const ProbeRequest& request, int status, absl::string_view doing) {
  char text[FLEN_STATUS], line[FLEN_ERRMSG];
  fits_get_errstatus(status, text);
  std::vector<std::string> lines = {text};
  while (fits_read_errmsg(line) != 0 && lines.size() < 4) lines.emplace_back(line);
  fits_clear_errmsg();
  return absl::DataLossError(
      absl::StrCat("'", request.object, "': CFITSIO cannot ", doing, ": ", absl::StrJoin(lines, "; ")));
}

absl::StatusOr<HduSelect> SelectOf(const Value& args) {
  HduSelect select;
  if (const Value* v = args.Find("name")) {
    CL_ASSIGN_OR_RETURN(select.name, v->AsString());
  }
  if (const Value* v = args.Find("number")) {
    CL_ASSIGN_OR_RETURN(const int64_t number, v->AsInt());
    select.number = static_cast<int>(number);
  }
  if (const Value* v = args.Find("version")) {
    CL_ASSIGN_OR_RETURN(const int64_t version, v->AsInt());
    select.version = static_cast<int>(version);
  }
  return select;
}

absl::StatusOr<FitsFile> OpenCfitsio(const ProbeRequest& request, int hdu) {
  CL_ASSIGN_OR_RETURN(const std::string path, request.FdPath(0));
  fitsfile* raw = nullptr;
  int status = 0;
  // No extended file name syntax: the path is a path.
  if (fits_open_diskfile(&raw, path.c_str(), READONLY, &status) != 0)
    return CfitsioError(request, status, "open the file");
  FitsFile file(raw);
  if (fits_movabs_hdu(file.get(), hdu + 1, nullptr, &status) != 0) {
    return CfitsioError(request, status, absl::StrCat("read the header of HDU ", hdu));
  }
  return file;
}

absl::Status Disagree(const ProbeRequest& request, const FitsHdu& hdu, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("'", request.object, "': HDU ", hdu.number,
                                          ": CFITSIO and the header cards disagree about ", what));
}

// CFITSIO's view of an HDU must equal ours. `file` is moved to it.
absl::Status CrossCheck(const ProbeRequest& request, fitsfile* file, const FitsHdu& hdu) {
  int status = 0, bitpix = 0, rank = 0;
  LONGLONG header = 0, data = 0, end = 0;
  if (fits_movabs_hdu(file, hdu.number + 1, nullptr, &status) != 0) {
    return CfitsioError(request, status, absl::StrCat("read the header of HDU ", hdu.number));
  }
  fits_get_hduaddrll(file, &header, &data, &end, &status);
  if (status != 0) return CfitsioError(request, status, "find the data");
  if (header != hdu.header_offset || data != hdu.data_offset)
    return Disagree(request, hdu, "the byte where its data start");
  if (hdu.kind != HduKind::kImage) return absl::OkStatus();
  std::vector<LONGLONG> axes(hdu.axes.size() + 1, 0);
  fits_get_img_paramll(file, static_cast<int>(hdu.axes.size()), &bitpix, &rank, axes.data(), &status);
  if (status != 0) return CfitsioError(request, status, absl::StrCat("read the image of HDU ", hdu.number));
  if (bitpix != hdu.bitpix) return Disagree(request, hdu, "BITPIX");
  if (rank != static_cast<int>(hdu.axes.size())) return Disagree(request, hdu, "NAXIS");
  for (size_t i = 0; i < hdu.axes.size(); ++i) {
    if (axes[i] != hdu.axes[i]) return Disagree(request, hdu, absl::StrCat("NAXIS", i + 1));
  }
  return absl::OkStatus();
}

absl::StatusOr<ProbeReply> Structure(const ProbeRequest& request) {
  CL_ASSIGN_OR_RETURN(const std::string path, request.FdPath(0));
  CL_ASSIGN_OR_RETURN(const HduSelect select, SelectOf(request.args));
  UniqueFd fd(::fcntl(request.fds[0].get(), F_DUPFD_CLOEXEC, 0));
  CL_ASSIGN_OR_RETURN(const auto reader, ReadDescriptor(std::move(fd), request.object));
  const bool all = request.args.Find("all") != nullptr;
  CL_ASSIGN_OR_RETURN(const FitsStructure structure, ScanFits(*reader, all ? nullptr : &select));
  CL_ASSIGN_OR_RETURN(const FitsFile file, OpenCfitsio(request, 0));
  for (const FitsHdu& hdu : structure.hdus) {
    if (all || hdu.number == structure.hdus.back().number)
      CL_RETURN_IF_ERROR(CrossCheck(request, file.get(), hdu));
  }
  ProbeReply reply;
  reply.result = StructureToValue(structure);
  return reply;
}

// The file of the last fits.pixels call stays open: tiles of one image are asked for one after the other.
struct OpenImage {
  FitsFile file;
  std::string identity;
  int hdu = -1;
};

absl::StatusOr<fitsfile*> ImageFor(const ProbeRequest& request, int hdu) {
  static OpenImage* const last = new OpenImage();
  UniqueFd fd(::fcntl(request.fds.empty() ? -1 : request.fds[0].get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return absl::InvalidArgumentError("fits.pixels needs a file");
  CL_ASSIGN_OR_RETURN(const auto reader, ReadDescriptor(std::move(fd), request.object));
  if (last->file == nullptr || last->identity != reader->stat().identity || last->hdu != hdu) {
    last->file.reset();
    CL_ASSIGN_OR_RETURN(last->file, OpenCfitsio(request, hdu));
    last->identity = reader->stat().identity;
    last->hdu = hdu;
  }
  return last->file.get();
}

absl::StatusOr<std::vector<long>> Position(const Value& args, absl::string_view key) {
  const Value* list = args.Find(key);
  if (list == nullptr || !list->is_list())
    return absl::InvalidArgumentError(absl::StrCat("fits.pixels needs '", key, "'"));
  std::vector<long> out;
  for (const Value& v : list->list()) {
    CL_ASSIGN_OR_RETURN(const int64_t i, v.AsInt());
    out.push_back(static_cast<long>(i));
  }
  return out;
}

// The number of pixels from first to last, at most 2^28, both inside the image.
absl::StatusOr<int64_t> CountPixels(fitsfile* file, const std::vector<long>& first,
                                    const std::vector<long>& last) {
  int status = 0, rank = 0;
  fits_get_img_dim(file, &rank, &status);
  if (status != 0 || rank < 1 || first.size() != static_cast<size_t>(rank) || last.size() != first.size()) {
    return absl::InvalidArgumentError("fits.pixels: wrong number of axes");
  }
  std::vector<LONGLONG> axes(rank, 0);
  fits_get_img_sizell(file, rank, axes.data(), &status);
  int64_t count = 1;
  for (int i = 0; i < rank; ++i) {
    const bool inside = first[i] >= 1 && first[i] <= last[i] && last[i] <= axes[i];
    if (!inside || __builtin_mul_overflow(count, last[i] - first[i] + 1, &count) ||
        count > (int64_t{1} << 28)) {
      return absl::InvalidArgumentError("fits.pixels: range outside the image or too big");
    }
  }
  return count;
}

// args {"hdu", "first", "last"}: physical values of a range of pixels (FITS order, from 1, inclusive) as f64
// in a memfd, blanks as NaN.
absl::StatusOr<ProbeReply> Pixels(const ProbeRequest& request) {
  const Value* number = request.args.Find("hdu");
  if (number == nullptr) return absl::InvalidArgumentError("fits.pixels needs 'hdu'");
  CL_ASSIGN_OR_RETURN(const int64_t hdu, number->AsInt());
  CL_ASSIGN_OR_RETURN(fitsfile* const file, ImageFor(request, static_cast<int>(hdu)));
  CL_ASSIGN_OR_RETURN(std::vector<long> first, Position(request.args, "first"));
  CL_ASSIGN_OR_RETURN(std::vector<long> last, Position(request.args, "last"));
  CL_ASSIGN_OR_RETURN(const int64_t count, CountPixels(file, first, last));
  const size_t bytes = static_cast<size_t>(count) * sizeof(double);
  UniqueFd memory(::memfd_create("cubeloom-pixels", MFD_CLOEXEC));
  if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0) {
    return ErrnoStatus(errno, "take shared memory for", request.object);
  }
  void* const map = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (map == MAP_FAILED) return ErrnoStatus(errno, "map shared memory for", request.object);
  double null = std::numeric_limits<double>::quiet_NaN();
  std::vector<long> step(first.size(), 1);
  int status = 0, any = 0;
  fits_read_subset(file, TDOUBLE, first.data(), last.data(), step.data(), &null, map, &any, &status);
  ::munmap(map, bytes);
  if (status != 0) return CfitsioError(request, status, absl::StrCat("decode a tile of HDU ", hdu));
  ProbeReply reply;
  reply.fds.push_back(std::move(memory));
  return reply;
}

}  // namespace

void AddFitsHandlers(ProbeHandlers& handlers) {
  handlers.Add("fits.structure", &Structure);
  handlers.Add("fits.pixels", &Pixels);
}

}  // namespace cubeloom
