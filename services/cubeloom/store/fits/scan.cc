// ScanFits: from the first byte HDU by HDU; each header gives the size of its data, hence the next header.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/card.h"
#include "cubeloom/store/fits/header_reader.h"
#include "cubeloom/store/fits/structure.h"
#include "cubeloom/store/fits/table_scan.h"

namespace cubeloom {
namespace {

constexpr int kMaxHdus = 100000;
constexpr int kMaxAxes = 999;

absl::Status CheckMagic(const RandomReader& file) {
  const int64_t size = file.stat().size;
  const std::string& uri = file.stat().uri;
  if (size == 0) return absl::InvalidArgumentError(absl::StrCat("'", uri, "': the file is empty"));
  char magic[10] = {};
  const size_t n = static_cast<size_t>(std::min<int64_t>(size, sizeof(magic)));
  CL_RETURN_IF_ERROR(file.ReadAt(0, absl::MakeSpan(reinterpret_cast<std::byte*>(magic), n)));
  if (n == sizeof(magic) && std::memcmp(magic, "SIMPLE  = ", sizeof(magic)) == 0) return absl::OkStatus();
  if (n == sizeof(magic) && std::memcmp(magic, "SIMPLE  ", 8) == 0) {
    return absl::InvalidArgumentError(absl::StrCat("'", uri, "': HDU 0, SIMPLE at byte 0 has no value"));
  }
  std::string shown(magic, n);
  for (char& c : shown) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '.';
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", uri, "': not a FITS file: it starts with \"", shown, "\" instead of \"SIMPLE  = \""));
}

absl::Status ReadAxes(const FitsHeader& header, absl::string_view prefix, std::vector<int64_t>& axes) {
  CL_ASSIGN_OR_RETURN(const int64_t rank,
                      header.RequiredInteger(absl::StrCat(prefix, "NAXIS"), {0, kMaxAxes}));
  for (int64_t i = 1; i <= rank; ++i) {
    CL_ASSIGN_OR_RETURN(const int64_t n, header.RequiredInteger(absl::StrCat(prefix, "NAXIS", i),
                                                                {0, std::numeric_limits<int64_t>::max()}));
    axes.push_back(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ReadBitpix(const FitsHeader& header, absl::string_view name) {
  CL_ASSIGN_OR_RETURN(const int64_t bitpix, header.RequiredInteger(name, {INT64_MIN, INT64_MAX}));
  for (const int known : {8, 16, 32, 64, -32, -64}) {
    if (bitpix == known) return known;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(header.Where(name), ": expected one of 8, 16, 32, 64, -32, -64"));
}

// The axis that most likely made an absurd size: the longest.
std::string LongestAxis(const FitsHeader& header, const FitsHdu& hdu) {
  if (hdu.axes.empty()) return header.where();
  const auto longest = std::max_element(hdu.axes.begin(), hdu.axes.end());
  return header.Where(absl::StrCat("NAXIS", longest - hdu.axes.begin() + 1));
}

// GCOUNT * (PCOUNT + product of the axes) * bytes of an element, checked.
absl::Status ReadDataSize(const FitsHeader& header, FitsHdu& hdu) {
  CL_ASSIGN_OR_RETURN(const int64_t pcount, header.Integer("PCOUNT", 0, {0, INT64_MAX}));
  CL_ASSIGN_OR_RETURN(const int64_t gcount, header.Integer("GCOUNT", 1, {0, INT64_MAX}));
  if (hdu.axes.empty()) return absl::OkStatus();
  const bool groups = hdu.axes[0] == 0 && header.Flag("GROUPS");
  int64_t count = 1;
  bool overflow = false;
  const bool none = std::count(hdu.axes.begin() + (groups ? 1 : 0), hdu.axes.end(), 0) > 0;
  for (size_t i = groups ? 1 : 0; i < hdu.axes.size() && !none; ++i) {
    overflow = overflow || __builtin_mul_overflow(count, hdu.axes[i], &count);
  }
  if (none) count = 0;
  overflow = overflow || __builtin_add_overflow(count, pcount, &count) ||
             __builtin_mul_overflow(count, gcount, &count) ||
             __builtin_mul_overflow(count, std::abs(hdu.bitpix) / 8, &count) ||
             count > INT64_MAX - hdu.data_offset - kFitsBlock;
  if (overflow) {
    return absl::InvalidArgumentError(
        absl::StrCat(LongestAxis(header, hdu), ": the data size is beyond 2^63 bytes"));
  }
  hdu.data_size = count;
  return absl::OkStatus();
}

absl::Status CheckPresent(const FitsHeader& header, const FitsHdu& hdu, int64_t file_size) {
  if (hdu.data_size == 0 || hdu.data_offset + hdu.data_size <= file_size) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(LongestAxis(header, hdu), ": the data of ", hdu.data_size,
                                          " bytes from byte ", hdu.data_offset,
                                          " on are truncated, the file ends at byte ", file_size));
}

absl::Status ReadScaling(const FitsHeader& header, FitsHdu& hdu) {
  CL_ASSIGN_OR_RETURN(hdu.bscale, header.Real("BSCALE", 1));
  CL_ASSIGN_OR_RETURN(hdu.bzero, header.Real("BZERO", 0));
  if (hdu.bitpix > 0 && header.Find("BLANK") != nullptr) {
    CL_ASSIGN_OR_RETURN(hdu.blank, header.Integer("BLANK", 0, {INT64_MIN, INT64_MAX}));
  }
  return absl::OkStatus();
}

HduKind KindOf(const FitsHeader& header, int number) {
  if (number == 0) return HduKind::kImage;
  const std::string type = header.Text("XTENSION");
  if (type == "IMAGE" || type == "IUEIMAGE") return HduKind::kImage;
  if (type == "BINTABLE" || type == "A3DTABLE") return HduKind::kTable;
  return type == "TABLE" ? HduKind::kAsciiTable : HduKind::kOther;
}

absl::Status ReadCompressedImage(const FitsHeader& header, FitsHdu& hdu) {
  CL_RETURN_IF_ERROR(ReadFitsTiles(header, hdu));
  CL_ASSIGN_OR_RETURN(hdu.bitpix, ReadBitpix(header, "ZBITPIX"));
  hdu.kind = HduKind::kImage;
  return ReadScaling(header, hdu);
}

absl::StatusOr<FitsHdu> ReadHdu(const FitsHeader& header, int number, int64_t file_size) {
  FitsHdu hdu;
  hdu.number = number;
  hdu.kind = KindOf(header, number);
  hdu.header_offset = header.offset();
  hdu.data_offset = header.data_offset();
  hdu.name = header.Text("EXTNAME");
  CL_ASSIGN_OR_RETURN(const int64_t version, header.Integer("EXTVER", 1, {INT32_MIN, INT32_MAX}));
  hdu.version = static_cast<int>(version);
  CL_ASSIGN_OR_RETURN(hdu.bitpix, ReadBitpix(header, "BITPIX"));
  CL_RETURN_IF_ERROR(ReadAxes(header, "", hdu.axes));
  CL_RETURN_IF_ERROR(ReadDataSize(header, hdu));
  CL_RETURN_IF_ERROR(CheckPresent(header, hdu, file_size));
  if (hdu.kind == HduKind::kImage) CL_RETURN_IF_ERROR(ReadScaling(header, hdu));
  if (hdu.kind == HduKind::kTable) {
    CL_RETURN_IF_ERROR(ReadFitsTable(header, hdu));
    if (header.Flag("ZIMAGE")) {
      hdu.axes.clear();
      CL_RETURN_IF_ERROR(ReadAxes(header, "Z", hdu.axes));
      CL_RETURN_IF_ERROR(ReadCompressedImage(header, hdu));
    }
  }
  return hdu;
}

bool Selects(const HduSelect& select, const FitsHdu& hdu) {
  if (select.number.has_value()) return hdu.number == *select.number;
  if (select.any()) return hdu.kind == HduKind::kImage && hdu.has_pixels();
  return absl::EqualsIgnoreCase(hdu.name, select.name) && (!select.version || *select.version == hdu.version);
}

// True when another extension starts at `at`.
absl::StatusOr<bool> ExtensionAt(const RandomReader& file, int64_t at) {
  char word[8];
  if (file.stat().size - at < kFitsCard) return false;
  CL_RETURN_IF_ERROR(file.ReadAt(at, absl::MakeSpan(reinterpret_cast<std::byte*>(word), sizeof(word))));
  return std::memcmp(word, "XTENSION", sizeof(word)) == 0;
}

}  // namespace

bool FitsHdu::has_pixels() const {
  return kind == HduKind::kImage && !axes.empty() && std::count(axes.begin(), axes.end(), 0) == 0;
}

const FitsColumn* FitsHdu::Column(absl::string_view column_name) const {
  for (const FitsColumn& column : columns) {
    if (absl::EqualsIgnoreCase(column.name, column_name)) return &column;
  }
  return nullptr;
}

absl::StatusOr<FitsStructure> ScanFits(const RandomReader& file, const HduSelect* select) {
  CL_RETURN_IF_ERROR(CheckMagic(file));
  FitsStructure out;
  out.file_size = file.stat().size;
  for (int64_t at = 0;;) {
    const int number = static_cast<int>(out.hdus.size());
    if (number >= kMaxHdus) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", file.stat().uri, "': more than ", kMaxHdus, " HDUs"));
    }
    CL_ASSIGN_OR_RETURN(FitsHeader header, FitsHeader::Read(file, at, number));
    CL_ASSIGN_OR_RETURN(FitsHdu hdu, ReadHdu(header, number, out.file_size));
    const bool chosen = select != nullptr && Selects(*select, hdu);
    if (chosen || select == nullptr) hdu.cards = std::move(header.cards());
    at = hdu.data_offset + (hdu.data_size + kFitsBlock - 1) / kFitsBlock * kFitsBlock;
    out.hdus.push_back(std::move(hdu));
    if (chosen) return out;
    if (at >= out.file_size) break;
    CL_ASSIGN_OR_RETURN(const bool more, ExtensionAt(file, at));
    if (more) continue;
    out.trailing_bytes = out.file_size - at;
    break;
  }
  if (select != nullptr) CL_RETURN_IF_ERROR(FindHdu(out, *select, file.stat().uri).status());
  return out;
}

absl::StatusOr<const FitsHdu*> FindHdu(const FitsStructure& structure, const HduSelect& select,
                                       absl::string_view uri) {
  std::string seen;
  for (const FitsHdu& hdu : structure.hdus) {
    if (Selects(select, hdu)) return &hdu;
    if (hdu.number < 20)
      absl::StrAppend(&seen, seen.empty() ? "" : ", ", hdu.number, hdu.name.empty() ? "" : " ", hdu.name);
  }
  return absl::NotFoundError(absl::StrCat("'", uri, "': has no ",
                                          select.any() ? "image with pixels" : select.ToString(),
                                          "; its HDUs: ", seen, structure.hdus.size() > 20 ? ", ..." : ""));
}

std::string HduSelect::ToString() const {
  if (number.has_value()) return absl::StrCat("HDU ", *number);
  if (name.empty()) return "the first image";
  return absl::StrCat("HDU '", name, "'", version.has_value() ? absl::StrCat(" version ", *version) : "");
}

absl::StatusOr<HduSelect> ParseHduSelect(absl::string_view text) {
  HduSelect select;
  int number;
  if (absl::SimpleAtoi(text, &number)) {
    if (number < 0)
      return absl::InvalidArgumentError(absl::StrCat("HDU '", text, "': counts from 0 (the primary)"));
    select.number = number;
    return select;
  }
  const size_t comma = text.rfind(',');
  if (comma != absl::string_view::npos && absl::SimpleAtoi(text.substr(comma + 1), &number)) {
    select.version = number;
    text = text.substr(0, comma);
    if (text.empty()) return absl::InvalidArgumentError("HDU: a version without a name");
  }
  select.name = std::string(absl::StripAsciiWhitespace(text));
  return select;
}

}  // namespace cubeloom
