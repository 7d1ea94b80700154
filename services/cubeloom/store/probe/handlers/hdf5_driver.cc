#include "cubeloom/store/probe/handlers/hdf5_driver.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom {
namespace {

// What one open file and its driver share.
struct Shared {
  int fd = -1;
  haddr_t size = 0;
  bool may_open = false;  // true only while our own H5Fopen runs
  bool recording = false;
  Hdf5RawRead record;
};

// libhdf5's object for an open file; `base` comes first, as the library extends it by layout.
struct DriverFile {
  H5FD_t base;
  Shared* shared;
  haddr_t end_of_allocation;
};

DriverFile* Of(H5FD_t* file) { return reinterpret_cast<DriverFile*>(file); }
const DriverFile* Of(const H5FD_t* file) { return reinterpret_cast<const DriverFile*>(file); }

H5FD_t* OpenDriver(const char*, unsigned flags, hid_t fapl, haddr_t) {
  const void* info = H5Pget_driver_info(fapl);
  if (info == nullptr || (flags & H5F_ACC_RDWR) != 0) return nullptr;
  Shared* shared = nullptr;
  std::memcpy(&shared, info, sizeof(shared));  // NOLINT(bugprone-sizeof-expression): the pointer itself
  if (!shared->may_open) return nullptr;
  auto* file = new DriverFile();
  file->shared = shared;
  return &file->base;
}

herr_t CloseDriver(H5FD_t* file) {
  delete Of(file);
  return 0;
}

herr_t QueryDriver(const H5FD_t*, unsigned long* flags) {
  *flags = 0;
  return 0;
}

haddr_t GetEoa(const H5FD_t* file, H5FD_mem_t) { return Of(file)->end_of_allocation; }
haddr_t GetEof(const H5FD_t* file, H5FD_mem_t) { return Of(file)->shared->size; }
herr_t SetEoa(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  Of(file)->end_of_allocation = end;
  return 0;
}

herr_t ReadDriver(H5FD_t* file, H5FD_mem_t type, hid_t, haddr_t offset, size_t size, void* out) {
  Shared& shared = *Of(file)->shared;
  if (shared.recording && type == H5FD_MEM_DRAW) {
    ++shared.record.count;
    shared.record.offset = offset;
    shared.record.size = size;
    return 0;
  }
  if (offset > shared.size || size > shared.size - offset) return -1;
  auto* to = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t n = ::pread(shared.fd, to, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    to += n;
    offset += static_cast<haddr_t>(n);
    size -= static_cast<size_t>(n);
  }
  return 0;
}

herr_t RefuseWrite(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, size_t, const void*) { return -1; }

// The identifier of the driver, which lives as long as the process.
hid_t Driver() {
  static const hid_t id = [] {
    H5FD_class_t c;
    std::memset(&c, 0, sizeof(c));
    c.name = "cubeloom_descriptor";
    c.maxaddr = static_cast<haddr_t>(std::numeric_limits<off_t>::max());
    c.fc_degree = H5F_CLOSE_STRONG;
    c.fapl_size = sizeof(Shared*);  // NOLINT(bugprone-sizeof-expression): a pointer is what it holds
    c.open = &OpenDriver;
    c.close = &CloseDriver;
    c.query = &QueryDriver;
    c.get_eoa = &GetEoa;
    c.set_eoa = &SetEoa;
    c.get_eof = &GetEof;
    c.read = &ReadDriver;
    c.write = &RefuseWrite;
    return H5FDregister(&c);
  }();
  return id;
}

herr_t FirstError(unsigned n, const H5E_error2_t* error, void* out) {
  if (n == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
  return 0;
}

// HDF5 puts its superblock at byte 0, 512, 1024, 2048 ... behind a block of the user's.
bool HasSignature(const Shared& shared) {
  constexpr char kSignature[] = "\211HDF\r\n\032\n";
  char found[8];
  for (haddr_t at = 0; at < shared.size; at = at == 0 ? 512 : 2 * at) {
    if (::pread(shared.fd, found, sizeof(found), static_cast<off_t>(at)) != sizeof(found)) return false;
    if (std::memcmp(found, kSignature, sizeof(found)) == 0) return true;
  }
  return false;
}

class OpenHdf5File : public Hdf5File {
 public:
  absl::Status Start(int fd, absl::string_view object) {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    struct stat st;
    if (::fstat(fd, &st) != 0) return ErrnoStatus(errno, "stat", object);
    shared_.fd = fd;
    shared_.size = static_cast<haddr_t>(st.st_size);
    if (!HasSignature(shared_)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", object, "': no HDF5 file: its ", st.st_size, " bytes hold no HDF5 signature"));
    }
    const Hid access(H5Pcreate(H5P_FILE_ACCESS));
    Shared* const shared = &shared_;
    H5Pset_driver(access.get(), Driver(), &shared);
    shared_.may_open = true;
    file_ = Hid(H5Fopen("descriptor", H5F_ACC_RDONLY, access.get()));
    shared_.may_open = false;
    if (file_) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("'", object, "': HDF5 cannot open the file: ", Hdf5ErrorText()));
  }

  hid_t id() const override { return file_.get(); }
  int64_t size() const override { return static_cast<int64_t>(shared_.size); }
  void StartRecording() override { shared_.recording = true; }
  Hdf5RawRead TakeRecord() override { return std::exchange(shared_.record, {}); }

 private:
  Shared shared_;
  Hid file_;  // closed before shared_ goes
};

}  // namespace

std::string Hdf5ErrorText() {
  std::string text = "no reason given";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &FirstError, &text);
  H5Eclear2(H5E_DEFAULT);
  return text;
}

absl::StatusOr<std::unique_ptr<Hdf5File>> Hdf5File::Open(int fd, absl::string_view object) {
  auto file = std::make_unique<OpenHdf5File>();
  CL_RETURN_IF_ERROR(file->Start(fd, object));
  return std::unique_ptr<Hdf5File>(std::move(file));
}

}  // namespace cubeloom
