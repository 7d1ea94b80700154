// Binary tables: rows of big-endian columns; integers K with TNULL, reals D, strings A as wide as the
// longest.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/convert.h"
#include "cubeloom/store/fits/write.h"

namespace cubeloom {
namespace {

constexpr int64_t kBufferBytes = 256 << 10;

// One column with its place in a row.
struct Field {
  const Column* column;
  int64_t offset = 0, width = 0;
  int64_t null = 0;  // of integers that are missing
};

bool AnyMissing(const Column& column) {
  return std::count_if(column.missing.begin(), column.missing.end(), [](uint8_t m) { return m != 0; }) > 0;
}

// A value that no row of the column has.
int64_t UnusedValue(const std::vector<int64_t>& values) {
  const absl::flat_hash_set<int64_t> used(values.begin(), values.end());
  int64_t v = std::numeric_limits<int64_t>::min();
  while (used.contains(v)) ++v;
  return v;
}

absl::StatusOr<int64_t> StringWidth(const Column& column) {
  size_t width = 1;
  const auto& values = std::get<std::vector<std::string>>(column.values);
  for (size_t row = 0; row < values.size(); ++row) {
    for (const char c : values[row]) {
      if (c >= ' ' && c <= '~') continue;
      return absl::InvalidArgumentError(
          absl::StrCat("column '", column.name, "', row ", row, ": character with code ",
                       static_cast<int>(static_cast<unsigned char>(c)), " has no form in FITS"));
    }
    width = std::max(width, values[row].size());
  }
  return static_cast<int64_t>(width);
}

class TableWriter {
 public:
  TableWriter(StagedWriter& out, const HduToWrite& hdu) : out_(out), hdu_(hdu), table_(*hdu.output.table) {}

  absl::Status Write() {
    CL_RETURN_IF_ERROR(table_.Check());
    if (table_.columns.size() > 999) {
      return absl::InvalidArgumentError(
          absl::StrCat("a table of ", table_.columns.size(), " columns; FITS holds 999"));
    }
    CL_RETURN_IF_ERROR(Lay());
    BuildHeader();
    CL_RETURN_IF_ERROR(header_.Reserve(out_));
    CL_RETURN_IF_ERROR(WriteRows());
    CL_RETURN_IF_ERROR(PadFitsBlock(out_, 0));
    return header_.Finish(out_, sum_, Value());
  }

 private:
  absl::Status Lay() {
    for (const Column& column : table_.columns) {
      Field field{&column, row_bytes_, 8, 0};
      if (std::holds_alternative<std::vector<std::string>>(column.values)) {
        CL_ASSIGN_OR_RETURN(field.width, StringWidth(column));
      } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&column.values)) {
        if (AnyMissing(column)) field.null = UnusedValue(*integers);
      }
      row_bytes_ += field.width;
      fields_.push_back(field);
    }
    return absl::OkStatus();
  }

  void BuildHeader() {
    header_.Structural("XTENSION", "BINTABLE", "binary table");
    header_.Structural("BITPIX", 8, "bytes");
    header_.Structural("NAXIS", 2, "rows of bytes");
    header_.Structural("NAXIS1", row_bytes_, "bytes of a row");
    header_.Structural("NAXIS2", table_.rows(), "rows");
    header_.Structural("PCOUNT", 0, "no heap");
    header_.Structural("GCOUNT", 1, "one table");
    header_.Structural("TFIELDS", static_cast<int64_t>(fields_.size()), "columns");
    for (size_t i = 0; i < fields_.size(); ++i) ColumnCards(fields_[i], i + 1);
    AddUserCards(hdu_.output, header_);
  }

  void ColumnCards(const Field& field, size_t index) {
    const Column& column = *field.column;
    header_.Structural(absl::StrCat("TTYPE", index), column.name, "");
    const bool text = std::holds_alternative<std::vector<std::string>>(column.values);
    const bool integer = std::holds_alternative<std::vector<int64_t>>(column.values);
    header_.Structural(absl::StrCat("TFORM", index),
                       text      ? absl::StrCat(field.width, "A")
                       : integer ? "1K"
                                 : "1D",
                       "");
    if (!column.unit.empty()) header_.Structural(absl::StrCat("TUNIT", index), column.unit, "");
    if (!column.description.empty()) header_.Structural(absl::StrCat("TCOMM", index), column.description, "");
    if (integer && AnyMissing(column))
      header_.Structural(absl::StrCat("TNULL", index), field.null, "no value");
  }

  absl::Status WriteRows() {
    if (row_bytes_ == 0 || table_.rows() == 0) return absl::OkStatus();
    // Whole words per piece, so that the sum can go on.
    const int64_t rows = std::max<int64_t>(4, kBufferBytes / row_bytes_ / 4 * 4);
    CL_ASSIGN_OR_RETURN(MutableBuffer buffer, hdu_.context.allocator->Allocate(rows * row_bytes_));
    for (int64_t at = 0; at < table_.rows(); at += rows) {
      if (hdu_.context.cancel.cancelled()) return hdu_.context.cancel.status();
      const int64_t n = std::min(rows, table_.rows() - at);
      for (const Field& field : fields_) {
        for (int64_t i = 0; i < n; ++i) Put(field, at + i, buffer.data() + i * row_bytes_ + field.offset);
      }
      sum_.Add(buffer.data(), n * row_bytes_);
      CL_RETURN_IF_ERROR(out_.Append(absl::MakeSpan(buffer.data(), n * row_bytes_)));
    }
    return absl::OkStatus();
  }

  static void Put(const Field& field, int64_t row, std::byte* at) {
    const Column& column = *field.column;
    const bool missing = !column.missing.empty() && column.missing[row] != 0;
    if (const auto* strings = std::get_if<std::vector<std::string>>(&column.values)) {
      const std::string& text = (*strings)[row];
      std::memset(at, ' ', field.width);
      if (!missing) std::memcpy(at, text.data(), text.size());
      return;
    }
    if (const auto* integers = std::get_if<std::vector<int64_t>>(&column.values)) {
      const int64_t v = missing ? field.null : (*integers)[row];
      std::memcpy(at, &v, sizeof(v));
    } else {
      const double v = missing ? std::numeric_limits<double>::quiet_NaN()
                               : std::get<std::vector<double>>(column.values)[row];
      std::memcpy(at, &v, sizeof(v));
    }
    EncodeFits(at, 1, 8, false);
  }

  StagedWriter& out_;
  const HduToWrite& hdu_;
  const Table& table_;
  std::vector<Field> fields_;
  int64_t row_bytes_ = 0;
  FitsHeaderWriter header_;
  FitsChecksum sum_;
};

}  // namespace

absl::Status WriteFitsTable(StagedWriter& out, const HduToWrite& hdu) {
  return TableWriter(out, hdu).Write();
}

}  // namespace cubeloom
