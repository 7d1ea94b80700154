#include "cubeloom/array/chunk/chunk.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/array/chunk/coalesce.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

uint8_t* Bytes(MutableBuffer& buffer) { return reinterpret_cast<uint8_t*>(buffer.data()); }
const uint8_t* Bytes(const Buffer& buffer) { return reinterpret_cast<const uint8_t*>(buffer.data()); }

// Offset in elements behind the last element of a box with these strides (0 for an empty box).
int64_t Reach(const Shape& extent, const Shape& strides) {
  int64_t reach = 1;
  for (int a = 0; a < extent.rank(); ++a) {
    if (extent[a] == 0) return 0;
    reach += (extent[a] - 1) * strides[a];
  }
  return reach;
}

// The validity bits of `part` (relative to chunk.box), packed anew.
absl::StatusOr<Buffer> PackValidity(const Chunk& chunk, const Box& part, Allocator& allocator) {
  const size_t bytes = BitBytes(part.elements());
  CL_ASSIGN_OR_RETURN(MutableBuffer bits, allocator.Allocate(bytes));
  if (bytes > 0) Bytes(bits)[bytes - 1] = 0;  // the bits behind the last element
  // The bitmap is like a packed array of single bits: walk its rows as those of a chunk.
  Chunk view;
  view.box = part;
  view.strides = ContiguousStrides(chunk.box.extent);
  int64_t first = 0;
  for (int a = 0; a < part.rank(); ++a) first += part.origin[a] * view.strides[a];
  const Chunk flat = Coalesced(view);
  const int64_t length = flat.box.extent[flat.box.rank() - 1];
  ForEachRow(flat, [&](int64_t offset, int64_t linear) {
    CopyBits(Bytes(chunk.validity), first + offset, length, Bytes(bits), linear);
  });
  return std::move(bits).Publish();
}

}  // namespace

const Attribute* ArrayDesc::Find(absl::string_view name) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

bool Chunk::contiguous() const {
  int64_t expected = 1;
  for (int a = box.rank() - 1; a >= 0; --a) {
    if (box.extent[a] == 0) return true;
    if (box.extent[a] > 1 && strides[a] != expected) return false;
    expected *= box.extent[a];
  }
  return true;
}

Shape ContiguousStrides(const Shape& extent) {
  Shape strides = Shape::Filled(extent.rank(), 1);
  for (int a = extent.rank() - 2; a >= 0; --a) {
    strides[a] = strides[a + 1] * (extent[a + 1] > 0 ? extent[a + 1] : 1);
  }
  return strides;
}

Chunk Coalesced(const Chunk& chunk) {
  Shape extent, strides;  // fastest first while being built
  extent.push_back(1);
  strides.push_back(1);
  for (int a = chunk.box.rank() - 1; a >= 0; --a) {
    const int last = extent.rank() - 1;
    if (chunk.box.extent[a] == 1) continue;
    if (chunk.strides[a] == strides[last] * extent[last]) {
      extent[last] *= chunk.box.extent[a];
    } else {
      extent.push_back(chunk.box.extent[a]);
      strides.push_back(chunk.strides[a]);
    }
  }
  Chunk flat = chunk;
  flat.box = Box::Whole(extent);
  flat.strides = strides;
  for (int a = 0; a < extent.rank(); ++a) {
    flat.box.extent[a] = extent[extent.rank() - 1 - a];
    flat.strides[a] = strides[extent.rank() - 1 - a];
  }
  return flat;
}

absl::StatusOr<Chunk> MakeContiguous(const Chunk& chunk, Allocator& allocator) {
  if (chunk.contiguous()) return chunk;
  const size_t size = DTypeSize(chunk.dtype);
  CL_ASSIGN_OR_RETURN(MutableBuffer data,
                      allocator.Allocate(static_cast<size_t>(chunk.box.elements()) * size));
  const Chunk flat = Coalesced(chunk);
  const size_t row = static_cast<size_t>(flat.box.extent[flat.box.rank() - 1]) * size;
  ForEachRow(flat, [&](int64_t offset, int64_t linear) {
    std::memcpy(data.data() + linear * size, chunk.data.data() + offset * size, row);
  });
  Chunk out = chunk;
  out.strides = ContiguousStrides(chunk.box.extent);
  out.data = std::move(data).Publish();
  return out;
}

absl::StatusOr<Chunk> SubChunk(const Chunk& chunk, const Box& box, Allocator& allocator) {
  if (box == chunk.box) return chunk;
  if (!chunk.box.Contains(box)) {
    return absl::InvalidArgumentError(
        absl::StrCat("box ", box.ToString(), " is not inside the chunk ", chunk.box.ToString()));
  }
  const size_t size = DTypeSize(chunk.dtype);
  Box part = box;  // relative to the chunk
  int64_t offset = 0;
  for (int a = 0; a < box.rank(); ++a) {
    part.origin[a] -= chunk.box.origin[a];
    offset += part.origin[a] * chunk.strides[a];
  }
  Chunk out = chunk;
  out.box = box;
  out.data = box.empty() ? chunk.data.Slice(0, 0)
                         : chunk.data.Slice(offset * size, Reach(box.extent, chunk.strides) * size);
  if (chunk.validity) {
    CL_ASSIGN_OR_RETURN(out.validity, PackValidity(chunk, part, allocator));
  }
  return out;
}

}  // namespace cubeloom
