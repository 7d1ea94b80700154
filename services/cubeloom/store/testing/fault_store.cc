#include "cubeloom/store/testing/fault_store.h"

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

class FaultReader : public RandomReader {
 public:
  FaultReader(std::unique_ptr<RandomReader> base, Faults& faults, bool hide_fd)
      : base_(std::move(base)), faults_(faults), hide_fd_(hide_fd) {}

  const ObjectStat& stat() const override { return base_->stat(); }
  int fd() const override { return hide_fd_ ? -1 : base_->fd(); }

  absl::Status ReadAt(int64_t offset, absl::Span<std::byte> out) const override {
    const int64_t end = offset + static_cast<int64_t>(out.size());
    faults_.reads += 1;
    faults_.bytes_read += static_cast<int64_t>(out.size());
    if (end > faults_.read_error_at)
      return ErrnoStatus(EIO, absl::StrCat("read at byte ", offset, " of"), stat().uri);
    if (end > faults_.truncated_at) {
      return absl::DataLossError(absl::StrCat("'", stat().uri, "' changed while read: it now ends at byte ",
                                              faults_.truncated_at.load()));
    }
    return base_->ReadAt(offset, out);
  }

  absl::Status CheckUnchanged() const override {
    if (faults_.changed)
      return absl::DataLossError(absl::StrCat("'", stat().uri, "' changed while read: by the test"));
    return base_->CheckUnchanged();
  }

 private:
  const std::unique_ptr<RandomReader> base_;
  Faults& faults_;
  const bool hide_fd_;
};

class FaultWriter : public StagedWriter {
 public:
  FaultWriter(std::unique_ptr<StagedWriter> base, Faults& faults, std::string uri)
      : base_(std::move(base)), faults_(faults), uri_(std::move(uri)) {}

  absl::Status Append(absl::Span<const std::byte> data) override {
    if (base_->size() + static_cast<int64_t>(data.size()) > faults_.no_space_after) {
      return ErrnoStatus(ENOSPC, absl::StrCat("write at byte ", base_->size(), " of"), uri_);
    }
    return base_->Append(data);
  }
  absl::Status WriteAt(int64_t offset, absl::Span<const std::byte> data) override {
    return base_->WriteAt(offset, data);
  }
  int64_t size() const override { return base_->size(); }
  absl::Status Commit() override {
    if (!faults_.commit_fails) return base_->Commit();
    base_.reset();
    return ErrnoStatus(EIO, "flush", uri_);
  }

 private:
  std::unique_ptr<StagedWriter> base_;
  Faults& faults_;
  const std::string uri_;
};

class FaultStore : public Store {
 public:
  FaultStore(Store& base, Faults& faults, bool hide_fd) : base_(base), faults_(faults), hide_fd_(hide_fd) {}

  absl::StatusOr<ObjectStat> Stat(absl::string_view uri) const override { return base_.Stat(uri); }
  absl::StatusOr<std::vector<std::string>> List(absl::string_view pattern) const override {
    return base_.List(pattern);
  }
  absl::StatusOr<std::unique_ptr<RandomReader>> OpenRead(absl::string_view uri) const override {
    CL_ASSIGN_OR_RETURN(auto reader, base_.OpenRead(uri));
    return std::make_unique<FaultReader>(std::move(reader), faults_, hide_fd_);
  }
  absl::StatusOr<std::unique_ptr<StagedWriter>> OpenWrite(absl::string_view uri) const override {
    CL_ASSIGN_OR_RETURN(auto writer, base_.OpenWrite(uri));
    return std::make_unique<FaultWriter>(std::move(writer), faults_, std::string(uri));
  }

 private:
  Store& base_;
  Faults& faults_;
  const bool hide_fd_;
};

}  // namespace

std::unique_ptr<Store> MakeFaultStore(Store& base, Faults& faults, bool hide_fd) {
  return std::make_unique<FaultStore>(base, faults, hide_fd);
}

}  // namespace cubeloom
