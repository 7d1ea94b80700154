// Tile-compressed images. A box is put together from the tiles that it meets; a tile that lies only partly in
// the box is kept decoded, as a neighbouring box will want the rest of it.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/image.h"
#include "cubeloom/store/fits/rice.h"
#include "cubeloom/store/fits/tile_cache.h"
#include "cubeloom/store/fits/tile_codec.h"
#include "cubeloom/store/fits/tile_row.h"

namespace cubeloom {
namespace {

// A box that is being filled.
struct Target {
  const Box& box;
  std::byte* data;
  MutableBuffer validity;  // taken when the first invalid element is met
};

// Physical values as they come from the helper.
struct Doubles {
  DType to;
  const double* values;
  int64_t count;
};

// To the image's dtype: NaN is an invalid integer; what lossy compression put out of range goes to the limit.
template <typename T>
absl::StatusOr<TilePixels> FromDoublesAs(const Doubles& in, Allocator& allocator) {
  CL_ASSIGN_OR_RETURN(MutableBuffer data, allocator.Allocate(in.count * sizeof(T)));
  MutableBuffer validity;
  T* out = reinterpret_cast<T*>(data.data());
  for (int64_t i = 0; i < in.count; ++i) {
    if constexpr (std::is_integral_v<T>) {
      if (std::isnan(in.values[i])) {
        if (validity.data() == nullptr) {
          CL_ASSIGN_OR_RETURN(validity, allocator.Allocate(BitBytes(in.count)));
          std::memset(validity.data(), 0xFF, validity.size());
        }
        validity.data()[i >> 3] &= static_cast<std::byte>(~(1u << (i & 7)));
        out[i] = 0;
        continue;
      }
      out[i] = static_cast<T>(std::clamp(in.values[i], static_cast<double>(std::numeric_limits<T>::min()),
                                         static_cast<double>(std::numeric_limits<T>::max())));
    } else {
      out[i] = static_cast<T>(in.values[i]);
    }
  }
  TilePixels pixels;
  pixels.data = std::move(data).Publish();
  if (validity.data() != nullptr) pixels.validity = std::move(validity).Publish();
  return pixels;
}

absl::StatusOr<TilePixels> FromDoubles(const Doubles& in, Allocator& allocator) {
  switch (in.to) {
    case DType::kU8:
      return FromDoublesAs<uint8_t>(in, allocator);
    case DType::kI8:
      return FromDoublesAs<int8_t>(in, allocator);
    case DType::kU16:
      return FromDoublesAs<uint16_t>(in, allocator);
    case DType::kI16:
      return FromDoublesAs<int16_t>(in, allocator);
    case DType::kU32:
      return FromDoublesAs<uint32_t>(in, allocator);
    case DType::kI32:
      return FromDoublesAs<int32_t>(in, allocator);
    case DType::kF32:
      return FromDoublesAs<float>(in, allocator);
    case DType::kF64:
      return FromDoublesAs<double>(in, allocator);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("tiles of dtype ", DTypeName(in.to), " are not supported"));
  }
}

class TiledImage : public Array {
 public:
  TiledImage(FitsImage image, Probe& probe, int64_t cache_bytes)
      : image_(std::move(image)), probe_(probe), cache_(cache_bytes) {
    grid_ = ChunkGrid(image_.desc.shape, image_.desc.natural_chunk);
    format_.tiles = *image_.hdu.tiles;
    format_.conversion = image_.conversion;
    format_.bscale = image_.hdu.bscale;
    format_.bzero = image_.hdu.bzero;
  }

  const ArrayDesc& desc() const override { return image_.desc; }

  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_RETURN_IF_ERROR(CheckFitsBox(image_, box));
    const int64_t bytes = box.elements() * element();
    CL_ASSIGN_OR_RETURN(MutableBuffer data, context.allocator->Allocate(std::max<int64_t>(bytes, 1)));
    Target target{box, data.data(), MutableBuffer()};
    absl::Status status;
    grid_.ForEachIn(box, [&](int64_t index, const Box& overlap) {
      if (status.ok()) status = AddTile(index, overlap, context, target);
    });
    CL_RETURN_IF_ERROR(status);
    CL_RETURN_IF_ERROR(image_.file->CheckUnchanged());
    Chunk chunk;
    chunk.dtype = desc().dtype;
    chunk.box = box;
    chunk.strides = ContiguousStrides(box.extent);
    chunk.data = std::move(data).Publish(bytes);
    if (target.validity.data() != nullptr) chunk.validity = std::move(target.validity).Publish();
    return chunk;
  }

 private:
  int64_t element() const { return static_cast<int64_t>(DTypeSize(desc().dtype)); }

  absl::Status AddTile(int64_t index, const Box& overlap, const ReadContext& context, Target& target) const {
    if (context.cancel.cancelled()) return context.cancel.status();
    const Box tile = grid_.BoxOf(index);
    CL_ASSIGN_OR_RETURN_IN(
        const TilePixels pixels,
        cache_.Get(index, !(overlap == tile), [&] { return Decode(index, tile, context); }),
        absl::StrCat(image_.where, ", tile ", index + 1));
    return Copy(tile, overlap, pixels, context, target);
  }

  absl::StatusOr<TilePixels> Decode(int64_t index, const Box& tile, const ReadContext& context) const {
    if (format_.tiles.algorithm == "HCOMPRESS_1" || format_.tiles.algorithm == "PLIO_1") {
      return DecodeInHelper(tile, context);
    }
    FitsTileRow row;
    CL_RETURN_IF_ERROR(ReadFitsTileRow(*image_.file, image_.hdu, index, row));
    if (row.size > tile.elements() * 16 + (1 << 16)) {
      return absl::DataLossError(
          absl::StrCat(row.size, " compressed bytes for ", tile.elements(), " pixels"));
    }
    CL_ASSIGN_OR_RETURN(MutableBuffer bytes, context.allocator->Allocate(row.size + kRicePadding));
    CL_RETURN_IF_ERROR(image_.file->ReadAt(row.offset, absl::MakeSpan(bytes.data(), row.size)));
    std::memset(bytes.data() + row.size, 0, kRicePadding);
    row.tile.bytes = absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(bytes.data()), row.size);
    row.tile.pixels = tile.elements();
    CL_ASSIGN_OR_RETURN(DecodedTile decoded, DecodeTile(format_, row.tile, *context.allocator));
    TilePixels out;
    out.data = std::move(decoded.data).Publish(tile.elements() * element());
    if (decoded.validity.data() != nullptr) out.validity = std::move(decoded.validity).Publish();
    return out;
  }

  // HCOMPRESS and PLIO: CFITSIO decodes, in the helper, and answers with physical values as f64 in shared
  // memory.
  absl::StatusOr<TilePixels> DecodeInHelper(const Box& tile, const ReadContext& context) const {
    if (image_.file->fd() < 0) {
      return absl::UnimplementedError(
          absl::StrCat(format_.tiles.algorithm, " tiles of files that are not local"));
    }
    Value::List first, last;
    for (int a = tile.rank() - 1; a >= 0; --a) {
      first.emplace_back(tile.origin[a] + 1);
      last.emplace_back(tile.end(a));
    }
    Value args;
    args.Set("hdu", image_.hdu.number);
    args.Set("first", Value(std::move(first)));
    args.Set("last", Value(std::move(last)));
    CL_ASSIGN_OR_RETURN(const ProbeReply reply,
                        probe_.Call({"fits.pixels", image_.file->stat().uri, args, {image_.file->fd()}}));
    const size_t bytes = static_cast<size_t>(tile.elements()) * sizeof(double);
    if (reply.fds.size() != 1) return absl::InternalError("probe answer about FITS pixels without memory");
    CL_ASSIGN_OR_RETURN(const auto memory,
                        ReadDescriptor(UniqueFd(::dup(reply.fds[0].get())), "pixels from the helper"));
    if (memory->stat().size != static_cast<int64_t>(bytes))
      return absl::InternalError("probe answer about FITS pixels: wrong size");
    CL_ASSIGN_OR_RETURN(MutableBuffer values, context.allocator->Allocate(bytes));
    CL_RETURN_IF_ERROR(memory->ReadAt(0, absl::MakeSpan(values.data(), bytes)));
    return FromDoubles({desc().dtype, reinterpret_cast<const double*>(values.data()), tile.elements()},
                       *context.allocator);
  }

  absl::Status Copy(const Box& tile, const Box& overlap, const TilePixels& pixels, const ReadContext& context,
                    Target& target) const {
    if (pixels.validity && target.validity.data() == nullptr) {
      CL_ASSIGN_OR_RETURN(target.validity, context.allocator->Allocate(BitBytes(target.box.elements())));
      std::memset(target.validity.data(), 0xFF, target.validity.size());
    }
    const int last = overlap.rank() - 1;
    const int64_t row = overlap.extent[last];
    Shape at = overlap.origin;
    while (true) {
      const int64_t from = Linear(tile, at), to = Linear(target.box, at);
      std::memcpy(target.data + to * element(), pixels.data.data() + from * element(), row * element());
      if (pixels.validity) {
        CopyBits(reinterpret_cast<const uint8_t*>(pixels.validity.data()), from, row,
                 reinterpret_cast<uint8_t*>(target.validity.data()), to);
      }
      int a = last - 1;
      while (a >= 0 && ++at[a] == overlap.end(a)) at[a] = overlap.origin[a], --a;
      if (a < 0) return absl::OkStatus();
    }
  }

  // The row-major index of a position within a box.
  static int64_t Linear(const Box& box, const Shape& at) {
    int64_t index = 0;
    for (int a = 0; a < box.rank(); ++a) index = index * box.extent[a] + (at[a] - box.origin[a]);
    return index;
  }

  const FitsImage image_;
  Probe& probe_;
  ChunkGrid grid_;
  TileFormat format_;
  mutable TileCache cache_;
};

}  // namespace

ArrayPtr MakeTiledFitsImage(FitsImage image, Probe& probe, int64_t cache_bytes) {
  return std::make_shared<TiledImage>(std::move(image), probe, cache_bytes);
}

}  // namespace cubeloom
