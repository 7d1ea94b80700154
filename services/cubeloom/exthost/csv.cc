#include "cubeloom/exthost/csv.h"

#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cubeloom/base/status.h"

namespace cubeloom::exthost {
namespace {

std::string Quoted(const std::string& text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string FieldOf(const Column& column, int64_t row) {
  const Value value = column.At(row);
  if (value.is_null()) return "";
  if (value.is_real() && std::isinf(value.real()))
    return value.real() > 0 ? "inf" : "-inf";  // JSON has no word for it
  return value.is_string() ? Quoted(value.string()) : value.ToJson();
}

struct Field {
  std::string text;
  bool quoted = false;
};
using Row = std::vector<Field>;

// Splits the text into rows of fields.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}
  bool AtEnd() const { return at_ >= text_.size(); }
  int64_t line() const { return line_; }

  absl::StatusOr<Row> Next() {
    Row row;
    const int64_t first_line = line_;
    while (true) {
      Field field;
      if (!AtEnd() && text_[at_] == '"') {
        if (!Quote(field))
          return absl::InvalidArgumentError(absl::StrCat("line ", first_line, ": a quote does not end"));
      } else {
        while (!AtEnd() && text_[at_] != ',' && text_[at_] != '\n') field.text += text_[at_++];
        if (absl::EndsWith(field.text, "\r")) field.text.pop_back();
      }
      row.push_back(std::move(field));
      if (!AtEnd() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      if (!AtEnd()) ++at_;
      ++line_;
      return row;
    }
  }

 private:
  bool Quote(Field& field) {
    field.quoted = true;
    for (++at_; !AtEnd(); ++at_) {
      line_ += text_[at_] == '\n';
      if (text_[at_] != '"') {
        field.text += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        field.text += text_[++at_];
      } else {
        ++at_;
        if (!AtEnd() && text_[at_] == '\r') ++at_;
        return AtEnd() || text_[at_] == ',' || text_[at_] == '\n';
      }
    }
    return false;
  }

  const absl::string_view text_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

Column MakeColumn(std::string name, const std::vector<Field>& fields) {
  Column column;
  column.name = std::move(name);
  bool integers = true, reals = true, any_missing = false;
  int64_t i = 0;
  double r = 0;
  for (const Field& field : fields) {
    const bool missing = field.text.empty() && !field.quoted;
    any_missing |= missing;
    if (missing) continue;
    integers = integers && !field.quoted && absl::SimpleAtoi(field.text, &i);
    reals = reals && !field.quoted && absl::SimpleAtod(field.text, &r);
  }
  std::vector<int64_t> as_integers;
  std::vector<double> as_reals;
  std::vector<std::string> as_texts;
  for (const Field& field : fields) {
    const bool missing = field.text.empty() && !field.quoted;
    if (any_missing && (integers || !reals)) column.missing.push_back(missing);
    if (integers) as_integers.push_back(!missing && absl::SimpleAtoi(field.text, &i) ? i : 0);
    if (!integers && reals)
      as_reals.push_back(
          !missing && absl::SimpleAtod(field.text, &r) ? r : std::numeric_limits<double>::quiet_NaN());
    if (!integers && !reals) as_texts.push_back(field.text);
  }
  if (integers) {
    column.values = std::move(as_integers);
  } else if (reals) {
    column.values = std::move(as_reals);
  } else {
    column.values = std::move(as_texts);
  }
  return column;
}

}  // namespace

std::string TableToCsv(const Table& table) {
  std::string text;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    absl::StrAppend(&text, c > 0 ? "," : "", Quoted(table.columns[c].name));
  }
  text += '\n';
  for (int64_t row = 0; row < table.rows(); ++row) {
    for (size_t c = 0; c < table.columns.size(); ++c) {
      absl::StrAppend(&text, c > 0 ? "," : "", FieldOf(table.columns[c], row));
    }
    text += '\n';
  }
  return text;
}

absl::StatusOr<TablePtr> TableFromCsv(absl::string_view text) {
  Reader reader(text);
  if (reader.AtEnd()) return absl::InvalidArgumentError("line 1: no column names");
  CL_ASSIGN_OR_RETURN(const Row names, reader.Next());
  std::vector<std::vector<Field>> columns(names.size());
  while (!reader.AtEnd()) {
    const int64_t line = reader.line();
    CL_ASSIGN_OR_RETURN(Row row, reader.Next());
    if (row.size() == 1 && names.size() > 1 && row[0].text.empty() && reader.AtEnd())
      break;  // a last empty line
    if (row.size() != names.size())
      return absl::InvalidArgumentError(
          absl::StrCat("line ", line, ": ", row.size(), " fields, the first line has ", names.size()));
    for (size_t c = 0; c < row.size(); ++c) columns[c].push_back(std::move(row[c]));
  }
  auto table = std::make_shared<Table>();
  for (size_t c = 0; c < names.size(); ++c) table->columns.push_back(MakeColumn(names[c].text, columns[c]));
  CL_RETURN_IF_ERROR_IN(table->Check(), "line 1");
  return TablePtr(std::move(table));
}

}  // namespace cubeloom::exthost
