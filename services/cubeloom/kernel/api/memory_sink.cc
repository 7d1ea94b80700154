// The sink that assembles a Map's output in one allocation.
#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/execute.h"

namespace cubeloom {
namespace {

// One row of a box: where it lies in the chunk's memory (by the chunk's strides), in the array's, and its
// first element's row-major number in the box.
struct Row {
  int64_t from, to, linear, length;
};

template <typename F>
void ForEachRowIn(const Box& box, const Shape& array_strides, const Shape& chunk_strides, F&& f) {
  if (box.empty()) return;
  const int last = box.rank() - 1;
  Row row{0, 0, 0, last < 0 ? 1 : box.extent[last]};
  for (Shape at = box.origin; row.linear < box.elements(); row.linear += row.length) {
    row.from = row.to = 0;
    for (int a = 0; a <= last; ++a) {
      row.to += at[a] * array_strides[a];
      row.from += (at[a] - box.origin[a]) * chunk_strides[a];
    }
    f(row);
    for (int a = last - 1; a >= 0; --a) {
      if (++at[a] < box.end(a)) break;
      at[a] = box.origin[a];
    }
  }
}

class MemorySink : public ArraySink {
 public:
  static absl::StatusOr<std::unique_ptr<ArraySink>> Make(Allocator& allocator, const ArrayDesc& desc) {
    CL_ASSIGN_OR_RETURN(const int64_t elements, CheckedElements(desc.shape, desc.dtype));
    const size_t bytes = static_cast<size_t>(elements) * DTypeSize(desc.dtype);
    CL_ASSIGN_OR_RETURN(MutableBuffer memory, allocator.Allocate(std::max<size_t>(bytes, 1)));
    return std::unique_ptr<ArraySink>(new MemorySink(allocator, desc, std::move(memory)));
  }

  std::byte* Reserve(const Box& box) override {
    if (!IsOneRun(box)) return nullptr;
    std::byte* const place = PlaceOf(box);
    return reinterpret_cast<uintptr_t>(place) % kBufferAlignment == 0 ? place : nullptr;
  }

  absl::Status Put(Chunk chunk) override {
    if (chunk.dtype != desc_.dtype || chunk.box.rank() != desc_.shape.rank() ||
        !Box::Whole(desc_.shape).Contains(chunk.box)) {
      return absl::InternalError(absl::StrCat("memory sink of ", desc_.shape.ToString(), " ",
                                              DTypeName(desc_.dtype), " got the chunk ", chunk.box.ToString(),
                                              " ", DTypeName(chunk.dtype)));
    }
    if (!chunk.box.empty() && !(IsOneRun(chunk.box) && chunk.data.data() == PlaceOf(chunk.box))) Copy(chunk);
    absl::MutexLock lock(&mu_);
    put_ += chunk.box.elements();
    return chunk.validity ? AddValidity(chunk) : absl::OkStatus();
  }

  absl::StatusOr<ArrayPtr> Finish() override {
    absl::MutexLock lock(&mu_);
    if (put_ != desc_.shape.elements()) {
      return absl::FailedPreconditionError(absl::StrCat("memory sink of ", desc_.shape.ToString(), " got ",
                                                        put_, " of ", desc_.shape.elements(), " elements"));
    }
    Chunk whole;
    whole.dtype = desc_.dtype;
    whole.box = Box::Whole(desc_.shape);
    whole.strides = strides_;
    whole.data = std::move(memory_).Publish(static_cast<size_t>(put_) * DTypeSize(desc_.dtype));
    if (validity_) whole.validity = std::move(*validity_).Publish();
    desc_.natural_chunk = Shape();
    return MakeMemoryArray(std::move(desc_), std::move(whole));
  }

 private:
  MemorySink(Allocator& allocator, const ArrayDesc& desc, MutableBuffer memory)
      : allocator_(allocator),
        desc_(desc),
        strides_(ContiguousStrides(desc.shape)),
        memory_(std::move(memory)) {}

  // Whether the box lies in one piece: all axes are whole behind the first one of more than one element.
  bool IsOneRun(const Box& box) const {
    int a = 0;
    while (a < box.rank() && box.extent[a] == 1) ++a;
    for (++a; a < box.rank(); ++a) {
      if (box.extent[a] != desc_.shape[a]) return false;
    }
    return true;
  }

  std::byte* PlaceOf(const Box& box) {
    int64_t place = 0;
    for (int a = 0; a < box.rank(); ++a) place += box.origin[a] * strides_[a];
    return memory_.data() + place * static_cast<int64_t>(DTypeSize(desc_.dtype));
  }

  void Copy(const Chunk& chunk) {
    const int64_t size = static_cast<int64_t>(DTypeSize(desc_.dtype));
    ForEachRowIn(chunk.box, strides_, chunk.strides, [&](const Row& row) {
      std::memcpy(memory_.data() + row.to * size, chunk.data.data() + row.from * size,
                  static_cast<size_t>(row.length * size));
    });
  }

  // Clears the bits of the chunk's invalid elements; the bitmap is made with the first chunk that has one.
  absl::Status AddValidity(const Chunk& chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (!validity_) {
      const size_t bytes = static_cast<size_t>((desc_.shape.elements() + 7) / 8);
      CL_ASSIGN_OR_RETURN(validity_, allocator_.Allocate(bytes));
      std::memset(validity_->data(), 0xff, bytes);
    }
    uint8_t* const bits = reinterpret_cast<uint8_t*>(validity_->data());
    ForEachRowIn(chunk.box, strides_, chunk.strides, [&](const Row& row) {
      for (int64_t i = 0; i < row.length; ++i) {
        const int64_t bit = row.to + i;
        if (!chunk.valid(row.linear + i)) bits[bit >> 3] &= static_cast<uint8_t>(~(1u << (bit & 7)));
      }
    });
    return absl::OkStatus();
  }

  Allocator& allocator_;
  ArrayDesc desc_;
  const Shape strides_;
  MutableBuffer memory_;  // disjoint boxes are written by different threads without the lock
  absl::Mutex mu_;
  int64_t put_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<MutableBuffer> validity_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

ArraySinkFactory MakeMemorySink(Allocator& allocator) {
  return [&allocator](const ArrayDesc& desc, const ChunkGrid&) { return MemorySink::Make(allocator, desc); };
}

}  // namespace cubeloom
