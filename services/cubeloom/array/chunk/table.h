// Tables: columns of equal length.
#ifndef CUBELOOM_ARRAY_CHUNK_TABLE_H_
#define CUBELOOM_ARRAY_CHUNK_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/base/cancel.h"
#include "cubeloom/base/value.h"

namespace cubeloom {

// A column holds 64-bit integers, reals or strings, contiguous as in Arrow. A NaN real is a missing value;
// `missing` (empty, or one flag a row) marks missing integers and strings.
struct Column {
  std::string name;
  std::string unit;
  std::string description;
  std::variant<std::vector<int64_t>, std::vector<double>, std::vector<std::string>> values;
  std::vector<uint8_t> missing;

  int64_t size() const;
  Value At(int64_t row) const;  // null when missing
};

// Immutable once shared.
struct Table {
  std::vector<Column> columns;

  int64_t rows() const { return columns.empty() ? 0 : columns[0].size(); }
  const Column* Find(absl::string_view name) const;
  // Every column has the same length and a unique, non-empty name.
  absl::Status Check() const;
};
using TablePtr = std::shared_ptr<const Table>;

// Rows of `tables` in order. Columns are matched by name; all tables have the same names, types and units.
// `cancel` is polled for each table.
absl::StatusOr<TablePtr> ConcatTables(const std::vector<TablePtr>& tables, const CancelToken& cancel = {});

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CHUNK_TABLE_H_
