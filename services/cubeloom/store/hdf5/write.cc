// WriteHdf5: arrays to datasets, streamed by chunks or by groups of rows.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/codec/codec.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/hdf5/file_writer.h"
#include "cubeloom/store/hdf5/hdf5.h"
#include "cubeloom/store/hdf5/pieces.h"

namespace cubeloom {
namespace {

constexpr int64_t kPieceBytes = 4 << 20;  // of a contiguous dataset, read at once

absl::Status CheckOutput(const Hdf5Output& o) {
  if (o.array == nullptr) return absl::InvalidArgumentError("there is no array");
  const ArrayDesc& desc = o.array->desc();
  CL_RETURN_IF_ERROR(CheckedElements(desc.shape, desc.dtype).status());
  if (o.deflate < 0 || o.deflate > 9) {
    return absl::InvalidArgumentError(absl::StrCat("deflate level ", o.deflate, " is not within 0 to 9"));
  }
  if (o.chunk.rank() == 0) {
    if (o.deflate == 0 && !o.shuffle) return absl::OkStatus();
    return absl::InvalidArgumentError("deflate and shuffle need a chunk shape");
  }
  if (o.chunk.rank() != desc.shape.rank()) {
    return absl::InvalidArgumentError(
        absl::StrCat("chunk ", o.chunk.ToString(), " has not the rank of shape ", desc.shape.ToString()));
  }
  for (const int64_t v : o.chunk) {
    if (v < 1)
      return absl::InvalidArgumentError(absl::StrCat("chunk ", o.chunk.ToString(), " has an extent below 1"));
  }
  return absl::OkStatus();
}

// HDF5 wants no chunk larger than the array.
absl::StatusOr<ChunkGrid> GridOf(const Hdf5Output& o) {
  const ArrayDesc& desc = o.array->desc();
  Shape chunk = o.chunk;
  for (int a = 0; a < chunk.rank(); ++a) chunk[a] = std::max<int64_t>(1, std::min(chunk[a], desc.shape[a]));
  CL_ASSIGN_OR_RETURN(const int64_t elements, CheckedElements(chunk, desc.dtype));
  if (elements > static_cast<int64_t>(UINT32_MAX / 2 / DTypeSize(desc.dtype))) {
    return absl::InvalidArgumentError(absl::StrCat("chunk ", chunk.ToString(), " has more than 2 GiB"));
  }
  int64_t chunks = 1;
  for (int a = 0; a < chunk.rank(); ++a) {
    const int64_t count = (desc.shape[a] - 1) / chunk[a] + 1;
    if (desc.shape[a] > 0 && chunks > kMaxHdf5Chunks / count) {
      return absl::InvalidArgumentError(absl::StrCat("chunk ", chunk.ToString(), " cuts shape ",
                                                     desc.shape.ToString(), " into more than ",
                                                     kMaxHdf5Chunks, " chunks"));
    }
    chunks *= std::max<int64_t>(count, 1);
  }
  return ChunkGrid(desc.shape, chunk);
}

// Dense elements of `box`, padded with zeros to a whole chunk of `extent`.
absl::StatusOr<Buffer> Padded(const Buffer& data, const Box& box, const Shape& extent, size_t element) {
  if (box.extent == extent) return data;
  CL_ASSIGN_OR_RETURN(MutableBuffer out,
                      Allocator::Heap().Allocate(static_cast<size_t>(extent.elements()) * element));
  std::memset(out.data(), 0, out.size());
  Chunk view;
  view.box = box;
  view.strides = ContiguousStrides(extent);
  const auto length = static_cast<size_t>(box.extent[box.rank() - 1]) * element;
  ForEachRow(view, [&](int64_t offset, int64_t linear) {
    std::memcpy(out.data() + offset * element, data.data() + linear * element, length);
  });
  return std::move(out).Publish();
}

absl::StatusOr<Buffer> Encoded(const Hdf5Output& o, const Buffer& raw, size_t element, Allocator& allocator) {
  if (o.deflate == 0 && !o.shuffle) return raw;
  CodecSpec spec;
  spec.codec = o.deflate > 0 ? Codec::kZlib : Codec::kNone;
  spec.level = o.deflate;
  spec.shuffle = static_cast<uint8_t>(o.shuffle ? element : 0);
  return Encode(spec, raw.data(), raw.size(), allocator);
}

absl::Status WriteChunks(const Hdf5Output& o, Hdf5FileWriter& out, Hdf5PieceReader& pieces,
                         Hdf5Storage& storage) {
  CL_ASSIGN_OR_RETURN(const ChunkGrid grid, GridOf(o));
  const size_t element = DTypeSize(o.array->desc().dtype);
  std::vector<Hdf5ChunkEntry> entries(static_cast<size_t>(grid.size()));
  for (int64_t i = 0; i < grid.size(); ++i) {
    const Box box = grid.BoxOf(i);
    CL_ASSIGN_OR_RETURN(const Buffer data, pieces.Read(box));
    CL_ASSIGN_OR_RETURN(const Buffer raw, Padded(data, box, grid.chunk(), element));
    CL_ASSIGN_OR_RETURN(const Buffer stored, Encoded(o, raw, element, pieces.allocator()));
    CL_ASSIGN_OR_RETURN(entries[i], out.AppendBlock(absl::MakeConstSpan(stored.data(), stored.size())));
  }
  CL_ASSIGN_OR_RETURN(storage.address, out.AppendChunkTree(grid, entries));
  storage.chunk = grid.chunk();
  storage.shuffle = o.shuffle;
  storage.deflate = o.deflate;
  return absl::OkStatus();
}

absl::Status WriteContiguous(const Hdf5Output& o, Hdf5FileWriter& out, Hdf5PieceReader& pieces,
                             Hdf5Storage& storage) {
  const ArrayDesc& desc = o.array->desc();
  storage.bytes = desc.shape.elements() * static_cast<int64_t>(DTypeSize(desc.dtype));
  if (storage.bytes == 0) return absl::OkStatus();
  CL_ASSIGN_OR_RETURN(storage.address, out.Begin());
  return ForEachHdf5Piece(desc.shape, kPieceBytes / static_cast<int64_t>(DTypeSize(desc.dtype)),
                          [&](const Box& box) -> absl::Status {
                            CL_ASSIGN_OR_RETURN(const Buffer data, pieces.Read(box));
                            return out.Append(absl::MakeConstSpan(data.data(), data.size()));
                          });
}

absl::Status WriteDataset(const Hdf5Output& o, Hdf5FileWriter& out, const ReadContext& context) {
  CL_RETURN_IF_ERROR(CheckOutput(o));
  Hdf5FileWriter::Dataset dataset;
  dataset.dtype = o.array->desc().dtype;
  dataset.shape = o.array->desc().shape;
  Hdf5PieceReader pieces(o.array, context);
  CL_RETURN_IF_ERROR(o.chunk.rank() == 0 ? WriteContiguous(o, out, pieces, dataset.storage)
                                         : WriteChunks(o, out, pieces, dataset.storage));
  CL_ASSIGN_OR_RETURN(dataset.attributes, pieces.Attributes());
  return out.AddDataset(o.path, std::move(dataset));
}

}  // namespace

absl::Status WriteHdf5(Store& store, absl::string_view uri, const std::vector<Hdf5Output>& datasets,
                       const ReadContext& context) {
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5FileWriter> out, Hdf5FileWriter::Create(store, uri));
  for (const Hdf5Output& o : datasets) CL_RETURN_IF_ERROR(out->CheckPath(o.path));
  for (const Hdf5Output& o : datasets) {
    CL_RETURN_IF_ERROR_IN(WriteDataset(o, *out, context),
                          absl::StrCat("write '", uri, "': dataset '", o.path, "'"));
  }
  return out->Finish();
}

}  // namespace cubeloom
