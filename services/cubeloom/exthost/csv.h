// Tables as comma-separated values (RFC 4180): how tables travel to and from commands.
#ifndef CUBELOOM_EXTHOST_CSV_H_
#define CUBELOOM_EXTHOST_CSV_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/table.h"

namespace cubeloom::exthost {

// First line: column names. Reals as the shortest text that reads back the same; missing values are empty.
std::string TableToCsv(const Table& table);

// The reverse. A column is integers when every field that is not empty is one, else reals, else strings;
// empty fields are missing. InvalidArgument that names the line: rows of another width, no or repeated column
// names, a quote that does not end.
absl::StatusOr<TablePtr> TableFromCsv(absl::string_view text);

}  // namespace cubeloom::exthost

#endif  // CUBELOOM_EXTHOST_CSV_H_
