// One 80-byte header card of FITS (standard 4.0, section 4): text to typed value and back.
#ifndef CUBELOOM_STORE_FITS_CARD_H_
#define CUBELOOM_STORE_FITS_CARD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/chunk.h"

namespace cubeloom {

inline constexpr int kFitsCard = 80;     // bytes
inline constexpr int kFitsBlock = 2880;  // bytes; headers and data are padded to whole blocks

// The card as an attribute: keyword, typed value, comment. Never fails: what is no value of the standard
// stays its own text as a string.
//
//   NAME = 'text'    string (trailing blanks dropped, '' inside is one quote)
//   NAME = T | 12 | 1.5E3 | (1, 2) | empty     bool, integer, real, list of two reals, null
//   COMMENT, HISTORY, blank keyword, no "= "   string value: the text after column 8
//   HIERARCH ESO DET DIT = 2.0                 name "ESO DET DIT"
//
// Bytes outside printable ASCII become '?'. An integer beyond int64 is a real.
Attribute ParseFitsCard(absl::string_view card);

// Adds a CONTINUE card to the string value that ends in '&'; false when `card` is not such a continuation.
bool ContinueFitsCard(absl::string_view card, Attribute& attribute);

// The card, or for a long string the cards (CONTINUE convention), as text of n x 80 bytes. A comment that
// does not fit is cut. Reals print as the shortest text that reads back the same. InvalidArgument when the
// name or value has no form in FITS (a list, a NaN, characters outside printable ASCII, a name with bad
// characters).
absl::StatusOr<std::string> FormatFitsCard(const Attribute& attribute);

// True for keywords that state structure, storage or checksums (SIMPLE, BITPIX, NAXISn, EXTEND, BSCALE,
// ZTILEn, TFORMn, CHECKSUM, END ...), which a copy of the header must not carry on.
bool IsStructuralFitsKeyword(absl::string_view name);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_CARD_H_
