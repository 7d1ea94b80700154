#include "cubeloom/kernel/testing/array_variants.h"

#include <atomic>
#include <cstring>
#include <thread>

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/testing/guard_allocator.h"
#include "cubeloom/kernel/testing/sample_arrays.h"

namespace cubeloom {
namespace {

absl::StatusOr<Buffer> GuardedCopy(const std::byte* data, size_t bytes) {
  CL_ASSIGN_OR_RETURN(MutableBuffer memory, AllocateBeforeGuard(bytes));
  if (bytes > 0) std::memcpy(memory.data(), data, bytes);
  return std::move(memory).Publish();
}

class Wrapped : public Array {
 public:
  explicit Wrapped(ArrayPtr array) : array_(std::move(array)), desc_(array_->desc()) {}
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    return array_->Read(box, context);
  }

 protected:
  // The elements and validity of a box in memory of their own.
  absl::StatusOr<Chunk> ReadGuarded(const Box& box, const ReadContext& context) const {
    CL_ASSIGN_OR_RETURN(Chunk chunk, array_->Read(box, context));
    CL_ASSIGN_OR_RETURN(chunk, MakeContiguous(chunk, Allocator::Heap()));
    const size_t elements = static_cast<size_t>(box.elements());
    CL_ASSIGN_OR_RETURN(chunk.data, GuardedCopy(chunk.data.data(), elements * DTypeSize(chunk.dtype)));
    if (chunk.validity) {
      CL_ASSIGN_OR_RETURN(chunk.validity, GuardedCopy(chunk.validity.data(), (elements + 7) / 8));
    }
    return chunk;
  }

  const ArrayPtr array_;
  ArrayDesc desc_;
};

class Guarded : public Wrapped {
 public:
  using Wrapped::Wrapped;
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    return ReadGuarded(box, context);
  }
};

class Strided : public Wrapped {
 public:
  using Wrapped::Wrapped;
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_ASSIGN_OR_RETURN(Chunk chunk, ReadGuarded(box, context));
    const int last = box.rank() - 1;
    if (last < 1 || box.empty()) return chunk;
    Shape wide = box.extent;  // of the block: each axis but the slowest is a little longer
    for (int a = 1; a <= last; ++a) wide[a] += 2 + a;
    const Shape strides = ContiguousStrides(wide);
    int64_t reach = 1;
    for (int a = 0; a <= last; ++a) reach += (box.extent[a] - 1) * strides[a];
    const size_t size = DTypeSize(chunk.dtype);
    CL_ASSIGN_OR_RETURN(MutableBuffer block, AllocateBeforeGuard(static_cast<size_t>(reach) * size));
    std::memset(block.data(), 0xff, block.size());  // every float of these bytes is a NaN
    Chunk view = chunk;
    view.strides = strides;
    std::vector<int64_t> places;
    ForEachRow(view, [&](int64_t offset, int64_t) { places.push_back(offset); });
    size_t row = 0;
    const int64_t row_bytes = box.extent[last] * static_cast<int64_t>(size);
    ForEachRow(chunk, [&](int64_t offset, int64_t) {
      std::memcpy(block.data() + places[row++] * static_cast<int64_t>(size),
                  chunk.data.data() + offset * static_cast<int64_t>(size), static_cast<size_t>(row_bytes));
    });
    view.data = std::move(block).Publish();
    return view;
  }
};

class Jittery : public Wrapped {
 public:
  Jittery(ArrayPtr array, uint64_t seed) : Wrapped(std::move(array)), seed_(seed) {}
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    uint64_t x = seed_ + 1;
    for (const int64_t origin : box.origin) x = (x ^ static_cast<uint64_t>(origin)) * 0x9e3779b97f4a7c15u;
    for (uint64_t i = x >> 59; i > 0; --i) std::this_thread::yield();
    return array_->Read(box, context);
  }

 private:
  const uint64_t seed_;
};

class Hooked : public Wrapped {
 public:
  Hooked(ArrayPtr array, ReadHook before) : Wrapped(std::move(array)), before_(std::move(before)) {}
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_RETURN_IF_ERROR(before_(reads_.fetch_add(1), box));
    return array_->Read(box, context);
  }

 private:
  const ReadHook before_;
  mutable std::atomic<int64_t> reads_{0};
};

class Rechunked : public Wrapped {
 public:
  Rechunked(ArrayPtr array, const Shape& natural_chunk) : Wrapped(std::move(array)) {
    desc_.natural_chunk = natural_chunk;
  }
};

}  // namespace

ArrayPtr MakeGuarded(ArrayPtr array) { return std::make_shared<Guarded>(std::move(array)); }
ArrayPtr MakeStrided(ArrayPtr array) { return std::make_shared<Strided>(std::move(array)); }
ArrayPtr MakeJittery(ArrayPtr array, uint64_t seed) {
  return std::make_shared<Jittery>(std::move(array), seed);
}
ArrayPtr MakeHooked(ArrayPtr array, ReadHook before) {
  return std::make_shared<Hooked>(std::move(array), std::move(before));
}
ArrayPtr WithNaturalChunk(ArrayPtr array, const Shape& natural_chunk) {
  return std::make_shared<Rechunked>(std::move(array), natural_chunk);
}

absl::StatusOr<ArrayPtr> AsDType(const ArrayPtr& array, DType dtype) {
  CL_ASSIGN_OR_RETURN(const std::vector<double> values, ValuesOf(*array));
  ArrayDesc desc = array->desc();
  desc.dtype = dtype;
  return ArrayOf(desc, values);
}

std::vector<PortPayloads> ReplaceArrays(const std::vector<PortPayloads>& inputs,
                                        const std::function<ArrayPtr(const ArrayPtr&)>& f) {
  std::vector<PortPayloads> replaced = inputs;
  for (PortPayloads& port : replaced) {
    for (Payload& payload : port) {
      if (payload.kind() == PayloadKind::kArray) payload = Payload(f(payload.array()));
    }
  }
  return replaced;
}

}  // namespace cubeloom
