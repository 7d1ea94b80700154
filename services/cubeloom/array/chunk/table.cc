#include "cubeloom/array/chunk/table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

const char* ColumnType(const Column& column) {
  static constexpr const char* kNames[] = {"integer", "real", "string"};
  return kNames[column.values.index()];
}

// Appends the rows of `part` to `whole`, whose values are of the same type.
void Append(const Column& part, int64_t rows_before, Column* whole) {
  std::visit(
      [&](auto& values) {
        const auto& more = std::get<std::decay_t<decltype(values)>>(part.values);
        values.insert(values.end(), more.begin(), more.end());
      },
      whole->values);
  if (part.missing.empty() && whole->missing.empty()) return;
  whole->missing.resize(static_cast<size_t>(rows_before), 0);
  whole->missing.insert(whole->missing.end(), part.missing.begin(), part.missing.end());
  whole->missing.resize(static_cast<size_t>(whole->size()), 0);
}

// The column of `table` that continues `whole`, or an error that names both.
absl::StatusOr<const Column*> Continuation(const Table& table, const Column& whole) {
  const Column* part = table.Find(whole.name);
  if (part == nullptr) return absl::InvalidArgumentError(absl::StrCat("no column '", whole.name, "'"));
  if (part->values.index() != whole.values.index()) {
    return absl::InvalidArgumentError(absl::StrCat("column '", whole.name, "' holds ", ColumnType(*part),
                                                   " values, in table 0 ", ColumnType(whole)));
  }
  if (part->unit != whole.unit) {
    return absl::InvalidArgumentError(
        absl::StrCat("column '", whole.name, "' has unit '", part->unit, "', in table 0 '", whole.unit, "'"));
  }
  return part;
}

absl::Status AppendTable(const Table& table, Table* whole) {
  if (table.columns.size() != whole->columns.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has ", table.columns.size(), " columns, table 0 has ", whole->columns.size()));
  }
  const int64_t rows_before = whole->rows();
  for (Column& column : whole->columns) {
    CL_ASSIGN_OR_RETURN(const Column* part, Continuation(table, column));
    Append(*part, rows_before, &column);
  }
  return absl::OkStatus();
}

}  // namespace

int64_t Column::size() const {
  return std::visit([](const auto& v) { return static_cast<int64_t>(v.size()); }, values);
}

Value Column::At(int64_t row) const {
  const size_t i = static_cast<size_t>(row);
  if (!missing.empty() && missing[i] != 0) return Value();
  if (const auto* integers = std::get_if<std::vector<int64_t>>(&values)) return Value((*integers)[i]);
  if (const auto* reals = std::get_if<std::vector<double>>(&values)) {
    return std::isnan((*reals)[i]) ? Value() : Value((*reals)[i]);
  }
  return Value(std::get<std::vector<std::string>>(values)[i]);
}

const Column* Table::Find(absl::string_view name) const {
  for (const Column& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

absl::Status Table::Check() const {
  std::vector<absl::string_view> names;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (column.name.empty()) return absl::InvalidArgumentError(absl::StrCat("column ", i, " has no name"));
    if (column.size() != rows()) {
      return absl::InvalidArgumentError(absl::StrCat("column '", column.name, "' has ", column.size(),
                                                     " rows, column '", columns[0].name, "' has ", rows()));
    }
    if (!column.missing.empty() && static_cast<int64_t>(column.missing.size()) != rows()) {
      return absl::InvalidArgumentError(absl::StrCat("column '", column.name, "' has ", rows(), " rows but ",
                                                     column.missing.size(), " missing flags"));
    }
    names.push_back(column.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("two columns are named '", *twice, "'"));
}

absl::StatusOr<TablePtr> ConcatTables(const std::vector<TablePtr>& tables, const CancelToken& cancel) {
  Table whole;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (cancel.cancelled()) return cancel.status();
    if (tables[i] == nullptr) return absl::InvalidArgumentError(absl::StrCat("table ", i, " is absent"));
    CL_RETURN_IF_ERROR_IN(tables[i]->Check(), absl::StrCat("table ", i));
    if (i == 0) {
      whole = *tables[0];
      continue;
    }
    CL_RETURN_IF_ERROR_IN(AppendTable(*tables[i], &whole), absl::StrCat("table ", i));
  }
  return std::make_shared<const Table>(std::move(whole));
}

}  // namespace cubeloom
