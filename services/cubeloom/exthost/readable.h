// What a command wrote, fit to be shown.
#ifndef CUBELOOM_EXTHOST_READABLE_H_
#define CUBELOOM_EXTHOST_READABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace cubeloom::exthost {

// The last 20 lines (at most 2 000 bytes) of `output` without white space at its ends. Control characters (a
// command must not steer the user's terminal) and bytes that are no UTF-8 are shown as \xNN, so that the text
// can stand in a message and in JSON; tabs stay.
std::string Readable(absl::string_view output);

}  // namespace cubeloom::exthost

#endif  // CUBELOOM_EXTHOST_READABLE_H_
