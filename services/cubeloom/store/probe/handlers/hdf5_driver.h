// libhdf5 on an open descriptor: handles that close themselves, errors as text, and a file driver.
//
// The driver reads by pread on the descriptor that the caller handed over, opens nothing by name (so that
// external links and virtual datasets cannot reach other files), refuses writes, and can record reads of raw
// data in place of doing them: H5Dread_chunk() then tells the place of a chunk in O(log n). The library's own
// H5Dget_chunk_info() walks the whole index for every chunk, which for n chunks costs n^2.
#ifndef CUBELOOM_STORE_PROBE_HANDLERS_HDF5_DRIVER_H_
#define CUBELOOM_STORE_PROBE_HANDLERS_HDF5_DRIVER_H_

#ifndef H5_USE_110_API
#define H5_USE_110_API
#endif
#include <hdf5.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cubeloom {

// An HDF5 identifier of any kind, released at the end. Negative: none.
class Hid {
 public:
  Hid() = default;
  explicit Hid(hid_t id) : id_(id) {}
  Hid(Hid&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Hid& operator=(Hid&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Hid() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_ = -1;
};

// The innermost entry of libhdf5's error stack, which is cleared; "no reason given" when it is empty.
std::string Hdf5ErrorText();

// A read of raw data that was recorded.
struct Hdf5RawRead {
  int count = 0;
  haddr_t offset = 0;  // from the start of the file, user block included
  size_t size = 0;
};

// An open file. Not thread-safe, as the library is not.
class Hdf5File {
 public:
  // `fd` stays the caller's and open for the life of the object. InvalidArgument: no HDF5 signature;
  // DataLoss: what follows it cannot be read. Errors name `object`.
  static absl::StatusOr<std::unique_ptr<Hdf5File>> Open(int fd, absl::string_view object);
  virtual ~Hdf5File() = default;

  virtual hid_t id() const = 0;
  virtual int64_t size() const = 0;  // bytes of the file
  // From now on reads of raw data are recorded and leave the caller's memory alone.
  virtual void StartRecording() = 0;
  // What was recorded since the last call; `count` is 0 when nothing was read.
  virtual Hdf5RawRead TakeRecord() = 0;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_PROBE_HANDLERS_HDF5_DRIVER_H_
