// Fuzzes the texts that are read from a command: the first byte says what the rest is (c: CSV, j: JSON, else
// output for a message). No text may crash or hang; what reads must write and read back to the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "cubeloom/base/value.h"
#include "cubeloom/exthost/csv.h"
#include "cubeloom/exthost/readable.h"

namespace cubeloom::exthost {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz_command_text: %s\n", what);
  std::abort();
}

void FuzzCsv(absl::string_view text) {
  const absl::StatusOr<TablePtr> table = TableFromCsv(text);
  if (!table.ok()) return;
  Require((*table)->Check().ok(), "a table that does not hold together");
  const std::string csv = TableToCsv(**table);
  const absl::StatusOr<TablePtr> again = TableFromCsv(csv);
  Require(again.ok() && (*again)->rows() == (*table)->rows(), "what was written does not read");
  Require((*again)->columns.size() == (*table)->columns.size(), "what was written has other columns");
}

void FuzzJson(absl::string_view text) {
  const absl::StatusOr<Value> value = Value::FromJson(text);
  if (!value.ok()) return;
  const absl::StatusOr<Value> again = Value::FromJson(value->ToJson());
  Require(again.ok() && again->ToJson() == value->ToJson(), "a value that does not come back");
}

void FuzzReadable(absl::string_view text) {
  const std::string shown = Readable(text);
  Require(shown.size() <= 8000, "a message without end");
  int lines = 1;
  for (const char c : shown) {
    lines += c == '\n';
    Require(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t', "a control character is shown");
  }
  Require(lines <= 20, "too many lines");
}

}  // namespace
}  // namespace cubeloom::exthost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cubeloom::exthost;  // NOLINT
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'c') {
    FuzzCsv(text);
  } else if (data[0] == 'j') {
    FuzzJson(text);
  } else {
    FuzzReadable(text);
  }
  return 0;
}
