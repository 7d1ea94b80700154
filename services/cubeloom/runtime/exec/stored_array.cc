// The arrays of a ChunkStore and the sink that fills them.
#include <atomic>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/base/status.h"
#include "cubeloom/runtime/exec/chunk_store.h"

namespace cubeloom::runtime {

class StoredArray : public Array, public std::enable_shared_from_this<StoredArray> {
 public:
  StoredArray(ChunkStore* store, ArrayDesc desc, const ChunkGrid& grid)
      : store_(store), desc_(std::move(desc)), grid_(grid), entries_(static_cast<size_t>(grid.size())) {}
  ~StoredArray() override { store_->Drop(entries_); }

  const ArrayDesc& desc() const override { return desc_; }
  const ChunkGrid& grid() const { return grid_; }
  ChunkStore::Entry& entry(int64_t index) { return entries_[static_cast<size_t>(index)]; }

  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    if (box.rank() != desc_.shape.rank() || !Box::Whole(desc_.shape).Contains(box)) {
      return absl::OutOfRangeError(
          absl::StrCat("box ", box.ToString(), " is outside the array of ", desc_.shape.ToString()));
    }
    if (context.cancel.cancelled()) return context.cancel.status();
    std::vector<std::pair<int64_t, Box>> parts;
    grid_.ForEachIn(box, [&parts](int64_t index, const Box& overlap) { parts.emplace_back(index, overlap); });
    if (parts.size() != 1) return Assemble(box, parts, context);
    CL_ASSIGN_OR_RETURN(const Chunk chunk, View(parts[0].first, context));
    return SubChunk(chunk, box, *context.allocator);
  }

 private:
  // A whole chunk of the grid; its memory stays pinned while a copy of the chunk lives.
  absl::StatusOr<Chunk> View(int64_t index, const ReadContext& context) const {
    ChunkStore::Entry& entry = entries_[static_cast<size_t>(index)];
    CL_ASSIGN_OR_RETURN(const Buffer block, store_->Pin(entry, context));
    struct Held {
      std::shared_ptr<const StoredArray> array;
      ChunkStore::Entry* entry;
      Buffer block;
      ~Held() {
        block = Buffer();
        array->store_->Unpin(*entry);
      }
    };
    const std::shared_ptr<const void> held(new Held{shared_from_this(), &entry, block});
    Chunk chunk;
    chunk.dtype = desc_.dtype;
    chunk.box = grid_.BoxOf(index);
    chunk.strides = ContiguousStrides(chunk.box.extent);
    chunk.data = Buffer(held, block.data(), entry.data_bytes, block.space());
    if (entry.validity_bytes > 0)
      chunk.validity = Buffer(held, block.data() + entry.data_bytes, entry.validity_bytes, block.space());
    return chunk;
  }

  absl::StatusOr<Chunk> Assemble(const Box& box, const std::vector<std::pair<int64_t, Box>>& parts,
                                 const ReadContext& context) const {
    const size_t size = DTypeSize(desc_.dtype);
    Chunk out;
    out.dtype = desc_.dtype;
    out.box = box;
    out.strides = ContiguousStrides(box.extent);
    CL_ASSIGN_OR_RETURN(MutableBuffer data,
                        context.allocator->Allocate(static_cast<size_t>(box.elements()) * size));
    MutableBuffer bits;
    bool any_bits = false;
    for (const auto& [index, overlap] : parts) {
      CL_ASSIGN_OR_RETURN(const Chunk chunk, View(index, context));
      if (chunk.validity && !any_bits) {
        CL_ASSIGN_OR_RETURN(bits, context.allocator->Allocate(BitBytes(box.elements())));
        std::memset(bits.data(), 0xff, bits.size());
        any_bits = true;
      }
      ForEachRowOf(overlap, [&](const Shape& at, int64_t length) {
        const int64_t from = Offset(at, chunk.box, chunk.strides), to = Offset(at, out.box, out.strides);
        std::memcpy(data.data() + static_cast<size_t>(to) * size,
                    chunk.data.data() + static_cast<size_t>(from) * size, static_cast<size_t>(length) * size);
        if (!chunk.validity) return;
        CopyBits(reinterpret_cast<const uint8_t*>(chunk.validity.data()), from, length,
                 reinterpret_cast<uint8_t*>(bits.data()), to);
      });
    }
    out.data = std::move(data).Publish();
    if (any_bits) out.validity = std::move(bits).Publish();
    return out;
  }

  static int64_t Offset(const Shape& at, const Box& box, const Shape& strides) {
    int64_t offset = 0;
    for (int a = 0; a < box.rank(); ++a) offset += (at[a] - box.origin[a]) * strides[a];
    return offset;
  }

  // Calls f(position of the first element, length) for each run of the fastest axis; rank >= 1.
  template <typename F>
  static void ForEachRowOf(const Box& box, F&& f) {
    if (box.empty()) return;
    const int last = box.rank() - 1;
    Shape at = box.origin;
    while (true) {
      f(at, box.extent[last]);
      int a = last - 1;
      while (a >= 0 && ++at[a] == box.end(a)) at[a] = box.origin[a], --a;
      if (a < 0) return;
    }
  }

  ChunkStore* const store_;
  const ArrayDesc desc_;
  const ChunkGrid grid_;
  mutable ChunkStore::Entries entries_;  // sized once; contents under the store's lock
};

class StoredSink : public ArraySink {
 public:
  StoredSink(ChunkStore* store, const ArrayDesc& desc, const ChunkGrid& grid)
      : store_(store),
        size_(DTypeSize(desc.dtype)),
        array_(std::make_shared<StoredArray>(store, Described(desc, grid), grid)),
        places_(static_cast<size_t>(grid.size())) {}

  std::byte* Reserve(const Box& box) override {
    const int64_t index = IndexOf(box);
    if (index < 0 || box.empty()) return nullptr;
    MutableBuffer& place = places_[static_cast<size_t>(index)];
    absl::StatusOr<MutableBuffer> block = store_->allocator().Allocate(BlockBytes(box));
    if (!block.ok()) return nullptr;  // the caller's own allocation will say why
    place = std::move(*block);
    return place.data();
  }

  absl::Status Put(Chunk chunk) override {
    const int64_t index = IndexOf(chunk.box);
    if (index < 0 || chunk.dtype != array_->desc().dtype)
      return absl::InternalError(absl::StrCat("chunk ", chunk.box.ToString(), " is not of the array's grid"));
    MutableBuffer& place = places_[static_cast<size_t>(index)];
    if (place.data() == nullptr || place.data() != chunk.data.data()) {
      place = MutableBuffer();
      CL_ASSIGN_OR_RETURN(place, store_->allocator().Allocate(BlockBytes(chunk.box)));
      CL_ASSIGN_OR_RETURN(const Chunk packed, MakeContiguous(chunk, store_->allocator()));
      std::memcpy(place.data(), packed.data.data(), static_cast<size_t>(chunk.box.elements()) * size_);
    }
    ChunkStore::Entry& entry = array_->entry(index);
    entry.data_bytes = static_cast<size_t>(chunk.box.elements()) * size_;
    if (chunk.validity) {
      entry.validity_bytes = BitBytes(chunk.box.elements());
      std::memcpy(place.data() + entry.data_bytes, chunk.validity.data(), entry.validity_bytes);
    }
    chunk = Chunk();
    store_->Add(entry, std::move(place).Publish());
    put_.fetch_add(1, std::memory_order_relaxed);
    return absl::OkStatus();
  }

  absl::StatusOr<ArrayPtr> Finish() override {
    if (put_.load(std::memory_order_relaxed) != array_->grid().size())
      return absl::InternalError(
          absl::StrCat(put_.load(), " of ", array_->grid().size(), " chunks were made"));
    return std::move(array_);
  }

 private:
  static ArrayDesc Described(ArrayDesc desc, const ChunkGrid& grid) {
    desc.natural_chunk = grid.chunk();
    return desc;
  }
  // Room for the elements and, where the dtype has no NaN, for validity bits behind them.
  size_t BlockBytes(const Box& box) const {
    const bool bits = !IsFloat(array_->desc().dtype);
    return static_cast<size_t>(box.elements()) * size_ + (bits ? BitBytes(box.elements()) : 0);
  }
  // The grid index whose box is `box`, -1 when there is none.
  int64_t IndexOf(const Box& box) const {
    const ChunkGrid& grid = array_->grid();
    if (box.rank() != grid.array().rank()) return -1;
    int64_t index = 0;
    for (int a = 0; a < box.rank(); ++a) index = index * grid.counts()[a] + box.origin[a] / grid.chunk()[a];
    return index >= 0 && index < grid.size() && grid.BoxOf(index) == box ? index : -1;
  }

  ChunkStore* const store_;
  const size_t size_;
  std::shared_ptr<StoredArray> array_;
  std::vector<MutableBuffer> places_;  // each index is touched by one thread
  std::atomic<int64_t> put_{0};
};

absl::StatusOr<ArrayPtr> ChunkStore::Adopt(ArrayPtr array, const ReadContext& context) {
  constexpr int64_t kWorthIt = int64_t{256} << 10;  // bytes
  const ArrayDesc& desc = array->desc();
  CL_ASSIGN_OR_RETURN(const int64_t elements, CheckedElements(desc.shape, desc.dtype));
  const MemoryBudget& budget = allocator_.budget();
  const bool tight = budget.used() > budget.limit() / 2;
  if (spill_ == nullptr || !tight || elements * static_cast<int64_t>(DTypeSize(desc.dtype)) < kWorthIt)
    return array;
  const ChunkGrid grid = CanonicalLeaves(desc.shape, desc.dtype);
  StoredSink sink(this, desc, grid);
  for (int64_t i = 0; i < grid.size(); ++i) {
    CL_ASSIGN_OR_RETURN(Chunk chunk, array->Read(grid.BoxOf(i), context));
    CL_RETURN_IF_ERROR(sink.Put(std::move(chunk)));
  }
  return sink.Finish();
}

ArraySinkFactory ChunkStore::SinkFactory() {
  return [this](const ArrayDesc& desc, const ChunkGrid& grid) -> absl::StatusOr<std::unique_ptr<ArraySink>> {
    return std::make_unique<StoredSink>(this, desc, grid);
  };
}

}  // namespace cubeloom::runtime
