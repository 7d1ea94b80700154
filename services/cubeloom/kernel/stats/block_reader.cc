#include "cubeloom/kernel/stats/block_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "cubeloom/array/chunk/coalesce.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

// Copies the elements [first, first + n) of a coalesced chunk.
void Gather(const Chunk& chunk, int64_t first, int64_t n, std::byte* to) {
  const size_t size = DTypeSize(chunk.dtype);
  const int last = chunk.box.rank() - 1;
  const int64_t length = chunk.box.extent[last];
  int64_t column = first % length, row = first / length;
  while (n > 0) {
    int64_t offset = column, rest = row;
    for (int a = last - 1; a >= 0; --a) {
      offset += rest % chunk.box.extent[a] * chunk.strides[a];
      rest /= chunk.box.extent[a];
    }
    const int64_t run = std::min(n, length - column);
    std::memcpy(to, chunk.data.data() + offset * size, run * size);
    to += run * size;
    n -= run;
    column = 0;
    ++row;
  }
}

}  // namespace

template <typename T>
absl::StatusOr<BlockReader<T>> BlockReader<T>::Make(const Chunk& image, const Chunk* mask,
                                                    Allocator& allocator) {
  BlockReader reader;
  reader.elements_ = image.box.elements();
  if (reader.elements_ == 0) return reader;
  if (mask == nullptr && !image.validity && image.contiguous()) {
    reader.direct_ = image.as<T>();
    return reader;
  }
  reader.image_ = Coalesced(image);
  if (image.validity) reader.validity_ = reinterpret_cast<const uint8_t*>(image.validity.data());
  if (mask != nullptr) {
    if (mask->box.extent != image.box.extent || DTypeSize(mask->dtype) != 1) {
      return absl::InternalError("the mask's chunk does not match the image's");
    }
    reader.mask_ = Coalesced(*mask);
    reader.masked_ = true;
  }
  const int64_t block = std::min(reader.elements_, kBlockElements);
  CL_ASSIGN_OR_RETURN(reader.scratch_, allocator.Allocate(block * (sizeof(T) + 1)));
  return reader;
}

template <typename T>
typename BlockReader<T>::Block BlockReader<T>::Get(int64_t index) {
  Block block;
  block.first = index * kBlockElements;
  block.size = std::min(kBlockElements, elements_ - block.first);
  if (direct_ != nullptr) {
    block.data = direct_ + block.first;
    return block;
  }
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  T* data = reinterpret_cast<T*>(scratch_.data());
  Gather(image_, block.first, block.size, scratch_.data());
  if (validity_ != nullptr) {
    for (int64_t i = 0; i < block.size; ++i) {
      const int64_t bit = block.first + i;
      if (((validity_[bit >> 3] >> (bit & 7)) & 1) == 0) data[i] = kNaN;
    }
  }
  if (masked_) {
    std::byte* use = scratch_.data() + std::min(elements_, kBlockElements) * sizeof(T);
    Gather(mask_, block.first, block.size, use);
    for (int64_t i = 0; i < block.size; ++i) {
      block.excluded += use[i] == std::byte{0};
      data[i] = use[i] == std::byte{0} ? kNaN : data[i];
    }
  }
  block.data = data;
  return block;
}

template class BlockReader<float>;
template class BlockReader<double>;

}  // namespace cubeloom
