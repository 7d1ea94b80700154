// Any bytes as a FITS file: the header scan that the probe's verb starts with, its answer through JSON and
// back, then the image readers. CFITSIO, which the verb asks next, is left out: it does crash on such bytes
// (a division by zero in 4.2.0 after seconds), which is why it lives in a helper process. A store that hides
// its descriptors has that effect.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cubeloom/store/fits/fits.h"
#include "cubeloom/store/fits/structure.h"
#include "cubeloom/store/testing/fault_store.h"

namespace cubeloom {
namespace {

constexpr int64_t kMaxPixels = 1 << 18;

// No verb may be needed.
Probe& NoProbe() {
  static const ProbeHandlers* const none = new ProbeHandlers();
  static Probe* const probe = MakeInProcessProbe(*none).release();
  return *probe;
}

Store& RemoteStore() {
  static Faults* const faults = new Faults();
  static Store* const store = MakeFaultStore(LocalStore(), *faults, /*hide_fd=*/true).release();
  return *store;
}

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "fuzz_fits_header: %s\n", what);
  std::abort();
}

// What is read must be what was promised.
void ReadImage(const FitsSource& source, const std::string& path, int hdu) {
  FitsSelect select;
  select.hdu.number = hdu;
  select.max_inflated_bytes = 1 << 20;
  const absl::StatusOr<ArrayPtr> array = OpenFits(source, path, select);
  if (!array.ok()) return;
  const ArrayDesc& desc = (*array)->desc();
  Box box = Box::Whole(desc.shape);
  for (int a = 0; a < box.rank() && box.elements() > kMaxPixels; ++a)
    box.extent[a] = std::min<int64_t>(box.extent[a], 2);
  if (box.elements() > kMaxPixels) return;
  const absl::StatusOr<Chunk> chunk = (*array)->Read(box, {});
  if (!chunk.ok()) return;
  Require(chunk->dtype == desc.dtype && chunk->box == box, "wrong chunk");
  Require(chunk->data.size() >= static_cast<size_t>(box.elements()) * DTypeSize(desc.dtype), "short chunk");
}

void Run(const uint8_t* data, size_t size) {
  const UniqueFd memory(::memfd_create("fuzz", MFD_CLOEXEC));
  if (!memory || ::write(memory.get(), data, size) != static_cast<ssize_t>(size)) return;
  const std::string path = absl::StrCat("/proc/self/fd/", memory.get());
  const FitsSource source{RemoteStore(), NoProbe()};
  const absl::StatusOr<FitsStructure> all = ReadFitsStructure(source, path, nullptr);
  if (!all.ok()) return;
  const std::string json = StructureToValue(*all).ToJson();
  const absl::StatusOr<Value> value = Value::FromJson(json);
  Require(value.ok(), "the answer is no JSON");
  const absl::StatusOr<FitsStructure> back = StructureFromValue(*value);
  Require(back.ok() && StructureToValue(*back).ToJson() == json, "the answer changes on its way");
  for (const FitsHdu& hdu : all->hdus) {
    Require(hdu.data_offset >= 0 && hdu.data_size >= 0 && hdu.data_size <= all->file_size,
            "data outside the file");
    // HCOMPRESS and PLIO run CFITSIO's own decoders, which the helper process is there for.
    const bool foreign =
        hdu.tiles.has_value() && (hdu.tiles->algorithm == "HCOMPRESS_1" || hdu.tiles->algorithm == "PLIO_1");
    if (hdu.number < 4 && hdu.has_pixels() && !foreign) ReadImage(source, path, hdu.number);
  }
}

// A new value for the card at `at`: what headers in trouble have.
void ChangeCard(uint8_t* data, size_t at, uint32_t dice) {
  static constexpr const char* kNumbers[] = {"0",
                                             "1",
                                             "-1",
                                             "2",
                                             "3",
                                             "8",
                                             "16",
                                             "-32",
                                             "-64",
                                             "999",
                                             "2880",
                                             "65536",
                                             "2147483648",
                                             "1099511627776",
                                             "9223372036854775807",
                                             "-9223372036854775808",
                                             "1.5",
                                             "T",
                                             "F",
                                             "NaN"};
  static constexpr const char* kForms[] = {"'1PB(9)  '", "'1QI     '", "'0PB     '",
                                           "'99D     '", "'9X      '", "'1J      '"};
  static constexpr const char* kWords[] = {"'RICE_1  '",
                                           "'GZIP_1  '",
                                           "'GZIP_2  '",
                                           "'NONE    '",
                                           "'BYTEPIX '",
                                           "'BLOCKSIZE'",
                                           "'SUBTRACTIVE_DITHER_2'",
                                           "'COMPRESSED_DATA'",
                                           "'UNCOMPRESSED_DATA'",
                                           "'ZBLANK  '",
                                           "'IMAGE   '"};
  const char* name = reinterpret_cast<const char*>(data + at);
  const char* value = kNumbers[dice % std::size(kNumbers)];
  if (std::memcmp(name, "TFORM", 5) == 0) value = kForms[dice % std::size(kForms)];
  for (const char* word : {"ZCMPT", "ZQUAN", "TTYPE", "ZNAME", "XTENS"}) {
    if (std::memcmp(name, word, 5) == 0) value = kWords[dice % std::size(kWords)];
  }
  char card[81];
  std::snprintf(card, sizeof(card), "%.8s= %-70s", name, value);
  std::memcpy(data + at, card, 80);
}

// Where a card is that says something: a few tries.
size_t FindCard(const uint8_t* data, size_t cards, uint32_t dice) {
  size_t at = 0;
  for (int i = 0; i < 8; ++i) {
    dice = dice * 1664525u + 1013904223u;
    at = (dice >> 8) % cards * 80;
    if (data[at] >= 'A' && data[at] <= 'Z' && data[at + 8] == '=') break;
  }
  return at;
}

}  // namespace
}  // namespace cubeloom

// libFuzzer's own mutation; absent in replay builds, where nobody calls the mutator.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

// Half of the time a header card gets another value or another card's place; bytes are changed otherwise.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  uint32_t dice = seed * 1664525u + 1013904223u;
  const auto roll = [&dice] { return (dice = dice * 1664525u + 1013904223u) >> 8; };
  const size_t cards = size / 80;
  if (cards < 2 || roll() % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const size_t a = cubeloom::FindCard(data, cards, roll()), b = cubeloom::FindCard(data, cards, roll());
  if (roll() % 4 != 0) {
    cubeloom::ChangeCard(data, a, roll());
  } else if (a != b) {
    uint8_t card[80];
    std::memcpy(card, data + a, 80);
    std::memcpy(data + a, data + b, 80);
    std::memcpy(data + b, card, 80);
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size <= (1 << 20)) cubeloom::Run(data, size);
  return 0;
}
