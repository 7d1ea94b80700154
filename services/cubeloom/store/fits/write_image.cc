// Images: leaf by leaf, in file order. A leaf is copied into one buffer, made big-endian and summed there
// while it is in the cache; the buffer is written whenever it reaches a multiple of kWriteBytes in the file.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/card.h"
#include "cubeloom/store/fits/convert.h"
#include "cubeloom/store/fits/write.h"

namespace cubeloom {
namespace {

// Files are written in pieces that begin and end at multiples of this: pieces that share a page of the page
// cache make the kernel treat it twice, at a third of the cost of all writing.
constexpr int64_t kWriteBytes = 1 << 20;

// How a dtype is stored.
struct Stored {
  int bitpix;
  double zero;  // BZERO; not 0: the sign bit is toggled
};

absl::StatusOr<Stored> StoredFor(DType t) {
  switch (t) {
    case DType::kBool:
    case DType::kU8:
      return Stored{8, 0};
    case DType::kI8:
      return Stored{8, -128};
    case DType::kU16:
      return Stored{16, 32768};
    case DType::kI16:
      return Stored{16, 0};
    case DType::kU32:
      return Stored{32, 2147483648.0};
    case DType::kI32:
      return Stored{32, 0};
    case DType::kU64:
      return Stored{64, 9223372036854775808.0};
    case DType::kI64:
      return Stored{64, 0};
    case DType::kF32:
      return Stored{-32, 0};
    case DType::kF64:
      return Stored{-64, 0};
    default:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat("an image of dtype ", DTypeName(t), " has no form in FITS"));
}

class ImageWriter {
 public:
  ImageWriter(StagedWriter& out, const HduToWrite& hdu)
      : out_(out), hdu_(hdu), array_(*hdu.output.array), bytes_(DTypeSize(array_.desc().dtype)) {}

  absl::Status Write() {
    CL_ASSIGN_OR_RETURN(stored_, StoredFor(array_.desc().dtype));
    CL_RETURN_IF_ERROR(ChooseBlank());
    BuildHeader();
    CL_RETURN_IF_ERROR(header_.Reserve(out_));
    CL_RETURN_IF_ERROR(WriteData());
    if (blank_used_ && blank_seen_) {
      return absl::InvalidArgumentError(
          absl::StrCat("the array has elements without a value, but BLANK = ", blank_,
                       " is also a value; give another BLANK or write floats"));
    }
    CL_RETURN_IF_ERROR(PadFitsBlock(out_, 0));
    return header_.Finish(out_, sum_, blank_used_ ? Value(blank_) : Value());
  }

 private:
  void BuildHeader() {
    const Shape& shape = array_.desc().shape;
    if (hdu_.primary) {
      header_.Structural("SIMPLE", true, "conforms to the FITS standard");
    } else {
      header_.Structural("XTENSION", "IMAGE", "image extension");
    }
    header_.Structural("BITPIX", stored_.bitpix, "bits of a stored pixel");
    header_.Structural("NAXIS", std::max(shape.rank(), 1), "number of axes");
    for (int i = 0; i < std::max(shape.rank(), 1); ++i) {
      const int64_t length = shape.rank() == 0 ? 1 : shape[shape.rank() - 1 - i];
      header_.Structural(absl::StrCat("NAXIS", i + 1), length, absl::StrCat("length of axis ", i + 1));
    }
    if (hdu_.primary && hdu_.extended) header_.Structural("EXTEND", true, "extensions follow");
    if (!hdu_.primary) {
      header_.Structural("PCOUNT", 0, "always 0 for images");
      header_.Structural("GCOUNT", 1, "always 1 for images");
    }
    if (stored_.zero != 0) {
      // 2^63 is beyond int64 and would print as a real; a real is what BZERO is.
      if (stored_.bitpix == 64) {
        header_.Structural("BZERO", stored_.zero, "offset of the pixel type");
      } else {
        header_.Structural("BZERO", static_cast<int64_t>(stored_.zero), "offset of the pixel type");
      }
      header_.Structural("BSCALE", 1, "factor of the pixel type");
    }
    for (const Attribute& a : array_.desc().attributes) header_.Carried(a);
    if (!array_.desc().unit.empty()) header_.Carried({"BUNIT", array_.desc().unit, "unit of the pixels"});
    AddUserCards(hdu_.output, header_);
  }

  absl::Status ChooseBlank() {
    if (stored_.bitpix < 0) return absl::OkStatus();
    const int shift = 64 - stored_.bitpix;
    blank_ = stored_.bitpix == 8 ? 255 : std::numeric_limits<int64_t>::min() >> shift;
    std::vector<Attribute> all = array_.desc().attributes;
    all.insert(all.end(), hdu_.output.cards.begin(), hdu_.output.cards.end());
    for (const Attribute& a : all) {
      if (a.name != "BLANK") continue;
      CL_ASSIGN_OR_RETURN_IN(blank_, a.value.AsInt(), "BLANK");
      const int64_t min = stored_.bitpix == 8 ? 0 : std::numeric_limits<int64_t>::min() >> shift;
      const int64_t max = stored_.bitpix == 8 ? 255 : std::numeric_limits<int64_t>::max() >> shift;
      if (blank_ < min || blank_ > max) {
        return absl::InvalidArgumentError(
            absl::StrCat("BLANK = ", blank_, " does not fit BITPIX = ", stored_.bitpix));
      }
    }
    return absl::OkStatus();
  }

  absl::Status WriteData() {
    const Shape& shape = array_.desc().shape;
    if (shape.elements() == 0) return absl::OkStatus();
    const ChunkGrid leaves = CanonicalLeaves(shape, array_.desc().dtype);
    const int64_t room = kWriteBytes + leaves.chunk().elements() * bytes_;
    CL_ASSIGN_OR_RETURN(buffer_, hdu_.context.allocator->Allocate(room));
    for (int64_t i = 0; i < leaves.size(); ++i) {
      if (hdu_.context.cancel.cancelled()) return hdu_.context.cancel.status();
      CL_RETURN_IF_ERROR(WriteLeaf(leaves.BoxOf(i)));
      CL_RETURN_IF_ERROR(Flush((out_.size() + fill_) / kWriteBytes * kWriteBytes - out_.size()));
    }
    return Flush(fill_);
  }

  // Appends the first `bytes` of the buffer, if there are any to append.
  absl::Status Flush(int64_t bytes) {
    if (bytes <= 0) return absl::OkStatus();
    CL_RETURN_IF_ERROR(out_.Append(absl::MakeSpan(buffer_.data(), bytes)));
    fill_ -= bytes;
    std::memmove(buffer_.data(), buffer_.data() + bytes, fill_);
    return absl::OkStatus();
  }

  absl::Status WriteLeaf(const Box& box) {
    CL_ASSIGN_OR_RETURN(const Chunk chunk, array_.Read(box, hdu_.context));
    const int64_t count = box.elements();
    leaf_ = buffer_.data() + fill_;
    if (box.rank() == 0 || chunk.contiguous()) {
      std::memcpy(leaf_, chunk.data.data(), count * bytes_);
    } else {
      const int64_t row = box.extent[box.rank() - 1];
      ForEachRow(chunk, [&](int64_t offset, int64_t linear) {
        std::memcpy(leaf_ + linear * bytes_, chunk.data.data() + offset * bytes_, row * bytes_);
      });
    }
    if (chunk.dtype == DType::kBool) {
      for (int64_t i = 0; i < count; ++i) leaf_[i] = static_cast<std::byte>(leaf_[i] != std::byte{0});
    }
    PutBlanks(chunk, count);
    EncodeFits(leaf_, count, static_cast<int>(bytes_), stored_.zero != 0);
    sum_.Add(leaf_, count * bytes_);
    fill_ += count * bytes_;
    return absl::OkStatus();
  }

  // Gives invalid elements their mark, and notes whether valid ones look like it.
  void PutBlanks(const Chunk& chunk, int64_t count) {
    FitsConversion mark;
    mark.bitpix = stored_.bitpix;
    mark.flip = stored_.zero != 0;
    mark.has_blank = stored_.bitpix > 0;
    mark.blank = blank_;
    int64_t invalid = 0;
    if (chunk.validity) {
      ForEachZeroBit(reinterpret_cast<const uint8_t*>(chunk.validity.data()), 0, count, [&](int64_t i) {
        ++invalid;
        PutOne(i);
      });
    }
    if (!mark.has_blank) return;
    blank_used_ = blank_used_ || invalid > 0;
    blank_seen_ = blank_seen_ || MarkFitsBlanks(mark, leaf_, count, nullptr, 0) > invalid;
  }

  void PutOne(int64_t i) {
    std::byte* at = leaf_ + i * bytes_;
    if (stored_.bitpix == -32) {
      const float nan = std::numeric_limits<float>::quiet_NaN();
      std::memcpy(at, &nan, sizeof(nan));
    } else if (stored_.bitpix == -64) {
      const double nan = std::numeric_limits<double>::quiet_NaN();
      std::memcpy(at, &nan, sizeof(nan));
    } else {
      const uint64_t flip = stored_.zero != 0 ? uint64_t{1} << (stored_.bitpix - 1) : 0;
      const uint64_t value = static_cast<uint64_t>(blank_) ^ flip;
      std::memcpy(at, &value, bytes_);  // little-endian: its low bytes
    }
  }

  StagedWriter& out_;
  const HduToWrite& hdu_;
  const Array& array_;
  const int64_t bytes_;
  Stored stored_{8, 0};
  FitsHeaderWriter header_;
  FitsChecksum sum_;
  MutableBuffer buffer_;       // encoded bytes that are not written yet, then the leaf at work
  int64_t fill_ = 0;           // of the former
  std::byte* leaf_ = nullptr;  // where the latter starts
  int64_t blank_ = 0;          // as stored
  bool blank_used_ = false;    // for an invalid element
  bool blank_seen_ = false;    // among the valid elements
};

}  // namespace

absl::Status WriteFitsImage(StagedWriter& out, const HduToWrite& hdu) {
  return ImageWriter(out, hdu).Write();
}

}  // namespace cubeloom
