// The runtime's room on disk: one unlinked file.
#ifndef CUBELOOM_ENGINE_SPILL_FILE_H_
#define CUBELOOM_ENGINE_SPILL_FILE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/runtime/exec/ports.h"

namespace cubeloom::engine {

// Thread-safe. The file is created at the first Append() in `folder` and has no name, so that nothing remains
// of it however the process ends. Room of deleted handles is given back to the file system (hole punching);
// it is used again for new data of at most that size. Every record carries a CRC-32C, checked when it is
// read.
class SpillFile : public runtime::SpillPort {
 public:
  explicit SpillFile(std::string folder) : folder_(std::move(folder)) {}
  ~SpillFile() override;
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  absl::StatusOr<uint64_t> Append(absl::Span<const std::byte> bytes) override;
  absl::Status Read(uint64_t handle, absl::Span<std::byte> out) override;
  void Delete(uint64_t handle) override;

 private:
  struct Record {
    int64_t offset = 0;
    int64_t size = 0;
    uint32_t crc = 0;
  };
  absl::StatusOr<Record> Reserve(int64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Free(int64_t offset, int64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string folder_;
  absl::Mutex mu_;
  int fd_ ABSL_GUARDED_BY(mu_) = -1;
  int64_t end_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t next_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, Record> records_ ABSL_GUARDED_BY(mu_);
  std::map<int64_t, int64_t> holes_ ABSL_GUARDED_BY(mu_);                     // offset -> size
  std::set<std::pair<int64_t, int64_t>> holes_by_size_ ABSL_GUARDED_BY(mu_);  // (size, offset)
};

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_SPILL_FILE_H_
