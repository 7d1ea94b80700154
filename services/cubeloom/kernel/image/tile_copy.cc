#include "cubeloom/kernel/image/tile_copy.h"

#include <cstring>

namespace cubeloom {

void CopyInto(const Chunk& chunk, const Shape& at, const BlockTarget& target) {
  if (chunk.box.empty()) return;
  const int rank = chunk.box.rank();
  const int64_t size = static_cast<int64_t>(DTypeSize(chunk.dtype));
  const int64_t length = rank == 0 ? 1 : chunk.box.extent[rank - 1];
  const Shape strides = ContiguousStrides(target.box.extent);
  const auto row = [&](int64_t offset, int64_t linear) {
    int64_t to = 0;
    int64_t rest = linear / length;
    for (int a = rank - 2; a >= 0; rest /= chunk.box.extent[a], --a) {
      to += (at[a] - target.box.origin[a] + rest % chunk.box.extent[a]) * strides[a];
    }
    if (rank > 0) to += at[rank - 1] - target.box.origin[rank - 1];
    std::memcpy(target.data + to * size, chunk.data.data() + offset * size,
                static_cast<size_t>(length * size));
    if (!chunk.validity || target.validity == nullptr) return;
    for (int64_t i = 0; i < length; ++i) {
      const int64_t bit = to + i;
      if (!chunk.valid(linear + i)) target.validity[bit >> 3] &= static_cast<uint8_t>(~(1u << (bit & 7)));
    }
  };
  if (rank == 0) {
    row(0, 0);
  } else {
    ForEachRow(chunk, row);
  }
}

}  // namespace cubeloom
