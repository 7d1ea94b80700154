#include "cubeloom/base/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <exception>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

absl::Status WrongType(const char* expected, const Value& value) {
  std::string text = value.ToJson();
  if (text.size() > 60) text = absl::StrCat(text.substr(0, 57), "...");
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", expected, ", got ", value.type_name(), " ", text));
}

// Length of the valid UTF-8 sequence at the start of `s` (RFC 3629: no surrogates, shortest form), or 0.
size_t Utf8Length(absl::string_view s) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto tail = [&](size_t i) { return i < s.size() && (byte(i) & 0xC0) == 0x80; };
  const unsigned char c = byte(0);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if ((c == 0xE0 && byte(1) < 0xA0) || (c == 0xED && byte(1) > 0x9F)) return 0;
    return 3;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if ((c == 0xF0 && byte(1) < 0x90) || (c == 0xF4 && byte(1) > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

void PrintControl(unsigned char c, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '\n':
      out->append("\\n");
      break;
    case '\t':
      out->append("\\t");
      break;
    case '\r':
      out->append("\\r");
      break;
    case '\b':
      out->append("\\b");
      break;
    case '\f':
      out->append("\\f");
      break;
    default:
      out->append("\\u00");
      out->push_back(kHex[c >> 4]);
      out->push_back(kHex[c & 15]);
  }
}

// Bytes that are no UTF-8 print as U+FFFD, since JSON text must be UTF-8.
void PrintString(absl::string_view s, std::string* out) {
  out->push_back('"');
  while (!s.empty()) {
    const unsigned char c = static_cast<unsigned char>(s[0]);
    size_t length = 1;
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(static_cast<char>(c));
    } else if (c < 0x20) {
      PrintControl(c, out);
    } else if ((length = Utf8Length(s)) > 0) {
      out->append(s.data(), length);
    } else {
      out->append("\xEF\xBF\xBD");
      length = 1;
    }
    s.remove_prefix(length);
  }
  out->push_back('"');
}

void PrintReal(double v, std::string* out) {
  if (!std::isfinite(v)) {
    out->append("null");
    return;
  }
  // As Python prints them: without exponent in the range that people read at a glance.
  const double size = std::fabs(v);
  const bool plain = v == 0 || (size >= 1e-4 && size < 1e16);
  char text[40];
  const std::to_chars_result end = std::to_chars(
      text, text + sizeof text, v, plain ? std::chars_format::fixed : std::chars_format::scientific);
  const absl::string_view digits(text, end.ptr - text);
  out->append(digits.data(), digits.size());
  if (digits.find_first_of(".e") == absl::string_view::npos) out->append(".0");
}

struct Printer {
  int indent;
  std::string* out;

  void Break(int depth) const {
    if (indent <= 0) return;
    out->push_back('\n');
    out->append(static_cast<size_t>(indent) * depth, ' ');
  }
  void PrintList(const Value::List& list, int depth) const {
    out->push_back('[');
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out->push_back(',');
      Break(depth + 1);
      Print(list[i], depth + 1);
    }
    if (!list.empty()) Break(depth);
    out->push_back(']');
  }
  void PrintMap(const Value::Map& map, int depth) const {
    out->push_back('{');
    for (size_t i = 0; i < map.size(); ++i) {
      if (i > 0) out->push_back(',');
      Break(depth + 1);
      PrintString(map[i].first, out);
      out->append(indent > 0 ? ": " : ":");
      Print(map[i].second, depth + 1);
    }
    if (!map.empty()) Break(depth);
    out->push_back('}');
  }
  void Print(const Value& value, int depth) const {
    if (value.is_null()) {
      out->append("null");
    } else if (value.is_bool()) {
      out->append(value.boolean() ? "true" : "false");
    } else if (value.is_int()) {
      absl::StrAppend(out, value.integer());
    } else if (value.is_real()) {
      PrintReal(value.real(), out);
    } else if (value.is_string()) {
      PrintString(value.string(), out);
    } else if (value.is_list()) {
      PrintList(value.list(), depth);
    } else {
      PrintMap(value.map(), depth);
    }
  }
};

// Reads a string_view and tells how far the parser has come, for the errors that only the handler sees.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *position_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** position_;
};

// Builds the tree from the parser's events; `stack_` holds the open lists and maps. A return of false ends
// the parse with `status_` set.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(const char* begin, int max_depth) : begin_(begin), position_(begin), max_depth_(max_depth) {}

  const char** position() { return &position_; }
  const absl::Status& status() const { return status_; }
  Value Take() { return std::move(root_); }

  bool null() override { return Add(Value()); }
  bool boolean(bool v) override { return Add(Value(v)); }
  bool number_integer(number_integer_t v) override { return Add(Value(static_cast<int64_t>(v))); }
  bool number_unsigned(number_unsigned_t v) override {
    if (v <= static_cast<uint64_t>(INT64_MAX)) return Add(Value(static_cast<int64_t>(v)));
    return AddBigInteger(static_cast<double>(v), std::to_string(v));
  }
  bool number_float(number_float_t v, const string_t& token) override {
    if (token.find_first_of(".eE") == string_t::npos) return AddBigInteger(v, token);
    return Add(Value(v));
  }
  bool string(string_t& v) override { return Add(Value(std::move(v))); }
  bool binary(binary_t&) override { return Fail("binary data"); }
  bool start_object(size_t) override { return Open(Value(Value::Map())); }
  bool start_array(size_t) override { return Open(Value(Value::List())); }
  bool key(string_t& v) override {
    stack_.back().value.map().emplace_back(std::move(v), Value());
    stack_.back().key_offsets.push_back(position_ - begin_);
    return true;
  }
  bool end_object() override { return CheckKeys(stack_.back()) && Close(); }
  bool end_array() override { return Close(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    // The library's text is "[json.exception...] parse error at line 1, column 2: <what>".
    const std::string what = error.what();
    const size_t colon = what.find(": ");
    status_ = absl::InvalidArgumentError(absl::StrCat(
        "JSON, byte ", position, ": ", colon == std::string::npos ? what : what.substr(colon + 2)));
    return false;
  }

 private:
  struct Frame {
    Value value;
    std::vector<ptrdiff_t> key_offsets;
  };

  bool FailAt(ptrdiff_t offset, absl::string_view what) {
    status_ = absl::InvalidArgumentError(absl::StrCat("JSON, byte ", offset, ": ", what));
    return false;
  }
  bool Fail(absl::string_view what) { return FailAt(position_ - begin_, what); }

  bool Add(Value value) {
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (Value& parent = stack_.back().value; parent.is_list()) {
      parent.list().push_back(std::move(value));
    } else {
      parent.map().back().second = std::move(value);
    }
    return true;
  }
  // Beyond int64 an integer is kept as a real when that loses nothing.
  bool AddBigInteger(double v, const std::string& token) {
    char text[400];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, v, std::chars_format::fixed, 0);
    if (end.ec == std::errc() && absl::string_view(text, end.ptr - text) == token) return Add(Value(v));
    return Fail(
        absl::StrCat("the integer ", token.substr(0, 40), " fits neither 64 bits nor a real exactly"));
  }
  bool Open(Value value) {
    if (static_cast<int>(stack_.size()) >= max_depth_) {
      return Fail(absl::StrCat("nested deeper than ", max_depth_, " levels"));
    }
    stack_.push_back({std::move(value), {}});
    return true;
  }
  bool Close() {
    Value value = std::move(stack_.back().value);
    stack_.pop_back();
    return Add(std::move(value));
  }
  // Sorted once per map, so that a map of many keys costs n log n.
  bool CheckKeys(const Frame& frame) {
    const Value::Map& map = frame.value.map();
    std::vector<size_t> order(map.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const int c = map[a].first.compare(map[b].first);
      return c != 0 ? c < 0 : a < b;
    });
    size_t first = map.size();
    for (size_t i = 1; i < order.size(); ++i) {
      if (map[order[i]].first == map[order[i - 1]].first) first = std::min(first, order[i]);
    }
    if (first == map.size()) return true;
    return FailAt(frame.key_offsets[first], absl::StrCat("duplicate key \"", map[first].first, "\""));
  }

  const char* const begin_;
  const char* position_;
  const int max_depth_;
  absl::Status status_;
  Value root_;
  std::vector<Frame> stack_;
};

}  // namespace

const char* Value::type_name() const {
  static constexpr const char* kNames[] = {"null", "bool", "integer", "real", "string", "list", "map"};
  return kNames[v_.index()];
}

absl::StatusOr<bool> Value::AsBool() const {
  if (!is_bool()) return WrongType("a bool", *this);
  return boolean();
}

absl::StatusOr<int64_t> Value::AsInt() const {
  if (is_int()) return integer();
  if (is_real() && std::fabs(real()) < kExactIntegers && real() == std::floor(real())) {
    return static_cast<int64_t>(real());
  }
  return WrongType("an integer", *this);
}

absl::StatusOr<double> Value::AsReal() const {
  if (!is_number()) return WrongType("a number", *this);
  return real();
}

absl::StatusOr<std::string> Value::AsString() const {
  if (!is_string()) return WrongType("a string", *this);
  return string();
}

const Value* Value::Find(absl::string_view key) const {
  if (!is_map()) return nullptr;
  for (const auto& [name, value] : map()) {
    if (name == key) return &value;
  }
  return nullptr;
}

void Value::Set(absl::string_view key, Value value) {
  if (is_null()) v_ = Map();
  for (auto& [name, old] : map()) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  map().emplace_back(std::string(key), std::move(value));
}

std::string Value::ToJson(int indent) const {
  std::string out;
  Printer{indent, &out}.Print(*this, 0);
  return out;
}

absl::StatusOr<Value> Value::FromJson(absl::string_view text, int max_depth) {
  // The library takes a NUL for the end of the text and would ignore what follows.
  if (const size_t nul = text.find('\0'); nul != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("JSON, byte ", nul + 1, ": a NUL byte"));
  }
  Builder builder(text.data(), max_depth);
  CountingIterator begin(text.data(), builder.position());
  CountingIterator end(text.data() + text.size(), builder.position());
  try {
    if (nlohmann::json::sax_parse(begin, end, &builder)) return builder.Take();
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("JSON: ", error.what()));
  }
  return builder.status().ok() ? absl::InvalidArgumentError("JSON: not readable") : builder.status();
}

}  // namespace cubeloom
