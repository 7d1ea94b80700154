// Internal: one header of a FITS file as cards with their byte positions.
#ifndef CUBELOOM_STORE_FITS_HEADER_READER_H_
#define CUBELOOM_STORE_FITS_HEADER_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom {

inline constexpr int64_t kMaxFitsHeader = int64_t{32} << 20;  // bytes of one header

class FitsHeader {
 public:
  // Reads from `offset` to the END card. DataLoss when there is none, InvalidArgument beyond kMaxFitsHeader.
  static absl::StatusOr<FitsHeader> Read(const RandomReader& file, int64_t offset, int hdu);

  int64_t offset() const { return offset_; }
  int64_t data_offset() const { return data_offset_; }  // of the block after END
  std::vector<Attribute>& cards() { return cards_; }

  // The first card of that name, or null.
  const Attribute* Find(absl::string_view name) const;

  // Values by type. Absent: `fallback`. Of another type or outside [min, max]: InvalidArgument.
  struct Range {
    int64_t min, max;
  };
  absl::StatusOr<int64_t> Integer(absl::string_view name, int64_t fallback, Range range) const;
  absl::StatusOr<int64_t> RequiredInteger(absl::string_view name, Range range) const;
  absl::StatusOr<double> Real(absl::string_view name, double fallback) const;
  std::string Text(absl::string_view name) const;  // "" when absent or no string
  bool Flag(absl::string_view name) const;         // false when absent or not T

  // "'x.fits': HDU 2, NAXIS1 = -5 at byte 240" for messages about a keyword.
  std::string Where(absl::string_view name) const;
  // "'x.fits': HDU 2".
  std::string where() const { return where_; }

 private:
  absl::Status Parse(const RandomReader& file);
  void Index();

  std::string where_;
  int64_t offset_ = 0, data_offset_ = 0;
  std::vector<Attribute> cards_;
  std::vector<int64_t> at_;  // byte of each card
  absl::flat_hash_map<std::string, size_t> first_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_HEADER_READER_H_
