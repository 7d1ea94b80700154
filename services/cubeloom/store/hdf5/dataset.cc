// Reading boxes of a dataset. Elements that lie in the file as they are (contiguous, compact, chunks without
// filters) are read as byte ranges; filtered chunks are decoded whole, and kept in a cache when a read takes
// only a part of them. Either way many threads may read at once.
#include "cubeloom/store/hdf5/dataset.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/tile_cache.h"
#include "cubeloom/store/hdf5/element.h"
#include "cubeloom/store/hdf5/filter.h"
#include "cubeloom/store/hdf5/run_reader.h"

namespace cubeloom {
namespace {

constexpr int64_t kPieceBytes = 256 << 10;  // converted at once; fits the second-level cache

// Calls f(offset of a run in `whole`, offset in `part`, elements) for the runs of `part`, both dense,
// row-major.
template <typename F>
void ForEachRunOf(const Box& part, const Box& whole, F&& f) {
  Chunk view;
  view.box = part;
  view.strides = ContiguousStrides(whole.extent);
  int64_t first = 0;
  for (int a = 0; a < part.rank(); ++a) first += (part.origin[a] - whole.origin[a]) * view.strides[a];
  if (part.rank() == 0) return f(first, int64_t{0}, int64_t{1});
  const int64_t length = part.extent[part.rank() - 1];
  ForEachRow(view, [&](int64_t offset, int64_t linear) { f(first + offset, linear, length); });
}

// True when the elements of `part` follow each other in a dense array of `whole`.
bool IsRun(const Box& part, const Box& whole) {
  bool longer = false;  // an axis before this one has more than one element
  for (int a = 0; a < part.rank(); ++a) {
    if (longer && part.extent[a] != whole.extent[a]) return false;
    longer = longer || part.extent[a] > 1;
  }
  return true;
}

Box Shifted(const Box& box, const Shape& origin) {
  Box out = box;
  for (int a = 0; a < box.rank(); ++a) out.origin[a] -= origin[a];
  return out;
}

// A box that is being filled with converted elements.
struct Target {
  const Box& box;
  const ReadContext& context;
  std::byte* data;
};

class Hdf5Array : public Array {
 public:
  explicit Hdf5Array(Hdf5Parts parts)
      : parts_(std::move(parts)),
        elements_(parts_.dataset.type, parts_.dataset.missing),
        fill_(elements_.One(parts_.dataset.fill)),
        cache_(parts_.cache_bytes) {
    if (chunked()) grid_ = ChunkGrid(desc().shape, parts_.dataset.chunk);
  }

  const ArrayDesc& desc() const override { return parts_.desc; }

  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    if (box.rank() != desc().shape.rank() || !Box::Whole(desc().shape).Contains(box)) {
      return absl::OutOfRangeError(absl::StrCat(parts_.where, ": the box ", box.ToString(),
                                                " is outside the dataset of shape ",
                                                desc().shape.ToString()));
    }
    if (chunked() && !elements_.needs_validity()) {
      CL_ASSIGN_OR_RETURN(Chunk whole, WholeChunk(box, context));
      if (whole.data) return whole;
    }
    const int64_t count = box.elements();
    const auto bytes = static_cast<size_t>(count * elements_.bytes());
    CL_ASSIGN_OR_RETURN(MutableBuffer data, context.allocator->Allocate(std::max<size_t>(bytes, 1)));
    CL_RETURN_IF_ERROR_IN(Fill(Target{box, context, data.data()}), parts_.where);
    CL_RETURN_IF_ERROR(parts_.file->CheckUnchanged());
    Chunk chunk = ChunkOf(box);
    chunk.strides = ContiguousStrides(box.extent);
    CL_ASSIGN_OR_RETURN(chunk.validity, Validity(data.data(), count, context));
    chunk.data = std::move(data).Publish(bytes);
    return chunk;
  }

 private:
  bool chunked() const { return parts_.dataset.layout == Hdf5Layout::kChunked; }

  Chunk ChunkOf(const Box& box) const {
    Chunk chunk;
    chunk.dtype = desc().dtype;
    chunk.box = box;
    return chunk;
  }

  // When `box` is just one filtered chunk (as far as it is inside the array): that chunk without a copy.
  absl::StatusOr<Chunk> WholeChunk(const Box& box, const ReadContext& context) const {
    if (box.empty()) return Chunk();
    int64_t index = -1;
    for (int a = 0; a < box.rank(); ++a) {
      if (box.origin[a] % grid_.chunk()[a] != 0 || box.extent[a] > grid_.chunk()[a]) return Chunk();
    }
    grid_.ForEachIn(box, [&](int64_t i, const Box&) { index = i; });
    const Box whole = grid_.BoxOf(index);
    if (!(whole == box) || parts_.chunks[index].size == 0 || !IsFiltered(index, whole)) return Chunk();
    if (context.cancel.cancelled()) return context.cancel.status();
    CL_ASSIGN_OR_RETURN_IN(const TilePixels pixels, Decoded(index, whole, false, context), parts_.where);
    CL_RETURN_IF_ERROR(parts_.file->CheckUnchanged());
    Chunk chunk = ChunkOf(box);
    chunk.strides = ContiguousStrides(grid_.chunk());
    chunk.data = pixels.data;
    return chunk;
  }

  absl::Status Fill(const Target& target) const {
    if (target.box.empty()) return absl::OkStatus();
    switch (parts_.dataset.layout) {
      case Hdf5Layout::kCompact:
        return FillFromCompact(target);
      case Hdf5Layout::kContiguous:
        if (parts_.dataset.offset < 0) return FillWithFill(target.box, target);
        return FillFromFile(
            {parts_.file.get(), parts_.dataset.offset, desc().shape, elements_.stored_bytes()}, target.box,
            Shape::Filled(target.box.rank(), 0), target);
      case Hdf5Layout::kChunked:
        break;
    }
    absl::Status status;
    grid_.ForEachIn(target.box, [&](int64_t index, const Box& overlap) {
      if (!status.ok()) return;
      status = target.context.cancel.cancelled() ? target.context.cancel.status()
                                                 : AddChunk(index, overlap, target);
    });
    return status;
  }

  absl::Status AddChunk(int64_t index, const Box& overlap, const Target& target) const {
    const Hdf5ChunkEntry& entry = parts_.chunks[index];
    const Box whole = grid_.BoxOf(index);
    if (entry.size == 0) return FillWithFill(overlap, target);
    if (!IsFiltered(index, whole)) {
      return FillFromFile(
          {parts_.file.get(), static_cast<int64_t>(entry.offset), grid_.chunk(), elements_.stored_bytes()},
          overlap, whole.origin, target);
    }
    CL_ASSIGN_OR_RETURN(const TilePixels pixels, Decoded(index, whole, !(overlap == whole), target.context));
    Copy(pixels.data.data(), Box{whole.origin, grid_.chunk()}, overlap, target);
    return absl::OkStatus();
  }

  // Whether anything was done to the elements of this chunk.
  bool IsFiltered(int64_t index, const Box& whole) const {
    const size_t count = parts_.dataset.filters.size();
    if (count == 0 || (!parts_.dataset.filters_partial && whole.extent != grid_.chunk())) return false;
    const uint32_t all = count >= 32 ? ~uint32_t{0} : (uint32_t{1} << count) - 1;
    return (parts_.chunks[index].mask & all) != all;
  }

  // The elements of a filtered chunk, converted.
  absl::StatusOr<TilePixels> Decoded(int64_t index, const Box& whole, bool keep,
                                     const ReadContext& context) const {
    absl::StatusOr<TilePixels> pixels = cache_.Get(index, keep, [&] { return Decode(index, context); });
    if (pixels.ok()) return pixels;
    return Annotate(pixels.status(), absl::StrCat("chunk ", index, " ", whole.ToString()));
  }

  absl::StatusOr<TilePixels> Decode(int64_t index, const ReadContext& context) const {
    const Hdf5ChunkEntry& entry = parts_.chunks[index];
    CL_ASSIGN_OR_RETURN(MutableBuffer stored, context.allocator->Allocate(entry.size));
    CL_RETURN_IF_ERROR(parts_.file->ReadAt(static_cast<int64_t>(entry.offset),
                                           absl::MakeSpan(stored.data(), stored.size())));
    const Hdf5FilterJob job{parts_.dataset.filters, entry.mask, Hdf5ChunkBytes(parts_.dataset),
                            elements_.stored_bytes()};
    CL_ASSIGN_OR_RETURN(const Buffer raw,
                        DecodeHdf5Chunk(job, std::move(stored).Publish(), *context.allocator));
    if (elements_.identity()) return TilePixels{raw, Buffer()};
    const int64_t count = grid_.chunk().elements();
    CL_ASSIGN_OR_RETURN(MutableBuffer out,
                        context.allocator->Allocate(static_cast<size_t>(count * elements_.bytes())));
    std::memcpy(out.data() + count * (elements_.bytes() - elements_.stored_bytes()), raw.data(), raw.size());
    elements_.Convert(out.data(), count);
    return TilePixels{std::move(out).Publish(), Buffer()};
  }

  // `box` of the array from elements that lie dense in the file, the first of them at `origin` of the array.
  absl::Status FillFromFile(const DenseArray& dense, const Box& box, const Shape& origin,
                            const Target& target) const {
    const Box inside = Shifted(box, origin);
    RunReader reader(dense, inside, *target.context.allocator);
    if (IsRun(box, target.box)) {
      std::byte* out = target.data;
      ForEachRunOf(Box{box.origin, Shape::Filled(box.rank(), 1)}, target.box,
                   [&](int64_t at, int64_t, int64_t) { out = target.data + at * elements_.bytes(); });
      return ReadPieces(
          reader, box.elements(), target, [&](int64_t at) { return out + at * elements_.bytes(); },
          [](const std::byte*, int64_t, int64_t) {});
    }
    MutableBuffer scratch;
    const int64_t room = std::min(box.elements() * elements_.bytes(), kPieceBytes);
    CL_ASSIGN_OR_RETURN(scratch, target.context.allocator->Allocate(static_cast<size_t>(room)));
    return ReadPieces(
        reader, box.elements(), target, [&](int64_t) { return scratch.data(); },
        [&](const std::byte* data, int64_t at, int64_t n) {
          Scatter(data, box, {at, n}, target);
        });
  }

  // Reads and converts [0, count) of the reader in pieces: to place(at), then done(data, at, n).
  template <typename Place, typename Done>
  absl::Status ReadPieces(RunReader& reader, int64_t count, const Target& target, Place&& place,
                          Done&& done) const {
    const int64_t step = kPieceBytes / elements_.bytes();
    for (int64_t at = 0; at < count; at += step) {
      if (target.context.cancel.cancelled()) return target.context.cancel.status();
      const int64_t n = std::min(step, count - at);
      std::byte* const out = place(at);
      CL_RETURN_IF_ERROR(reader.Read(at, n, out + n * (elements_.bytes() - elements_.stored_bytes())));
      elements_.Convert(out, n);
      done(out, at, n);
    }
    return absl::OkStatus();
  }

  struct Range {
    int64_t first, count;
  };

  // Elements `range` of `box`, which are at `data`, to their places in the target.
  void Scatter(const std::byte* data, const Box& box, Range range, const Target& target) const {
    const int64_t bytes = elements_.bytes();
    const int64_t end = range.first + range.count;
    ForEachRunOf(box, target.box, [&](int64_t at, int64_t linear, int64_t length) {
      const int64_t lo = std::max(linear, range.first), hi = std::min(linear + length, end);
      if (lo >= hi) return;
      std::memcpy(target.data + (at + lo - linear) * bytes, data + (lo - range.first) * bytes,
                  static_cast<size_t>((hi - lo) * bytes));
    });
  }

  // `part` of the array from dense elements of `whole`.
  void Copy(const std::byte* data, const Box& whole, const Box& part, const Target& target) const {
    const int64_t bytes = elements_.bytes();
    const Shape to = ContiguousStrides(target.box.extent);
    int64_t first = 0;
    for (int a = 0; a < part.rank(); ++a) first += (part.origin[a] - target.box.origin[a]) * to[a];
    const Shape strides = ContiguousStrides(part.extent);
    ForEachRunOf(part, whole, [&](int64_t at, int64_t linear, int64_t length) {
      int64_t place = first, rest = linear;
      for (int a = 0; a < part.rank(); ++a) {
        place += rest / strides[a] * to[a];
        rest %= strides[a];
      }
      std::memcpy(target.data + place * bytes, data + at * bytes, static_cast<size_t>(length * bytes));
    });
  }

  absl::Status FillWithFill(const Box& part, const Target& target) const {
    const int64_t bytes = elements_.bytes();
    ForEachRunOf(part, target.box, [&](int64_t at, int64_t, int64_t length) {
      std::byte* out = target.data + at * bytes;
      for (int64_t i = 0; i < length; ++i)
        std::memcpy(out + i * bytes, fill_.data(), static_cast<size_t>(bytes));
    });
    return absl::OkStatus();
  }

  absl::Status FillFromCompact(const Target& target) const {
    const int64_t stored = elements_.stored_bytes();
    const Box whole = Box::Whole(desc().shape);
    ForEachRunOf(target.box, whole, [&](int64_t at, int64_t linear, int64_t length) {
      std::byte* out = target.data + linear * elements_.bytes();
      std::memcpy(out + length * (elements_.bytes() - stored), parts_.compact.data() + at * stored,
                  static_cast<size_t>(length * stored));
      elements_.Convert(out, length);
    });
    return absl::OkStatus();
  }

  absl::StatusOr<Buffer> Validity(const std::byte* data, int64_t count, const ReadContext& context) const {
    if (!elements_.needs_validity() || elements_.MarkMissing(data, count, nullptr, 0) == 0) return Buffer();
    CL_ASSIGN_OR_RETURN(MutableBuffer bits, context.allocator->Allocate(BitBytes(count)));
    std::memset(bits.data(), 0xFF, bits.size());
    elements_.MarkMissing(data, count, reinterpret_cast<uint8_t*>(bits.data()), 0);
    return std::move(bits).Publish();
  }

  const Hdf5Parts parts_;
  const Hdf5Elements elements_;
  const std::string fill_;  // one converted element
  mutable TileCache cache_;
  ChunkGrid grid_;
};

// Fails unless [offset, offset + bytes) is inside the file.
absl::Status CheckInside(const Hdf5Parts& parts, uint64_t offset, int64_t bytes) {
  const auto size = static_cast<uint64_t>(parts.file->stat().size);
  if (offset <= size && static_cast<uint64_t>(bytes) <= size - offset) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("its ", bytes, " bytes at byte ", offset,
                                          " go beyond the end of the file at ", size, " (truncated?)"));
}

absl::Status CheckChunkTable(const Hdf5Parts& parts) {
  const ChunkGrid grid(parts.desc.shape, parts.dataset.chunk);
  if (static_cast<int64_t>(parts.chunks.size()) != grid.size()) {
    return absl::DataLossError(
        absl::StrCat("table of ", parts.chunks.size(), " chunks instead of ", grid.size()));
  }
  const int64_t raw = Hdf5ChunkBytes(parts.dataset);
  const size_t filters = parts.dataset.filters.size();
  for (int64_t i = 0; i < grid.size(); ++i) {
    const Hdf5ChunkEntry& entry = parts.chunks[i];
    if (entry.size == 0) continue;
    CL_RETURN_IF_ERROR_IN(CheckInside(parts, entry.offset, entry.size), absl::StrCat("chunk ", i));
    const uint32_t all = filters >= 32 ? ~uint32_t{0} : (uint32_t{1} << filters) - 1;
    const bool plain = (entry.mask & all) == all ||
                       (!parts.dataset.filters_partial && grid.BoxOf(i).extent != parts.dataset.chunk);
    if (plain && entry.size != raw) {
      return absl::DataLossError(absl::StrCat("chunk ", i, ": has ", entry.size, " bytes instead of ", raw));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckParts(const Hdf5Parts& parts) {
  const int64_t bytes = parts.desc.shape.elements() * parts.dataset.type.bytes;
  switch (parts.dataset.layout) {
    case Hdf5Layout::kCompact:
      if (static_cast<int64_t>(parts.compact.size()) == bytes) return absl::OkStatus();
      return absl::DataLossError(absl::StrCat(parts.compact.size(), " bytes of elements instead of ", bytes));
    case Hdf5Layout::kContiguous:
      return parts.dataset.offset < 0 ? absl::OkStatus() : CheckInside(parts, parts.dataset.offset, bytes);
    case Hdf5Layout::kChunked:
      CL_RETURN_IF_ERROR(CheckHdf5Filters(parts.dataset.filters));
      return CheckChunkTable(parts);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ArrayPtr> MakeHdf5Array(Hdf5Parts parts) {
  CL_RETURN_IF_ERROR_IN(CheckParts(parts), parts.where);
  return std::make_shared<Hdf5Array>(std::move(parts));
}

}  // namespace cubeloom
