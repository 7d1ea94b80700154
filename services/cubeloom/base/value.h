// A small structured value: what arguments, attributes and scalar results are made of.
//
// The same tree as JSON, with integers kept apart from reals. Maps keep insertion order, so that output
// bytes are a pure function of how the value was built. Copying is deep; values are meant to be small.
#ifndef CUBELOOM_BASE_VALUE_H_
#define CUBELOOM_BASE_VALUE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cubeloom {

class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::vector<std::pair<std::string, Value>>;  // keys are unique

  Value() = default;                             // null
  Value(bool v) : v_(v) {}                       // NOLINT: implicit on purpose
  Value(int v) : v_(static_cast<int64_t>(v)) {}  // NOLINT
  Value(int64_t v) : v_(v) {}                    // NOLINT
  Value(double v) : v_(v) {}                     // NOLINT
  Value(const char* v) : v_(std::string(v)) {}   // NOLINT
  Value(std::string v) : v_(std::move(v)) {}     // NOLINT
  Value(List v) : v_(std::move(v)) {}            // NOLINT
  Value(Map v) : v_(std::move(v)) {}             // NOLINT

  bool is_null() const { return std::holds_alternative<std::monostate>(v_); }
  bool is_bool() const { return std::holds_alternative<bool>(v_); }
  bool is_int() const { return std::holds_alternative<int64_t>(v_); }
  bool is_real() const { return std::holds_alternative<double>(v_); }
  bool is_number() const { return is_int() || is_real(); }
  bool is_string() const { return std::holds_alternative<std::string>(v_); }
  bool is_list() const { return std::holds_alternative<List>(v_); }
  bool is_map() const { return std::holds_alternative<Map>(v_); }
  const char* type_name() const;  // "null", "bool", "integer", "real", "string", "list", "map"

  // The checked forms say what was there instead. AsReal takes integers; AsInt takes reals without a
  // fraction below 2^53.
  absl::StatusOr<bool> AsBool() const;
  absl::StatusOr<int64_t> AsInt() const;
  absl::StatusOr<double> AsReal() const;
  absl::StatusOr<std::string> AsString() const;

  // Unchecked access; the type must match.
  bool boolean() const { return std::get<bool>(v_); }
  int64_t integer() const { return std::get<int64_t>(v_); }
  double real() const { return is_int() ? static_cast<double>(integer()) : std::get<double>(v_); }
  const std::string& string() const { return std::get<std::string>(v_); }
  const List& list() const { return std::get<List>(v_); }
  List& list() { return std::get<List>(v_); }
  const Map& map() const { return std::get<Map>(v_); }
  Map& map() { return std::get<Map>(v_); }

  // The entry of a map, or nullptr when this is no map or has no such key.
  const Value* Find(absl::string_view key) const;
  // Sets a key of a map (a null value becomes an empty map first).
  void Set(absl::string_view key, Value value);

  // Compact JSON. Reals print with the fewest digits that read back the same, always with a '.' or exponent
  // (the latter below 1e-4 and from 1e16 on); NaN and infinities, which JSON lacks, print as null. Strings
  // that are no UTF-8 get U+FFFD in place of each bad byte. `indent` > 0 breaks lines.
  std::string ToJson(int indent = 0) const;
  // Strict JSON of at most `max_depth` nested lists and maps; InvalidArgument names the byte, counted from 1.
  // Duplicate keys are refused; an integer beyond 64 bits becomes a real if that is exact, else it is
  // refused.
  static absl::StatusOr<Value> FromJson(absl::string_view text, int max_depth = 64);

  friend bool operator==(const Value& a, const Value& b) { return a.v_ == b.v_; }

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, List, Map> v_;
};

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_VALUE_H_
