// Any bytes as a compressed tile. The first eight bytes choose the format: algorithm, BITPIX, BYTEPIX, block,
// pixels (two bytes), quantisation, dither seed.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cubeloom/store/fits/rice.h"
#include "cubeloom/store/fits/tile_codec.h"

namespace cubeloom {
namespace {

// Memory in the measure of what the input may ask for; a request beyond it is a defect.
class Bounded : public Allocator {
 public:
  explicit Bounded(size_t limit) : limit_(limit) {}
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    if (bytes > limit_) {
      std::fprintf(stderr, "fuzz_fits_tile: %zu bytes asked for\n", bytes);
      std::abort();
    }
    return Allocator::Heap().Allocate(bytes);
  }

 private:
  const size_t limit_;
};

DType OutputOf(int bitpix, bool as_float) {
  if (bitpix == -32 || (as_float && bitpix != -64)) return DType::kF32;
  if (bitpix == -64) return DType::kF64;
  return bitpix == 8 ? DType::kU8 : bitpix == 16 ? DType::kI16 : bitpix == 32 ? DType::kI32 : DType::kI64;
}

TileFormat FormatOf(const uint8_t* head) {
  static constexpr const char* kAlgorithms[] = {"RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS"};
  static constexpr int kBitpix[] = {8, 16, 32, 64, -32, -64};
  static constexpr const char* kQuantisers[] = {"NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2",
                                                "NONE"};
  TileFormat format;
  format.tiles.algorithm = kAlgorithms[head[0] % 4];
  format.conversion.bitpix = kBitpix[head[1] % 6];
  format.conversion.out = OutputOf(format.conversion.bitpix, (head[1] & 0x80) != 0);
  format.tiles.rice_bytes = int64_t{1} << (head[2] % 3);
  format.tiles.rice_block = 1 + head[3] % 64;
  format.tiles.quantiser = kQuantisers[head[6] % 4];
  format.tiles.dither_seed = 1 + head[7] * 39;
  return format;
}

void Run(const uint8_t* data, size_t size) {
  const TileFormat format = FormatOf(data);
  Tile tile;
  tile.kind = static_cast<TileBytes>((data[0] >> 4) % 3);
  tile.pixels = 1 + data[4] + 256 * (data[5] % 64);
  tile.row = data[5];
  tile.uncompressed_bitpix = format.conversion.bitpix;
  if ((data[6] & 0x10) != 0) tile.blank = data[7];
  if ((data[6] & 0x20) != 0) {
    tile.scale = 0.5;
    tile.zero = 10;
  }
  std::vector<uint8_t> bytes(data + 8,
                             data + size);  // a heap block of its own, so that ASan sees every byte beyond
  bytes.resize(bytes.size() + kRicePadding, 0xA5);
  tile.bytes = absl::MakeConstSpan(bytes.data(), size - 8);
  Bounded memory(static_cast<size_t>(tile.pixels) * 8 + 64);
  absl::StatusOr<DecodedTile> decoded = DecodeTile(format, tile, memory);
  if (!decoded.ok()) return;
  // Every pixel was written: reading them all is what a memory checker looks at.
  DecodedTile out = *std::move(decoded);
  uint64_t sum = 0;
  for (size_t i = 0; i < static_cast<size_t>(tile.pixels) * DTypeSize(format.conversion.out); ++i) {
    sum += static_cast<uint64_t>(out.data.data()[i]);
  }
  volatile uint64_t keep = sum;
  (void)keep;
}

}  // namespace
}  // namespace cubeloom

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size >= 8 && size <= (1 << 16)) cubeloom::Run(data, size);
  return 0;
}
