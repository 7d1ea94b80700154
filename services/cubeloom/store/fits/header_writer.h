// Internal: the header of an HDU that is being written.
#ifndef CUBELOOM_STORE_FITS_HEADER_WRITER_H_
#define CUBELOOM_STORE_FITS_HEADER_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/fits/checksum.h"

namespace cubeloom {

// Collects cards, reserves their place in the file, and fills it once the data are known.
class FitsHeaderWriter {
 public:
  // A card of our own making (structure).
  void Structural(absl::string_view name, Value value, absl::string_view comment);
  // A card of the user: structural keywords are left out, a keyword that is there already is replaced
  // (COMMENT, HISTORY and blank apart).
  void User(Attribute card);
  // A card carried along from an array's attributes: as User(), and what FITS cannot express is made text
  // that it can ('?' for other characters, JSON for lists).
  void Carried(Attribute card);

  // Appends the place of the header to `out`. A card BLANK may still be added by Finish().
  absl::Status Reserve(StagedWriter& out);
  // Writes the header: its cards, BLANK where given, DATASUM and CHECKSUM.
  absl::Status Finish(StagedWriter& out, const FitsChecksum& data, const Value& blank);

 private:
  absl::Status Format(const Value& blank, std::string& text) const;

  std::vector<Attribute> structural_, user_;
  int64_t offset_ = 0, size_ = 0;
};

// Pads the file to a whole block with `fill`.
absl::Status PadFitsBlock(StagedWriter& out, char fill);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_HEADER_WRITER_H_
