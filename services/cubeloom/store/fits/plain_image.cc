// Uncompressed images. A box is a sequence of runs, each contiguous in the file; together they fill the
// result in order. The result is made in pieces that fit the second-level cache: the piece's stored bytes are
// read to its own end and converted in place, so that a contiguous box costs one pread and one pass over warm
// memory. Short runs that lie close together (a column, a spectrum) are fetched as one span into scratch
// memory and picked from there.
#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/image.h"

namespace cubeloom {
namespace {

constexpr int64_t kPieceBytes = 256 << 10;    // of output, the size of a canonical leaf
constexpr int64_t kScratchBytes = 256 << 10;  // one coalesced read
constexpr int64_t kMaxGap = 8 << 10;          // bytes between runs that cost less to copy than a system call

// The runs of a box inside an array, both in elements.
class Runs {
 public:
  Runs(const Shape& shape, const Box& box) : box_(box) {
    int64_t stride = 1;
    strides_ = Shape::Filled(shape.rank(), 0);
    for (int a = shape.rank() - 1; a >= 0; --a) {
      strides_[a] = stride;
      stride *= shape[a];
    }
    // Axes from `outer_` on are one run: all of them but the first are whole.
    outer_ = shape.rank() - 1;
    while (outer_ > 0 && box.extent[outer_] == shape[outer_]) --outer_;
    for (int a = outer_; a < shape.rank(); ++a) length_ *= box.extent[a];
  }

  int64_t length() const { return length_; }
  // Where run `r` starts in the array.
  int64_t Start(int64_t r) const {
    int64_t at = 0;
    for (int a = static_cast<int>(strides_.rank()) - 1; a >= 0; --a) {
      int64_t i = box_.origin[a];
      if (a < outer_) {
        i += r % box_.extent[a];
        r /= box_.extent[a];
      }
      at += i * strides_[a];
    }
    return at;
  }

 private:
  const Box& box_;
  Shape strides_;
  int outer_ = 0;
  int64_t length_ = 1;
};

class PlainImage : public Array {
 public:
  explicit PlainImage(FitsImage image) : image_(std::move(image)) {}

  const ArrayDesc& desc() const override { return image_.desc; }

  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_RETURN_IF_ERROR(CheckFitsBox(image_, box));
    Chunk chunk;
    chunk.dtype = desc().dtype;
    chunk.box = box;
    chunk.strides = ContiguousStrides(box.extent);
    const int64_t count = box.elements();
    const int64_t out_bytes = static_cast<int64_t>(DTypeSize(chunk.dtype));
    const int64_t raw_bytes = static_cast<int64_t>(FitsElementBytes(image_.hdu.bitpix));
    // A piece that shrinks needs room for its stored form; the pieces before it have their place already.
    const int64_t room =
        out_bytes >= raw_bytes ? 0 : std::min(count, kPieceBytes / out_bytes) * (raw_bytes - out_bytes);
    CL_ASSIGN_OR_RETURN(MutableBuffer data,
                        context.allocator->Allocate(std::max<int64_t>(count * out_bytes + room, 1)));
    Job job{Runs(desc().shape, box), context, MutableBuffer(), MutableBuffer(), count};
    const int64_t step = kPieceBytes / out_bytes;
    for (int64_t at = 0; at < count; at += step) {
      if (context.cancel.cancelled()) return context.cancel.status();
      const int64_t n = std::min(step, count - at);
      CL_RETURN_IF_ERROR_IN(ReadPiece(job, at, n, data.data() + at * out_bytes), image_.where);
    }
    CL_RETURN_IF_ERROR(image_.file->CheckUnchanged());
    chunk.data = std::move(data).Publish(count * out_bytes);
    if (job.validity.data() != nullptr) chunk.validity = std::move(job.validity).Publish();
    return chunk;
  }

 private:
  struct Job {
    Runs runs;
    const ReadContext& context;
    MutableBuffer scratch;   // allocated when first needed
    MutableBuffer validity;  // likewise
    int64_t count;
  };

  // Elements [at, at + n) of the box into `out`.
  absl::Status ReadPiece(Job& job, int64_t at, int64_t n, std::byte* out) const {
    const int64_t raw_bytes = static_cast<int64_t>(FitsElementBytes(image_.hdu.bitpix));
    const int64_t out_bytes = static_cast<int64_t>(DTypeSize(desc().dtype));
    std::byte* raw = out + std::max<int64_t>(0, n * (out_bytes - raw_bytes));
    CL_RETURN_IF_ERROR(Fetch(job, at, n, raw));
    ConvertFits(image_.conversion, out, n);
    if (IsFloat(desc().dtype) || MarkFitsBlanks(image_.conversion, out, n, nullptr, 0) == 0)
      return absl::OkStatus();
    if (job.validity.data() == nullptr) {
      CL_ASSIGN_OR_RETURN(job.validity, job.context.allocator->Allocate(BitBytes(job.count)));
      std::memset(job.validity.data(), 0xFF, job.validity.size());
    }
    MarkFitsBlanks(image_.conversion, out, n, reinterpret_cast<uint8_t*>(job.validity.data()), at);
    return absl::OkStatus();
  }

  // The stored bytes of elements [at, at + n), dense.
  absl::Status Fetch(Job& job, int64_t at, int64_t n, std::byte* raw) const {
    const int64_t bytes = static_cast<int64_t>(FitsElementBytes(image_.hdu.bitpix));
    const int64_t length = job.runs.length();
    for (const int64_t end = at + n; at < end;) {
      const int64_t first = at / length;
      const int64_t skip = at % length;
      const int64_t here = std::min(length - skip, end - at);
      const int64_t start = FileByte(job.runs.Start(first) + skip);
      const int64_t whole =
          skip == 0 && here == length ? CountClose(job.runs, first, (end - at) / length) : 1;
      if (whole == 1) {
        CL_RETURN_IF_ERROR(image_.file->ReadAt(start, absl::MakeSpan(raw, here * bytes)));
        at += here;
        raw += here * bytes;
        continue;
      }
      CL_RETURN_IF_ERROR(FetchSpan(job, first, whole, raw));
      at += whole * length;
      raw += whole * length * bytes;
    }
    return absl::OkStatus();
  }

  // How many of the runs from `first` on, at most `limit`, are worth one read.
  int64_t CountClose(const Runs& runs, int64_t first, int64_t limit) const {
    const int64_t bytes = runs.length() * static_cast<int64_t>(FitsElementBytes(image_.hdu.bitpix));
    const int64_t begin = FileByte(runs.Start(first));
    int64_t end = begin + bytes;
    for (int64_t i = 1; i < limit; ++i) {
      const int64_t next = FileByte(runs.Start(first + i));
      if (next - end > kMaxGap || next + bytes - begin > kScratchBytes) return i;
      end = next + bytes;
    }
    return std::max<int64_t>(limit, 1);
  }

  absl::Status FetchSpan(Job& job, int64_t first, int64_t count, std::byte* raw) const {
    if (job.scratch.data() == nullptr) {
      CL_ASSIGN_OR_RETURN(job.scratch, job.context.allocator->Allocate(kScratchBytes));
    }
    const int64_t bytes = job.runs.length() * static_cast<int64_t>(FitsElementBytes(image_.hdu.bitpix));
    const int64_t begin = FileByte(job.runs.Start(first));
    const int64_t span = FileByte(job.runs.Start(first + count - 1)) + bytes - begin;
    CL_RETURN_IF_ERROR(image_.file->ReadAt(begin, absl::MakeSpan(job.scratch.data(), span)));
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(raw + i * bytes, job.scratch.data() + (FileByte(job.runs.Start(first + i)) - begin), bytes);
    }
    return absl::OkStatus();
  }

  int64_t FileByte(int64_t element) const {
    return image_.hdu.data_offset + element * static_cast<int64_t>(FitsElementBytes(image_.hdu.bitpix));
  }

  const FitsImage image_;
};

}  // namespace

ArrayPtr MakePlainFitsImage(FitsImage image) { return std::make_shared<PlainImage>(std::move(image)); }

}  // namespace cubeloom
