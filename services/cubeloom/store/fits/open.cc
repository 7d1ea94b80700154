// OpenFits, ListFitsImages: from the probe's structure to array descriptions.
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/card.h"
#include "cubeloom/store/fits/fits.h"
#include "cubeloom/store/fits/image.h"
#include "cubeloom/store/fits/inflate.h"
#include "cubeloom/store/fits/tile_row.h"

namespace cubeloom {
namespace {

// A file that can be read and handed to the probe, inflated where necessary.
absl::StatusOr<std::shared_ptr<const RandomReader>> OpenFile(const FitsSource& source, absl::string_view uri,
                                                             const FitsSelect& select) {
  CL_ASSIGN_OR_RETURN(std::unique_ptr<RandomReader> file, source.store.OpenRead(uri));
  CL_ASSIGN_OR_RETURN(const bool gzip, IsGzip(*file));
  if (gzip) {
    CL_ASSIGN_OR_RETURN(
        file, InflateFile(*file, {select.scratch_folder, select.max_inflated_bytes, select.cancel}));
  }
  return std::shared_ptr<const RandomReader>(std::move(file));
}

Value ArgsOf(const HduSelect* select) {
  Value args(Value::Map{});
  if (select == nullptr) {
    args.Set("all", true);
    return args;
  }
  if (!select->name.empty()) args.Set("name", select->name);
  if (select->version.has_value()) args.Set("version", *select->version);
  if (select->number.has_value()) args.Set("number", *select->number);
  return args;
}

absl::StatusOr<FitsStructure> AskProbe(Probe& probe, const RandomReader& file, const HduSelect* select) {
  // A remote object has no descriptor to hand over: its header cards are read by the bounded scan alone.
  if (file.fd() < 0) return ScanFits(file, select);
  CL_ASSIGN_OR_RETURN(const ProbeReply reply,
                      probe.Call({"fits.structure", file.stat().uri, ArgsOf(select), {file.fd()}}));
  return StructureFromValue(reply.result);
}

std::string WhereOf(absl::string_view uri, const FitsHdu& hdu) {
  return absl::StrCat("'", uri, "': HDU ", hdu.number,
                      hdu.name.empty() ? "" : absl::StrCat(" (", hdu.name, ")"));
}

absl::Status CheckImage(absl::string_view uri, const FitsHdu& hdu) {
  const std::string where = WhereOf(uri, hdu);
  if (hdu.kind != HduKind::kImage)
    return absl::InvalidArgumentError(absl::StrCat(where, ": holds a table, not an image"));
  if (!hdu.has_pixels()) return absl::InvalidArgumentError(absl::StrCat(where, ": the image has no pixels"));
  if (hdu.axes.size() > kMaxRank) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": NAXIS = ", hdu.axes.size(), ", at most ", kMaxRank, " axes are supported"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ArrayDesc> DescOf(absl::string_view uri, FitsHdu& hdu) {
  CL_RETURN_IF_ERROR(CheckImage(uri, hdu));
  ArrayDesc desc;
  for (size_t i = hdu.axes.size(); i-- > 0;) desc.shape.push_back(hdu.axes[i]);
  CL_RETURN_IF_ERROR_IN(CheckedElements(desc.shape, DType::kF64).status(), WhereOf(uri, hdu));
  if (hdu.tiles.has_value()) {
    for (size_t i = hdu.axes.size(); i-- > 0;) desc.natural_chunk.push_back(hdu.tiles->tile[i]);
  }
  for (Attribute& card : hdu.cards) {
    if (card.name == "BUNIT" && card.value.is_string()) desc.unit = card.value.string();
    const bool internal =
        hdu.tiles.has_value() && card.name == "EXTNAME" && card.value == Value("COMPRESSED_IMAGE");
    if (!internal && !IsStructuralFitsKeyword(card.name)) desc.attributes.push_back(std::move(card));
  }
  hdu.cards.clear();
  return desc;
}

// The integer type that BZERO = +-2^(n-1) means, or kBool for none.
DType OffsetType(const FitsHdu& hdu) {
  if (hdu.bitpix == 8 && hdu.bzero == -128) return DType::kI8;
  if (hdu.bitpix == 16 && hdu.bzero == 32768) return DType::kU16;
  if (hdu.bitpix == 32 && hdu.bzero == 2147483648.0) return DType::kU32;
  if (hdu.bitpix == 64 && hdu.bzero == 9223372036854775808.0) return DType::kU64;
  return DType::kBool;
}

DType NaturalType(const FitsHdu& hdu) {
  if (hdu.bitpix == -32) return DType::kF32;
  if (hdu.bitpix == -64) return DType::kF64;
  if (hdu.bscale == 1 && OffsetType(hdu) != DType::kBool) return OffsetType(hdu);
  if (hdu.bscale != 1 || hdu.bzero != 0) return hdu.bitpix <= 16 ? DType::kF32 : DType::kF64;
  switch (hdu.bitpix) {
    case 8:
      return DType::kU8;
    case 16:
      return DType::kI16;
    case 32:
      return DType::kI32;
    default:
      return DType::kI64;
  }
}

}  // namespace

void SetFitsConversion(const FitsHdu& hdu, FitsType type, ArrayDesc& desc, FitsConversion& conversion) {
  desc.dtype = type == FitsType::kNatural   ? NaturalType(hdu)
               : type == FitsType::kFloat32 ? DType::kF32
                                            : DType::kF64;
  conversion.bitpix = hdu.bitpix;
  conversion.out = desc.dtype;
  conversion.flip = !IsFloat(desc.dtype) && hdu.bzero != 0;
  conversion.scaled = hdu.bscale != 1 || hdu.bzero != 0;
  conversion.scale = hdu.bscale;
  conversion.zero = hdu.bzero;
  // The integers of a compressed image may have their blank value under either name.
  const std::optional<int64_t> blank =
      hdu.tiles.has_value() && !hdu.blank.has_value() && hdu.bitpix > 0 ? hdu.tiles->blank : hdu.blank;
  conversion.has_blank = blank.has_value() && FitsHolds(hdu.bitpix, *blank);
  conversion.blank = conversion.has_blank ? *blank : 0;
}

absl::Status CheckFitsBox(const FitsImage& image, const Box& box) {
  if (box.rank() == image.desc.shape.rank() && Box::Whole(image.desc.shape).Contains(box))
    return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat(image.where, ": the box ", box.ToString(),
                                            " is outside the image of shape ", image.desc.shape.ToString()));
}

absl::StatusOr<ArrayPtr> OpenFits(const FitsSource& source, absl::string_view uri, const FitsSelect& select) {
  FitsImage image;
  CL_ASSIGN_OR_RETURN(image.file, OpenFile(source, uri, select));
  CL_ASSIGN_OR_RETURN(FitsStructure structure, AskProbe(source.probe, *image.file, &select.hdu));
  CL_ASSIGN_OR_RETURN(const FitsHdu* hdu, FindHdu(structure, select.hdu, uri));
  image.hdu = *hdu;
  image.where = WhereOf(uri, image.hdu);
  CL_ASSIGN_OR_RETURN(image.desc, DescOf(uri, image.hdu));
  SetFitsConversion(image.hdu, select.type, image.desc, image.conversion);
  CL_RETURN_IF_ERROR(image.file->CheckUnchanged());
  if (!image.hdu.tiles.has_value()) return MakePlainFitsImage(std::move(image));
  CL_RETURN_IF_ERROR_IN(CheckFitsTileTable(image.hdu), image.where);
  return MakeTiledFitsImage(std::move(image), source.probe, select.tile_cache_bytes);
}

absl::StatusOr<std::vector<FitsImageInfo>> ListFitsImages(const FitsSource& source, absl::string_view uri) {
  CL_ASSIGN_OR_RETURN(FitsStructure structure, ReadFitsStructure(source, uri, nullptr));
  std::vector<FitsImageInfo> images;
  for (FitsHdu& hdu : structure.hdus) {
    if (!hdu.has_pixels()) continue;
    FitsImageInfo info;
    info.number = hdu.number;
    info.name = hdu.name;
    info.version = hdu.version;
    info.compressed = hdu.tiles.has_value();
    CL_ASSIGN_OR_RETURN(info.desc, DescOf(uri, hdu));
    FitsConversion unused;
    SetFitsConversion(hdu, FitsType::kNatural, info.desc, unused);
    images.push_back(std::move(info));
  }
  return images;
}

absl::StatusOr<FitsStructure> ReadFitsStructure(const FitsSource& source, absl::string_view uri,
                                                const HduSelect* select) {
  CL_ASSIGN_OR_RETURN(const std::shared_ptr<const RandomReader> file, OpenFile(source, uri, {}));
  return AskProbe(source.probe, *file, select);
}

}  // namespace cubeloom
