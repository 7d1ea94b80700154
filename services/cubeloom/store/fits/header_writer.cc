#include "cubeloom/store/fits/header_writer.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/card.h"

namespace cubeloom {
namespace {

bool Repeats(absl::string_view name) { return name.empty() || name == "COMMENT" || name == "HISTORY"; }

std::string Ascii(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

absl::Span<const std::byte> BytesOf(const std::string& text) {
  return absl::MakeSpan(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

// Fixed length, so that sums can be put in later; "0000000000000000" is what the checksum is computed with.
std::string SumCards(uint32_t data_sum, const std::string& checksum) {
  std::string datasum = absl::StrCat("DATASUM = '", data_sum, "'");
  datasum.resize(33, ' ');
  datasum += " / data unit checksum";
  datasum.resize(kFitsCard, ' ');
  std::string whole = absl::StrCat("CHECKSUM= '", checksum, "'   / HDU checksum");
  whole.resize(kFitsCard, ' ');
  return whole + datasum;
}

}  // namespace

void FitsHeaderWriter::Structural(absl::string_view name, Value value, absl::string_view comment) {
  structural_.push_back({std::string(name), std::move(value), std::string(comment)});
}

void FitsHeaderWriter::User(Attribute card) {
  if (IsStructuralFitsKeyword(card.name)) return;
  if (!Repeats(card.name)) {
    for (Attribute& old : user_) {
      if (old.name == card.name) {
        old = std::move(card);
        return;
      }
    }
  }
  user_.push_back(std::move(card));
}

void FitsHeaderWriter::Carried(Attribute card) {
  const bool complex =
      card.value.is_list() && card.value.list().size() == 2 && card.value.list()[0].is_real();
  if (card.value.is_map() || (card.value.is_list() && !complex)) card.value = Value(card.value.ToJson());
  if (card.value.is_real() && !std::isfinite(card.value.real())) {
    card.value = Value(std::isnan(card.value.real()) ? "NaN" : card.value.real() > 0 ? "Inf" : "-Inf");
  }
  if (card.value.is_string()) card.value = Value(Ascii(card.value.string()));
  card.name = Ascii(std::move(card.name));
  card.comment = Ascii(std::move(card.comment));
  User(std::move(card));
}

absl::Status FitsHeaderWriter::Format(const Value& blank, std::string& text) const {
  for (const Attribute& card : structural_) {
    CL_ASSIGN_OR_RETURN(const std::string cards, FormatFitsCard(card));
    text += cards;
  }
  if (!blank.is_null()) {
    CL_ASSIGN_OR_RETURN(const std::string card,
                        FormatFitsCard({"BLANK", blank, "stored value of pixels without a value"}));
    text += card;
  }
  for (const Attribute& card : user_) {
    CL_ASSIGN_OR_RETURN(const std::string cards, FormatFitsCard(card));
    text += cards;
  }
  return absl::OkStatus();
}

absl::Status FitsHeaderWriter::Reserve(StagedWriter& out) {
  std::string text;
  CL_RETURN_IF_ERROR(Format(Value(0), text));
  text.resize(text.size() + 3 * kFitsCard, ' ');  // CHECKSUM, DATASUM, END
  text.resize((text.size() + kFitsBlock - 1) / kFitsBlock * kFitsBlock, ' ');
  offset_ = out.size();
  size_ = static_cast<int64_t>(text.size());
  return out.Append(BytesOf(text));
}

absl::Status FitsHeaderWriter::Finish(StagedWriter& out, const FitsChecksum& data, const Value& blank) {
  std::string cards;
  CL_RETURN_IF_ERROR(Format(blank, cards));
  // Without BLANK the header may need a block less than reserved: blank cards keep END in the last one.
  while (static_cast<int64_t>(cards.size()) + 3 * kFitsCard <= size_ - kFitsBlock)
    cards.append(kFitsCard, ' ');
  std::string text = cards + SumCards(data.value(), std::string(16, '0')) + "END";
  text.resize(size_, ' ');
  FitsChecksum sum = data;
  sum.Align();
  sum.Add(text.data(), text.size());
  text = cards + SumCards(data.value(), EncodeFitsChecksum(sum.value())) + "END";
  text.resize(size_, ' ');
  return out.WriteAt(offset_, BytesOf(text));
}

absl::Status PadFitsBlock(StagedWriter& out, char fill) {
  const int64_t rest = out.size() % kFitsBlock;
  return rest == 0 ? absl::OkStatus() : out.Append(BytesOf(std::string(kFitsBlock - rest, fill)));
}

}  // namespace cubeloom
