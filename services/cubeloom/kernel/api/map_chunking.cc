#include "cubeloom/kernel/api/map_chunking.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "cubeloom/kernel/api/ports.h"

namespace cubeloom {
namespace {

constexpr int64_t kOutputBytes = int64_t{1} << 20;
constexpr int64_t kBandChunks = 16;  // chunks side by side make a band of so many times `chunk_bytes` at most
constexpr int64_t kNarrowest = 256;  // elements of the fastest axis of a chunk that is not of whole rows
constexpr double kWorthIt = 0.8;     // narrow chunks must read less than this share of what rows read

// A box of this extent in the middle of the output, where halos are whole.
Box Middle(const Shape& shape, const Shape& extent) {
  Box box{Shape::Filled(shape.rank(), 0), extent};
  for (int a = 0; a < shape.rank(); ++a) box.origin[a] = (shape[a] - extent[a]) / 2;
  return box;
}

int64_t OutputBytes(const Invocation& invocation, const Box& out) {
  int64_t bytes = 0;
  for (const OutputDesc& output : invocation.outputs) {
    bytes += out.elements() * static_cast<int64_t>(DTypeSize(output.array.dtype));
  }
  return bytes;
}

int64_t InputBytes(const MapKernel& kernel, const Invocation& invocation, const Box& out) {
  int64_t bytes = 0;
  for (size_t p = 0; p < invocation.inputs.size(); ++p) {
    for (size_t i = 0; i < invocation.inputs[p].size(); ++i) {
      const Payload& payload = invocation.inputs[p][i];
      if (payload.kind() != PayloadKind::kArray) continue;
      const absl::StatusOr<Box> box =
          CutInputBox(kernel, invocation, {static_cast<int>(p), static_cast<int>(i)}, out);
      if (box.ok()) bytes += box->elements() * static_cast<int64_t>(DTypeSize(payload.array()->desc().dtype));
    }
  }
  return bytes;
}

class Chooser {
 public:
  Chooser(const MapKernel& kernel, const Invocation& invocation, int64_t chunk_bytes)
      : kernel_(kernel),
        invocation_(invocation),
        chunk_bytes_(chunk_bytes),
        shape_(invocation.outputs[0].array.shape) {}

  // The kernel's preference, halved along its slowest long axis until it fits.
  Shape Shrink(Shape chunk) const {
    for (int a = 0; a < chunk.rank(); ++a) chunk[a] = std::clamp<int64_t>(chunk[a], 1, shape_[a]);
    for (int a = 0; a < chunk.rank() && !Fits(chunk);) {
      if (chunk[a] == 1)
        ++a;
      else
        chunk[a] = (chunk[a] + 1) / 2;
    }
    return chunk;
  }

  // From one unit on, as much of each axis as fits, from the fastest axis on.
  Shape Fill(const Shape& unit) const {
    Shape chunk = unit;
    for (int a = chunk.rank() - 1; a >= 0; --a) {
      chunk[a] = Extend(chunk, a, unit[a], shape_[a]);
      if (chunk[a] < shape_[a]) break;
    }
    return chunk;
  }

  // `rows`, or narrower chunks where a halo makes so few rows read much more than that.
  Shape Narrow(const Shape& unit, const Shape& rows) const {
    const int last = shape_.rank() - 1;
    Shape best = rows;
    if (last < 1 || rows[last - 1] >= shape_[last - 1]) return best;
    double least = kWorthIt * InputShare(rows);
    Shape row = unit;
    row[last] = shape_[last];
    const int64_t band = std::max<int64_t>(
        unit[last - 1], kBandChunks * chunk_bytes_ /
                            std::max<int64_t>(1, OutputBytes(invocation_, Middle(shape_, row))) *
                            unit[last - 1]);
    for (int64_t width = shape_[last]; width >= std::max(unit[last], kNarrowest); width = (width + 1) / 2) {
      Shape chunk = unit;
      chunk[last] = Extend(chunk, last, unit[last], width);
      chunk[last - 1] = Extend(chunk, last - 1, unit[last - 1], std::min(band, shape_[last - 1]));
      if (const double share = InputShare(chunk); share < least) best = chunk, least = share;
    }
    return best;
  }

  bool Fits(const Shape& chunk) const {
    return MapChunkBytes(kernel_, invocation_, Middle(shape_, chunk)) <= chunk_bytes_;
  }

  // The natural chunk of the first input that lies like the output, on the output's axes; all 1 without one.
  Shape Unit() const {
    Shape unit = Shape::Filled(shape_.rank(), 1);
    for (const PortPayloads& port : invocation_.inputs) {
      for (const Payload& payload : port) {
        if (payload.kind() != PayloadKind::kArray) continue;
        const ArrayDesc& desc = payload.array()->desc();
        const int surplus = desc.shape.rank() - shape_.rank();
        if (surplus < 0 || desc.natural_chunk.rank() != desc.shape.rank()) continue;
        if (!std::equal(shape_.begin(), shape_.end(), desc.shape.begin() + surplus)) continue;
        for (int a = 0; a < shape_.rank(); ++a) {
          unit[a] = std::clamp<int64_t>(desc.natural_chunk[a + surplus], 1, shape_[a]);
        }
        return unit;
      }
    }
    return unit;
  }

 private:
  // The largest extent of an axis, up to `most`, that fits, in whole units (at least one) and aligned.
  int64_t Extend(Shape chunk, int axis, int64_t unit, int64_t most) const {
    int64_t low = 1, high = (most + unit - 1) / unit;
    while (low < high) {
      const int64_t middle = low + (high - low + 1) / 2;
      chunk[axis] = std::min(middle * unit, shape_[axis]);
      if (Fits(chunk) && OutputBytes(invocation_, Middle(shape_, chunk)) <= kOutputBytes)
        low = middle;
      else
        high = middle - 1;
    }
    chunk[axis] = std::min(low * unit, shape_[axis]);
    return chunk[axis] < shape_[axis] ? Aligned(chunk, axis, unit) : chunk[axis];
  }

  // Input bytes read for one byte of output.
  double InputShare(const Shape& chunk) const {
    const Box out = Middle(shape_, chunk);
    return static_cast<double>(InputBytes(kernel_, invocation_, out)) /
           static_cast<double>(std::max<int64_t>(1, OutputBytes(invocation_, out)));
  }

  // chunk[axis] less a few steps, so that a chunk's bytes are a multiple of the alignment, if that is
  // possible.
  int64_t Aligned(Shape chunk, int axis, int64_t unit) const {
    const int64_t extent = chunk[axis];
    chunk[axis] = unit;
    int64_t step = 1;
    for (const OutputDesc& output : invocation_.outputs) {
      const int64_t bytes = chunk.elements() * static_cast<int64_t>(DTypeSize(output.array.dtype));
      const int64_t alignment = static_cast<int64_t>(kBufferAlignment);
      step = std::max(step, alignment / std::gcd(bytes, alignment));
    }
    step *= unit;
    return extent >= step ? extent / step * step : extent;
  }

  const MapKernel& kernel_;
  const Invocation& invocation_;
  const int64_t chunk_bytes_;
  const Shape& shape_;
};

}  // namespace

absl::StatusOr<Box> CutInputBox(const MapKernel& kernel, const Invocation& invocation,
                                std::pair<int, int> input, const Box& out) {
  const Shape& shape = invocation.inputs[input.first][input.second].array()->desc().shape;
  const Box box = kernel.InputBox(invocation, input.first, input.second, out);
  if (box.extent.rank() != shape.rank() || box.origin.rank() != shape.rank()) {
    return absl::InternalError(absl::StrCat(KernelText(kernel.info()), " asked for the box ", box.ToString(),
                                            " of ", InputText(kernel.info(), input.first), " of shape ",
                                            shape.ToString()));
  }
  return Intersect(box, Box::Whole(shape));
}

int64_t MapChunkBytes(const MapKernel& kernel, const Invocation& invocation, const Box& out) {
  return OutputBytes(invocation, out) + kernel.ScratchBytes(invocation, out) +
         InputBytes(kernel, invocation, out);
}

absl::StatusOr<Shape> ChooseMapChunk(const MapKernel& kernel, const Invocation& invocation,
                                     int64_t chunk_bytes) {
  const Shape& shape = invocation.outputs[0].array.shape;
  Shape one = Shape::Filled(shape.rank(), 1);
  if (shape.elements() == 0) return one;
  const Chooser chooser(kernel, invocation, chunk_bytes);
  const Shape preferred = kernel.PreferredChunk(invocation);
  if (preferred.rank() == shape.rank() && shape.rank() > 0) return chooser.Shrink(preferred);
  if (preferred.rank() != 0) {
    return absl::InternalError(absl::StrCat(KernelText(kernel.info()), " prefers chunks of ",
                                            preferred.ToString(), " for an output of ", shape.ToString()));
  }
  const Shape unit = chooser.Unit();
  const Shape start = chooser.Fits(unit) ? unit : one;
  return chooser.Narrow(start, chooser.Fill(start));
}

}  // namespace cubeloom
