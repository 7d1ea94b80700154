#include "cubeloom/store/fits/header_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/card.h"

namespace cubeloom {
namespace {

constexpr int64_t kReadBytes = 24 * kFitsBlock;  // one read serves most headers

bool IsEnd(absl::string_view card) {
  return absl::StartsWith(card, "END") && card.find_first_not_of(' ', 3) == absl::string_view::npos;
}

std::string Shown(const Value& v) { return v.is_string() ? absl::StrCat("'", v.string(), "'") : v.ToJson(); }

}  // namespace

absl::StatusOr<FitsHeader> FitsHeader::Read(const RandomReader& file, int64_t offset, int hdu) {
  FitsHeader header;
  header.where_ = absl::StrCat("'", file.stat().uri, "': HDU ", hdu);
  header.offset_ = offset;
  CL_RETURN_IF_ERROR(header.Parse(file));
  header.Index();
  return header;
}

absl::Status FitsHeader::Parse(const RandomReader& file) {
  const int64_t size = file.stat().size;
  std::string buffer;
  for (int64_t at = offset_;;) {
    const int64_t length = std::min(kReadBytes, size - at) / kFitsCard * kFitsCard;
    if (length <= 0) {
      return absl::DataLossError(absl::StrCat(where_, ": the header that starts at byte ", offset_,
                                              " has no END card; the file ends at byte ", size));
    }
    if (at - offset_ > kMaxFitsHeader) {
      return absl::InvalidArgumentError(absl::StrCat(where_, ": no END card within ", kMaxFitsHeader,
                                                     " bytes from the header's start at byte ", offset_));
    }
    buffer.resize(length);
    CL_RETURN_IF_ERROR(
        file.ReadAt(at, absl::MakeSpan(reinterpret_cast<std::byte*>(&buffer[0]), buffer.size())));
    for (int64_t i = 0; i < length; i += kFitsCard, at += kFitsCard) {
      const absl::string_view card = absl::string_view(buffer).substr(i, kFitsCard);
      if (IsEnd(card)) {
        const int64_t blocks = (at + kFitsCard - offset_ + kFitsBlock - 1) / kFitsBlock;
        data_offset_ = offset_ + blocks * kFitsBlock;
        return absl::OkStatus();
      }
      if (!cards_.empty() && ContinueFitsCard(card, cards_.back())) continue;
      cards_.push_back(ParseFitsCard(card));
      at_.push_back(at);
    }
  }
}

void FitsHeader::Index() {
  first_.reserve(cards_.size());
  for (size_t i = 0; i < cards_.size(); ++i) first_.try_emplace(cards_[i].name, i);
}

const Attribute* FitsHeader::Find(absl::string_view name) const {
  const auto it = first_.find(name);
  return it == first_.end() ? nullptr : &cards_[it->second];
}

std::string FitsHeader::Where(absl::string_view name) const {
  const auto it = first_.find(name);
  if (it == first_.end()) return absl::StrCat(where_, ", ", name);
  return absl::StrCat(where_, ", ", name, " = ", Shown(cards_[it->second].value), " at byte ",
                      at_[it->second]);
}

absl::StatusOr<int64_t> FitsHeader::Integer(absl::string_view name, int64_t fallback, Range range) const {
  const Attribute* card = Find(name);
  if (card == nullptr) return fallback;
  // Some writers give whole numbers as reals.
  const absl::StatusOr<int64_t> value =
      card->value.is_number() ? card->value.AsInt() : absl::InvalidArgumentError("");
  if (!value.ok())
    return absl::InvalidArgumentError(
        absl::StrCat(Where(name), ": expected an integer", card->value.is_number() ? " below 2^63" : ""));
  if (*value < range.min || *value > range.max) {
    return absl::InvalidArgumentError(
        absl::StrCat(Where(name), ": expected ", range.min,
                     range.max == INT64_MAX ? " or more" : absl::StrCat("..", range.max)));
  }
  return *value;
}

absl::StatusOr<int64_t> FitsHeader::RequiredInteger(absl::string_view name, Range range) const {
  if (Find(name) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(where_, ": the header at byte ", offset_, " has no ", name, " card"));
  }
  return Integer(name, 0, range);
}

absl::StatusOr<double> FitsHeader::Real(absl::string_view name, double fallback) const {
  const Attribute* card = Find(name);
  if (card == nullptr) return fallback;
  if (!card->value.is_number() || !std::isfinite(card->value.real())) {
    return absl::InvalidArgumentError(absl::StrCat(Where(name), ": expected a finite number"));
  }
  return card->value.real();
}

std::string FitsHeader::Text(absl::string_view name) const {
  const Attribute* card = Find(name);
  return card != nullptr && card->value.is_string() ? card->value.string() : std::string();
}

bool FitsHeader::Flag(absl::string_view name) const {
  const Attribute* card = Find(name);
  return card != nullptr && card->value.is_bool() && card->value.boolean();
}

}  // namespace cubeloom
