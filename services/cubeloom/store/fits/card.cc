#include "cubeloom/store/fits/card.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

bool Printable(char c) { return c >= ' ' && c <= '~'; }

std::string Cleaned(absl::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (!Printable(c)) c = '?';
  }
  return out;
}

// Takes a quoted string off the front of `text`, which starts with the quote; false without closing quote.
bool TakeQuoted(absl::string_view& text, std::string& out) {
  size_t i = 1;
  for (; i < text.size(); ++i) {
    if (text[i] == '\'') {
      if (i + 1 >= text.size() || text[i + 1] != '\'') break;
      ++i;
    }
    out += text[i];
  }
  const bool closed = i < text.size();
  text.remove_prefix(closed ? i + 1 : text.size());
  // Leading blanks count, trailing ones do not; a string of blanks is one blank by the standard, here "".
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return closed;
}

std::string TakeComment(absl::string_view rest) {
  rest = absl::StripAsciiWhitespace(rest);
  absl::ConsumePrefix(&rest, "/");
  return std::string(absl::StripAsciiWhitespace(rest));
}

bool ParseReal(absl::string_view text, double& out) {
  if (text.empty() || text.find_first_not_of("+-.0123456789EeDd") != absl::string_view::npos) return false;
  std::string copy(text);
  for (char& c : copy) {
    if (c == 'D' || c == 'd') c = 'E';
  }
  return absl::SimpleAtod(copy, &out) && std::isfinite(out);
}

Value ParseToken(absl::string_view token) {
  if (token.empty()) return Value();
  if (token == "T") return Value(true);
  if (token == "F") return Value(false);
  int64_t integer;
  if (absl::SimpleAtoi(token, &integer)) return Value(integer);
  double real;
  if (ParseReal(token, real)) return Value(real);
  if (token.front() == '(' && token.back() == ')') {
    const size_t comma = token.find(',');
    double im;
    if (comma != absl::string_view::npos &&
        ParseReal(absl::StripAsciiWhitespace(token.substr(1, comma - 1)), real) &&
        ParseReal(absl::StripAsciiWhitespace(token.substr(comma + 1, token.size() - comma - 2)), im)) {
      return Value(Value::List{Value(real), Value(im)});
    }
  }
  return Value(std::string(token));
}

void ParseValue(absl::string_view field, Attribute& out) {
  field = absl::StripLeadingAsciiWhitespace(field);
  if (absl::StartsWith(field, "'")) {
    std::string text;
    TakeQuoted(field, text);
    out.value = Value(std::move(text));
    out.comment = TakeComment(field);
    return;
  }
  const size_t slash = field.find('/');
  out.value = ParseToken(absl::StripAsciiWhitespace(field.substr(0, slash)));
  if (slash != absl::string_view::npos) out.comment = TakeComment(field.substr(slash));
}

bool IsComment(absl::string_view name) { return name.empty() || name == "COMMENT" || name == "HISTORY"; }

}  // namespace

Attribute ParseFitsCard(absl::string_view raw) {
  const std::string card = Cleaned(raw.substr(0, kFitsCard));
  const absl::string_view text = card;
  Attribute out;
  if (absl::StartsWith(text, "HIERARCH ") && absl::StrContains(text, "=")) {
    const size_t equals = text.find('=');
    out.name = std::string(absl::StripAsciiWhitespace(text.substr(9, equals - 9)));
    ParseValue(text.substr(equals + 1), out);
    return out;
  }
  out.name = std::string(absl::StripTrailingAsciiWhitespace(text.substr(0, 8)));
  if (!IsComment(out.name) && text.size() > 8 && text[8] == '=' && (text.size() == 9 || text[9] == ' ')) {
    ParseValue(text.substr(9), out);
  } else {
    out.value = Value(std::string(absl::StripTrailingAsciiWhitespace(text.size() > 8 ? text.substr(8) : "")));
  }
  return out;
}

bool ContinueFitsCard(absl::string_view raw, Attribute& attribute) {
  if (!attribute.value.is_string() || !absl::EndsWith(attribute.value.string(), "&")) return false;
  const std::string card = Cleaned(raw.substr(0, kFitsCard));
  if (!absl::StartsWith(card, "CONTINUE  ")) return false;
  absl::string_view field = absl::StripLeadingAsciiWhitespace(absl::string_view(card).substr(10));
  if (!absl::StartsWith(field, "'")) return false;
  std::string more;
  if (!TakeQuoted(field, more)) return false;
  std::string whole = attribute.value.string();
  whole.pop_back();
  attribute.value = Value(whole + more);
  const std::string comment = TakeComment(field);
  if (!comment.empty()) attribute.comment += (attribute.comment.empty() ? "" : " ") + comment;
  return true;
}

namespace {

std::string Padded(std::string card) {
  card.resize((card.size() + kFitsCard - 1) / kFitsCard * kFitsCard, ' ');
  return card;
}

// Comment text over as many cards of one keyword as it takes.
std::string FormatCommentary(absl::string_view name, absl::string_view text) {
  constexpr size_t kWidth = kFitsCard - 8;
  std::string out;
  do {
    std::string card(name);
    card.resize(8, ' ');
    out += Padded(absl::StrCat(card, text.substr(0, kWidth)));
    text.remove_prefix(text.size() < kWidth ? text.size() : kWidth);
  } while (!text.empty());
  return out;
}

std::string FormatReal(double v) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), v);
  std::string text(buffer, end.ptr);
  for (char& c : text) c = absl::ascii_toupper(static_cast<unsigned char>(c));
  const size_t exponent = text.find('E');
  if (text.find('.') == std::string::npos)
    text.insert(exponent == std::string::npos ? text.size() : exponent, ".0");
  return text;
}

std::string Quoted(absl::string_view text) {
  std::string out = absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}));
  out.resize(out.size() < 9 ? 9 : out.size(),
             ' ');  // at least 8 characters, as the standard asks of XTENSION
  return out + "'";
}

// `head` is "NAME    = "; the text goes on in CONTINUE cards where it must.
std::string FormatString(const std::string& head, absl::string_view text, absl::string_view comment) {
  std::string quoted = Quoted(text);
  std::string out;
  std::string lead = head;
  while (true) {
    if (lead.size() + quoted.size() <= kFitsCard) {
      std::string card = lead + quoted;
      if (!comment.empty() && card.size() + 4 <= kFitsCard) absl::StrAppend(&card, " / ", comment);
      card.resize(card.size() < kFitsCard ? card.size() : kFitsCard);
      return out + Padded(std::move(card));
    }
    size_t room = kFitsCard - lead.size() - 2;  // up to the closing "&'"
    size_t quotes = 0;                          // never split a doubled quote
    while (room - quotes > 1 && quoted[room - 1 - quotes] == '\'') ++quotes;
    if (quotes % 2 == 1 && room - quotes > 1) --room;
    out += Padded(absl::StrCat(lead, quoted.substr(0, room), "&'"));
    quoted = "'" + quoted.substr(room);
    lead = "CONTINUE  ";
  }
}

bool PlainName(absl::string_view name) {
  if (name.empty() || name.size() > 8) return false;
  for (const char c : name) {
    if (!absl::ascii_isupper(static_cast<unsigned char>(c)) &&
        !absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != '-' && c != '_') {
      return false;
    }
  }
  return true;
}

absl::StatusOr<std::string> FormatToken(const Attribute& attribute) {
  const Value& v = attribute.value;
  if (v.is_null()) return std::string();
  if (v.is_bool()) return std::string(v.boolean() ? "T" : "F");
  if (v.is_int()) return absl::StrCat(v.integer());
  if (v.is_real() && std::isfinite(v.real())) return FormatReal(v.real());
  if (v.is_list() && v.list().size() == 2 && v.list()[0].is_number() && v.list()[1].is_number()) {
    return absl::StrCat("(", FormatReal(v.list()[0].real()), ", ", FormatReal(v.list()[1].real()), ")");
  }
  return absl::InvalidArgumentError(absl::StrCat("header keyword '", attribute.name, "': a value of type ",
                                                 v.type_name(), " has no form in FITS"));
}

absl::Status CheckText(absl::string_view name, absl::string_view text) {
  for (const char c : text) {
    if (!Printable(c)) {
      return absl::InvalidArgumentError(
          absl::StrCat("header keyword '", Cleaned(name), "': character with code ",
                       static_cast<int>(static_cast<unsigned char>(c)), " has no form in FITS"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FormatHead(absl::string_view name) {
  if (PlainName(name)) {
    std::string head(name);
    head.resize(8, ' ');
    return head + "= ";
  }
  if (name.size() > 60 || absl::StrContains(name, "=")) {
    return absl::InvalidArgumentError(absl::StrCat("header keyword '", name, "' has no form in FITS"));
  }
  return absl::StrCat("HIERARCH ", name, " = ");
}

}  // namespace

absl::StatusOr<std::string> FormatFitsCard(const Attribute& attribute) {
  CL_RETURN_IF_ERROR(CheckText(attribute.name, attribute.name));
  CL_RETURN_IF_ERROR(CheckText(attribute.name, attribute.comment));
  if (attribute.value.is_string()) CL_RETURN_IF_ERROR(CheckText(attribute.name, attribute.value.string()));
  if (IsComment(attribute.name)) {
    return FormatCommentary(attribute.name, attribute.value.is_string() ? attribute.value.string() : "");
  }
  CL_ASSIGN_OR_RETURN(std::string head, FormatHead(attribute.name));
  if (attribute.value.is_string()) return FormatString(head, attribute.value.string(), attribute.comment);
  CL_ASSIGN_OR_RETURN(std::string token, FormatToken(attribute));
  if (head.size() == 10 && token.size() < 20) token.insert(0, 20 - token.size(), ' ');
  std::string card = head + token;
  if (card.size() > kFitsCard) {
    return absl::InvalidArgumentError(
        absl::StrCat("header keyword '", attribute.name, "' is too long for FITS"));
  }
  if (!attribute.comment.empty()) absl::StrAppend(&card, " / ", attribute.comment);
  card.resize(card.size() < kFitsCard ? card.size() : kFitsCard);
  return Padded(std::move(card));
}

bool IsStructuralFitsKeyword(absl::string_view name) {
  static constexpr absl::string_view kWhole[] = {
      "SIMPLE",   "XTENSION", "BITPIX",  "NAXIS",    "EXTEND",   "PCOUNT",   "GCOUNT", "GROUPS",
      "BSCALE",   "BZERO",    "BLANK",   "CHECKSUM", "DATASUM",  "END",      "THEAP",  "TFIELDS",
      "ZIMAGE",   "ZCMPTYPE", "ZBITPIX", "ZNAXIS",   "ZQUANTIZ", "ZDITHER0", "ZBLANK", "ZSIMPLE",
      "ZEXTEND",  "ZTENSION", "ZPCOUNT", "ZGCOUNT",  "ZHECKSUM", "ZDATASUM", "ZSCALE", "ZZERO",
      "ZMASKCMP", "ZBLOCKED", "BLOCKED", "CONTINUE", "LONGSTRN"};
  for (const absl::string_view word : kWhole) {
    if (name == word) return true;
  }
  static constexpr absl::string_view kIndexed[] = {"NAXIS", "ZNAXIS", "ZTILE", "ZNAME", "ZVAL",
                                                   "TFORM", "TTYPE",  "TUNIT", "TBCOL", "TNULL",
                                                   "TSCAL", "TZERO",  "TDISP", "TDIM",  "TCOMM"};
  for (const absl::string_view word : kIndexed) {
    absl::string_view digits = name;
    if (absl::ConsumePrefix(&digits, word) && !digits.empty() &&
        digits.find_first_not_of("0123456789") == absl::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace cubeloom
