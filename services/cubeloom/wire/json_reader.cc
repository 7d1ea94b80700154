// ParseJson: a strict reader without recursion; the builder's open levels are the stack.
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/wire/tree_builder.h"

namespace cubeloom::wire {
namespace {

class JsonReader {
 public:
  JsonReader(absl::string_view text, TreeBuilder& builder) : text_(text), builder_(builder) {}

  absl::Status Read() {
    while (builder_.status().ok() && Step()) {
    }
    return builder_.status();
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool AtDigit() const { return absl::ascii_isdigit(static_cast<unsigned char>(Peek())); }
  void Advance() {
    const unsigned char c = static_cast<unsigned char>(text_[at_++]);
    if (c == '\n') {
      where_ = {where_.line + 1, 1};
    } else if ((c & 0xC0) != 0x80) {
      ++where_.column;
    }
  }
  void SkipSpace() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r') Advance();
  }
  bool Fail(absl::string_view expected) {
    const bool printable = absl::ascii_isprint(static_cast<unsigned char>(Peek()));
    builder_.Fail(where_, absl::StrCat("expected ", expected, ", got ",
                                       AtEnd()     ? "the end of the text"
                                       : printable ? absl::StrCat("'", text_.substr(at_, 1), "'")
                                                   : "another character"));
    return false;
  }
  bool Digits() {
    if (!AtDigit()) return Fail("a digit");
    while (AtDigit()) Advance();
    return true;
  }

  bool Step();
  bool AfterValue();
  bool ReadValue();
  bool Key();
  bool Number();
  bool Word();
  bool Text(std::string& out);
  bool Escape(std::string& out);
  bool Hex4(uint32_t& code);

  const absl::string_view text_;
  TreeBuilder& builder_;
  size_t at_ = 0;
  graph::SourceLocation where_{1, 1};
  bool first_ = true;  // nothing stands yet in the innermost list or map
};

// One value or one closing bracket, with what separates it from the one before. False at the end.
bool JsonReader::Step() {
  SkipSpace();
  if (builder_.depth() == 0) return ReadValue();
  if (Peek() == (builder_.InMap() ? '}' : ']')) {
    Advance();
    builder_.Close();
    return AfterValue();
  }
  if (!first_) {
    if (Peek() != ',') return Fail(builder_.InMap() ? "',' or '}'" : "',' or ']'");
    Advance();
    SkipSpace();
  }
  if (builder_.InMap() && !Key()) return false;
  return ReadValue();
}

// After the outermost value only space may follow.
bool JsonReader::AfterValue() {
  first_ = false;
  if (builder_.depth() > 0) return true;
  SkipSpace();
  return AtEnd() ? false : Fail("the end of the text");
}

bool JsonReader::Key() {
  const graph::SourceLocation where = where_;
  std::string key;
  if (Peek() != '"') return Fail("a key in double quotes");
  if (!Text(key)) return false;
  builder_.Scalar(where, TextKind::kScalar, key, true);
  SkipSpace();
  if (Peek() != ':') return Fail("':'");
  Advance();
  SkipSpace();
  return builder_.status().ok();
}

bool JsonReader::ReadValue() {
  const graph::SourceLocation where = where_;
  const char c = Peek();
  if (c == '{' || c == '[') {
    builder_.Open(where, c == '{' ? TextKind::kMap : TextKind::kList);
    Advance();
    first_ = true;
    return true;
  }
  if (c == '"') {
    std::string text;
    if (!Text(text)) return false;
    builder_.Scalar(where, TextKind::kScalar, text, true);
    return AfterValue();
  }
  return c == '-' || AtDigit() ? Number() : Word();
}

bool JsonReader::Number() {
  const graph::SourceLocation where = where_;
  const size_t begin = at_;
  if (Peek() == '-') Advance();
  if (Peek() == '0') {
    Advance();  // no digit may follow
  } else if (!Digits()) {
    return false;
  }
  if (Peek() == '.') {
    Advance();
    if (!Digits()) return false;
  }
  if (Peek() == 'e' || Peek() == 'E') {
    Advance();
    if (Peek() == '+' || Peek() == '-') Advance();
    if (!Digits()) return false;
  }
  builder_.Scalar(where, TextKind::kScalar, text_.substr(begin, at_ - begin), false);
  return AfterValue();
}

bool JsonReader::Word() {
  const graph::SourceLocation where = where_;
  for (absl::string_view word : {"true", "false", "null"}) {
    if (text_.substr(at_, word.size()) != word) continue;
    for (size_t i = 0; i < word.size(); ++i) Advance();
    builder_.Scalar(where, word == "null" ? TextKind::kNull : TextKind::kScalar, word, false);
    return AfterValue();
  }
  return Fail("a JSON value");
}

bool JsonReader::Text(std::string& out) {
  Advance();  // the opening quote
  while (Peek() != '"') {
    if (AtEnd()) return Fail("'\"'");
    const char c = Peek();
    if (static_cast<unsigned char>(c) < 0x20) return Fail("an escape for a control character");
    Advance();
    if (c != '\\') {
      out.push_back(c);
    } else if (!Escape(out)) {
      return false;
    }
  }
  Advance();
  return true;
}

bool JsonReader::Hex4(uint32_t& code) {
  code = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned char c = static_cast<unsigned char>(Peek());
    if (!absl::ascii_isxdigit(c)) return Fail("4 hexadecimal digits");
    code = code * 16 +
           static_cast<uint32_t>(absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10);
    Advance();
  }
  return true;
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      put(0xE0 | (code >> 12));
    } else {
      put(0xF0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3F));
    }
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

// What follows a backslash.
bool JsonReader::Escape(std::string& out) {
  constexpr absl::string_view kShort = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
  const size_t found = AtEnd() ? absl::string_view::npos : kShort.find(Peek());
  if (found != absl::string_view::npos) {
    out.push_back(kMeaning[found]);
    Advance();
    return true;
  }
  if (Peek() != 'u') return Fail("an escape character");
  Advance();
  uint32_t code = 0, low = 0;
  if (!Hex4(code)) return false;
  if (code >= 0xDC00 && code < 0xE000) return Fail("a high surrogate before a low one");
  if (code >= 0xD800 && code < 0xDC00) {
    if (text_.substr(at_, 2) != "\\u") return Fail("a low surrogate");
    Advance();
    Advance();
    if (!Hex4(low)) return false;
    if (low < 0xDC00 || low >= 0xE000) return Fail("a low surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  AppendUtf8(code, out);
  return true;
}

}  // namespace

absl::Status ParseJson(absl::string_view text, TreeBuilder& builder) {
  return JsonReader(text, builder).Read();
}

size_t FindInvalidUtf8(absl::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  size_t at = 0;
  while (at < text.size()) {
    const uint32_t c = byte(at);
    const size_t length = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    if (length == 0) return at;
    for (size_t i = 1; i < length; ++i) {
      if ((byte(at + i) & 0xC0) != 0x80) return at;
    }
    const uint32_t second = byte(at + 1);
    const bool overlong = (c == 0xE0 && second < 0xA0) || (c == 0xF0 && second < 0x90);
    const bool outside = (c == 0xED && second >= 0xA0) || (c == 0xF4 && second >= 0x90);
    if (overlong || outside) return at;
    at += length;
  }
  return absl::string_view::npos;
}

}  // namespace cubeloom::wire
