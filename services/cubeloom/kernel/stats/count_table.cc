#include "cubeloom/kernel/stats/count_table.h"

#include <cstring>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr char kTableVersion = 1;
constexpr int64_t kMostPending = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMostCount = uint64_t{1} << 56;  // in one encoded bin: sums of states cannot overflow

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

// False when the bytes end within the number or it has more than 64 bits.
bool TakeVarint(absl::string_view* bytes, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 63 && !bytes->empty(); shift += 7) {
    const uint8_t byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

absl::Status CountTable::Init(int64_t bins) {
  if (bins_ != 0) {
    if (bins_ == bins) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("counts of ", bins_, " bins used for ", bins));
  }
  const size_t bytes = static_cast<size_t>(bins + 1) * kCountTables * sizeof(uint32_t);
  CL_ASSIGN_OR_RETURN(counter_memory_, allocator_->Allocate(bytes));
  counters_ = reinterpret_cast<uint32_t*>(counter_memory_.data());
  std::memset(counters_, 0, bytes);
  bins_ = bins;
  return absl::OkStatus();
}

absl::StatusOr<uint32_t*> CountTable::Tables(int64_t elements) {
  if (pending_ > kMostPending - elements) CL_RETURN_IF_ERROR(Flush());
  pending_ += elements;
  return counters_;
}

uint64_t CountTable::Pending(int64_t bin) const {
  uint64_t sum = 0;
  for (int t = 0; t < kCountTables; ++t) sum += counters_[t * stride() + bin];
  return sum;
}

uint64_t CountTable::Count(int64_t bin) const {
  if (empty()) return 0;
  return Pending(bin) + (totals_ == nullptr ? 0 : totals_[bin]);
}

absl::Status CountTable::Flush() {
  if (totals_ == nullptr) {
    const size_t bytes = static_cast<size_t>(bins_) * sizeof(uint64_t);
    CL_ASSIGN_OR_RETURN(total_memory_, allocator_->Allocate(bytes));
    totals_ = reinterpret_cast<uint64_t*>(total_memory_.data());
    std::memset(totals_, 0, bytes);
  }
  for (int64_t b = 0; b < bins_; ++b) totals_[b] += Pending(b);
  std::memset(counters_, 0, static_cast<size_t>(stride()) * kCountTables * sizeof(uint32_t));
  pending_ = 0;
  return absl::OkStatus();
}

absl::Status CountTable::Merge(const CountTable& other) {
  if (other.empty()) return absl::OkStatus();
  CL_RETURN_IF_ERROR(Init(other.bins_));
  if (other.totals_ == nullptr && pending_ <= kMostPending - other.pending_) {
    for (int64_t b = 0; b < bins_; ++b) counters_[b] += static_cast<uint32_t>(other.Pending(b));
    pending_ += other.pending_;
    return absl::OkStatus();
  }
  CL_RETURN_IF_ERROR(Flush());
  for (int64_t b = 0; b < bins_; ++b) totals_[b] += other.Count(b);
  return absl::OkStatus();
}

std::string CountTable::Encode() const {
  std::string out(1, kTableVersion);
  AppendVarint(static_cast<uint64_t>(bins_), &out);
  for (int64_t b = 0; b < bins_; ++b) AppendVarint(Count(b), &out);
  return out;
}

absl::StatusOr<CountTable> CountTable::Decode(absl::string_view bytes, Allocator* allocator) {
  uint64_t bins = 0;
  if (bytes.empty() || bytes[0] != kTableVersion) return absl::DataLossError("counts: unknown version");
  bytes.remove_prefix(1);
  if (!TakeVarint(&bytes, &bins) || bins > bytes.size()) {
    return absl::DataLossError(absl::StrCat("counts: ", bytes.size(), " bytes cannot hold ", bins, " bins"));
  }
  CountTable table(allocator);
  if (bins == 0) {
    if (!bytes.empty()) return absl::DataLossError("counts: bytes after the last bin");
    return table;
  }
  CL_RETURN_IF_ERROR(table.Init(static_cast<int64_t>(bins)));
  CL_RETURN_IF_ERROR(table.Flush());
  for (uint64_t b = 0; b < bins; ++b) {
    if (!TakeVarint(&bytes, &table.totals_[b]) || table.totals_[b] > kMostCount) {
      return absl::DataLossError(absl::StrCat("counts: bin ", b, " of ", bins, " is damaged"));
    }
  }
  if (!bytes.empty()) return absl::DataLossError("counts: bytes after the last bin");
  return table;
}

}  // namespace cubeloom
