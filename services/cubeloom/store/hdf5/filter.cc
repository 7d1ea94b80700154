#include "cubeloom/store/hdf5/filter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/codec/codec.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr int64_t kChecksumBytes = 4;

// Bytes that go into filter `index` when written; -1 behind a deflate, where they depend on the content.
int64_t InputBytes(const Hdf5FilterJob& job, size_t index) {
  int64_t bytes = job.raw_bytes;
  for (size_t i = 0; i < index; ++i) {
    if (((job.mask >> i) & 1) != 0) continue;
    if (job.filters[i].id == kHdf5Deflate) return -1;
    if (job.filters[i].id == kHdf5Fletcher32) bytes += kChecksumBytes;
  }
  return bytes;
}

absl::StatusOr<Buffer> Inflate(const Buffer& in, int64_t bytes, Allocator& allocator) {
  CodecSpec spec;
  spec.codec = Codec::kZlib;
  const auto size = static_cast<size_t>(bytes);
  CL_ASSIGN_OR_RETURN_IN(Buffer out, Decode(spec, in.data(), in.size(), {size, size}, allocator),
                         "filter deflate");
  return out;
}

absl::StatusOr<Buffer> Unshuffled(const Buffer& in, size_t element, Allocator& allocator) {
  if (element <= 1 || in.size() == 0) return in;
  CL_ASSIGN_OR_RETURN(MutableBuffer out, allocator.Allocate(in.size()));
  Unshuffle(in.data(), in.size(), element, out.data());
  return std::move(out).Publish();
}

// Versions of HDF5 before 1.6.3 stored the checksum with the bytes of each half swapped; libhdf5 takes both.
absl::StatusOr<Buffer> Checked(const Buffer& in) {
  if (in.size() < kChecksumBytes) return absl::DataLossError("filter fletcher32: no room for the checksum");
  const size_t size = in.size() - kChecksumBytes;
  uint32_t stored;
  std::memcpy(&stored, in.data() + size, sizeof(stored));
  const uint32_t sum = Hdf5Fletcher32Of(absl::MakeConstSpan(in.data(), size));
  const uint32_t swapped = ((sum & 0x00FF00FF) << 8) | ((sum >> 8) & 0x00FF00FF);
  if (stored == sum || stored == swapped) return in.Slice(0, size);
  return absl::DataLossError(absl::StrCat("filter fletcher32: checksum is ", absl::Hex(stored),
                                          ", the bytes give ", absl::Hex(sum)));
}

// HDF5 keeps the element size that it shuffled by in the filter's parameter.
size_t ShuffleElement(const Hdf5FilterJob& job, const Hdf5Filter& filter) {
  const int64_t param = filter.params.empty() ? job.element_bytes : filter.params[0];
  return param >= 1 && param <= 1 << 20 ? static_cast<size_t>(param) : 1;
}

}  // namespace

absl::Status CheckHdf5Filters(const std::vector<Hdf5Filter>& filters) {
  int deflates = 0;
  for (const Hdf5Filter& filter : filters) {
    if (filter.id != kHdf5Deflate && filter.id != kHdf5Shuffle && filter.id != kHdf5Fletcher32) {
      return absl::InvalidArgumentError(
          absl::StrCat("filter '", filter.name, "' (number ", filter.id,
                       ") is not supported; deflate, shuffle and fletcher32 are"));
    }
    deflates += filter.id == kHdf5Deflate;
  }
  if (deflates <= 1 && filters.size() <= 32) return absl::OkStatus();
  return absl::InvalidArgumentError("a filter pipeline with deflate more than once is not supported");
}

absl::StatusOr<Buffer> DecodeHdf5Chunk(const Hdf5FilterJob& job, Buffer stored, Allocator& allocator) {
  Buffer data = std::move(stored);
  for (size_t i = job.filters.size(); i-- > 0;) {
    if (((job.mask >> i) & 1) != 0) continue;
    const Hdf5Filter& filter = job.filters[i];
    if (filter.id == kHdf5Fletcher32) {
      CL_ASSIGN_OR_RETURN(data, Checked(data));
    } else if (filter.id == kHdf5Shuffle) {
      CL_ASSIGN_OR_RETURN(data, Unshuffled(data, ShuffleElement(job, filter), allocator));
    } else {
      CL_ASSIGN_OR_RETURN(data, Inflate(data, InputBytes(job, i), allocator));
    }
  }
  if (static_cast<int64_t>(data.size()) == job.raw_bytes) return data;
  return absl::DataLossError(absl::StrCat("decoded to ", data.size(), " bytes instead of ", job.raw_bytes));
}

uint32_t Hdf5Fletcher32Of(absl::Span<const std::byte> data) {
  constexpr size_t kBlock = 360;  // words; the sums cannot overflow within
  const auto* in = reinterpret_cast<const uint8_t*>(data.data());
  uint32_t a = 0, b = 0;
  const auto fold = [&] {
    a = (a & 0xFFFF) + (a >> 16);
    b = (b & 0xFFFF) + (b >> 16);
  };
  for (size_t words = data.size() / 2; words > 0;) {
    const size_t n = std::min(words, kBlock);
    for (size_t i = 0; i < n; ++i, in += 2) {
      a += (uint32_t{in[0]} << 8) | in[1];
      b += a;
    }
    fold();
    words -= n;
  }
  if (data.size() % 2 != 0) {
    a += uint32_t{in[0]} << 8;
    b += a;
    fold();
  }
  fold();
  return (b << 16) | a;
}

}  // namespace cubeloom
