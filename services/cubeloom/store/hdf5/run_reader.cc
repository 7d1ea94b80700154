#include "cubeloom/store/hdf5/run_reader.h"

#include <algorithm>
#include <cstring>

#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr int64_t kScratchBytes = 256 << 10;  // one range over several runs
constexpr int64_t kMaxGap = 8 << 10;          // bytes between runs that cost less to copy than a system call

}  // namespace

RunReader::RunReader(const DenseArray& array, const Box& box, Allocator& allocator)
    : array_(array), box_(box), allocator_(allocator), strides_(ContiguousStrides(array.shape)) {
  outer_ = std::max(0, box.rank() - 1);
  while (outer_ > 0 && box.extent[outer_] == array.shape[outer_]) --outer_;
  for (int a = outer_; a < box.rank(); ++a) length_ *= box.extent[a];
}

int64_t RunReader::Start(int64_t run) const {
  int64_t at = 0;
  for (int a = box_.rank() - 1; a >= 0; --a) {
    int64_t i = box_.origin[a];
    if (a < outer_) {
      i += run % box_.extent[a];
      run /= box_.extent[a];
    }
    at += i * strides_[a];
  }
  return at;
}

absl::Status RunReader::Read(int64_t at, int64_t count, std::byte* out) {
  const int64_t bytes = array_.element_bytes;
  for (const int64_t end = at + count; at < end;) {
    const int64_t first = at / length_;
    const int64_t skip = at % length_;
    const int64_t here = std::min(length_ - skip, end - at);
    const int64_t runs = skip == 0 && here == length_ ? CountClose(first, (end - at) / length_) : 1;
    if (runs > 1) {
      CL_RETURN_IF_ERROR(ReadSpan(first, runs, out));
      at += runs * length_;
      out += runs * length_ * bytes;
      continue;
    }
    const auto size = static_cast<size_t>(here * bytes);
    CL_RETURN_IF_ERROR(array_.file->ReadAt(Byte(Start(first) + skip), absl::MakeSpan(out, size)));
    at += here;
    out += here * bytes;
  }
  return absl::OkStatus();
}

// How many of the runs from `first` on, at most `limit`, are worth one range.
int64_t RunReader::CountClose(int64_t first, int64_t limit) const {
  const int64_t bytes = length_ * array_.element_bytes;
  const int64_t begin = Byte(Start(first));
  int64_t end = begin + bytes;
  for (int64_t i = 1; i < limit; ++i) {
    const int64_t next = Byte(Start(first + i));
    if (next - end > kMaxGap || next + bytes - begin > kScratchBytes) return i;
    end = next + bytes;
  }
  return std::max<int64_t>(limit, 1);
}

absl::Status RunReader::ReadSpan(int64_t first, int64_t count, std::byte* out) {
  if (scratch_.data() == nullptr) {
    CL_ASSIGN_OR_RETURN(scratch_, allocator_.Allocate(kScratchBytes));
  }
  const int64_t bytes = length_ * array_.element_bytes;
  const int64_t begin = Byte(Start(first));
  const int64_t span = Byte(Start(first + count - 1)) + bytes - begin;
  CL_RETURN_IF_ERROR(array_.file->ReadAt(begin, absl::MakeSpan(scratch_.data(), static_cast<size_t>(span))));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = Byte(Start(first + i)) - begin;
    std::memcpy(out + i * bytes, scratch_.data() + at, static_cast<size_t>(bytes));
  }
  return absl::OkStatus();
}

}  // namespace cubeloom
